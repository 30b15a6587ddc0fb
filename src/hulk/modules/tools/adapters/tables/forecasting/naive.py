"""What any forecast is measured against: that it goes on as a season ago, or as it is."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from hulk.modules.tools.adapters.tables.forecasting.method import Learnt, spread

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Ints: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Naive:
    """The last season again; `seasonal=False`: the last value again."""

    seasonal: bool = True

    def fits(self, points: int, season: int) -> bool:
        """See `Method`."""
        return points > season and (self.seasonal or season > 1)

    def learn(self, values: "Floats", season: int) -> Learnt:  # noqa: ARG002  # there is nothing to learn
        """See `Method`."""
        return Repeated(season if self.seasonal else 1)


@dataclass(frozen=True, slots=True)
class Repeated:
    """The last so many values again and again."""

    period: int

    def paths(self, values: "Floats", origins: "Ints", steps: int) -> "Floats":
        """See `Learnt`."""
        import numpy as np

        ahead = np.arange(steps) % self.period
        return np.asarray(values[origins[:, None] - self.period + ahead[None, :]])

    def growth(self, steps: int) -> "Floats":
        """See `Learnt`."""
        import numpy as np

        return spread((np.arange(1, steps + 1) % self.period == 0).astype(np.float64))
