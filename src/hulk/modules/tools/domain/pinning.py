"""What a third party's server says of its tools, and whether that is what somebody has approved. Pure rules.

A server may change a tool's description after it was approved (a “rug pull”), and the description is read by models as if we had written
it. So what is approved is a digest of all that is said, and nothing else may be used:

    new > known > approved > changed > approved …        gone: no longer said; it may come back
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice, takewhile
from typing import Literal, TypeAlias

from hulk.kernel.events import digest
from hulk.kernel.records import Json, JsonObject, fields_of
from hulk.kernel.text import Text
from hulk.modules.tools.domain.tool import Tool

State: TypeAlias = Literal["new", "known", "changed", "gone", "approved"]
"""new: nobody has looked at it; known: somebody has, and has not approved it; changed: it is not what was approved or looked at; gone: the
server says it no more; approved: it is exactly what was approved."""
Trust: TypeAlias = Literal["approval", "first_use"]
"""approval: nothing may be used before somebody approved it; first_use: what a server says when it is first seen is approved."""

MOST_CHANGES = 20
_EXCERPT = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a server says of one of its tools, in its own words and under its own name for it. None of it is trusted."""

    name: str
    title: str = ""
    description: str = ""
    input: JsonObject = field(default_factory=dict)
    output: JsonObject | None = None
    annotations: JsonObject = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """SHA-256 of all of it as JSON, keys sorted. Raises `ValueError` for what is not JSON, such as half of a UTF-16 pair."""
        return digest(fields_of(Said, self))


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A tool that a server lists: what it says, its digest, and the tool that we make of it."""

    said: Said
    digest: str
    tool: Tool


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """That somebody let a tool be used as it was said then."""

    said: Said
    digest: str
    at: datetime
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """What is kept of a server's tool: what somebody saw last when looking at it, and what is approved, if it is."""

    server: str
    tool: str
    """As the server calls it."""
    seen: Said
    approval: Approval | None = None


def state(now: str | None, pin: Pin | None) -> State:
    """How a tool stands of which the server says what has that digest now; None when it says nothing."""
    if now is None:
        return "gone"
    if pin is None:
        return "new"
    if pin.approval is not None:
        return "approved" if pin.approval.digest == now else "changed"
    return "known" if pin.seen.digest == now else "changed"


def differences(before: Said, after: Said) -> tuple[Text, ...]:
    """What is another, field by field, at most `MOST_CHANGES` things; nothing only when the digests are equal."""
    found = list(islice(_all_differences(before, after), MOST_CHANGES + 1))
    return (*found[:MOST_CHANGES], Text("and more")) if len(found) > MOST_CHANGES else tuple(found)


def _all_differences(before: Said, after: Said) -> Iterator[Text]:
    for name in Said.__dataclass_fields__:
        yield from _changes(name, getattr(before, name), getattr(after, name))


def _changes(place: str, before: Json, after: Json) -> Iterator[Text]:
    """What is another at and below a place."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted({*before, *after}):
            yield from _member(f"{place}.{shown(key)}", key, before, after)
    elif _unlike(before, after):
        was, is_ = _excerpts(_words(before), _words(after))
        yield Text("{place} was “{before}”, is “{after}”", place=place, before=was, after=is_)


def _member(place: str, key: str, before: Mapping[str, Json], after: Mapping[str, Json]) -> Iterator[Text]:
    if key not in after:
        yield Text("{place} is gone: “{before}”", place=place, before=_cut(_words(before[key])))
    elif key not in before:
        yield Text("{place} is new: “{after}”", place=place, after=_cut(_words(after[key])))
    else:
        yield from _changes(place, before[key], after[key])


def _unlike(before: Json, after: Json) -> bool:
    """JSON's equality, which tells `true` from 1 and 1 from 1.0, as the digest does."""
    return digest(before) != digest(after)


def _words(value: Json) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_words(one)}" for key, one in value.items()) + "}"
    if isinstance(value, Sequence):
        return "[" + ", ".join(map(_words, value)) + "]"
    if value is None:
        return "—"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _excerpts(before: str, after: str) -> tuple[str, str]:
    """Both from a little before where they part, so that a change at the end of a long text shows."""
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False)))
    begin = max(0, same - _EXCERPT // 3)
    mark = "…" if begin else ""
    return mark + _cut(before[begin:]), mark + _cut(after[begin:])


def _cut(text: str) -> str:
    return shown(text if len(text) <= _EXCERPT else f"{text[:_EXCERPT]}…")


HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u2800\u3164\ud800-\udfff\ue000-\uf8ff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U0010ffff]"
)
"""Characters that a person does not see and a model reads: control, zero width, directions of writing (Unicode TR36 §3, “Trojan Source”),
fillers, variation selectors, tags (U+E0000…), private use."""


def shown(text: str) -> str:
    """Text with what cannot be seen written out: `\\u200b`."""
    return HIDDEN.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)
