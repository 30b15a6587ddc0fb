"""What the journal keeps is JSON, and not too much of it: whatever else is refused, with its place, its type and what to do."""

import dataclasses
import math
from collections.abc import Awaitable, Iterator
from datetime import date, timedelta
from decimal import Decimal

from hulk.kernel.errors import HulkError, Refused, TooLarge
from hulk.kernel.text import Text
from hulk.runtime.store.columns import dumps

MOST_BYTES = 1 << 20
"""The most that an input, a step's value or a result may be as JSON."""
DEEPEST = 100
"""How far down a mistake is looked for."""


def require_kept(what: Text, value: object) -> None:
    """Raises `Refused` when `value` cannot be kept as JSON and `TooLarge` when it is too much; `what` names it to people."""
    try:
        size = len(dumps(value).encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise _unfit(what, value) from error
    if size > MOST_BYTES:
        raise TooLarge(
            "{what} is {size} bytes of JSON; the journal keeps at most {limit}. Pass it by reference: keep it as a blob and pass its id.",
            what=what, size=size, limit=MOST_BYTES,
        )  # fmt: skip


def _unfit(what: Text, value: object) -> HulkError:
    place, culprit, fix = next(_culprits("value", value, ()), ("value", value, _fix(value)))
    return Refused(
        "{what} cannot be kept in the journal: {place} is of type {type}. {fix}",
        what=what, place=place, type=type(culprit).__name__, fix=fix,
    )  # fmt: skip


def _culprits(place: str, value: object, around: tuple[int, ...]) -> Iterator[tuple[str, object, Text]]:
    """What is no JSON, with its place (`value.rows[3].when`) and what to do. `around`: the containers that it stands in."""
    if id(value) in around or len(around) > DEEPEST:
        yield place, value, Text("It is nested too deeply, or contains itself: give what is needed of it.")
    elif isinstance(value, dict):
        for key, one in value.items():
            if not isinstance(key, str | int | float | None) or (isinstance(key, str) and _broken(key)):
                yield f"a key of {place}", key, Text("Keys are texts.")
            yield from _culprits(f"{place}.{key}" if str(key).isidentifier() else f"{place}[{key!r}]", one, (*around, id(value)))
    elif isinstance(value, list | tuple):
        for index, one in enumerate(value):
            yield from _culprits(f"{place}[{index}]", one, (*around, id(value)))
    elif not _is_leaf(value):
        yield place, value, _fix(value)


def _is_leaf(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, str):
        return not _broken(value)
    return value is None or isinstance(value, bool | int)


def _broken(text: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in text)


_FIXES: tuple[tuple[type | tuple[type, ...], Text], ...] = (
    (float, Text("JSON has no NaN and no infinity: give null in its place.")),
    (str, Text("The text has half a character in it (a lone surrogate): decode it with errors='replace'.")),
    (date, Text("Give its text: value.isoformat().")),
    ((Decimal, timedelta), Text("Give its text, or a number.")),
    ((set, frozenset), Text("Give a list: sorted(value).")),
    ((bytes, bytearray, memoryview), Text("Keep it as a blob and give its id.")),
    (Awaitable, Text("It was not awaited: the act must give its value.")),
)


def _fix(value: object) -> Text:
    """What to do about it."""
    if (found := next((fix for kinds, fix in _FIXES if isinstance(value, kinds)), None)) is not None:
        return found
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return Text("Give its data: hulk.kernel.records.to_json(value).")
    if hasattr(value, "model_dump"):
        return Text("Give its data: value.model_dump(mode='json').")
    return Text("Give JSON data: null, true or false, numbers, texts, lists and objects of them.")
