"""Whether an answer is right: by rules, so that two readings of one answer never differ. Pure.

A value that is expected is met by one that means the same: letters of either case, accents, spaces and a full stop at the end do not
matter in texts, `2.0` is `2`, and a moment is the same in any time zone; but `"2"` is not `2`, since Hulk would refuse it. Where a
mapping with one of these keys stands in place of a value, it is a rule:

    {$any: [a, b]}        one of these
    {$has: [a, b]}        a text with all of these in it
    {$anything: true}     whatever it is
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from benchmarks.tool_use.asking import Call, Said

_NUMBER = re.compile(r"\d(?:[\d.,]*\d)?")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[t ]\d{2}:\d{2}.*", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A call. Arguments beyond those in `arguments` are wrong, unless they are what the tool does anyway or stand in `free`."""

    tool: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    free: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a right answer is. `either`: sets of calls, one of which must have been made, in any order, and nothing besides; an empty set
    is no call at all. `has`: words, or numbers, each in the text; `some`: at least one of these; `lacks`: none. `never`: tools that must
    not be called, whatever else is done."""

    either: tuple[tuple[Wanted, ...], ...] = ()
    has: tuple[Any, ...] = ()
    some: tuple[Any, ...] = ()
    lacks: tuple[Any, ...] = ()
    never: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """A tool as it was offered: what it takes when nothing is said, and what is wrong with arguments by its schema."""

    name: str
    defaults: Mapping[str, Any]
    wrong: Callable[[Mapping[str, Any]], Sequence[str]]


def wrong(expected: Expected, said: Said, offers: Mapping[str, Offer]) -> str:
    """Why an answer is wrong; empty when it is right."""
    return next(_faults(expected, said, offers), "")


def _faults(expected: Expected, said: Said, offers: Mapping[str, Offer]) -> Iterator[str]:
    yield from (f"{call.tool} must not be called" for call in said.calls if call.tool in expected.never)
    yield from (fault for call in said.calls if (fault := _malformed(call, offers)))
    if expected.either and not any(_made(wanted, said.calls, offers) for wanted in expected.either):
        yield f"called {_told(said.calls)}, expected {' or '.join(_wanted(one) for one in expected.either)}"
    text = plain(said.text)
    yield from (f"the answer lacks {word!r}" for word in expected.has if not _in(word, text))
    if expected.some and not any(_in(word, text) for word in expected.some):
        yield f"the answer has none of {list(expected.some)!r}"
    yield from (f"the answer has {word!r}" for word in expected.lacks if _in(word, text))


def _malformed(call: Call, offers: Mapping[str, Offer]) -> str:
    if call.tool not in offers:
        return f"there is no tool {call.tool}"
    if call.arguments is None:
        return f"the arguments of {call.tool} are no JSON object"
    found = offers[call.tool].wrong(call.arguments)
    return f"{call.tool} does not take these arguments: {'; '.join(found)}" if found else ""


def _made(wanted: Sequence[Wanted], calls: Sequence[Call], offers: Mapping[str, Offer]) -> bool:
    """Whether these calls are those, each once."""
    if len(wanted) != len(calls):
        return False
    if not wanted:
        return True
    first, *others = calls
    return any(
        _is(one, first, offers) and _made([*wanted[:place], *wanted[place + 1 :]], others, offers) for place, one in enumerate(wanted)
    )


def _is(wanted: Wanted, call: Call, offers: Mapping[str, Offer]) -> bool:
    if wanted.tool != call.tool or call.arguments is None:
        return False
    left_out = object()
    defaults = offers[call.tool].defaults
    given = {**defaults, **call.arguments}
    beyond = [name for name in call.arguments if name not in wanted.arguments and name not in wanted.free]
    return all(same(value, given.get(name, left_out)) for name, value in wanted.arguments.items()) and all(
        name in defaults and same(defaults[name], given[name]) for name in beyond
    )


def same(wanted: Any, value: Any) -> bool:
    """Whether a value is what is wanted, by the rules above."""
    if isinstance(wanted, Mapping):
        return _by_rule(wanted, value) if any(str(key).startswith("$") and key in _RULES for key in wanted) else _alike(wanted, value)
    if isinstance(wanted, list | tuple):
        return isinstance(value, list | tuple) and len(value) == len(wanted) and all(map(same, wanted, value))
    if isinstance(wanted, bool) or wanted is None or isinstance(value, bool):
        return wanted is value
    if isinstance(wanted, int | float):
        return isinstance(value, int | float) and abs(wanted - value) < 1e-9
    return isinstance(value, str) and _text(str(wanted)) == _text(value)


_RULES = frozenset({"$any", "$has", "$anything"})


def _by_rule(rule: Mapping[str, Any], value: Any) -> bool:
    if "$any" in rule:
        return any(same(one, value) for one in rule["$any"])
    if "$has" in rule:
        return isinstance(value, str) and all(_in(word, plain(value)) for word in rule["$has"])
    return True


def _alike(wanted: Mapping[str, Any], value: Any) -> bool:
    return isinstance(value, Mapping) and set(wanted) == set(value) and all(same(one, value[name]) for name, one in wanted.items())


def plain(text: str) -> str:
    """Small letters without accents, single spaces."""
    bare = "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one))
    return " ".join(bare.casefold().split())


def _text(text: str) -> str | datetime:
    if _MOMENT.fullmatch(text.strip()):
        try:
            moment = datetime.fromisoformat(text.strip())
        except ValueError:
            return plain(text)
        return moment if moment.tzinfo else plain(text)
    return plain(text).rstrip(".!? ")


def _in(word: Any, text: str) -> bool:
    """A number is in a text in whatever notation, a word as itself."""
    if isinstance(word, int | float):
        return any(abs(word - one) < 1e-9 for one in numbers(text))
    return plain(str(word)) in text


def numbers(text: str) -> Iterator[float]:
    """All numbers in a text, each in both readings: `1.234,5` as in Portuguese, `1,234.5` as in English."""
    for found in _NUMBER.findall(text):
        for group, point in ((".", ","), (",", ".")):
            bare = found.replace(group, "")
            if bare.count(point) <= 1:
                yield float(bare.replace(point, "."))


def _told(calls: Sequence[Call]) -> str:
    return ", ".join(f"{call.tool}({dict(call.arguments or {})})" for call in calls) or "nothing"


def _wanted(calls: Sequence[Wanted]) -> str:
    return ", ".join(f"{call.tool}({dict(call.arguments)})" for call in calls) or "nothing"
