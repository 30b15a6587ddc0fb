"""What goes on beside the work, for as long as the program runs.

async with background(relay.run(), rounds.every(600.0, close_stale, "stale_reservations_stay")):
    …
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, NoReturn

import structlog

from hulk.kernel.errors import HulkError
from hulk.runtime.telemetry import Metrics

log = structlog.get_logger(__name__)


@asynccontextmanager
async def background(*parts: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """They go on until the block ends; when one of them fails, so does the block."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(part) for part in parts]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()


class Rounds:
    """Acts that are done over and over. One that fails ends neither the next round nor the program: it is logged and counted."""

    def __init__(self, metrics: Metrics) -> None:
        about = "Rounds of background work that failed, by the event that the log tells of it."
        self._failed = metrics.counter("hulk_background_failures_total", about, ["event"])

    async def every(self, seconds: float, act: Callable[[], Awaitable[object]], event: str, *, first: float = 0.0) -> NoReturn:
        """Do it after `first` seconds, and then that long after it has ended, until cancelled; a failure is logged as `event`."""
        await asyncio.sleep(first)
        while True:
            await self._tried(act, event)
            await asyncio.sleep(seconds)

    async def _tried(self, act: Callable[[], Awaitable[object]], event: str) -> None:
        try:
            await act()
        except HulkError as error:
            log.warning(event, reason=str(error))
        except Exception:
            log.exception(event)
        else:
            return
        self._failed.labels(event).inc()
