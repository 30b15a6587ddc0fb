"""Passages by their meaning: vectors of length 1, compared by their cosine."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hulk.modules.tools.domain.knowledge import Ranked

if TYPE_CHECKING:  # numpy is loaded with the first vector
    from hulk.runtime.models.embeddings import Vectors


@dataclass(slots=True)
class Meanings:
    """Numbered vectors."""

    _rows: "dict[int, Vectors]" = field(default_factory=dict)
    _matrix: "tuple[Sequence[int], Vectors] | None" = None

    def __contains__(self, number: int) -> bool:
        return number in self._rows

    def __len__(self) -> int:
        return len(self._rows)

    def put(self, rows: "Mapping[int, Vectors]") -> None:
        """More of them, kept as half floats."""
        self._rows |= {number: row.astype("float16") for number, row in rows.items()}
        self._matrix = None

    def forget(self, numbers: Iterable[int]) -> None:
        """They are gone."""
        for number in numbers:
            self._rows.pop(number, None)
        self._matrix = None

    def search(self, meant: "Vectors", most: int) -> Sequence[Ranked]:
        """By their cosine, the best first."""
        if not self._rows:
            return ()
        import numpy as np  # see TYPE_CHECKING above

        if self._matrix is None:
            self._matrix = tuple(self._rows), np.stack(tuple(self._rows.values())).astype(np.float32)
        numbers, matrix = self._matrix
        cosines = matrix @ meant
        best = np.argsort(-cosines, kind="stable")[:most]
        return [Ranked(numbers[one], float(cosines[one])) for one in best]
