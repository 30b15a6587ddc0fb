"""What was found in time series: episodes, gaps, and the curves that are drawn of the worst. Times are ISO 8601 without offset."""

from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal, TypeAlias

from hulk.kernel.text import Text

Kind: TypeAlias = Literal["spike", "dip", "rise", "fall"]
"""spike, dip: points above or below what was expected; rise, fall: a level that changed and stayed."""

FALSE_ALARMS = 0.02
"""How many false alarms a clean series may give on average, as far as its noise is normal."""

SHORTEST = 8
"""Points below which a series is not judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """One anomaly: neighbouring points count once. `score` is the peak's distance from `expected` in robust standard deviations
    (at most 999). `series` names the group, empty when there is only one; `value` is the column. For rise and fall, `peak` is the
    new level, `expected` the old one, and `end` is where the level went back or the series ends."""

    series: str
    value: str
    kind: Kind
    start: str
    end: str
    points: int
    peak_at: str
    peak: float
    expected: float
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A series to draw, thinned out but with every marked point: values, and the band in which they were expected."""

    series: str
    value: str
    times: tuple[str, ...]
    values: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    marks: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """Result of `series.detect`: `worst` are the highest scores of all `episodes`; `short` series were not judged."""

    series: int
    points: int
    episodes: int
    affected: int
    worst: tuple[Episode, ...]
    curves: tuple[Curve, ...]
    seasonal: int = 0
    short: int = 0
    constant: int = 0
    notes: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A stretch of a series without points: the first and the last time that is missing, and how many are."""

    series: str
    start: str
    end: str
    missing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """A series that ended before the others did: its last time, and how many steps that is before theirs."""

    series: str
    last: str
    steps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaps:
    """Result of `series.gaps`: counts over all series, and the worst of each kind."""

    missing: int
    stretches: int
    duplicated: int
    unread: int
    late: int
    worst: tuple[Gap, ...] = ()
    latest: tuple[Late, ...] = ()


def bound(points: int, false_alarms: float = FALSE_ALARMS) -> float:
    """How many standard deviations are too many among so many points, so that noise alone gives `false_alarms` per series.

    The normal quantile at `false_alarms / (2 points)` (Bonferroni); it grows like sqrt(2 ln n): 4.26 for 1,000 points, 5.6 for a million.
    """
    return NormalDist().inv_cdf(1 - false_alarms / (2 * max(points, 10)))
