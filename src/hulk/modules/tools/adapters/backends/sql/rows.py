"""What a database gave, as JSON and within bounds."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from hulk.kernel.records import Json
from hulk.modules.tools.adapters.backends.bounds import Bounds
from hulk.modules.tools.adapters.backends.plain import plain


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
