"""Graded questions in memory: the nearest ones of each model, and a line through the features, make the prediction.

k nearest neighbours with weights that fade with distance are held towards the model's mean, and that towards its prior (shrinkage: what
few speak for moves little); beside them stands ridge regression on few features, whose variance is LinUCB's (Li et al. 2010, arXiv
1003.0146). The two are joined by how sure each is. All is a sum over the rows at hand, so a grade that is corrected, or falls out
at the other end, is taken out again exactly as it was put in.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hulk.modules.router.adapters.learning.basis import FEW, WIDTH, Basis, Matrix, basis_of, unpacked
from hulk.modules.router.adapters.learning.fitting import Tuning
from hulk.modules.router.adapters.learning.lines import QUALITY, WEIGHT, Lines, Marks, means
from hulk.modules.router.domain.learning.case import Arm, Estimate, Features, Grade, Graded, Neighbour, Predicted
from hulk.modules.router.domain.learning.drift import CARRIED

MOST_OLD = 0.2
"""The most that a grade of an earlier version or price weighs."""
SHOWN = 5
"""Neighbours that a choice tells of."""
_FIRST = 256
"""Rows that there is room for at first."""


@dataclass(frozen=True, slots=True)
class _Near:
    """Rows by likeness, the likest first; of each arm what its nearest weigh together, and their weighted quality, cost and seconds."""

    top: NDArray[np.int64]
    alike: Matrix  # rows
    marks: Matrix  # arms x 4 x top
    support: NDArray[np.float64]  # arms
    total: NDArray[np.float64]  # arms x 3


def fitted(tuning: Tuning, rows: Sequence[Graded], regimes: Mapping[str, str]) -> "NumpyLearner":
    """A learner of the last of these rows."""
    rows = [row for row in rows if tuning.compares(row)][-tuning.rows :]
    basis = basis_of(np.stack([unpacked(one.features) for one in rows])) if rows else None
    learner = NumpyLearner(tuning, basis, regimes)
    for row in rows:
        learner.learn(row)
    for arm, regime in regimes.items():
        learner.reset(arm, regime)
    learner.settled()
    return learner


class NumpyLearner:
    """`Learner` by numpy. Rows are a ring; column 0 stands for models that nobody has graded."""

    def __init__(self, tuning: Tuning, basis: Basis | None, regimes: Mapping[str, str]) -> None:
        self._tuning, self._basis, self._regimes = tuning, basis, dict(regimes)
        self._columns: dict[str, int] = {}
        self._slots: dict[str, int] = {}
        self._held: list[Graded] = []
        self._next = self._learnt = self._settled = 0
        self._old: dict[str, float] = {}
        room = min(tuning.rows, _FIRST)
        self._places, self._spots = np.zeros((room, FEW), np.float32), np.zeros((room, WIDTH))
        self._marks = np.zeros((room, 4, 1), np.float32)
        self._lines = Lines(tuning.ridge)

    @property
    def seen(self) -> int:
        """See `Learner`."""
        return len(self._held)

    @property
    def outgrown(self) -> bool:
        """See `Learner`."""
        return self._learnt - self._settled >= 3 * max(self._settled, 16)

    def settled(self) -> None:
        """What was learnt so far has made the basis."""
        self._settled = min(self._learnt, self._tuning.rows // 3)
        self._learnt = self._settled

    # Predicting ------------------------------------------------------------------------------------------------------------------

    def predict(self, features: Features, arms: Sequence[Arm]) -> Predicted:
        """See `Learner`."""
        columns = [self._columns.get(arm.name, 0) for arm in arms]
        priors: list[Marks] = [(one.weight, one.quality, one.cost, one.seconds) for one in (arm.prior for arm in arms)]
        middle = means(self._lines.sums[columns], priors)
        if self._basis is None:
            return _predicted(arms, middle, np.ones(len(arms)), np.zeros(len(arms)), 0, lambda _: ())
        place, line = self._basis.place(features)
        near, hold = self._near(place, columns), self._tuning.shrinkage
        support = near.support + hold
        spoken = (near.total + hold * middle) / support[:, None]
        said, width = self._said(columns, line, middle[:, 0])
        sure = 1 / np.maximum(width, 1e-6) ** 2
        spoken[:, 0] = (support * spoken[:, 0] + sure * said) / (support + sure)
        names = {arm.name: at for at, arm in enumerate(arms)}
        return _predicted(arms, spoken, width, near.support, self.seen, lambda arm: self._shown(near, names[arm]))

    def _said(self, columns: list[int], line: NDArray[np.float64], middle: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
        solved = self._lines.solved()
        whole = np.zeros(len(self._columns) + 1)
        whole[columns] = middle
        said, width = solved.at(line, whole)
        unknown = np.array(columns) == 0
        return np.where(unknown, middle, said[columns]), width[columns]

    def _near(self, place: Matrix, columns: list[int]) -> "_Near":
        """For each column the nearest rows, until those of it weigh `nearest` together."""
        alike = self._places[: self.seen] @ place
        most = min(self.seen, self._tuning.nearest * max(len(columns), 1))
        top = np.argpartition(alike, -most)[-most:] if most < self.seen else np.arange(self.seen)
        top = top[np.argsort(-alike[top])]
        marks = self._marks.take(top, axis=0).transpose(2, 1, 0).take(columns, axis=0)
        weights = marks[:, WEIGHT]
        counted = weights * (np.cumsum(weights, axis=1) <= self._tuning.nearest)
        counted *= np.exp((alike[top] - alike[top[0]]) / self._tuning.fade)
        total = (marks[:, QUALITY:] @ counted[:, :, None])[:, :, 0]
        return _Near(top, alike, marks, counted.sum(axis=1).astype(np.float64), total.astype(np.float64))

    def _shown(self, near: "_Near", at: int) -> tuple[Neighbour, ...]:
        weight, quality, *_ = near.marks[at]
        rows = np.flatnonzero(weight)[:SHOWN].tolist()
        return tuple(self._neighbour(near, row, float(quality[row])) for row in rows)

    def _neighbour(self, near: "_Near", row: int, quality: float) -> Neighbour:
        slot = near.top[row]
        return Neighbour(id=self._held[slot].id, similarity=float(near.alike[slot]), quality=quality)

    # Learning --------------------------------------------------------------------------------------------------------------------

    def learn(self, row: Graded) -> None:
        """See `Learner`."""
        slot = self._slots.get(row.id)
        if (slot is not None and self._held[slot] == row) or not self._tuning.compares(row):
            return
        slot = self._freed() if slot is None else slot
        self._clear(slot)
        self._fill(slot, row)
        self._learnt += 1

    def reset(self, arm: str, regime: str) -> None:
        """See `Learner`."""
        self._regimes[arm] = regime
        column = self._columns.get(arm)
        if column is None:
            return
        graded = [slot for slot, row in enumerate(self._held) if arm in row.grades]
        old = [slot for slot in graded if self._held[slot].grades[arm].regime != regime]
        self._old[arm] = min(MOST_OLD, CARRIED / len(old)) if old else MOST_OLD
        self._marks[graded, WEIGHT, column] = 1.0
        self._marks[old, WEIGHT, column] = self._old[arm]
        self._lines.replace(column, self._spots[graded], self._marks[graded][:, :, column].astype(np.float64))

    def _freed(self) -> int:
        """A slot for a new row: one more, or that of the oldest."""
        if self.seen < self._tuning.rows:
            self._make_room()
            return self.seen
        slot, self._next = self._next, (self._next + 1) % self._tuning.rows
        return slot

    def _make_room(self) -> None:
        if self.seen == len(self._places):
            room = min(2 * self.seen, self._tuning.rows) - self.seen
            self._places = np.pad(self._places, ((0, room), (0, 0)))
            self._spots = np.pad(self._spots, ((0, room), (0, 0)))
            self._marks = np.pad(self._marks, ((0, room), (0, 0), (0, 0)))

    def _clear(self, slot: int) -> None:
        if slot == self.seen:
            return
        row = self._held[slot]
        for arm in row.grades:
            column = self._columns[arm]
            self._lines.add(column, self._spots[slot], self._of(slot, column), -1.0)
        self._marks[slot] = 0.0
        del self._slots[row.id]

    def _fill(self, slot: int, row: Graded) -> None:
        self._basis = self._basis or basis_of(unpacked(row.features)[None])
        self._places[slot], self._spots[slot] = self._basis.place(row.features)
        for arm, grade in row.grades.items():
            column = self._column(arm)
            self._marks[slot, :, column] = self._weighed(arm, grade)
            self._lines.add(column, self._spots[slot], self._of(slot, column))
        self._slots[row.id] = slot
        self._held[slot : slot + 1] = [row]

    def _weighed(self, arm: str, grade: Grade) -> Marks:
        old = grade.regime != self._regimes.get(arm, grade.regime)
        return (self._old.get(arm, MOST_OLD) if old else 1.0, grade.quality, grade.cost, grade.seconds)

    def _of(self, slot: int, column: int) -> Marks:
        weight, quality, cost, seconds = (float(mark) for mark in self._marks[slot, :, column])
        return weight, quality, cost, seconds

    def _column(self, arm: str) -> int:
        if arm not in self._columns:
            self._columns[arm] = len(self._columns) + 1
            self._marks = np.pad(self._marks, ((0, 0), (0, 0), (0, 1)))
            self._lines.widen()
        return self._columns[arm]


def _predicted(
    arms: Sequence[Arm], spoken: NDArray[np.float64], width: NDArray[np.float64], support: NDArray[np.float64], seen: int,
    nearest: Callable[[str], tuple[Neighbour, ...]],
) -> Predicted:  # fmt: skip
    rows = zip(arms, spoken.tolist(), width.tolist(), support.tolist(), strict=True)
    estimates = tuple(
        Estimate(arm=arm.name, quality=quality, cost=cost, seconds=seconds, width=wide, support=supported)
        for arm, (quality, cost, seconds), wide, supported in rows
    )
    return Predicted(estimates=estimates, seen=seen, nearest=nearest)
