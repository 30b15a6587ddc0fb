"""The last calls, and how many of them failed or were slow."""

from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Counts:
    """What is in a window."""

    calls: int = 0
    failed: int = 0
    slow: int = 0


class Window:
    """The last `calls` results that are younger than `seconds`: it slides by count under load, by time when there is little.

    Each operation is O(1) on average; the memory is one tuple for each call in it."""

    def __init__(self, calls: int, seconds: float) -> None:
        self._most = calls
        self._seconds = seconds
        self._results: deque[tuple[float, bool, bool]] = deque()
        self._failed = 0
        self._slow = 0

    def add(self, now: float, *, failed: bool, slow: bool) -> None:
        """A call has ended `now`."""
        self._results.append((now, failed, slow))
        self._failed += failed
        self._slow += slow
        if len(self._results) > self._most:
            self._drop()

    def counts(self, now: float) -> Counts:
        """What is in it `now`."""
        while self._results and self._results[0][0] <= now - self._seconds:
            self._drop()
        return Counts(len(self._results), self._failed, self._slow)

    def clear(self) -> None:
        """Forget all."""
        self._results.clear()
        self._failed = self._slow = 0

    def _drop(self) -> None:
        _, failed, slow = self._results.popleft()
        self._failed -= failed
        self._slow -= slow
