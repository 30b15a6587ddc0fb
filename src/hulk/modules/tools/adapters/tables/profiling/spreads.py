# ruff: noqa: S608  names and paths are quoted by `identifier` and `quoted`, and the engine can reach nothing but the file
"""How the numbers of a column spread, and which lie far out."""

from collections.abc import Sequence
from dataclasses import replace

from hulk.modules.skills import NUMBERS, Outliers, Spread, fences, medcouple
from hulk.modules.tools.adapters.tables.profiling.numbers import keep_numbers, quantiles
from hulk.modules.tools.adapters.tables.session import Session
from hulk.modules.tools.adapters.tables.table import Field, Table

AT_ONCE = 40
"""Columns that are read at once."""
SKEW_SAMPLE = 200_000
"""Rows above which skew, which takes 199 quantiles, is that of a sample of about so many."""
_LEVELS = tuple(level / 200 for level in range(1, 200))


def outliers(session: Session, table: Table, names: Sequence[str]) -> Outliers:
    """See `Tables.outliers`. Ids and personal numbers have no outliers."""
    fields = [field for field in table.chosen(names) if field.type in NUMBERS and not field.is_id and not field.personal]
    spreads: list[Spread] = []
    for start in range(0, len(fields), AT_ONCE):
        part = fields[start : start + AT_ONCE]
        rows = keep_numbers(session, table, part)
        spreads += [spread for i, field in enumerate(part) if (spread := _spread(session, field, f"v{i}", rows))]
    return Outliers(columns=tuple(spreads))


def _spread(session: Session, field: Field, column: str, rows: int) -> Spread | None:
    quartiles = quantiles(session, column, rows, (0.25, 0.5, 0.75))
    if quartiles is None:
        return None
    lower, middle, upper = quartiles
    skew = medcouple(quantiles(session, column, rows, _LEVELS, most=SKEW_SAMPLE) or quartiles)
    bounds = fences(lower, upper, skew) if upper > lower else _rare_fences(session, column, rows, middle)
    values = int(session.rows(f"SELECT count({column}) FROM numbers")[0][0])
    spread = Spread(column=field.name, values=values, lower_quartile=lower, median=middle, upper_quartile=upper, skew=skew)
    return _with_outliers(session, column, spread, bounds) if bounds else spread


def _rare_fences(session: Session, column: str, rows: int, usual: float) -> tuple[float, float] | None:
    """Where most values are the same, the others are compared among themselves, when they are enough."""
    others = f"{column} <> {usual!r}"
    if session.rows(f"SELECT count(*) FROM numbers WHERE {others}")[0][0] < max(20, 0.01 * rows):
        return None
    found = quantiles(session, column, rows, _LEVELS, others, SKEW_SAMPLE)
    if found is None or found[149] <= found[49]:
        return None
    low, high = fences(found[49], found[149], medcouple(found))
    return min(low, usual), max(high, usual)


def _with_outliers(session: Session, column: str, spread: Spread, bounds: tuple[float, float]) -> Spread:
    low, high = bounds
    below, above, lowest, highest = session.rows(
        f"SELECT count(*) FILTER ({column} < {low!r}), count(*) FILTER ({column} > {high!r}), min({column}), max({column}) FROM numbers"
    )[0]
    examples = (*([lowest] if below else []), *([highest] if above else []))
    return replace(spread, low=low, high=high, below=below, above=above, examples=examples)
