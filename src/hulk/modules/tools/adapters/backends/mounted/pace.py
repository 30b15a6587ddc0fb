"""No more than so much in a second: whoever sends faster has to wait, because nobody reads."""

import asyncio
import time


class Pace:
    """Lets `most` through in each second; all of it at once is fine."""

    def __init__(self, most: float) -> None:
        self._most = most
        self._began = time.monotonic()
        self._gone = 0.0

    async def __call__(self, amount: float = 1) -> None:
        """Wait until that much more may go."""
        self._next()
        while self._gone >= self._most:
            await asyncio.sleep(max(0.0, self._began + 1 - time.monotonic()))
            self._next()
        self._gone += amount

    def room(self) -> bool:
        """Whether one more may go now; counts it if so."""
        self._next()
        if self._gone >= self._most:
            return False
        self._gone += 1
        return True

    def _next(self) -> None:
        """What was too much is taken off the seconds that follow."""
        if (seconds := int(time.monotonic() - self._began)) > 0:
            self._began += seconds
            self._gone = max(0.0, self._gone - seconds * self._most)
