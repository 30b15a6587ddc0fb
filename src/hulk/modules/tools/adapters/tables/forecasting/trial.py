"""Which method forecasts a series best: each is tried on the series' own past, from several points on (a rolling origin; Tashman 2000).

What a method knows at a trial was learnt before the first of those points. The error is measured as MASE (Hyndman and Koehler 2006): in
mean errors of saying that it goes on as a season ago."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, TypeAlias

from hulk.modules.skills import ForecastMethod
from hulk.modules.tools.adapters.tables.forecasting.arima import Arima
from hulk.modules.tools.adapters.tables.forecasting.method import Learnt, Mean, Method
from hulk.modules.tools.adapters.tables.forecasting.naive import Naive
from hulk.modules.tools.adapters.tables.forecasting.smoothing import Smoothing
from hulk.modules.tools.adapters.tables.forecasting.theta import Theta

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Ints: TypeAlias = NDArray[np.int64]

METHODS: Mapping[ForecastMethod, Method] = {
    "seasonal naive": Naive(),
    "naive": Naive(seasonal=False),
    "theta": Theta(),
    "smoothing": Smoothing(),
    "arima": Arima(),
    "mean": Mean((Theta(), Smoothing(), Arima())),
}
MEASURE: ForecastMethod = "seasonal naive"
MOST_ORIGINS = 12
LEARNT_FROM = 0.6
"""The share of a series that methods learn from before they are tried, when there is enough of it."""
LEVELS = (0.80, 0.95)


@dataclass(frozen=True, slots=True)
class Scale:
    """How values are looked at: as they are, or by their logarithm, on which what grows with the level is even."""

    logarithm: bool

    def of(self, values: "Floats") -> "Floats":
        """On the scale."""
        import numpy as np

        return np.asarray(np.log(values)) if self.logarithm else values

    def back(self, scaled: "Floats") -> "Floats":
        """The reverse; what would pass 1e100 is that."""
        import numpy as np

        return np.asarray(np.exp(np.minimum(scaled, 230.0))) if self.logarithm else scaled


@dataclass(frozen=True, slots=True)
class Trial:
    """How one method did. `errors` are on its scale, a row for each origin; `mase` is None where the measure itself makes no error."""

    name: ForecastMethod
    method: Method
    scale: Scale
    errors: "Floats"
    growth: "Floats"
    mase: float
    freedom: float
    """Degrees of freedom of the errors' deviation: see `_freedom`."""

    @property
    def deviation(self) -> float:
        """The standard deviation of an error one step ahead, by the errors of all steps."""
        return _deviation(self.errors, self.growth)

    def coverage(self, level: float) -> float | None:
        """The share of what came that was inside the interval, its width learnt from the other origins; None of fewer than three."""
        import numpy as np

        if len(self.errors) < 3:
            return None
        far = _far(level, self.freedom)
        inside = [
            np.abs(row) <= far * _deviation(np.delete(self.errors, place, axis=0), self.growth) * self.growth
            for place, row in enumerate(self.errors)
        ]
        return float(np.mean(inside))


def _freedom(origins: "Ints", steps: int) -> float:
    """Three for each stretch of the horizon's length that was forecast: errors of one path go together, as do those of paths that
    overlap. In simulations that gives intervals which hold about what they say (test_tables_forecasting.py)."""
    return 3 * max(1.0, (float(origins[-1] - origins[0]) + steps) / steps)


def _far(level: float, freedom: float) -> float:
    """Student's t quantile by its expansion (Abramowitz and Stegun, 26.7.5): the deviation is itself only estimated."""
    z = NormalDist().inv_cdf((1 + level) / 2)
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)


def _deviation(errors: "Floats", growth: "Floats") -> float:
    import numpy as np

    return float(np.sqrt(np.mean((errors / growth) ** 2)))


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is expected of the next steps, with the intervals of `LEVELS`, and how the method did in its trial beside the measure."""

    values: "Floats"
    low: "tuple[Floats, ...]"
    high: "tuple[Floats, ...]"
    trial: Trial
    measure: Trial

    @property
    def better(self) -> bool:
        """Whether it did better than the measure."""
        return self.trial.mase < self.measure.mase


def least(season: int, steps: int) -> int:
    """Points that a forecast of so many steps takes: two seasons and then the steps, to try it on, and twice the steps at least."""
    return max(12, 2 * season + steps, 2 * steps)


def outlook(values: "Floats", season: int, steps: int) -> Outlook:
    """Forecast `steps` values, by what did best on the past. `values` are regular, finite, not all the same, and at least `least`."""
    import numpy as np

    origins = _origins(len(values), season, steps)
    trials = list(_trials(values, season, steps, origins))
    best = min(trials, key=lambda one: one.mase)
    scaled = best.scale.of(values)
    learnt = best.method.learn(scaled, season)
    [path] = learnt.paths(scaled, np.array([len(values)]), steps)
    wide = best.deviation * learnt.growth(steps)
    floor = 0.0 if values.min() >= 0 else -np.inf
    low, high = (
        tuple(np.maximum(best.scale.back(path + side * _far(level, best.freedom) * wide), floor) for level in LEVELS) for side in (-1, 1)
    )
    measure = next(one for one in trials if one.name == MEASURE)
    return Outlook(np.maximum(best.scale.back(path), floor), low, high, best, measure)


def _origins(points: int, season: int, steps: int) -> "Ints":
    import numpy as np

    last = points - steps
    first = min(last, max(2 * season, 8, int(LEARNT_FROM * points)))
    return np.unique(np.linspace(first, last, MOST_ORIGINS).astype(np.int64))


def _trials(values: "Floats", season: int, steps: int, origins: "Ints") -> Iterator[Trial]:
    import numpy as np

    first = int(origins[0])
    unit = float(np.mean(np.abs(values[season:first] - values[: first - season]))) or float(np.ptp(values)) or 1.0
    came = values[origins[:, None] + np.arange(steps)[None, :]]
    scales = [Scale(logarithm=False), *([Scale(logarithm=True)] if values.min() > 0 else [])]
    for scale in scales:
        scaled = scale.of(values)
        for name, method in METHODS.items():
            if method.fits(first, season) and not (scale.logarithm and isinstance(method, Naive)):
                learnt: Learnt = method.learn(scaled[:first], season)
                paths = learnt.paths(scaled, origins, steps)
                mase = float(np.mean(np.abs(scale.back(paths) - came))) / unit
                yield Trial(name, method, scale, scale.of(came) - paths, learnt.growth(steps), mase, _freedom(origins, steps))
