"""How the trail is marked, and where its second copy is: section `audit`."""

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from hulk.kernel.text import Text
from hulk.runtime.config import Section
from hulk.runtime.validation import Explained

_MONGODB = ("mongodb://", "mongodb+srv://")
_SQL = ("postgresql://", "sqlite:///")


def is_mongodb(url: str) -> bool:
    """Whether the archive of that URL is a MongoDB."""
    return url.startswith(_MONGODB)


def _archive(value: SecretStr) -> SecretStr:
    url = value.get_secret_value()
    if url and not url.startswith((*_MONGODB, *_SQL)):
        raise Explained(Text("a URL is expected that begins with mongodb://, mongodb+srv://, postgresql:// or sqlite:///"))
    return value


class AuditSettings(Section):
    """The audit trail."""

    key: SecretStr = Field(
        default=SecretStr(""),
        description="Secret that marks the heads of the chains. Empty: made once and kept in `audit.key` in the data folder."
        " All processes of a cluster need the same.",
    )
    archive: Annotated[SecretStr, AfterValidator(_archive)] = Field(
        default=SecretStr(""),
        description="URL of the second copy of the trail (`mongodb://…`, `postgresql://…`, `sqlite:///…`), in a database that nothing"
        " else uses. Empty: the file `audit.db` in the data folder, or the store's own database where `store.url` names one.",
    )
    retention: int | None = Field(
        default=None, ge=1, description="Days for which entries of the trail are kept; empty: for ever. What is held is kept longer."
    )
