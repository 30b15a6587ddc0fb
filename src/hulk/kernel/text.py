"""Sentences that people read: a message id in English and its values, put into the reader's language at the edge.

A `Text` may hold other texts among its values. Catalogues live in `hulk.runtime.language`; the message ids are
found there by the names `Text`, `Refused`, `NotFound`, `Unavailable` and `Conflict` (see `make messages`).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, Self, TypeAlias

Language: TypeAlias = Literal["pt", "en"]
LANGUAGES: tuple[Language, ...] = ("pt", "en")
Translate: TypeAlias = Callable[["Text"], str]
"""Turns a text into the words of one reader."""


@dataclass(frozen=True, slots=True, init=False)
class Text:
    """`Text("{count} files changed", count=3)`: what to say, not yet in anybody's language."""

    msgid: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __init__(self, msgid: str, /, **values: object) -> None:
        object.__setattr__(self, "msgid", msgid)
        object.__setattr__(self, "values", values)

    def spoken(self, lookup: Callable[[str], str]) -> str:
        """The sentence, its message id replaced by `lookup` and its values filled in."""
        values = {name: value.spoken(lookup) if isinstance(value, Text) else value for name, value in self.values.items()}
        return lookup(self.msgid).format(**values)

    def __str__(self) -> str:
        return self.spoken(lambda msgid: msgid)

    def to_json(self) -> dict[str, object]:
        """The text as plain data, to be kept and translated later."""
        return {"msgid": self.msgid, "values": {k: v.to_json() if isinstance(v, Text) else v for k, v in self.values.items()}}

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> Self:
        """The reverse of `to_json`."""
        values = data.get("values")
        entries = values.items() if isinstance(values, Mapping) else ()
        return cls(str(data["msgid"]), **{k: cls.from_json(v) if isinstance(v, Mapping) and "msgid" in v else v for k, v in entries})


@dataclass(frozen=True, slots=True)
class Voice:
    """How one reader is spoken to: their language's words, and its way to write numbers and days."""

    language: Language
    lookup: Callable[[str], str]

    def say(self, text: Text) -> str:
        """The text in the reader's words."""
        return text.spoken(self.lookup)

    def number(self, value: float, digits: int = 0) -> str:
        """`1234.5` as `1.234,5` in Portuguese and `1,234.5` in English, with that many decimals at most."""
        written = f"{value:,.{digits}f}"
        written = written.rstrip("0").rstrip(".") if digits else written
        return written.translate(_PORTUGUESE_MARKS) if self.language == "pt" else written

    def day(self, value: date) -> str:
        """`2026-11-21` as `21/11/2026` in Portuguese; ISO 8601 in English, which no reader can mistake."""
        return value.strftime("%d/%m/%Y") if self.language == "pt" else value.isoformat()


_PORTUGUESE_MARKS = str.maketrans(",.", ".,")


def writable(text: str) -> str:
    """`text` as every store and file can keep it: a NUL, which PostgreSQL has no place for, and a half of a UTF-16 pair, which
    UTF-8 has no bytes for, become `�` (U+FFFD)."""
    return _UNWRITABLE.sub("\ufffd", text)


_UNWRITABLE = re.compile("[\x00\ud800-\udfff]")
