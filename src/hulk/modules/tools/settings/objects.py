"""Stores of objects: S3, MinIO and their kin."""

from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from hulk.kernel.text import Text
from hulk.modules.tools.settings.backend import BackendSettings
from hulk.runtime.config import Duration, Size
from hulk.runtime.validation import Explained


def _endpoint(url: str) -> str:
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment):
        raise Explained(Text("http:// or https:// and a host, without a user, `?` or `#`"))
    return url


def _areas(areas: tuple[str, ...]) -> tuple[str, ...]:
    wrong = next((area for area in areas if not area.strip("/") or ".." in area or "//" in area or "*" in area), None)
    if wrong is not None:
        raise Explained(Text("“{area}” is no bucket and no folder of one: write reports or reports/2026", area=wrong))
    return areas


class ObjectsSettings(BackendSettings):
    """A store of objects of which the listed buckets and folders may be read, and some be written."""

    endpoint: Annotated[str, AfterValidator(_endpoint)] = Field(default="", description="The server's address; empty is AWS's own S3.")
    region: str = Field(default="us-east-1", min_length=1, max_length=60, description="The region; MinIO takes any.")
    key_id: str = Field(default="", max_length=200, description="Whose key it is (access key id); empty asks without a name.")
    secret: SecretStr = Field(default=SecretStr(""), description="The key (secret access key).")
    read: Annotated[tuple[str, ...], AfterValidator(_areas)] = Field(
        default=(), description="Buckets (`reports`) and folders of them (`reports/2026`) that may be read."
    )
    write: Annotated[tuple[str, ...], AfterValidator(_areas)] = Field(
        default=(), description="Those in which objects may be put, replaced and deleted; with none there are no tools that write."
    )
    size: Size = Field(default=1_000_000, ge=1, le=20_000_000, description="Most bytes that are read or put at once.")
    link: Duration = Field(
        default=timedelta(minutes=15), gt=timedelta(), le=timedelta(hours=1), description="Longest that a link to an object holds."
    )

    @model_validator(mode="after")
    def _something(self) -> "ObjectsSettings":
        if not self.read and not self.write:
            raise Explained(Text("`read` or `write` must name a bucket"))
        return self
