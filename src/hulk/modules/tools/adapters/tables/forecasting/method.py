"""What a way to forecast is: it learns from the points of one series, then says from any point on what it expects."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Ints: TypeAlias = NDArray[np.int64]


class Learnt(Protocol):
    """What was learnt of a series."""

    def paths(self, values: "Floats", origins: "Ints", steps: int) -> "Floats":
        """One row for each origin: the next `steps` values expected by who knows `values[:origin]`, with nothing learnt anew."""

    def growth(self, steps: int) -> "Floats":
        """The standard deviation of the error at each step, when that at the first is 1."""


class Method(Protocol):
    """A way to forecast."""

    def fits(self, points: int, season: int) -> bool:
        """Whether so many points are enough, of which so many make a season (1: there is none)."""

    def learn(self, values: "Floats", season: int) -> Learnt:
        """Learn from all of `values`: regular, finite, not all the same."""


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of others: wrong less often than any one of them (Bates and Granger 1969; the M4 competition, Makridakis et al. 2020)."""

    methods: tuple[Method, ...]

    def fits(self, points: int, season: int) -> bool:
        """See `Method`."""
        return all(one.fits(points, season) for one in self.methods)

    def learn(self, values: "Floats", season: int) -> Learnt:
        """See `Method`."""
        return LearntMean(tuple(one.learn(values, season) for one in self.methods))


@dataclass(frozen=True, slots=True)
class LearntMean:
    """What each of the others has learnt."""

    learnt: tuple[Learnt, ...]

    def paths(self, values: "Floats", origins: "Ints", steps: int) -> "Floats":
        """See `Learnt`."""
        import numpy as np

        return np.asarray(np.mean([one.paths(values, origins, steps) for one in self.learnt], axis=0))

    def growth(self, steps: int) -> "Floats":
        """See `Learnt`."""
        import numpy as np

        return np.asarray(np.mean([one.growth(steps) for one in self.learnt], axis=0))


def spread(effects: "Floats") -> "Floats":
    """`growth` of a linear method by what a shock of 1 does at each later step (Hyndman et al. 2008, Forecasting with Exponential
    Smoothing, 6.1): the root of 1 plus the squares before."""
    import numpy as np

    return np.asarray(np.sqrt(np.concatenate(([1.0], 1 + np.cumsum(effects[:-1] ** 2)))))
