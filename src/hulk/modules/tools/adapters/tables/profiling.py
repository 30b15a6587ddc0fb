# ruff: noqa: S608  names and paths are quoted by `identifier` and `quoted`, and the engine can reach nothing but the file
"""The looks of `data.profile`, as SQL over one table. Whatever grows with the rows is counted by the engine, which spills."""

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from hulk.modules.skills import (
    MASK,
    NUMBERS,
    PLACEHOLDERS,
    SENTINELS,
    TIMES,
    Distribution,
    Distributions,
    Duplicates,
    Key,
    Measure,
    Outliers,
    Schema,
    Sort,
    Spread,
    fences,
    masked,
    medcouple,
)
from hulk.modules.tools.adapters.tables.reading import Field, Table
from hulk.modules.tools.adapters.tables.session import Session, quoted

AT_ONCE = 40
"""Columns measured in one pass over the file."""

EXACT_AT_ONCE = 8
"""The same while distinct values are counted exactly, which takes some megabytes for each column and thread."""

EXACT_SIZE = 32_000_000
"""Bytes of a file up to which distinct values are counted exactly."""

SAMPLED_ABOVE = 2_000_000
"""Rows above which quantiles are those of a fixed sample of about so many: a quartile is then off by 1 in 1,000 of the rows at most."""

SKEW_SAMPLE = 200_000
"""The same for skew, which takes 199 quantiles."""

MOST_KEYS = 3
MOST_WORDS = 8
BINS = 20
_LEVELS = tuple(level / 200 for level in range(1, 200))

_PERSONAL: Mapping[Sort, str] = {
    "email": r"[\w.+%-]+@[\w-]+\.[\w.-]+",
    "cpf": r"[0-9]{3}\.?[0-9]{3}\.?[0-9]{3}-?[0-9]{2}",
    "cnpj": r"[0-9A-Z]{2}\.?[0-9A-Z]{3}\.?[0-9A-Z]{3}/?[0-9A-Z]{4}-?[0-9]{2}",
    "card": r"[0-9]([ -]?[0-9]){12,18}",
    "phone": r"[0-9()+][0-9() .-]{6,}[0-9]",
}
"""Looser than `personal.sort`, for counting within a column that is known to hold them."""


def schema(session: Session, table: Table, names: Sequence[str]) -> Schema:
    """See `Tables.schema`."""
    fields = table.chosen(names)
    exact = table.layout.size <= EXACT_SIZE
    rows, measures = 0, []
    width = EXACT_AT_ONCE if exact else AT_ONCE
    for start in range(0, len(fields), width):
        part = fields[start : start + width]
        figures = session.row(_schema_sql(table, part, exact))
        rows = figures["rows_"]
        measures += [
            _measure(field, {name: figures[f"a{i}_{name}"] for name in _figures(field, exact)}, rows, exact) for i, field in enumerate(part)
        ]
    return Schema(format=table.layout.format, size=table.layout.size, rows=rows, columns=tuple(measures), notes=table.layout.notes)


def _schema_sql(table: Table, fields: Sequence[Field], exact: bool) -> str:
    """One pass: each column's texts and values, then what is said of them, then the aggregates, so that nothing is worked out twice."""
    read = ", ".join(f"{field.raw} AS r{i}, {field.text} AS t{i}, {field.value} AS v{i}" for i, field in enumerate(fields))
    said = ", ".join(
        f"{sql.format(t=f't{i}', v=f'v{i}')} AS {name}{i}" for i, field in enumerate(fields) for name, sql in _said(field).items()
    )
    figures = ", ".join(
        f"{sql.format(r=f'r{i}', t=f't{i}', v=f'v{i}', u=f'u{i}', p=f'p{i}', s=f's{i}')} AS a{i}_{name}"
        for i, field in enumerate(fields)
        for name, sql in _figures(field, exact).items()
    )
    rows = f"SELECT {read} FROM {table.scan}"
    return f"SELECT count(*) AS rows_, {figures} FROM (SELECT *{', ' if said else ''}{said} FROM ({rows}))"


def _said(field: Field) -> dict[str, str]:
    """u: the text of a value that could not be read; p: whether a text stands for nothing; s: whether a number stands for unknown.

    Lists are searched by `list_contains`: a long IN would become a join, with some megabytes for each column.
    """
    said = {"s": f"CASE WHEN abs({{v}}) >= {SENTINELS[0]} THEN list_contains({[float(n) for n in SENTINELS]}, abs({{v}})) ELSE false END"}
    longest = max(map(len, PLACEHOLDERS))
    listed = "[" + ", ".join(quoted(word) for word in sorted(PLACEHOLDERS)) + "]"
    stands_in = f"CASE WHEN length({{t}}) <= {longest} THEN list_contains({listed}, lower({{t}})) ELSE false END"
    if not field.as_text or field.type not in NUMBERS | TIMES | {"text"}:
        return said if field.type in NUMBERS else {}
    if field.type == "text":
        return {"p": stands_in}
    unread = {"u": "CASE WHEN {v} IS NULL THEN {t} END", "p": f"CASE WHEN {{v}} IS NULL AND {{t}} IS NOT NULL THEN {stands_in} END"}
    return said | unread if field.type in NUMBERS else unread


def _figures(field: Field, exact: bool) -> dict[str, str]:
    """The aggregates of a column by name; `{r}`, `{t}` and `{v}` stand for its raw text, its text and its value, the others for `_said`.

    CASE and not FILTER, which costs memory by the square of the aggregates."""
    figures = {"there": "count({t})" if field.as_text else "count({v})"}
    counted = "{v}" if field.type in NUMBERS | TIMES else "{t}"
    figures["distinct"] = f"count(DISTINCT {counted})" if exact else f"approx_count_distinct({counted})"
    if field.as_text:
        figures["padded"] = "count(CASE WHEN {t} <> {r} THEN 1 END)"
    if field.type in NUMBERS:
        figures |= _NUMBER_FIGURES
    elif field.type in TIMES:
        figures |= _time_figures()
    elif field.type != "nested":
        figures |= {"low": "min({t})", "high": "max({t})", "longest": "max(length({t}))"}
    if field.as_text and field.type in NUMBERS | TIMES:
        figures |= {
            "read": "count({v})",
            "unread_low": "min(CASE WHEN NOT {p} THEN {u} END)",
            "unread_high": "max(CASE WHEN NOT {p} THEN {u} END)",
        }
        figures |= {"placeholders": "count(CASE WHEN {p} THEN 1 END)", "placeholder": "min(CASE WHEN {p} THEN {u} END)"}
    if field.as_text and field.type == "text":
        figures |= {"placeholders": "count(CASE WHEN {p} THEN 1 END)", "placeholder": "min(CASE WHEN {p} THEN {t} END)"}
    if field.personal:
        figures["personal"] = f"count(CASE WHEN regexp_matches({{t}}, {quoted(_braced(_PERSONAL[field.personal]))}) THEN 1 END)"
    return figures


def _braced(pattern: str) -> str:
    """For `str.format`, which the figures go through."""
    return pattern.replace("{", "{{").replace("}", "}}")


_NUMBER_FIGURES: Mapping[str, str] = {
    "low": "min({v})",
    "high": "max({v})",
    "mean": "avg({v})",
    "broken": "count(CASE WHEN {v} <> floor({v}) THEN 1 END)",
    "negatives": "count(CASE WHEN {v} < 0 THEN 1 END)",
    "sentinels_high": "count(CASE WHEN {s} AND {v} > 0 THEN 1 END)",
    "sentinels_low": "count(CASE WHEN {s} AND {v} < 0 THEN 1 END)",
    "sentinel_high": "max(CASE WHEN {s} AND {v} > 0 THEN {v} END)",
    "sentinel_low": "min(CASE WHEN {s} AND {v} < 0 THEN {v} END)",
    "plain_low": "min(CASE WHEN NOT {s} THEN {v} END)",
    "plain_high": "max(CASE WHEN NOT {s} THEN {v} END)",
}


def _time_figures() -> dict[str, str]:
    odd = f"({{v}} < TIMESTAMP '1900-01-01' OR {{v}} > TIMESTAMP '{date.today().year + 50}-01-01')"  # noqa: DTZ011  a year is near enough
    return {
        "low": "min({v})",
        "high": "max({v})",
        "odd": f"count(CASE WHEN {odd} THEN 1 END)",
        "odd_low": f"min(CASE WHEN {odd} THEN {{v}} END)",
        "odd_high": f"max(CASE WHEN {odd} THEN {{v}} END)",
    }


def _measure(field: Field, figures: Mapping[str, Any], rows: int, exact: bool) -> Measure:
    there = figures["there"]
    sentinels, sentinel = _sentinels(figures)
    placeholders = figures.get("placeholders") or 0
    return Measure(
        name=field.name,
        type="decimal" if field.type == "whole" and figures["broken"] else field.type,
        disguised=field.column.disguised,
        nulls=rows - there,
        distinct=min(figures["distinct"], there),
        exact=exact,
        lowest=_shown(figures.get("low"), field),
        highest=_shown(figures.get("high"), field),
        mean=None if field.personal else _finite(figures.get("mean")),
        unread=there - figures["read"] - placeholders if "read" in figures else 0,
        unread_examples=_examples(field, figures.get("unread_low"), figures.get("unread_high")),
        padded=figures.get("padded") or 0,
        placeholders=placeholders,
        placeholder_example=figures.get("placeholder"),
        sentinels=sentinels,
        sentinel_example=sentinel,
        negatives=figures.get("negatives") or 0,
        odd_dates=figures.get("odd") or 0,
        odd_date_examples=_examples(field, figures.get("odd_low"), figures.get("odd_high")),
        longest=figures.get("longest") or 0,
        personal=field.personal,
        personal_values=figures.get("personal") or 0,
    )


def _sentinels(figures: Mapping[str, Any]) -> tuple[int, str | None]:
    """Numbers such as 9999 stand for “unknown” only when they recur and everything else is far from them."""
    for side, sign in (("high", 1), ("low", -1)):
        count, value, plain = (figures.get(f"{name}_{side}") for name in ("sentinels", "sentinel", "plain"))
        if count and count >= 2 and value is not None and (plain is None or sign * plain < 0.5 * sign * value) and figures[side] == value:
            return count, f"{value:.0f}"
    return 0, None


def _shown(value: object, field: Field) -> str | None:
    """A value as data, without what could point at a person."""
    if value is None:
        return None
    if field.personal:
        return MASK
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else repr(value)
    return masked(str(value))[:200]


def _examples(field: Field, *values: object) -> tuple[str, ...]:
    shown = (_shown(value, field) for value in values if value is not None)
    return tuple(dict.fromkeys(text[:60] for text in shown if text))


def _finite(value: object) -> float | None:
    return value if isinstance(value, float) and math.isfinite(value) else None


def duplicates(session: Session, table: Table, names: Sequence[str], key: str | None) -> Duplicates:
    """See `Tables.duplicates`. Rows are compared by a hash of 64 bits: among 20 million rows one false pair in 100,000 files."""
    fields = table.chosen(names)
    asked = table.field(key).name if key else None
    rows, distinct, groups = _repeats(session, table, f"hash({', '.join(field.raw for field in fields)})", "true")
    keys = [field for field in table.fields if field.name == asked]
    keys += [field for field in fields if field.name != asked and _may_be_key(field)][:MOST_KEYS]
    return Duplicates(
        rows=rows, repeated=rows - distinct, groups=groups, keys=tuple(_key(session, table, field, field.name == asked) for field in keys)
    )


def _repeats(session: Session, table: Table, hashed: str, there: str) -> tuple[int, int, int]:
    """Rows, distinct ones, and how many of these occur more than once."""
    groups = f"SELECT count(*) AS n FROM (SELECT {hashed} AS h FROM {table.scan} WHERE {there}) GROUP BY h"
    rows, distinct, repeated = session.rows(f"SELECT coalesce(sum(n), 0)::BIGINT, count(*), count(*) FILTER (n > 1) FROM ({groups})")[0]
    return int(rows), int(distinct), int(repeated)


def _may_be_key(field: Field) -> bool:
    """Whole numbers and texts that hardly ever repeat within the sample."""
    if field.type not in ("whole", "text") or len(field.sample) < 10:
        return False
    share = len(set(field.sample)) / len(field.sample)
    return share >= (0.9 if field.is_id else 0.995) and (field.is_id or max(map(len, field.sample)) <= 40)


def _key(session: Session, table: Table, field: Field, asked: bool) -> Key:
    rows, distinct, _ = _repeats(session, table, f"hash({field.text})", f"{field.text} IS NOT NULL")
    examples = _most_repeated(session, table, field) if rows > distinct else ()
    unlike = rows - distinct > 0.1 * rows and not asked
    return Key(column=field.name, values=rows, repeated=0 if unlike else rows - distinct, examples=examples, asked=asked)


def _most_repeated(session: Session, table: Table, field: Field) -> tuple[str, ...]:
    hashed = f"SELECT hash({field.text}) AS h FROM {table.scan} WHERE {field.text} IS NOT NULL"
    worst = session.rows(f"SELECT h FROM ({hashed}) GROUP BY h HAVING count(*) > 1 ORDER BY count(*) DESC, h LIMIT 3")
    listed = ", ".join(str(h) for (h,) in worst)
    found = session.rows(f"SELECT DISTINCT {field.text} AS t FROM {table.scan} WHERE hash({field.text}) IN ({listed}) ORDER BY t LIMIT 3")
    return _examples(field, *(value for (value,) in found))


def outliers(session: Session, table: Table, names: Sequence[str]) -> Outliers:
    """See `Tables.outliers`. Ids and personal numbers have no outliers."""
    fields = [field for field in table.chosen(names) if field.type in NUMBERS and not field.is_id and not field.personal]
    spreads: list[Spread] = []
    for start in range(0, len(fields), AT_ONCE):
        part = fields[start : start + AT_ONCE]
        rows = _numbers(session, table, part)
        spreads += [spread for i, field in enumerate(part) if (spread := _spread(session, field, f"v{i}", rows))]
    return Outliers(columns=tuple(spreads))


def _numbers(session: Session, table: Table, fields: Sequence[Field]) -> int:
    """Keep the numbers alone, read once, in the table `numbers` (on disk when large); give its rows."""
    values = ", ".join(f"{field.value} AS v{i}" for i, field in enumerate(fields))
    session.run("DROP TABLE IF EXISTS numbers")
    session.run(f"CREATE TEMP TABLE numbers AS SELECT {values} FROM {table.scan}")
    return int(session.rows("SELECT count(*) FROM numbers")[0][0])


def _quantiles(
    session: Session, column: str, rows: int, levels: Sequence[float], where: str = "true", most: int = SAMPLED_ABOVE
) -> list[float] | None:
    """Exact for up to `most` rows, else of a fixed sample of about so many."""
    part = f"hash(rowid) % {-(-rows // most)} = 0" if rows > most else "true"
    found = session.rows(f"SELECT quantile_cont({column}, {list(levels)}) FROM numbers WHERE {where} AND {part}")[0][0]
    if found is None and rows > most:  # there are too few values for the sample to meet one
        return _quantiles(session, column, rows, levels, where, rows)
    return [float(value) for value in found] if found else None


def _spread(session: Session, field: Field, column: str, rows: int) -> Spread | None:
    quartiles = _quantiles(session, column, rows, (0.25, 0.5, 0.75))
    if quartiles is None:
        return None
    lower, middle, upper = quartiles
    skew = medcouple(_quantiles(session, column, rows, _LEVELS, most=SKEW_SAMPLE) or quartiles)
    bounds = fences(lower, upper, skew) if upper > lower else _rare_fences(session, column, rows, middle)
    values = int(session.rows(f"SELECT count({column}) FROM numbers")[0][0])
    spread = Spread(column=field.name, values=values, lower_quartile=lower, median=middle, upper_quartile=upper, skew=skew)
    return _with_outliers(session, column, spread, bounds) if bounds else spread


def _rare_fences(session: Session, column: str, rows: int, usual: float) -> tuple[float, float] | None:
    """Where most values are the same, the others are compared among themselves, when they are enough."""
    others = f"{column} <> {usual!r}"
    if session.rows(f"SELECT count(*) FROM numbers WHERE {others}")[0][0] < max(20, 0.01 * rows):
        return None
    quantiles = _quantiles(session, column, rows, _LEVELS, others, SKEW_SAMPLE)
    if quantiles is None or quantiles[149] <= quantiles[49]:
        return None
    low, high = fences(quantiles[49], quantiles[149], medcouple(quantiles))
    return min(low, usual), max(high, usual)


def _with_outliers(session: Session, column: str, spread: Spread, bounds: tuple[float, float]) -> Spread:
    low, high = bounds
    below, above, lowest, highest = session.rows(
        f"SELECT count(*) FILTER ({column} < {low!r}), count(*) FILTER ({column} > {high!r}), min({column}), max({column}) FROM numbers"
    )[0]
    examples = ([lowest] if below else []) + ([highest] if above else [])
    return Spread(
        column=spread.column,
        values=spread.values,
        lower_quartile=spread.lower_quartile,
        median=spread.median,
        upper_quartile=spread.upper_quartile,
        skew=spread.skew,
        low=low,
        high=high,
        below=below,
        above=above,
        examples=tuple(examples),
    )


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
    rows = _numbers(session, table, fields)
    for i, field in enumerate(fields):
        found = _quantiles(session, f"v{i}", rows, (0.005, 0.25, 0.5, 0.75, 0.995))
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
    rough = spread / (BINS - 1)
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
