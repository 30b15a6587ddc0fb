"""A level behind its breaker: one that fails is left alone, and missed by nobody."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from hulk.runtime.breaker import Breaker, Tripped

T = TypeVar("T")
log = structlog.get_logger(__name__)

PATIENCE = 1.0
"""Seconds that a level may take."""
LIMITS = {"window_calls": 5, "minimum_calls": 3}
"""A level is there to be quick: three failures of the last five calls are enough to go without it."""


class LevelAway(Exception):
    """A level cannot be used now: it is down, slow, full, or its breaker is open."""


class Guarded:
    """A level behind its breaker. Says in the log when it goes away and when it is back."""

    def __init__(self, name: str, breaker: Breaker) -> None:
        self.name = name
        self.up = True
        self.breaker = breaker

    async def ask(self, act: Callable[[], Awaitable[T]]) -> T:
        """Do that with the level; raises `LevelAway`."""
        try:
            answer = await self.breaker.call(lambda: _in_time(act))
        except Tripped as error:
            raise LevelAway(self.name) from error
        except (LevelAway, TimeoutError) as error:
            self._is(up=False, reason=str(error) or f"no answer in {PATIENCE} s")
            raise LevelAway(self.name) from error
        self._is(up=True)
        return answer

    def _is(self, *, up: bool, reason: str = "") -> None:
        if up != self.up:
            log.info("cache_level_back", level=self.name) if up else log.warning("cache_level_away", level=self.name, reason=reason)
        self.up = up


async def _in_time(act: Callable[[], Awaitable[T]]) -> T:
    async with asyncio.timeout(PATIENCE):
        return await act()
