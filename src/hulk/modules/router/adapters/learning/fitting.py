"""Fitting learners and embedding sentences. numpy is loaded when there is something to fit: it is 20 MB and 0.1 s."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module

from hulk.modules.router.adapters.ridge import Vectors
from hulk.modules.router.domain.learning.case import Graded
from hulk.modules.router.ports.learning import Learner

MEANING_SIZE = 768
"""Bytes of a vector of the local embedding model, as half floats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """`rows` questions are kept; `nearest` of them speak for each model, and less by 1/e for each `fade` that they are less alike;
    `shrinkage` is what the mean of the model weighs beside them, `ridge` how flat the line is held. `size` is the bytes of an embedding:
    questions with another (`learning.features` was changed) cannot be compared and are left out; 0 takes all."""

    rows: int = 5000
    nearest: int = 60
    fade: float = 0.15
    shrinkage: float = 2.0
    ridge: float = 1.0
    size: int = 0

    def compares(self, row: Graded) -> bool:
        """Whether that question can be learnt from."""
        return not self.size or len(row.features.embedding) == self.size


class NumpyLearning:
    """`Learning` by numpy, in a thread."""

    def __init__(self, tuning: Tuning | None = None) -> None:
        self._tuning = tuning or Tuning()

    @property
    def rows(self) -> int:
        """See `Learning`."""
        return self._tuning.rows

    async def learner(self, rows: Sequence[Graded], regimes: Mapping[str, str]) -> Learner:
        """See `Learning`."""
        return await asyncio.to_thread(_fitted, self._tuning, rows, regimes)


def _fitted(tuning: Tuning, rows: Sequence[Graded], regimes: Mapping[str, str]) -> Learner:
    neighbours = import_module("hulk.modules.router.adapters.learning.neighbours")  # by name, see the first line
    learner: Learner = neighbours.fitted(tuning, rows, regimes)
    return learner


@dataclass(frozen=True, slots=True)
class HalfFloats:
    """`Embeds` over an embedding model."""

    vectors: Vectors

    async def packed(self, texts: Sequence[str]) -> Sequence[bytes]:
        """See `Embeds`."""
        return [row.astype("<f2").tobytes() for row in await self.vectors.embed(texts)]
