"""Exponential smoothing with level, damped trend and season (Holt 1957, Winters 1960; Hyndman et al. 2008), of the additive kind.

With the logarithm of the values it is the multiplicative kind. Parameters are looked for on a grid, then around the best, all of a round
at once; which parts there are is chosen by AICc."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from hulk.modules.tools.adapters.tables.forecasting.method import Learnt, spread
from hulk.modules.tools.adapters.tables.forecasting.season import profile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Ints: TypeAlias = NDArray[np.int64]

_LEVELS = (0.02, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9, 0.99)
_TRENDS = ((0.0, 0.0), *((trend, damping) for trend in (0.02, 0.1, 0.3) for damping in (0.8, 0.9, 0.98, 1.0)))
_SEASONS = (0.0, 0.05, 0.15, 0.35, 0.7)
_ROUNDS = (0.5, 0.25, 0.12)
"""How far around the best each round looks, as a share of what is left on either side."""
_NEIGHBOURS = 48


@dataclass(frozen=True, slots=True)
class Smoothing:
    """The method."""

    def fits(self, points: int, season: int) -> bool:
        """See `Method`."""
        return points >= max(10, 2 * season)

    def learn(self, values: "Floats", season: int) -> Learnt:
        """See `Method`."""
        import numpy as np

        tried = _grid(season)
        start = _start(values, season)
        best = _best(values, tried, start)
        chance = np.random.default_rng(0)  # the same series always gives the same forecast
        for width in _ROUNDS:
            best = _best(values, _around(best, width, chance), start)
        return LearntSmoothing(best, start)


@dataclass(frozen=True, slots=True)
class Start:
    """Where the series is before its first value: level, trend of a step, season by place."""

    level: float
    trend: float
    season: "Floats"


def _grid(season: int) -> "Floats":
    """Rows of level, trend, damping, season, and whether there is a season: weights of the newest error in each."""
    import numpy as np

    seasons = [(0.0, 0.0), *((weight, 1.0) for weight in _SEASONS)] if season > 1 else [(0.0, 0.0)]
    return np.array([(level, *trend, *one) for level in _LEVELS for trend in _TRENDS for one in seasons])


def _around(best: "Floats", width: float, chance: "np.random.Generator") -> "Floats":
    """The best and others near it, with the same parts."""
    import numpy as np

    low, high = np.array([0.001, 0.001, 0.75, 0.0]), np.array([0.999, 0.999, 1.0, 0.999])
    moved = np.tile(best, (_NEIGHBOURS, 1))
    shift = chance.uniform(-width, width, (_NEIGHBOURS, 4))
    moved[:, :4] += np.where(shift > 0, high - best[:4], best[:4] - low) * shift
    moved[:, :4] = np.clip(moved[:, :4], low, high)
    if not best[2]:
        moved[:, 1:3] = 0.0
    moved[:, 3] *= best[4]
    moved[0] = best
    return moved


def _start(values: "Floats", season: int) -> Start:
    """By a line through the beginning, without its season."""
    import numpy as np

    shape = profile(values[: max(4 * season, 2)], season)
    begin = values[: max(2 * season, 8)]
    plain = begin - shape[np.arange(len(begin)) % len(shape)]
    slope, level = np.polyfit(np.arange(1, len(plain) + 1), plain, 1)
    return Start(float(level), float(slope), shape)


def _best(values: "Floats", tried: "Floats", start: Start) -> "Floats":
    """The row with the lowest AICc."""
    import numpy as np

    level_w, trend_w, damping, season_w, there = tried.T
    trend_w, season_w = level_w * trend_w, (1 - level_w) * season_w
    level = np.full(len(tried), start.level)
    trend = np.where(damping > 0, start.trend, 0.0)
    shape = [there * place for place in start.season.tolist()]
    level = np.where(damping > 0, level, values[: len(shape) * 2].mean())
    total, period = np.zeros(len(tried)), len(shape)
    for place, value in enumerate(values.tolist()):
        at = place % period
        trend = damping * trend
        expected = level + trend + shape[at]
        error = value - expected
        total += error * error
        level = level + trend + level_w * error
        trend = trend + trend_w * error
        shape[at] = shape[at] + season_w * error
    return np.asarray(tried[int(np.argmin(_aicc(total, len(values), _parts(tried, period))))])


def _parts(tried: "Floats", period: int) -> "Floats":
    """How many numbers each row needs: the weights, and where it starts."""
    import numpy as np

    damped = np.where(tried[:, 2] > 0, np.where(tried[:, 2] < 1, 3, 2), 0)
    return np.asarray(3 + damped + tried[:, 4] * period)


def _aicc(total: "Floats", points: int, parts: "Floats") -> "Floats":
    import numpy as np

    corrected = np.where(points - parts > 1.5, 2 * parts * points / np.maximum(points - parts - 1, 0.5), np.inf)
    return np.asarray(points * np.log(np.maximum(total, 1e-300) / points) + corrected)


@dataclass(frozen=True, slots=True)
class LearntSmoothing:
    """The weights, and where they start."""

    row: "Floats"
    start: Start

    def paths(self, values: "Floats", origins: "Ints", steps: int) -> "Floats":
        """See `Learnt`."""
        import numpy as np

        level_w, trend_w, damping, season_w, there = self.row.tolist()
        trend_w, season_w = level_w * trend_w, (1 - level_w) * season_w
        shape, period = [there * one for one in self.start.season.tolist()], len(self.start.season)
        level = self.start.level if damping > 0 else float(values[: period * 2].mean())
        trend = self.start.trend if damping > 0 else 0.0
        wanted, found = {int(origin) for origin in origins}, dict[int, "Floats"]()
        for place in range(len(values) + 1):
            if place in wanted:
                found[place] = self._ahead(level, trend, shape, place, steps)
            if place == len(values):
                break
            at, trend = place % period, damping * trend
            error = float(values[place]) - level - trend - shape[at]
            level += trend + level_w * error
            trend += trend_w * error
            shape[at] += season_w * error
        return np.array([found[int(origin)] for origin in origins])

    def _ahead(self, level: float, trend: float, shape: list[float], place: int, steps: int) -> "Floats":
        import numpy as np

        ahead = np.arange(steps)
        return np.asarray(level + trend * self._held(steps) + np.array(shape)[(place + ahead) % len(shape)])

    def _held(self, steps: int) -> "Floats":
        """How much of a trend there is after each step: the sum of powers of the damping."""
        import numpy as np

        return np.asarray(np.cumsum(self.row[2] ** np.arange(1, steps + 1)))

    def growth(self, steps: int) -> "Floats":
        """See `Learnt`."""
        import numpy as np

        level_w, trend_w, _, season_w, _ = self.row.tolist()
        again = (np.arange(1, steps + 1) % len(self.start.season) == 0) if len(self.start.season) > 1 else 0.0
        return spread(level_w + level_w * trend_w * self._held(steps) + (1 - level_w) * season_w * again)
