"""The form of a mail: fields and parts (RFC 5322, 2045 to 2047, 2183, 2231). Pure.

It is written here and not by the library, which before 3.11.10 and 3.12.5 lets some values end their field (CVE-2024-6923), and strangers
choose a subject. Every line is ASCII and short, no value holds what could end a field, and the line between parts cannot stand within one:
both encodings never write `=_`.
"""

import base64
import quopri
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

LONGEST = 200
"""Characters of a value that somebody else chose."""
_WORD = 42
"""Bytes of an encoded word, which has 75 characters at most (RFC 2047, 2)."""
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Part:
    """One in itself, or several: of kind `multipart/…`, with a line between them."""

    kind: str
    content: bytes = field(default=b"", repr=False)
    parts: Sequence["Part"] = ()
    name: str = ""

    def lines(self, boundary: str) -> Iterator[bytes]:
        """Its fields and what it holds."""
        if self.parts:
            yield from self._several(boundary)
        elif self.name or not self.kind.startswith("text/"):
            yield f"Content-Type: {self.kind}".encode()
            yield b"Content-Transfer-Encoding: base64"
            yield from _disposition(self.name)
            yield b""
            yield from base64.encodebytes(self.content).splitlines()
        else:
            yield f'Content-Type: {self.kind}; charset="utf-8"'.encode()
            yield b"Content-Transfer-Encoding: quoted-printable"
            yield b""
            yield from quopri.encodestring(self.content).splitlines()

    def _several(self, boundary: str) -> Iterator[bytes]:
        yield f'Content-Type: {self.kind}; boundary="{boundary}"'.encode()
        yield b""
        for place, part in enumerate(self.parts):
            yield f"--{boundary}".encode()
            yield from part.lines(f"{boundary}.{place}")
        yield f"--{boundary}--".encode()


def written(fields: Sequence[tuple[str, str]], body: Part, boundary: str) -> bytes:
    """A whole mail; values as they stand in it (see `line`, `text`)."""
    head = [f"{name}: {value}".encode("ascii") for name, value in (*fields, ("MIME-Version", "1.0"))]
    return b"".join(one + b"\r\n" for one in (*head, *body.lines(boundary)))


def line(value: str) -> str:
    """`value` on one line, without what could end a field: control characters, separators of lines, halves of letters."""
    kept = "".join(" " if unicodedata.category(char) in ("Cc", "Zl", "Zp", "Cs") else char for char in value[: 10 * LONGEST])
    return " ".join(kept.split())[:LONGEST]


def text(value: str) -> str:
    """What people read of a field, on as many lines as it takes."""
    plain = line(value)
    if plain.isascii() and "=?" not in plain and len(plain) <= 900:
        return plain
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(chunk).decode()}?=" for chunk in _chunks(plain))


def called(name: str, address: str) -> str:
    """An address with the name of whose it is."""
    plain = line(name)
    if plain.isascii() and "=?" not in plain:
        escaped = plain.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}" <{address}>' if plain else f"<{address}>"
    return f"{text(plain)}\r\n <{address}>"


def _chunks(value: str) -> Iterator[bytes]:
    """In pieces that each are whole letters."""
    piece = b""
    for char in value:
        letter = char.encode()
        if len(piece) + len(letter) > _WORD:
            yield piece
            piece = b""
        piece += letter
    yield piece


def _disposition(name: str) -> Iterator[bytes]:
    whole = line(name).replace("/", "_").replace("\\", "_") or "file"
    stem, dot, ending = whole.rpartition(".")
    short = f"{stem[: _LONGEST_NAME - 10]}{dot}{ending[:9]}" if len(whole) > _LONGEST_NAME and dot else whole[:_LONGEST_NAME]
    if short.isascii() and not set(short) & set('"\\%;'):
        yield f'Content-Disposition: attachment; filename="{short}"'.encode()
    else:
        yield b"Content-Disposition: attachment;"
        yield f" filename*=utf-8''{quote(short, safe='')}".encode()
