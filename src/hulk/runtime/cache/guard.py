"""Keeps a level that fails from being asked again and again. Replaceable by a breaker: see `Guard`."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

import structlog

T = TypeVar("T")
log = structlog.get_logger(__name__)

PATIENCE = 1.0
"""Seconds that a level may take."""


class LevelAway(Exception):
    """A level cannot be used now: it is down, slow, full, or its guard is closed."""


class Guard(Protocol):
    """Decides whether something that may fail is asked."""

    def allows(self) -> bool:
        """Whether to ask now."""

    def succeeded(self) -> None:
        """It answered."""

    def failed(self) -> None:
        """It did not."""


class ConsecutiveFailures:
    """Lets nothing through for `pause` seconds after `most` failures in a row, then one try at a time."""

    def __init__(self, most: int = 3, pause: float = 1.0, now: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._pause = pause
        self._now = now
        self._failures = 0
        self._until = 0.0

    def allows(self) -> bool:
        """See `Guard`."""
        if self._failures < self._most:
            return True
        if self._now() < self._until:
            return False
        self._until = self._now() + self._pause
        return True

    def succeeded(self) -> None:
        """See `Guard`."""
        self._failures = 0

    def failed(self) -> None:
        """See `Guard`."""
        self._failures += 1
        self._until = self._now() + self._pause


class Guarded:
    """A level behind its guard. Says in the log when it goes away and when it is back."""

    def __init__(self, name: str, guard: Guard) -> None:
        self.name = name
        self.up = True
        self.guard = guard

    async def ask(self, act: Callable[[], Awaitable[T]]) -> T:
        """Do that with the level; raises `LevelAway`."""
        if not self.guard.allows():
            raise LevelAway(self.name)
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await act()
        except (LevelAway, TimeoutError) as error:
            self.guard.failed()
            self._is(up=False, reason=str(error) or f"no answer in {PATIENCE} s")
            raise LevelAway(self.name) from error
        self.guard.succeeded()
        self._is(up=True)
        return answer

    def _is(self, *, up: bool, reason: str = "") -> None:
        if up != self.up:
            log.info("cache_level_back", level=self.name) if up else log.warning("cache_level_away", level=self.name, reason=reason)
        self.up = up
