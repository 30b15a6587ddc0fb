"""ARIMA(1,1,1)(0,1,1): the “airline model” with one more term (Box and Jenkins 1970); without a season ARIMA(1,1,1).

Parameters by conditional least squares, on a grid and then around the best."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from hulk.modules.tools.adapters.tables.forecasting.method import Learnt, spread

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Ints: TypeAlias = NDArray[np.int64]

_OWN = (-0.6, -0.3, 0.0, 0.3, 0.6, 0.9)
_NEAR = (-0.5, -0.2, 0.0, 0.2, 0.4, 0.6, 0.8)
_FAR = (0.0, 0.2, 0.4, 0.6, 0.8, 0.95)
_ROUNDS = (0.25, 0.12, 0.06)
_NEIGHBOURS = 48


@dataclass(frozen=True, slots=True)
class Arima:
    """The method."""

    def fits(self, points: int, season: int) -> bool:
        """See `Method`."""
        return points >= max(16, 2 * season + 8)

    def learn(self, values: "Floats", season: int) -> Learnt:
        """See `Method`."""
        import numpy as np

        changes = _changes(values, season)
        far = _FAR if season > 1 else (0.0,)
        tried = np.array([(own, near, one) for own in _OWN for near in _NEAR for one in far])
        chance = np.random.default_rng(0)  # the same series always gives the same forecast
        best = _best(changes, tried, season)
        for width in _ROUNDS:
            around = np.clip(best + chance.uniform(-width, width, (_NEIGHBOURS, 3)), -0.98, 0.98)
            around[:, 2] = np.clip(around[:, 2], 0.0, 0.98) if season > 1 else 0.0
            around[0] = best
            best = _best(changes, around, season)
        own, near, far = best.tolist()
        return LearntArima(own, near, far, season)


def _changes(values: "Floats", season: int) -> "Floats":
    """Without trend and season: changes of the changes from season to season."""
    import numpy as np

    once = np.diff(values)
    return np.asarray(once[season:] - once[:-season]) if season > 1 else once


def _best(changes: "Floats", tried: "Floats", season: int) -> "Floats":
    """The row with the smallest errors: how far the last change lasts, and how much of the last and the last season's error is undone."""
    import numpy as np

    own, near, far = tried.T
    nothing = np.zeros(len(tried))
    errors, before, total, both = list["Floats"](), 0.0, np.zeros(len(tried)), near * far
    for place, change in enumerate(changes.tolist()):
        error = change - own * before
        error = error + (near * errors[-1] if place else nothing)
        if season > 1 and place >= season:
            error = error + far * errors[place - season] - (both * errors[place - season - 1] if place > season else nothing)
        errors.append(error)
        total += error * error
        before = change
    return np.asarray(tried[int(np.argmin(total))])


@dataclass(frozen=True, slots=True)
class LearntArima:
    """The three parameters, and the season."""

    own: float
    near: float
    far: float
    season: int

    def paths(self, values: "Floats", origins: "Ints", steps: int) -> "Floats":
        """See `Learnt`."""
        import numpy as np

        changes = _changes(values, self.season)
        lost = len(values) - len(changes)
        errors = self._errors(changes)
        return np.array([self._ahead(values[:origin], changes[: origin - lost], errors[: origin - lost], steps) for origin in origins])

    def _errors(self, changes: "Floats") -> "Floats":
        import numpy as np

        errors, season, both = np.zeros(len(changes)), self.season, self.near * self.far
        for place in range(len(changes)):
            before = changes[place - 1] if place else 0.0
            error = changes[place] - self.own * before + (self.near * errors[place - 1] if place else 0.0)
            if season > 1 and place >= season:
                error += self.far * errors[place - season] - (both * errors[place - season - 1] if place > season else 0.0)
            errors[place] = error
        return errors

    def _ahead(self, values: "Floats", changes: "Floats", errors: "Floats", steps: int) -> "Floats":
        """Step by step, errors to come taken for 0."""
        import numpy as np

        known = np.concatenate((values, np.zeros(steps)))
        past, both = np.concatenate((errors, np.zeros(steps))), self.near * self.far
        change = float(changes[-1])
        for ahead in range(steps):
            at, place = len(errors) + ahead, len(values) + ahead
            change = self.own * change - self.near * past[at - 1]
            if self.season > 1:
                change += -self.far * past[at - self.season] + both * past[at - self.season - 1]
                known[place] = known[place - 1] + known[place - self.season] - known[place - self.season - 1] + change
            else:
                known[place] = known[place - 1] + change
        return known[len(values) :]

    def growth(self, steps: int) -> "Floats":
        """See `Learnt`. What a shock does, by its own recursion."""
        import numpy as np

        quiet = 2 * self.season + 2
        shocked = self._after_shock(quiet, steps)
        return spread(np.append(shocked[1:], 0.0)) if steps > 1 else np.ones(1)

    def _after_shock(self, quiet: int, steps: int) -> "Floats":
        """The values that follow one error of 1 after as many steps without any."""
        import numpy as np

        values, changes, errors = np.zeros(quiet + steps), np.zeros(quiet + steps), np.zeros(quiet + steps)
        errors[quiet] = 1.0
        season, both = self.season, self.near * self.far
        for place in range(quiet, quiet + steps):
            change = self.own * changes[place - 1] + errors[place] - self.near * errors[place - 1]
            if season > 1:
                change += -self.far * errors[place - season] + both * errors[place - season - 1]
            changes[place] = change
            values[place] = values[place - 1] + change
            if season > 1:
                values[place] += values[place - season] - values[place - season - 1]
        return values[quiet:]
