# ruff: noqa: S608  names and paths are quoted by `identifier` and `quoted`, and the engine can reach nothing but the file
"""How the values of a column are distributed, for pictures."""

import math
import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta

from hulk.modules.skills import NUMBERS, TIMES, Distribution, Distributions, masked
from hulk.modules.tools.adapters.tables.profiling.numbers import keep_numbers, quantiles
from hulk.modules.tools.adapters.tables.session import Session
from hulk.modules.tools.adapters.tables.table import Field, Table

MOST_WORDS = 8
BINS = 20


def distributions(session: Session, table: Table, names: Sequence[str], most: int) -> Distributions:
    """See `Tables.distributions`. Ids, personal values and texts that hardly repeat have none worth a picture."""
    fields = [field for field in table.chosen(names) if _is_drawn(field)][:most]
    numbers = [field for field in fields if field.type in NUMBERS]
    counted = {field.name: shape for field, shape in _histograms(session, table, numbers)}
    for field in fields:
        if field.type in TIMES:
            days = _days(session, table, field)
            counted |= {field.name: days} if days else {}
        elif field.type not in NUMBERS:
            counted[field.name] = _words(session, table, field)
    return Distributions(columns=tuple(shape for field in fields if (shape := counted.get(field.name)) and sum(shape.counts)))


def _is_drawn(field: Field) -> bool:
    if field.personal or not field.sample:
        return False
    if field.type in TIMES:
        return True
    if field.type in NUMBERS:
        return not field.is_id
    distinct = len(set(field.sample))
    return field.type != "nested" and (distinct <= 20 or distinct <= 0.5 * len(field.sample)) and distinct <= 1000


def _histograms(session: Session, table: Table, fields: Sequence[Field]) -> Iterator[tuple[Field, Distribution]]:
    if not fields:
        return
    rows = keep_numbers(session, table, fields)
    for i, field in enumerate(fields):
        found = quantiles(session, f"v{i}", rows, (0.005, 0.25, 0.5, 0.75, 0.995))
        if found:
            yield field, _histogram(session, field, f"v{i}", found)


def _histogram(session: Session, field: Field, column: str, quantiles: Sequence[float]) -> Distribution:
    low, lower, middle, upper, high = quantiles
    if high - low > 24 * (upper - lower) > 0:  # stand-ins such as 9999 would leave one bin for all the others
        low, high = max(low, middle - 6 * (upper - lower)), min(high, middle + 6 * (upper - lower))
    broken, lowest, highest = session.rows(
        f"SELECT count(*) FILTER ({column} <> floor({column})), min({column}), max({column}) FROM numbers"
    )[0]
    whole = not broken
    if whole and highest - lowest < BINS:  # one bin per number
        counts = dict(session.rows(f"SELECT {column}, count(*) FROM numbers WHERE {column} IS NOT NULL GROUP BY ALL"))
        values = [lowest + step for step in range(int(highest - lowest) + 1)]
        return Distribution(column=field.name, shape="numbers", edges=tuple(values), counts=tuple(counts.get(value, 0) for value in values))
    edges = bins(low, high, whole)
    width = edges[1] - edges[0]
    bucket = f"least(greatest(floor(({column} - {edges[0]!r}) / {width!r}), 0), {len(edges) - 2})"
    found = dict(session.rows(f"SELECT {bucket}, count(*) FROM numbers WHERE {column} IS NOT NULL GROUP BY ALL"))
    return Distribution(
        column=field.name, shape="numbers", edges=edges, counts=tuple(found.get(float(i), 0) for i in range(len(edges) - 1))
    )


def bins(low: float, high: float, whole: bool = False) -> tuple[float, ...]:
    """Edges of at most `BINS` equal bins from `low` to `high`, in steps of 1, 2, 2.5 or 5 times a power of ten."""
    spread = (high - low) or abs(low) or 1.0
    rough = max(spread / (BINS - 1), sys.float_info.min)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(nice * power for nice in (1, 2, 2.5, 5, 10, 20) if nice * power >= rough)
    step = max(1.0, math.ceil(step)) if whole else step
    first = math.floor(low / step)
    count = max(1, math.floor(high / step) - first + 1)
    return tuple(float(f"{(first + i) * step:.12g}") for i in range(count + 1))


def _days(session: Session, table: Table, field: Field) -> Distribution | None:
    low, high = session.rows(f"SELECT min({field.value}), max({field.value}) FROM {table.scan}")[0]
    if low is None:
        return None
    first, length = low.date(), (high.date() - low.date()).days + 1
    span = next((span for span in (1, 7, 14, 30, 91, 182, 365) if length <= span * 24), -(-length // 24))
    index = f"date_diff('day', DATE '{first.isoformat()}', CAST({field.value} AS DATE)) // {span}"
    counts = dict(session.rows(f"SELECT {index} AS i, count(*) FROM {table.scan} WHERE {field.value} IS NOT NULL GROUP BY i"))
    spans = range(-(-length // span))
    labels = tuple((first + timedelta(days=i * span)).isoformat() for i in spans)
    return Distribution(column=field.name, shape="days", labels=labels, span=span, counts=tuple(counts.get(i, 0) for i in spans))


def _words(session: Session, table: Table, field: Field) -> Distribution:
    session.run(f"CREATE OR REPLACE TEMP TABLE counted AS SELECT {field.text} AS t, count(*) AS n FROM {table.scan} GROUP BY t")
    top = session.rows(f"SELECT t, n FROM counted WHERE t IS NOT NULL ORDER BY n DESC, t LIMIT {MOST_WORDS}")
    total = int(session.rows("SELECT coalesce(sum(n), 0) FROM counted WHERE t IS NOT NULL")[0][0])
    counts = tuple(int(n) for _, n in top)
    return Distribution(
        column=field.name, shape="words", labels=tuple(masked(str(t))[:60] for t, _ in top), counts=counts, rest=total - sum(counts)
    )
