"""Scores by regularised least squares on meaning and spelling together.

The kernel of two sentences is (1 + cosine of their centred embeddings)², which says how near they are in meaning, plus the
cosine of their weighted letter 3- to 5-grams, which says whether they use the same words. Least squares on it has its
left-out predictions in closed form (Rifkin & Lippert 2007, "Notes on Regularized Least Squares", MIT-CSAIL-TR-2007-025):
the residual of a left-out sentence is its coefficient over the diagonal of the inverse.
"""

import asyncio
import unicodedata
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from hulk.modules.router.domain.matching import Known, Scored, Scores

if TYPE_CHECKING:  # numpy is loaded with the embedding model, at the first sentence that needs it
    import numpy as np
    from numpy.typing import NDArray

    Matrix: TypeAlias = NDArray[np.float32]

BUCKETS = 4096
"""Letter n-grams are hashed into this many columns."""
SPELLING = 1.0
"""How much spelling counts beside meaning."""
RIDGE = 0.1
"""How much noise is assumed: larger is smoother."""


class Vectors(Protocol):
    """What is needed of an embedding model: see `hulk.runtime.models.Remembered`."""

    async def embed(self, texts: Sequence[str], *, keep: bool = False) -> "Matrix":
        """One row of length 1 per text."""


class EagerVectors(Vectors, Protocol):
    """The same, told of texts before they are asked for."""

    def expect(self, text: str) -> None:
        """Somebody will ask for the vector of that text in a moment."""


class Ridge:
    """`Classifier` over an embedding model."""

    def __init__(self, vectors: EagerVectors) -> None:
        self._vectors = vectors

    async def fit(self, known: Sequence[Known]) -> "FittedRidge":
        """See `Classifier`."""
        texts = [item.text for item in known]
        embedded = await self._vectors.embed(texts, keep=True)
        return FittedRidge(self._vectors, await asyncio.to_thread(_solved, known, embedded))


@dataclass(frozen=True, slots=True)
class _Solution:
    """All that scoring needs. Shapes: n known sentences, s skills, d dimensions."""

    texts: tuple[str, ...]
    skills: tuple[str, ...]
    centre: "Matrix"  # d
    meaning: "Matrix"  # n x d
    weights: "Matrix"  # buckets
    spelling: "_Rows"  # buckets x n
    coefficients: "Matrix"  # n x s
    left_out: tuple[Scores, ...]


@dataclass(frozen=True, slots=True)
class _Rows:
    """A matrix of which few cells are not zero, row by row: of a thousand sentences' n-grams one in seventy, so it takes less than 1 MB
    where all cells took 16. Row r is the cells from `begins[r]` to before `begins[r + 1]`: in which columns, with which values."""

    begins: "NDArray[np.int64]"
    columns: "NDArray[np.int64]"
    values: "Matrix"
    width: int

    @classmethod
    def of(cls, matrix: "Matrix") -> "_Rows":
        """Those cells of `matrix`."""
        import numpy as np  # see TYPE_CHECKING above

        rows, columns = np.nonzero(matrix)
        begins = np.searchsorted(rows, np.arange(len(matrix) + 1))
        return cls(begins, columns, matrix[rows, columns], matrix.shape[1])

    def summed(self, rows: Sequence[int], weights: "Matrix") -> "Matrix":
        """The sum of those rows, each times its weight: a vector of that width."""
        import numpy as np  # see TYPE_CHECKING above

        at = np.asarray(rows, np.int64)
        begins, ends = self.begins[at], self.begins[at + 1]
        lengths = ends - begins
        cells = np.repeat(begins - np.cumsum(lengths) + lengths, lengths) + np.arange(lengths.sum())
        found = np.bincount(self.columns[cells], self.values[cells] * np.repeat(weights, lengths), self.width)
        return np.asarray(found, np.float32)


class FittedRidge:
    """`Fitted` by `Ridge`."""

    def __init__(self, vectors: EagerVectors, solution: _Solution) -> None:
        self._vectors = vectors
        self._solution = solution

    @property
    def left_out(self) -> Sequence[Scores]:
        """See `Fitted`."""
        return self._solution.left_out

    def expect(self, text: str) -> None:
        """See `Fitted`."""
        self._vectors.expect(text)

    async def scores(self, text: str) -> Scored:
        """See `Fitted`."""
        [vector] = await self._vectors.embed([text])
        found = self._solution
        nearness = _nearness(_centred(vector[None], found.centre), found.meaning)[0]
        kernel = nearness + SPELLING * found.spelling.summed(*_spelled(_grams(text), found.weights))
        scores = kernel @ found.coefficients
        return Scored(
            scores={skill: float(score) for skill, score in zip(found.skills, scores, strict=True)},
            nearest=found.texts[int(kernel.argmax())],
        )


def _solved(known: Sequence[Known], embedded: "Matrix") -> _Solution:
    import numpy as np  # see TYPE_CHECKING above

    texts = tuple(item.text for item in known)
    skills = tuple(sorted({item.skill for item in known if item.skill is not None}))
    centre = embedded.mean(axis=0)
    grams = [_grams(text) for text in texts]
    meaning, weights = _centred(embedded, centre), _rarity(grams)
    spelling = _columns([_spelled(counts, weights) for counts in grams])
    kernel = (_nearness(meaning, meaning) + SPELLING * (spelling.T @ spelling)).astype(np.float64)
    wanted = np.array([[float(item.skill == skill) for skill in skills] for item in known])
    inverse = np.linalg.inv(kernel + RIDGE * np.eye(len(texts)))
    coefficients = inverse @ wanted
    rows = _Rows.of(spelling)
    left_out = wanted - coefficients / np.diag(inverse)[:, None]
    scores = tuple({skill: float(score) for skill, score in zip(skills, row, strict=True)} for row in left_out)
    return _Solution(texts, skills, centre, meaning, weights, rows, coefficients.astype(np.float32), scores)


def _nearness(meaning: "Matrix", of_meaning: "Matrix") -> "Matrix":
    near: Matrix = (1 + meaning @ of_meaning.T) ** 2
    return near


def _centred(rows: "Matrix", centre: "Matrix") -> "Matrix":
    """What distinguishes the sentences: e5's vectors all lie in one narrow cone, whose axis says nothing."""
    return _unit(rows - centre)


def _rarity(texts: Sequence[Counter[int]]) -> "Matrix":
    """The inverse document frequency of each n-gram."""
    import numpy as np  # see TYPE_CHECKING above

    seen = np.zeros(BUCKETS, np.float32)
    for counts in texts:
        seen[list(counts)] += 1
    return np.asarray(np.log((1 + len(texts)) / (1 + seen)) + 1, dtype=np.float32)


def _spelled(counts: Counter[int], weights: "Matrix") -> "tuple[list[int], Matrix]":
    """Which n-grams a text has, and what each weighs in it: a vector of length 1."""
    import numpy as np  # see TYPE_CHECKING above

    present = list(counts)
    values = (1 + np.log(np.fromiter(counts.values(), np.float32, len(counts)))) * weights[present]
    return present, _unit(values[None])[0]


def _columns(spelled: "Sequence[tuple[list[int], Matrix]]") -> "Matrix":
    """A row for each n-gram, a column for each text."""
    import numpy as np  # see TYPE_CHECKING above

    matrix = np.zeros((BUCKETS, len(spelled)), np.float32)
    for at, (present, values) in enumerate(spelled):
        matrix[present, at] = values
    return matrix


def _grams(text: str) -> Counter[int]:
    """How often each hashed run of three to five letters occurs, without case and accents."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    bare = f" {''.join(letter for letter in plain if not unicodedata.combining(letter))} ".encode()
    return Counter(zlib.crc32(bare[at : at + size]) % BUCKETS for size in (3, 4, 5) for at in range(len(bare) - size + 1))


def _unit(rows: "Matrix") -> "Matrix":
    import numpy as np  # see TYPE_CHECKING above

    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-9), dtype=np.float32)
