# ruff: noqa: S608  names and paths are quoted by `identifier` and `quoted`, and the engine can reach nothing but the file
"""What there is in each column, in one pass over the file."""

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from hulk.modules.skills import NUMBERS, PLACEHOLDERS, SENTINELS, TIMES, Measure, Schema, Sort
from hulk.modules.tools.adapters.tables.profiling.examples import examples, shown
from hulk.modules.tools.adapters.tables.session import Session, quoted
from hulk.modules.tools.adapters.tables.table import Field, Table

AT_ONCE = 40
"""Columns measured in one pass over the file."""
EXACT_AT_ONCE = 8
"""The same while distinct values are counted exactly, which takes some megabytes for each column and thread."""
EXACT_SIZE = 32_000_000
"""Bytes of a file up to which distinct values are counted exactly."""

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
        lowest=shown(figures.get("low"), field),
        highest=shown(figures.get("high"), field),
        mean=None if field.personal else _finite(figures.get("mean")),
        unread=there - figures["read"] - placeholders if "read" in figures else 0,
        unread_examples=examples(field, figures.get("unread_low"), figures.get("unread_high")),
        padded=figures.get("padded") or 0,
        placeholders=placeholders,
        placeholder_example=figures.get("placeholder"),
        sentinels=sentinels,
        sentinel_example=sentinel,
        negatives=figures.get("negatives") or 0,
        odd_dates=figures.get("odd") or 0,
        odd_date_examples=examples(field, figures.get("odd_low"), figures.get("odd_high")),
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


def _finite(value: object) -> float | None:
    return value if isinstance(value, float) and math.isfinite(value) else None
