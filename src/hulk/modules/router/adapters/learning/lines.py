"""For each model the sums of its grades and a line through the features: all that LinUCB needs, taken out again as it was put in."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hulk.modules.router.adapters.learning.basis import WIDTH

Array = NDArray[np.float64]
WEIGHT, QUALITY, COST, SECONDS = range(4)
Marks = tuple[float, float, float, float]
"""What a grade weighs, its quality, cost and seconds."""


@dataclass(frozen=True, slots=True)
class Solved:
    """Of each column: the inverse of its matrix; the line through its qualities, and the line through ones, which together give that
    through the qualities less any mean."""

    inverse: Array  # columns x WIDTH x WIDTH
    qualities: Array  # columns x WIDTH
    ones: Array  # columns x WIDTH

    def at(self, line: Array, means: Array) -> tuple[Array, Array]:
        """What each line says there, held towards `means`, and its width: sqrt(xᵀA⁻¹x)."""
        said = means + self.qualities @ line - means * (self.ones @ line)
        return said, np.sqrt(np.maximum((self.inverse @ line) @ line, 0.0))


class Lines:
    """Sums by column, weighted: of the grades, of the features' outer products (A = ridge I + Σ w x xᵀ) and of w x quality."""

    def __init__(self, ridge: float) -> None:
        self._ridge = ridge
        self.sums = np.zeros((1, 4))
        self.gram = np.eye(WIDTH)[None] * ridge
        self.moment = np.zeros((1, WIDTH))
        self._solved: list[tuple[Array, Array, Array] | None] = [None]
        self._all: Solved | None = None

    def widen(self) -> None:
        """One more column, of nothing."""
        self.sums = np.concatenate([self.sums, np.zeros((1, 4))])
        self.gram = np.concatenate([self.gram, np.eye(WIDTH)[None] * self._ridge])
        self.moment = np.concatenate([self.moment, np.zeros((1, WIDTH))])
        self._solved.append(None)
        self._all = None

    def add(self, column: int, line: Array, marks: Marks, sign: float = 1.0) -> None:
        """A grade comes, or goes (`sign` -1)."""
        weight = sign * marks[WEIGHT]
        self.sums[column] += weight * np.array((1.0, *marks[1:]))
        self.gram[column] += weight * np.outer(line, line)
        self.moment[column] += weight * marks[QUALITY] * line
        self._forget(column)

    def replace(self, column: int, lines: Array, marks: Array) -> None:
        """The column of these rows only; `marks` is rows x 4."""
        weight = marks[:, WEIGHT : WEIGHT + 1].astype(np.float64)
        self.sums[column] = np.concatenate([weight.sum(0), (weight * marks[:, 1:]).sum(0)])
        self.gram[column] = np.eye(WIDTH) * self._ridge + lines.T @ (weight * lines)
        self.moment[column] = (weight * marks[:, QUALITY : QUALITY + 1] * lines).sum(0)
        self._forget(column)

    def solved(self) -> Solved:
        """The lines of all columns; only those that changed are computed."""
        if self._all is None:
            parts = [part or self._solve(column) for column, part in enumerate(self._solved)]
            self._solved = list(parts)
            self._all = Solved(*(np.stack(one) for one in zip(*parts, strict=True)))
        return self._all

    def _solve(self, column: int) -> tuple[Array, Array, Array]:
        inverse = np.linalg.inv(self.gram[column])
        start = self.gram[column, :, 0].copy()
        start[0] -= self._ridge  # Σ w x, because the first feature is 1
        return inverse, inverse @ self.moment[column], inverse @ start

    def _forget(self, column: int) -> None:
        self._solved[column] = self._all = None


def means(sums: Array, priors: Sequence[Marks]) -> Array:
    """The weighted mean quality, cost and seconds of each column with its prior: columns x 3."""
    prior = np.array(priors)
    weight = sums[:, :1] + prior[:, :1]
    return np.asarray((sums[:, 1:] + prior[:, :1] * prior[:, 1:]) / np.maximum(weight, 1e-9))
