"""What the acts on objects take."""

from pydantic import Field

from hulk.modules.tools.adapters.backends.acts import Arguments

_BUCKET = Field(min_length=1, max_length=63, description="The bucket.")
_KEY = Field(min_length=1, max_length=1024, description="The object's whole key, such as `2026/sales.csv`.")
_ETAG = Field(min_length=1, max_length=200, description="The `etag` that it was seen with, so that no other change is lost.")


class ListObjects(Arguments):
    """Objects of a bucket by key, with size and time of the last change."""

    bucket: str = _BUCKET
    prefix: str = Field(default="", max_length=1024, description="Only those below this folder, such as `2026/`.")
    after: str = Field(default="", max_length=1024, description="Only those whose keys come after this one: the last of the page before.")
    most: int = Field(default=100, ge=1, le=1000, description="Most objects wanted.")


class HeadObject(Arguments):
    """Size, kind, etag and time of the last change of an object."""

    bucket: str = _BUCKET
    key: str = _KEY


class ReadObject(Arguments):
    """What an object holds, or a part of it: text where it is text, else bytes."""

    bucket: str = _BUCKET
    key: str = _KEY
    start: int = Field(default=0, ge=0, description="The first byte wanted.")
    length: int | None = Field(default=None, ge=1, description="How many bytes; none is as many as are given at once.")


class LinkObject(Arguments):
    """An address from which whoever has it can fetch the object for some minutes, without an account."""

    bucket: str = _BUCKET
    key: str = _KEY
    minutes: int = Field(default=5, ge=1, le=60, description="How long it holds, at most as long as the settings allow.")


class PutObject(Arguments):
    """Put a new object. Where there is one already, with other content, nothing is done."""

    bucket: str = _BUCKET
    key: str = _KEY
    text: str | None = Field(default=None, description="What it shall hold, as text in UTF-8.")
    base64: str | None = Field(default=None, description="Or as bytes in base64.")
    media_type: str = Field(
        default="", max_length=200, pattern=r"^$|^[\w.+-]+/[\w.+-]+(; ?[\w-]+=[\w-]+)?$", description="Such as `text/csv`."
    )


class ReplaceObject(PutObject):
    """Put other content in the place of an object's. What it held is lost, unless the bucket keeps versions."""

    etag: str = _ETAG


class DeleteObject(Arguments):
    """Delete an object. It is lost, unless the bucket keeps versions."""

    bucket: str = _BUCKET
    key: str = _KEY
