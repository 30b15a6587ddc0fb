"""How many slots a pool has: as many as configured, more while tasks wait for one although the processor is not what they wait for."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

TOO_LONG = 0.1
"""Seconds that a task may wait for a slot before the pool grows."""
SATURATED = 0.85
"""Share of one core that this process may use before more slots would only make all slower."""
SHRINK_SECONDS = 30.0
"""How long slots stand empty before they are taken away again."""


def _nothing(_: float) -> None:
    """Nobody listens."""


@dataclass(slots=True)
class Scale:
    """Between `least` and `most` slots. Grows by a quarter when the mean wait of what was begun since the last look is too long,
    all slots are taken and the processor has time left; shrinks back by a quarter after a time of being idle."""

    least: int
    most: int
    clock: Callable[[], float] = time.monotonic
    cpu: Callable[[], float] = time.process_time
    slots: int = 0
    heard: Callable[[float], None] = _nothing
    """Told of each wait."""
    load: float = 0.0
    """How much of a core this process used between the last two looks."""
    _waits: list[float] = field(default_factory=list)
    _looked: tuple[float, float] = (0.0, 0.0)
    _idle_since: float | None = None

    def __post_init__(self) -> None:
        self.slots = self.least
        self._looked = (self.clock(), self.cpu())

    @classmethod
    def fixed(cls, slots: int) -> "Scale":
        """Always that many."""
        return cls(slots, slots)

    def waited(self, seconds: float) -> None:
        """A task was begun that long after it was published."""
        self._waits.append(max(seconds, 0.0))
        self.heard(seconds)

    def adjust(self, busy: int) -> None:
        """Look at what happened since the last time; call every now and then with how many slots are taken."""
        now, used = self.clock(), self.cpu()
        before, used_before = self._looked
        self._looked = (now, used)
        self.load = (used - used_before) / (now - before) if now > before else 0.0
        mean = sum(self._waits) / len(self._waits) if self._waits else 0.0
        crowded = busy >= self.slots and (mean > TOO_LONG or not self._waits)
        self._waits.clear()
        if crowded and self.load < SATURATED:
            self.slots = min(self.most, self.slots + max(1, self.slots // 4))
        self._shrink(busy, now)

    def _shrink(self, busy: int, now: float) -> None:
        if busy > self.slots // 2 or self.slots == self.least:
            self._idle_since = None
        elif self._idle_since is None:
            self._idle_since = now
        elif now - self._idle_since >= SHRINK_SECONDS:
            self.slots = max(self.least, self.slots - max(1, self.slots // 4))
            self._idle_since = now
