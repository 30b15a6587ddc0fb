"""What goes on beside the work for as long as the program runs."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import structlog

from hulk.kernel import ids
from hulk.kernel.errors import HulkError, Unavailable
from hulk.kernel.events import PLATFORM, Event
from hulk.modules.audit import Prune
from hulk.modules.finops import Finops, Used
from hulk.modules.finops.wiring import Money
from hulk.runtime.bus import Bus, to_message

log = structlog.get_logger(__name__)
HEALTH_SECONDS = 15.0
HOUSEKEEPING_SECONDS = 600.0
WATCHING_SECONDS = 60.0
REFITTING_SECONDS = 30.0
RATES_SECONDS = 6 * 3600.0
PRUNING_SECONDS = 6 * 3600.0


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


async def keeping_house(finops: Finops, every: float = HOUSEKEEPING_SECONDS) -> None:
    """Close what processes that died have left reserved."""
    while True:
        try:
            while closed := await finops.close_stale():
                log.warning("reservations_assumed", charges=closed)
        except Unavailable as error:
            log.warning("stale_reservations_stay", reason=str(error))
        except Exception:  # a round that fails ends neither the next nor the program
            log.exception("stale_reservations_stay")
        await asyncio.sleep(every)


async def watching_money(money: Money, show: Callable[[Sequence[Used]], None], every: float = WATCHING_SECONDS) -> None:
    """Foretell the end of budgets, `show` what is used of them, and keep the rates fresh where the settings say so."""
    fetched = -RATES_SECONDS
    while True:
        try:
            show(await money.budgets.watch())
            if time.monotonic() - fetched >= RATES_SECONDS:
                fetched = time.monotonic()
                await money.rates.fetch()
        except HulkError as error:
            log.warning("money_not_watched", reason=str(error))
        except Exception:  # see keeping_house
            log.exception("money_not_watched")
        await asyncio.sleep(every)


async def refitting(refit: Callable[[], Awaitable[int]], every: float = REFITTING_SECONDS) -> None:
    """Fit anew what the router has learnt of tenants, when it has outgrown what it was fitted to."""
    while True:
        await asyncio.sleep(every)
        try:
            await refit()
        except HulkError as error:
            log.warning("learning_not_refitted", reason=str(error))
        except Exception:  # see keeping_house
            log.exception("learning_not_refitted")


async def pruning(prune: Prune, retention: timedelta) -> None:
    """Remove what is too old of the trail, now and then."""
    while True:
        try:
            await prune(retention, actor="hulk")
        except HulkError as error:
            log.warning("audit_not_pruned", reason=str(error))
        await asyncio.sleep(PRUNING_SECONDS)


async def beating(bus: Bus) -> None:
    """Tell the bus now and then that this process lives."""
    while True:
        event = Event(type="hulk.runtime.health.v1", subject=ids.process(), tenant=PLATFORM, actor="hulk")
        subject, headers, body = to_message(event)
        await bus.notify(subject, body, headers)
        await asyncio.sleep(HEALTH_SECONDS)
