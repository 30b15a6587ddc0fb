"""What is measured of a table: the results of the tickets of `data.profile`, as they are kept in the journal.

Values from the table that could point at a person are masked before they get in here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from typing import Literal, TypeAlias

from hulk.kernel.text import Text
from hulk.modules.skills.domain.personal import Sort
from hulk.modules.skills.domain.table import Format, Type, terms

SENTINELS = (99, 999, 9999, 99999, 999999, 9999999, 99999999, 999999999)
"""Numbers (and their negatives) that people write where they know none."""

PLACEHOLDERS = terms(
    "n/a n.a. na n/d #n/d #n/a nd null none nil nan - -- --- . ? ?? xx xxx tbd tba s/n s/d s/i unknown undefined missing empty (blank) "
    "#ref! #valor! #value! desconhecido vazio indefinido ignorado (vazio)"
) | {
    *("not available", "not informed", "no data", "sem dados", "a definir", "(em branco)", "não informado", "nao informado"),
    *("não se aplica", "nao se aplica", "sem informação", "sem informacao", "não disponível", "nao disponivel"),
}
"""Texts, in lower case, that people write where they know nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One column. Counts are of rows. `nulls` are absent, empty or blank values. `distinct` is an estimate (HyperLogLog, ±3 %) when
    `exact` is false. `lowest` and `highest` are as data: ISO 8601 dates, plain numbers. `unread` values are there but are not of the
    column's type. `sentinels` are numbers that seem to stand for “unknown”."""

    name: str
    type: Type
    disguised: bool = False
    nulls: int
    distinct: int
    exact: bool = True
    lowest: str | None = None
    highest: str | None = None
    mean: float | None = None
    unread: int = 0
    unread_examples: tuple[str, ...] = ()
    padded: int = 0
    placeholders: int = 0
    placeholder_example: str | None = None
    sentinels: int = 0
    sentinel_example: str | None = None
    negatives: int = 0
    odd_dates: int = 0
    odd_date_examples: tuple[str, ...] = ()
    longest: int = 0
    personal: Sort | None = None
    personal_values: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """Result of `table.schema`. `size` is in bytes."""

    format: Format
    size: int
    rows: int
    columns: tuple[Measure, ...]
    notes: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A column that looks like a key. `repeated` counts the rows whose value an earlier row had already."""

    column: str
    values: int
    repeated: int
    examples: tuple[str, ...] = ()
    asked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicates:
    """Result of `table.duplicates`. `repeated` counts the rows that equal an earlier row in all columns; `groups` the rows they equal."""

    rows: int
    repeated: int
    groups: int
    keys: tuple[Key, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A numeric column's quartiles, its skew (medcouple, -1 to 1) and what lies outside the fences. Of equal values there are no fences."""

    column: str
    values: int
    lower_quartile: float
    median: float
    upper_quartile: float
    skew: float
    low: float | None = None
    high: float | None = None
    below: int = 0
    above: int = 0
    examples: tuple[float, ...] = ()

    @property
    def outliers(self) -> int:
        """The values outside the fences."""
        return self.below + self.above


@dataclass(frozen=True, slots=True, kw_only=True)
class Outliers:
    """Result of `table.outliers`."""

    columns: tuple[Spread, ...]


Shape: TypeAlias = Literal["numbers", "words", "days"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """How often what occurs in a column. numbers: `edges` has one more than `counts`, and the first and last count hold all beyond;
    words: `labels` are the most frequent values; days: `labels` are the first days (ISO 8601) of equal spans of `span` days."""

    column: str
    shape: Shape
    counts: tuple[int, ...]
    edges: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()
    span: int = 0
    rest: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Distributions:
    """Result of `table.distributions`."""

    columns: tuple[Distribution, ...]


def medcouple(quantiles: Sequence[float]) -> float:
    """The medcouple of a sample (Brys, Hubert, Struyf 2004, 'A robust measure of skewness'), by its definition; O(n²): give it quantiles.

    0 for a symmetric sample, towards 1 for a long tail above.
    """
    ordered = sorted(quantiles)
    middle = _median(ordered)
    above = [value - middle for value in ordered if value > middle]
    below = [middle - value for value in ordered if value < middle]
    if not above or not below:
        return 0.0
    return _median(sorted((up - down) / (up + down) for up in above for down in below))


def fences(lower: float, upper: float, skew: float, reach: float = 3.0) -> tuple[float, float]:
    """Beyond which values lie far out: Tukey's outer fences (3 IQR), moved for skew as Hubert and Vandervieren do.

    'An adjusted boxplot for skewed distributions' (2008): [Q1 - k e^(-4 MC) IQR, Q3 + k e^(3 MC) IQR] for MC >= 0, mirrored below 0.
    Of normal data about 2 in a million lie beyond.
    """
    width = reach * (upper - lower)
    left, right = (-4.0, 3.0) if skew >= 0 else (-3.0, 4.0)
    return lower - width * exp(left * skew), upper + width * exp(right * skew)


def _median(ordered: Sequence[float]) -> float:
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
