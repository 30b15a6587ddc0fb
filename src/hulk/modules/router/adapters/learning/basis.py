"""Embeddings put into few dimensions: the directions in which the questions seen so far differ most (principal components)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hulk.modules.router.domain.learning.case import Features

FEW = 64
"""Dimensions in which neighbours are looked for."""
FEWER = 24
"""Dimensions of the line."""
WIDTH = FEWER + 4
"""A line's features: a constant, the first dimensions, the language, the length, and whether it is long."""
_LEAST = 64
"""With fewer questions their directions are chance; fixed random ones (Johnson and Lindenstrauss 1984) are taken."""
_SOME = 8
"""With fewer there is no middle of them."""

Matrix = NDArray[np.float32]


def unpacked(features: Features) -> Matrix:
    """The embedding of those features."""
    return np.frombuffer(features.embedding, "<f2").astype(np.float32)


@dataclass(frozen=True, slots=True)
class Basis:
    """`centre` has d entries, `axes` d x FEW; `scale` makes the first dimensions of an average question one long."""

    centre: Matrix
    axes: Matrix
    scale: float

    def place(self, features: Features) -> tuple[Matrix, NDArray[np.float64]]:
        """Where a question lies: a vector of length 1 for its neighbours, and the line's features."""
        around = np.asarray((unpacked(features) - self.centre) @ self.axes, np.float32)
        length = float(np.sqrt(around @ around))
        line = np.empty(WIDTH)
        line[0] = 1.0
        line[1 : FEWER + 1] = around[:FEWER] * self.scale
        line[FEWER + 1] = 0.25 if features.language == "pt" else -0.25
        line[FEWER + 2] = min(np.log1p(features.characters) / 8 - 0.5, 0.5)
        line[FEWER + 3] = 0.5 if features.characters > 2000 else 0.0
        return around / max(length, 1e-9), line


def basis_of(embeddings: Matrix) -> Basis:
    """The basis for questions with these embeddings, a row each; at least one."""
    dimensions = embeddings.shape[1]
    few = min(FEW, dimensions)
    centre = embeddings.mean(axis=0) if len(embeddings) >= _SOME else np.zeros(dimensions, np.float32)
    axes = _principal(embeddings - centre, few) if len(embeddings) >= _LEAST else _random(dimensions, few)
    first = ((embeddings - centre) @ axes)[:, :FEWER]
    mean = float(np.sqrt((first**2).sum(axis=1).mean()))
    return Basis(centre, _padded(axes), 1 / max(mean, 1e-6))


def _principal(around: Matrix, few: int) -> Matrix:
    _, vectors = np.linalg.eigh(around.T.astype(np.float64) @ around)
    return np.ascontiguousarray(vectors[:, ::-1][:, :few], dtype=np.float32)


def _random(dimensions: int, few: int) -> Matrix:
    drawn = np.random.default_rng(5).standard_normal((dimensions, few))
    return np.asarray(np.linalg.qr(drawn)[0], dtype=np.float32)


def _padded(axes: Matrix) -> Matrix:
    """With axes of nothing where the embedding has fewer dimensions than are looked at."""
    missing = FEW - axes.shape[1]
    return np.pad(axes, ((0, 0), (0, missing))) if missing else axes
