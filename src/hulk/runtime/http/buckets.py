"""Token buckets by name: each refills at a rate and holds a burst. Bounded: the longest unused are forgotten first."""

import time
from collections import OrderedDict
from collections.abc import Callable


class Buckets:
    """`rate` tokens a second for each name, `burst` at most at once, `most` names remembered."""

    def __init__(self, rate: float, burst: float, *, most: int = 10_000, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate = rate
        self.burst = max(burst, 1.0)
        self._most = most
        self._clock = clock
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._levels)

    def take(self, name: str) -> float:
        """Take a token: 0.0 when there was one, otherwise the seconds until there is."""
        wait = self.wait(name)
        if not wait:
            self._keep(name, self._level(name) - 1)
        return wait

    def wait(self, name: str) -> float:
        """Seconds until `name` has a token; 0.0 when it has one now."""
        missing = 1 - self._level(name)
        return missing / self.rate if missing > 1e-9 else 0.0

    def _level(self, name: str) -> float:
        level, then = self._levels.get(name, (self.burst, self._clock()))
        return min(self.burst, level + (self._clock() - then) * self.rate)

    def _keep(self, name: str, level: float) -> None:
        self._levels[name] = (level, self._clock())
        self._levels.move_to_end(name)
        while len(self._levels) > self._most:
            self._levels.popitem(last=False)
