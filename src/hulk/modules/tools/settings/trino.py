"""A Trino or Presto."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from hulk.kernel.text import Text
from hulk.modules.tools.settings.backend import BackendSettings
from hulk.runtime.config import Size
from hulk.runtime.validation import Explained


def _plain(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise Explained(Text("http:// or https:// and a host, without a user, `?` or `#`"))
    return url


class TrinoSettings(BackendSettings):
    """A server whose tables may be read by SQL, in the name of the person who asks."""

    url: Annotated[str, AfterValidator(_plain)] = Field(description="Its address, such as https://trino.example.com:8443.")
    flavour: Literal["trino", "presto"] = Field(default="trino", description="Which of the two it is: their headers differ.")
    catalog: str = Field(min_length=1, max_length=100, description="The catalogue of tables that are named without one.")
    schema_: str = Field(alias="schema", min_length=1, max_length=100, description="The schema of tables that are named without one.")
    account: str = Field(
        min_length=1,
        max_length=100,
        description="Hulk's own name there, which may ask for others. What nobody in person asks is asked as this.",
    )
    password: SecretStr = Field(default=SecretStr(""), description="Its password; only over https.")
    tables: tuple[str, ...] = Field(default=(), description="Which tables may be read (`hive.sales.*`); none is all of the schema.")
    rows: int = Field(default=1000, ge=1, le=10_000, description="Most rows of one answer.")
    size: Size = Field(default=1_000_000, ge=1000, le=20_000_000, description="Most bytes of one answer.")

    @model_validator(mode="after")
    def _secret(self) -> "TrinoSettings":
        if self.password.get_secret_value() and not self.url.startswith("https://"):
            raise Explained(Text("a password is sent over https only"))
        return self
