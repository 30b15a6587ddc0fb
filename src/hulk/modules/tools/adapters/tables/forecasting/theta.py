"""The Theta method (Assimakopoulos and Nikolopoulos 2000): exponential smoothing with half of the trend, over a fixed season.

As smoothing with a drift, after Hyndman and Billah (2003), “Unmasking the Theta method”."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from hulk.modules.tools.adapters.tables.forecasting.method import Learnt, spread
from hulk.modules.tools.adapters.tables.forecasting.season import profile, seasonal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Ints: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Theta:
    """The method."""

    def fits(self, points: int, season: int) -> bool:
        """See `Method`."""
        return points >= max(8, 2 * season)

    def learn(self, values: "Floats", season: int) -> Learnt:
        """See `Method`."""
        import numpy as np

        period = season if seasonal(values, season) else 1
        shape = profile(values, period)
        plain = values - shape[np.arange(len(values)) % period]
        slope = float(np.polyfit(np.arange(len(plain)), plain, 1)[0])
        weights = np.linspace(0.02, 1.0, 50)
        return LearntTheta(float(weights[int(np.argmin(_misses(plain, weights)))]), slope / 2, shape)


def _misses(values: "Floats", weights: "Floats") -> "Floats":
    """The sum of squared errors one step ahead, for each weight."""
    import numpy as np

    level, total = np.full_like(weights, values[0]), np.zeros_like(weights)
    for value in values[1:].tolist():
        error = value - level
        total += error * error
        level += weights * error
    return total


@dataclass(frozen=True, slots=True)
class LearntTheta:
    """`weight` of the newest value in the level, `drift` of a step, and the season from its first place."""

    weight: float
    drift: float
    shape: "Floats"

    def paths(self, values: "Floats", origins: "Ints", steps: int) -> "Floats":
        """See `Learnt`."""
        import numpy as np

        period = len(self.shape)
        plain = values - self.shape[np.arange(len(values)) % period]
        level, levels = float(plain[0]), np.empty(len(plain) + 1)
        for place, value in enumerate(plain.tolist()):
            levels[place] = level
            level += self.weight * (value - level)
        levels[-1] = level
        ahead = np.arange(steps)
        lag = (1 - (1 - self.weight) ** origins) / self.weight
        course = levels[origins][:, None] + self.drift * (ahead[None, :] + lag[:, None])
        return np.asarray(course + self.shape[(origins[:, None] + ahead[None, :]) % period])

    def growth(self, steps: int) -> "Floats":
        """See `Learnt`."""
        import numpy as np

        return spread(np.full(steps, self.weight))
