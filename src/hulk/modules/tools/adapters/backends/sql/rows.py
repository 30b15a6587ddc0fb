"""What a database gave, as JSON and within bounds: decimals as text, moments as ISO 8601, bytes as a note of how many."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from hulk.kernel.records import Json

LONGEST_TEXT = 10_000
"""Characters of one value."""
_DEEPEST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What one answer may hold and take: `size` in bytes of JSON, `seconds` at the server."""

    rows: int
    size: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """Of an answer, by what the database calls its type."""

    name: str
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Rows, and what was left out of them, in words."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Json]]
    cut: str = ""


@dataclass(slots=True)
class Tally:
    """Takes rows as long as there is room for them."""

    bounds: Bounds
    rows: list[list[Json]] = field(default_factory=list)
    size: int = 0
    cut: str = ""

    def takes(self, rows: Iterable[Sequence[object]]) -> bool:
        """Take them; whether there is room for more."""
        return all(self._took([plain(value) for value in row]) for row in rows)

    def answer(self, columns: Sequence[Column]) -> Answer:
        """What was taken."""
        return Answer(columns=columns, rows=self.rows, cut=self.cut)

    def _took(self, row: list[Json]) -> bool:
        size = len(json.dumps(row, ensure_ascii=False).encode(errors="replace"))
        if len(self.rows) >= self.bounds.rows:
            self.cut = f"more than {self.bounds.rows} rows: only the first {self.bounds.rows} are here"
        elif self.size + size > self.bounds.size:
            self.cut = f"more than {self.bounds.size} bytes: only the first {len(self.rows)} rows are here"
        else:
            self.rows.append(row)
            self.size += size
        return not self.cut


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
    return str(value) if isinstance(value, Decimal) else str(value)[:LONGEST_TEXT]


def _duration(value: timedelta) -> str:
    """ISO 8601, in days and seconds."""
    sign, value = ("-", -value) if value < timedelta() else ("", value)
    seconds = f"{value.seconds}.{value.microseconds:06d}".rstrip("0").rstrip(".") if value.microseconds else str(value.seconds)
    return f"{sign}P{value.days}DT{seconds}S"
