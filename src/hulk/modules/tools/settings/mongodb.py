"""Collections of a MongoDB."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from hulk.kernel.text import Text
from hulk.modules.tools.settings.backend import BackendSettings
from hulk.runtime.config import Size
from hulk.runtime.validation import Explained


def _plain(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("mongodb", "mongodb+srv") or not parts.netloc.rpartition("@")[2] or not parts.path.strip("/"):
        raise Explained(Text("mongodb:// or mongodb+srv:// with a host and a database, such as mongodb://reader@db.example.com/shop"))
    if parts.password:
        raise Explained(Text("an address without a password, which belongs in `password`"))
    return url


class MongoDbSettings(BackendSettings):
    """A database of which the listed collections may be read."""

    url: Annotated[str, AfterValidator(_plain)] = Field(
        description="`mongodb://reader@host/database`, of an account that has the role `read` and no other."
    )
    password: SecretStr = Field(default=SecretStr(""), description="The account's password.")
    collections: tuple[str, ...] = Field(default=("*",), min_length=1, description="Which collections may be read (`orders`, `sales_*`).")
    rows: int = Field(default=1000, ge=1, le=10_000, description="Most documents of one answer.")
    size: Size = Field(default=1_000_000, ge=1000, le=20_000_000, description="Most bytes of one answer.")
