"""Which objects may be touched: buckets, and folders of them. A key is taken as it is written, or not at all."""

from dataclasses import dataclass

from hulk.kernel.errors import Forbidden, Refused

LONGEST = 1024
"""Bytes of a key (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html)."""


@dataclass(frozen=True, slots=True)
class Area:
    """`bucket`, or what is below `folder` in it; a folder is empty or ends in a slash."""

    bucket: str
    folder: str = ""

    @classmethod
    def of(cls, text: str) -> "Area":
        """From `bucket` or `bucket/folder/below`."""
        bucket, _, folder = text.strip("/").partition("/")
        return cls(bucket, f"{folder}/" if folder else "")

    def __str__(self) -> str:
        return f"{self.bucket}/{self.folder}"


@dataclass(frozen=True, slots=True)
class Areas:
    """All that may be touched in one way."""

    all: tuple[Area, ...]

    def require(self, bucket: str, key: str) -> None:
        """Raise `Refused` for what is no plain key, `Forbidden` for one that lies in no area."""
        _require_plain(key)
        if not any(area.bucket == bucket and key.startswith(area.folder) for area in self.all):
            raise self._forbidden(f"{bucket}/{key}")

    def folders(self, bucket: str, prefix: str) -> tuple[str, ...]:
        """Where to look for what begins with `prefix`: there, or in the areas below it. Raises as `require`."""
        if prefix:
            _require_plain(prefix.removesuffix("/"))
        folder = f"{prefix.removesuffix('/')}/" if prefix else ""
        areas = [area.folder for area in self.all if area.bucket == bucket]
        if any(folder.startswith(area) for area in areas):
            return (folder,)
        below = tuple(area for area in areas if area.startswith(folder))
        if not below:
            raise self._forbidden(f"{bucket}/{prefix}")
        return below

    def _forbidden(self, what: str) -> Forbidden:
        allowed = ", ".join(map(str, self.all))[:300]
        return Forbidden(
            "{object} may not be touched in this way; allowed is what lies in {allowed}.", object=what[:200], allowed=allowed or "—"
        )


def _require_plain(key: str) -> None:
    segments = key.split("/")
    odd = any(segment in ("", ".", "..") for segment in segments) or any(not letter.isprintable() or letter == "\\" for letter in key)
    if odd or "%2e" in key.lower() or "%2f" in key.lower() or len(key.encode(errors="replace")) > LONGEST:
        raise Refused(
            "“{key}” is no plain key: names joined by single slashes, none of them . or .., without backslash or control character, "
            "at most {most} bytes.",
            key=ascii(key)[1:-1][:200],
            most=LONGEST,
        )
