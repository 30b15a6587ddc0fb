"""The header of a mail, read so that nobody can read it otherwise (RFC 5322). Pure rules.

Programs disagree on what a header that is not well-formed says, and who forges lives on that: the receiving server checks one address
and we read another. So what is not as it should be makes a header unsound, and an unsound one proves nothing.
"""

import re
from binascii import Error as NotEncoded
from contextlib import suppress
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header, make_header

from hulk.kernel.text import writable

LARGEST = 256_000
"""Bytes of a header that are read."""
_FIELD = re.compile(rb"([\x21-\x39\x3b-\x7e]+):(.*)", re.DOTALL)
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@(?:{_LABEL}\.){{1,10}}{_LABEL}"
_BARE = re.compile(_ADDRESS)
_NAMED = re.compile(rf'((?:"(?:[^"\\]|\\.)*"|[^"<>@,;:()\\\[\]])*)<({_ADDRESS})>')
_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]{1,500}>")
_LONGEST_VALUE = 4_000


@dataclass(frozen=True, slots=True)
class Header:
    """Fields in their order, names in small letters, values unfolded. `sound`: nobody reads it otherwise."""

    fields: tuple[tuple[str, str], ...]
    sound: bool

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of that name, from the top."""
        return tuple(value for one, value in self.fields if one == name)

    def one(self, name: str) -> str | None:
        """The value of a field that is there exactly once."""
        found = self.all(name)
        return found[0] if len(found) == 1 else None

    def first(self, name: str) -> str:
        """The topmost value; empty when there is none."""
        return next(iter(self.all(name)), "")


def header_of(raw: bytes) -> Header:
    """The header of a mail."""
    text = raw[: LARGEST + 1].replace(b"\r\n", b"\n")
    block, blank, _ = text.partition(b"\n\n")
    if text.startswith(b"\n"):
        block, blank = b"", b"\n"
    sound = b"\r" not in block and b"\0" not in block and (bool(blank) or len(raw) <= LARGEST)
    fields = list[tuple[str, bytes]]()
    for line in block.split(b"\n"):
        found = _FIELD.fullmatch(line)
        if line[:1] in (b" ", b"\t") and line.strip() and fields:
            fields[-1] = (fields[-1][0], fields[-1][1] + b" " + line.strip())
        elif found is not None:
            fields.append((found[1].decode("ascii").lower(), found[2].strip()))
        elif line:
            sound = False
    return Header(tuple((name, value.decode("utf-8", "replace")) for name, value in fields), sound)


def address_of(value: str) -> tuple[str, str] | None:
    """The name and the address (in small letters) of a field that has exactly one, written in no way that may be read otherwise."""
    text = value.strip()
    if len(text) > _LONGEST_VALUE or (found := _BARE.fullmatch(text) or _NAMED.fullmatch(text)) is None:
        return None
    name, address = ("", found[0]) if found.re is _BARE else (found[1], found[2])
    return None if "=?" in address or len(address) > 200 else (words(name.strip().strip('"')), address.lower())


def addresses_in(*values: str) -> frozenset[str]:
    """Whatever looks like an address there: for what proves nothing."""
    return frozenset(one.lower() for value in values for one in _BARE.findall(value[: 10 * _LONGEST_VALUE]))


def is_address(text: str) -> bool:
    """Whether it is one address and nothing else."""
    return len(text) <= 200 and _BARE.fullmatch(text) is not None


def domain_of(address: str) -> str:
    """What stands behind the last @, in small letters."""
    return address.rpartition("@")[2].lower().rstrip(".")


def words(value: str) -> str:
    """A value as people read it: encoded words decoded (RFC 2047), on one line, without what shows nothing."""
    text = value[:_LONGEST_VALUE]
    with suppress(HeaderParseError, NotEncoded, LookupError, ValueError):
        text = str(make_header(decode_header(text)))
    return " ".join("".join(char if char.isprintable() else " " for char in writable(text)).split())


def ids_in(*values: str) -> tuple[str, ...]:
    """The message ids there, each once, in their order."""
    return tuple(dict.fromkeys(one for value in values for one in _ID.findall(value[: 10 * _LONGEST_VALUE])))
