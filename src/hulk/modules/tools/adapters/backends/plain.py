"""Values as systems give them, as JSON: decimals as text, moments as ISO 8601, bytes as a note of how many."""

import math
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta

from hulk.kernel.records import Json

LONGEST_TEXT = 10_000
"""Characters of one value."""
_DEEPEST = 20


def plain(value: object, depth: int = 0) -> Json:
    """`value` as JSON; what is neither is told as text."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, str):
        return value if len(value) <= LONGEST_TEXT else f"{value[:LONGEST_TEXT]}… ({len(value)} characters)"
    if isinstance(value, bytes | bytearray | memoryview):
        return f"({len(value)} bytes)"
    return _nested(value, depth + 1) if isinstance(value, Mapping | list | tuple | set | frozenset) else _told(value)


def _nested(value: object, depth: int) -> Json:
    if depth > _DEEPEST:
        return "(nested more deeply than is shown)"
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(one, depth) for key, one in value.items()}
    return [plain(one, depth) for one in value] if isinstance(value, Iterable) else None


def _told(value: object) -> str:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return _duration(value)
    return str(value)[:LONGEST_TEXT]


def _duration(value: timedelta) -> str:
    """ISO 8601, in days and seconds."""
    sign, value = ("-", -value) if value < timedelta() else ("", value)
    seconds = f"{value.seconds}.{value.microseconds:06d}".rstrip("0").rstrip(".") if value.microseconds else str(value.seconds)
    return f"{sign}P{value.days}DT{seconds}S"
