"""Which of many vectors are nearest, weighed with how well each is remembered. numpy, 20 MB and 0.1 s, is loaded then.

What is worked out here for thousands at once is what `domain.memory` says of one (`likeness`, `retention`)."""

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from hulk.modules.agents.domain.memory.fading import DAY
from hulk.modules.agents.domain.memory.likeness import UNRELATED

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Column = NDArray[np.float64]


def matrix(vectors: Sequence[bytes], size: int) -> "Matrix":
    """A row for each, of `size` bytes; one that is of another size is a row of noughts."""
    np: Any = import_module("numpy")
    whole = b"".join(one if len(one) == size else bytes(size) for one in vectors)
    made: Matrix = np.frombuffer(whole, "<f2").reshape(len(vectors), size // 2).astype(np.float32)
    return made


def stacked(first: "Matrix", second: "Matrix") -> "Matrix":
    """The rows of both."""
    np: Any = import_module("numpy")
    made: Matrix = np.concatenate([first, second])
    return made


def cosines(rows: "Matrix", vector: bytes) -> "Column":
    """Of each row with the vector; rounding keeps none above 1."""
    np: Any = import_module("numpy")
    found: Column = np.minimum(rows @ np.frombuffer(vector, "<f2").astype(np.float32), 1.0).astype(np.float64)
    return found


def ages(used: Sequence[float], now: float) -> "Column":
    """Days since those moments; all are in seconds."""
    np: Any = import_module("numpy")
    found: Column = (now - np.asarray(used)) / DAY
    return found


def scores(cosine: "Column", ages: "Sequence[float] | Column", strengths: Sequence[float]) -> "Column":
    """Likeness times what is remembered; `ages` and `strengths` are in days. Without ages: likeness alone."""
    np: Any = import_module("numpy")
    alike = np.maximum(0.0, (cosine - UNRELATED) / (1 - UNRELATED))
    found: Column = alike * np.exp2(-np.maximum(0.0, np.asarray(ages)) / np.asarray(strengths)) if len(ages) else alike
    return found


def best(scored: "Column", most: int) -> list[int]:
    """Where the `most` highest above nought stand, the highest first; of equals the first one."""
    np: Any = import_module("numpy")
    some = np.argpartition(-scored, most - 1)[:most] if most < len(scored) else np.arange(len(scored))
    if most < len(scored):  # equals of the last one, in their order
        some = np.flatnonzero(scored >= scored[some].min())
    order = some[np.argsort(-scored[some], kind="stable")]
    return [int(place) for place in order[:most] if scored[place] > 0]
