"""What was forecast: for each series what is expected, how sure that is, and how it did on the past. Times are ISO 8601 without offset."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from hulk.kernel.text import Text

ForecastMethod: TypeAlias = Literal["seasonal naive", "naive", "theta", "smoothing", "arima", "mean"]
Reason: TypeAlias = Literal["short", "gaps", "constant", "ended"]
"""Why a series is not forecast. short: too few points, or fewer than two seasons; gaps: too many times are missing; constant: it never
changes; ended: its points stop before those of the others."""

MOST_FORECAST = 5_000
"""Series that are forecast at once."""
MOST_MISSING = 0.05
"""The share of times without a point up to which they are filled in between their neighbours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastStep:
    """What is expected at one time, with the bounds of the 80 % and 95 % intervals."""

    time: str
    value: float
    low_80: float
    high_80: float
    low_95: float
    high_95: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """One series. `mase` is the error on the past in units of the naive error, `measure` that of the seasonal naive forecast at the same
    `trials`; `inside_80` and `inside_95` are the shares of what came then that the intervals held (None: too few trials to tell).
    `average` is of what is expected, `before` of as many points before."""

    series: str
    value: str
    method: ForecastMethod
    logarithm: bool
    season: int
    points: int
    average: float
    before: float
    mase: float
    measure: float
    trials: int
    inside_80: float | None
    inside_95: float | None
    filled: int
    steps: tuple[ForecastStep, ...]
    times: tuple[str, ...] = ()
    values: tuple[float, ...] = ()
    """The newest points, to be drawn before what is expected."""

    @property
    def better(self) -> bool:
        """Whether it did better than the seasonal naive forecast."""
        return self.mase < self.measure


@dataclass(frozen=True, slots=True, kw_only=True)
class Unforecast:
    """A series that is not forecast. `needed` are the points that it would take, of one that is too short; `last` is its last time."""

    series: str
    value: str
    reason: Reason
    points: int
    needed: int
    last: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecasts:
    """Result of `series.forecast`: `largest` are those of the `forecast` series that expect most, the first with their steps, the first of
    those with their newest points to be drawn; `left` the first of those that were
    not forecast, which are counted in `reasons`. `better` than the seasonal naive forecast did so many."""

    steps: int
    points: int
    forecast: int
    better: int
    largest: tuple[Forecast, ...]
    left: tuple[Unforecast, ...] = ()
    reasons: Mapping[Reason, int] = field(default_factory=dict)
    notes: tuple[Text, ...] = ()
