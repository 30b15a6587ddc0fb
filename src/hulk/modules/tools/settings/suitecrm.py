"""SuiteCRM."""

from typing import Annotated

from pydantic import Field, SecretStr

from hulk.modules.tools.settings.rest import RestSettings


class SuiteCrmSettings(RestSettings):
    """Records of a SuiteCRM (V8 JSON:API). `url` ends with `/Api`, in SuiteCRM 8 with `/legacy/Api`."""

    client_id: str = Field(default="", max_length=200, description="The id of an OAuth2 client.")
    client_secret: SecretStr = Field(default=SecretStr(""), description="Its secret.")
    user: str = Field(default="", max_length=200, description="For a client of the kind “password”: a user of SuiteCRM's.")
    password: SecretStr = Field(default=SecretStr(""), description="That user's password.")
    modules: tuple[Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")], ...] = Field(
        default=(), description="Modules that may be used (`Accounts`, `Cases`). None allows none."
    )
