"""From measures to problems: which are worth a person's time, how much they weigh, and how they are told. Pure rules."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from hulk.kernel.text import Text, Voice
from hulk.modules.skills.domain.profile.measures import Duplicates, Key, Measure, Outliers, Schema, Spread
from hulk.modules.skills.domain.table import NUMBERS, TIMES, terms, words

Severity: TypeAlias = Literal["high", "normal", "low"]
Rule: TypeAlias = Literal[
    "personal",
    "key",
    "rows",
    "empty",
    "nulls",
    "mixed",
    "disguised",
    "dates",
    "negative",
    "sentinel",
    "placeholder",
    "outliers",
    "constant",
    "unique",
    "padded",
]
_RANK: Mapping[Severity, int] = {"high": 0, "normal": 1, "low": 2}

_NEVER_NEGATIVE = terms(
    "quantidade qtd qtde quantity qty idade age preco price estoque stock peso weight altura height distancia distance "
    "duracao duration count total_itens itens items area volume populacao population visitas visits cliques clicks"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """From which share of the rows on something is a problem."""

    nulls: float = 0.05
    many_nulls: float = 0.5
    padded: float = 0.0
    outliers: float = 0.01
    mostly_unique: float = 0.95
    rows_for_shares: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something found wrong. `count` of `share` (0 to 1) of the rows; `examples` are values of the table, masked where personal."""

    rule: Rule
    severity: Severity
    count: int
    share: float
    column: str | None = None
    detail: str = ""
    examples: tuple[str, ...] = field(default=())


def problems(schema: Schema, duplicates: Duplicates | None, outliers: Outliers | None, limits: Limits = Limits()) -> list[Problem]:
    """All problems that the measures show, the worst first; what was not measured shows none."""
    found = [problem for column in schema.columns for problem in _of_column(column, schema.rows, limits)]
    found += list(_of_rows(duplicates)) if duplicates else []
    explained = {column.name: column.sentinels for column in schema.columns}
    far = [spread for spread in outliers.columns if spread.outliers > explained.get(spread.column, 0)] if outliers else []
    found += [_far_out(spread, limits) for spread in far]
    return sorted(found, key=lambda problem: (_RANK[problem.severity], -problem.share, problem.column or "", problem.rule))


def _of_column(column: Measure, rows: int, limits: Limits) -> Iterator[Problem]:
    for rule in (_holds_personal, _lacks_values, _is_constant, _mixes, _is_disguised, _has_odd_dates, _has_negatives, _has_sentinels):
        problem = rule(column, rows, limits)
        if problem:
            yield problem
    for rule in (_has_placeholders, _is_mostly_unique, _is_padded):
        problem = rule(column, rows, limits)
        if problem:
            yield problem


def _holds_personal(column: Measure, rows: int, _: Limits) -> Problem | None:
    if not column.personal:
        return None
    return Problem(
        rule="personal",
        severity="high",
        column=column.name,
        count=column.personal_values,
        share=column.personal_values / rows,
        detail=column.personal,
    )


def _lacks_values(column: Measure, rows: int, limits: Limits) -> Problem | None:
    share = column.nulls / rows
    if column.nulls == rows:
        return Problem(rule="empty", severity="high", column=column.name, count=rows, share=1.0)
    if share < limits.nulls:
        return None
    return Problem(
        rule="nulls", severity="high" if share >= limits.many_nulls else "normal", column=column.name, count=column.nulls, share=share
    )


def _is_constant(column: Measure, rows: int, limits: Limits) -> Problem | None:
    if column.distinct != 1 or rows < limits.rows_for_shares or column.nulls == rows:
        return None
    there = rows - column.nulls
    return Problem(rule="constant", severity="low", column=column.name, count=there, share=there / rows, examples=_some(column.lowest))


def _mixes(column: Measure, rows: int, _: Limits) -> Problem | None:
    if not column.unread:
        return None
    share = column.unread / rows
    rule: Rule = "dates" if column.type in TIMES else "mixed"
    severity: Severity = "high" if share >= 0.01 else "normal"
    return Problem(
        rule=rule,
        severity=severity,
        column=column.name,
        count=column.unread,
        share=share,
        detail=column.type,
        examples=column.unread_examples,
    )


def _is_disguised(column: Measure, rows: int, _: Limits) -> Problem | None:
    there = rows - column.nulls
    if not column.disguised or column.type not in NUMBERS or column.personal:
        return None
    return Problem(rule="disguised", severity="normal", column=column.name, count=there, share=there / rows, examples=_some(column.lowest))


def _has_odd_dates(column: Measure, rows: int, _: Limits) -> Problem | None:
    if not column.odd_dates:
        return None
    share = column.odd_dates / rows
    return Problem(
        rule="dates",
        severity="normal",
        column=column.name,
        count=column.odd_dates,
        share=share,
        detail="range",
        examples=column.odd_date_examples,
    )


def _has_negatives(column: Measure, rows: int, _: Limits) -> Problem | None:
    odd = bool(_NEVER_NEGATIVE & set(words(column.name))) or column.negatives <= 0.001 * rows
    sentinels = column.sentinels if (column.sentinel_example or "").startswith("-") else 0
    if column.negatives <= sentinels or not odd:
        return None
    named = bool(_NEVER_NEGATIVE & set(words(column.name)))
    severity: Severity = "normal" if named else "low"
    return Problem(
        rule="negative",
        severity=severity,
        column=column.name,
        count=column.negatives,
        share=column.negatives / rows,
        examples=_some(column.lowest),
    )


def _has_sentinels(column: Measure, rows: int, _: Limits) -> Problem | None:
    if not column.sentinels:
        return None
    return Problem(
        rule="sentinel",
        severity="normal",
        column=column.name,
        count=column.sentinels,
        share=column.sentinels / rows,
        examples=_some(column.sentinel_example),
    )


def _has_placeholders(column: Measure, rows: int, _: Limits) -> Problem | None:
    if not column.placeholders:
        return None
    share = column.placeholders / rows
    severity: Severity = "normal" if share >= 0.01 else "low"
    return Problem(
        rule="placeholder",
        severity=severity,
        column=column.name,
        count=column.placeholders,
        share=share,
        examples=_some(column.placeholder_example),
    )


def _is_mostly_unique(column: Measure, rows: int, limits: Limits) -> Problem | None:
    there = rows - column.nulls
    if column.type != "text" or there < 5 * limits.rows_for_shares or column.personal or column.longest < 20:
        return None
    share = min(1.0, column.distinct / there)
    return (
        Problem(rule="unique", severity="low", column=column.name, count=column.distinct, share=share)
        if share >= limits.mostly_unique
        else None
    )


def _is_padded(column: Measure, rows: int, limits: Limits) -> Problem | None:
    share = column.padded / rows
    return Problem(rule="padded", severity="low", column=column.name, count=column.padded, share=share) if share > limits.padded else None


def _of_rows(duplicates: Duplicates) -> Iterator[Problem]:
    if duplicates.repeated:
        share = duplicates.repeated / duplicates.rows
        yield Problem(rule="rows", severity="high" if share >= 0.01 else "normal", count=duplicates.repeated, share=share)
    for key in duplicates.keys:
        if key.repeated and (key.asked or key.repeated > duplicates.repeated):
            yield _repeats(key, duplicates.rows)


def _repeats(key: Key, rows: int) -> Problem:
    return Problem(rule="key", severity="high", column=key.column, count=key.repeated, share=key.repeated / rows, examples=key.examples)


def _far_out(spread: Spread, limits: Limits) -> Problem:
    share = spread.outliers / spread.values
    return Problem(
        rule="outliers",
        severity="normal" if share >= limits.outliers else "low",
        column=spread.column,
        count=spread.outliers,
        share=share,
        examples=tuple(f"{value:.10g}" for value in spread.examples),
    )


def _some(value: str | None) -> tuple[str, ...]:
    return () if value is None else (value,)


def told(problem: Problem, voice: Voice) -> Text:
    """The problem in one sentence."""
    return _TOLD[problem.rule](
        {
            "column": problem.column or "",
            "count": voice.number(problem.count),
            "share": percent(problem.share, voice),
            "detail": problem.detail,
            "example": ", ".join(problem.examples[:3]),
        }
    )


def percent(share: float, voice: Voice) -> str:
    """`0.0312` as `3.1 %`; never rounds something to nothing, nor not quite all to all."""
    if 0 < share < 0.001:
        return f"< {voice.number(0.1, 1)} %"
    if 0.999 < share < 1:
        return f"> {voice.number(99.9, 1)} %"
    return f"{voice.number(share * 100, 1)} %"


_Values: TypeAlias = dict[str, str]


def _personal_text(v: _Values) -> Text:
    kinds = {
        "cpf": Text("CPF numbers"),
        "cnpj": Text("CNPJ numbers"),
        "email": Text("e-mail addresses"),
        "phone": Text("telephone numbers"),
        "card": Text("payment card numbers"),
    }
    told_ = {name: value for name, value in v.items() if name != "detail"}
    return Text("Column “{column}” holds personal data: {kind}, {count} ({share}).", kind=kinds[v["detail"]], **told_)


def _dates_text(v: _Values) -> Text:
    if v["detail"] == "range":
        return Text("Column “{column}”: dates before 1900 or far in the future: {count} ({share}), for example {example}.", **v)
    return Text("Column “{column}”: values that are no valid dates: {count} ({share}), for example {example}.", **v)


_TOLD: Mapping[Rule, Callable[[_Values], Text]] = {
    "personal": _personal_text,
    "key": lambda v: Text("Column “{column}” looks like a key, but has repeated values: {count} ({share}), for example {example}.", **v),
    "rows": lambda v: Text("Rows that repeat an earlier row in every column: {count} ({share}).", **v),
    "empty": lambda v: Text("Column “{column}” is empty in every row.", **v),
    "nulls": lambda v: Text("Column “{column}”: rows without a value: {count} ({share}).", **v),
    "mixed": lambda v: Text("Column “{column}” holds numbers and values that are none: {count} ({share}), for example {example}.", **v),
    "disguised": lambda v: Text("Column “{column}” holds numbers written as text, for example {example}.", **v),
    "dates": _dates_text,
    "negative": lambda v: Text("Column “{column}”: negative values where none are expected: {count} ({share}), the lowest {example}.", **v),
    "sentinel": lambda v: Text("Column “{column}”: the number {example}, which seems to stand for “unknown”: {count} ({share}).", **v),
    "placeholder": lambda v: Text("Column “{column}”: values that stand for “nothing”: {count} ({share}), for example {example}.", **v),
    "outliers": lambda v: Text("Column “{column}”: values far away from the others: {count} ({share}), for example {example}.", **v),
    "constant": lambda v: Text("Column “{column}” always has the same value: {example}.", **v),
    "unique": lambda v: Text("Column “{column}” is text that is almost never the same twice ({share} distinct).", **v),
    "padded": lambda v: Text("Column “{column}”: values with spaces before or after: {count} ({share}).", **v),
}


def title(problem: Problem) -> Text:
    """The problem as the title of a ticket."""
    return _TITLES[problem.rule](problem.column or "")


_TITLES: Mapping[Rule, Callable[[str], Text]] = {
    "personal": lambda c: Text("Protect the personal data in column “{column}”", column=c),
    "key": lambda c: Text("Resolve the repeated keys in column “{column}”", column=c),
    "rows": lambda _: Text("Remove the repeated rows"),
    "empty": lambda c: Text("Fill or drop the empty column “{column}”", column=c),
    "nulls": lambda c: Text("Find out why values are missing in column “{column}”", column=c),
    "mixed": lambda c: Text("Correct the values of column “{column}” that are not numbers", column=c),
    "disguised": lambda c: Text("Store column “{column}” as numbers", column=c),
    "dates": lambda c: Text("Correct the dates of column “{column}”", column=c),
    "negative": lambda c: Text("Check the negative values of column “{column}”", column=c),
    "sentinel": lambda c: Text("Replace the stand-in numbers of column “{column}” by empty values", column=c),
    "placeholder": lambda c: Text("Replace the stand-in texts of column “{column}” by empty values", column=c),
    "outliers": lambda c: Text("Check the extreme values of column “{column}”", column=c),
    "constant": lambda c: Text("Decide whether the constant column “{column}” is needed", column=c),
    "unique": lambda c: Text("Decide how the free text of column “{column}” is used", column=c),
    "padded": lambda c: Text("Trim the spaces in column “{column}”", column=c),
}
