"""In which encoding a text file is, and where it breaks it."""

import gzip
import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, TypeAlias, cast

Encoding: TypeAlias = Literal["utf-8", "latin-1", "utf-16"]
HEAD = 1 << 20
_BLOCK = 1 << 22
_LETTERS = re.compile(rb"[\xc0-\xff\xaa\xba\xb0\xa7\x91-\x97\x80\xb2\xb3\xa0]")
_MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}")


@dataclass(frozen=True, slots=True)
class Broken:
    """Where a file stops being UTF-8: the line (from 1), the byte's offset in the file (from 0) and its value."""

    line: int
    offset: int
    byte: int


def opened(path: Path) -> BinaryIO:
    """The file's bytes, unpacked when it is .gz. A .zst file is given as it is."""
    return cast("BinaryIO", gzip.open(path)) if path.suffix.lower() == ".gz" else path.open("rb")


def head(path: Path) -> bytes:
    """The first megabyte, unpacked. Raises `OSError` or `EOFError` when a packed file is damaged."""
    with opened(path) as file:
        return file.read(HEAD)


def encoding(path: Path, start: bytes) -> Encoding | Broken:
    """The encoding of a file that begins with `start`, judged by that beginning."""
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    return "utf-8" if _breaks_at(start, len(start) < HEAD) is None else judged(path)


def judged(path: Path) -> Encoding | Broken:
    """Read the whole file: UTF-8, plainly Latin-1 (no valid multi-byte UTF-8, and high bytes that are letters), or where it is broken."""
    line, offset, rest = 1, 0, b""
    with opened(path) as file:
        while block := file.read(_BLOCK):
            data = rest + block
            at = _breaks_at(data, final=False)
            if at is not None:
                return "latin-1" if _latin(data) else Broken(line + data[:at].count(b"\n"), offset + at, data[at])
            rest = _unfinished(data)
            line += data[: len(data) - len(rest)].count(b"\n")
            offset += len(data) - len(rest)
    return Broken(line, offset, rest[0]) if rest else "utf-8"


def _breaks_at(data: bytes, final: bool) -> int | None:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return error.start if final or error.start < len(data) - 3 or error.reason != "unexpected end of data" else None
    return None


def _unfinished(data: bytes) -> bytes:
    """The start of a character that the next block ends."""
    for back in range(1, min(4, len(data) + 1)):
        if data[-back] >= 0xC0:
            try:
                data[-back:].decode()
            except UnicodeDecodeError:
                return data[-back:]
            return b""
        if data[-back] < 0x80:
            return b""
    return b""


def _latin(data: bytes) -> bool:
    high = (
        sum(1 for byte in data if byte >= 0x80) if len(data) < 1 << 16 else len(data) - len(data.translate(None, bytes(range(0x80, 256))))
    )
    return b"\x00" not in data and not _MULTIBYTE.search(data) and len(_LETTERS.findall(data)) >= 0.9 * high
