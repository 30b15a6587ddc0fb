"""What one answer of a system may hold and take."""

from dataclasses import dataclass

from hulk.kernel.errors import Unavailable
from hulk.kernel.time import Clock
from hulk.modules.tools.ports import Calling


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """So many rows or documents, `size` in bytes of JSON, `seconds` at the server."""

    rows: int = 1000
    size: int = 1_000_000
    seconds: float = 30.0


def seconds_left(calling: Calling, clock: Clock, most: float, name: str) -> float:
    """What a call may still take, at most `most`. Raises `Unavailable` when its time was over before the system `name` was asked."""
    left = (calling.deadline - clock()).total_seconds()
    if left <= 0:
        raise Unavailable("The time for this call was over before {name} was asked.", name=name)
    return min(left, most)
