"""What the running program does now and then for its modules."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from functools import partial

import structlog

from hulk.kernel import ids
from hulk.kernel.events import PLATFORM, Event
from hulk.modules.audit import Prune
from hulk.modules.finops import Finops, Used
from hulk.modules.finops.wiring import Money
from hulk.runtime.background import Rounds
from hulk.runtime.bus import Bus, to_message

log = structlog.get_logger(__name__)
HEALTH_SECONDS = 15.0
HOUSEKEEPING_SECONDS = 600.0
WATCHING_SECONDS = 60.0
REFITTING_SECONDS = 30.0
RATES_SECONDS = 6 * 3600.0
PRUNING_SECONDS = 6 * 3600.0


async def keeping_house(rounds: Rounds, finops: Finops) -> None:
    """Close what processes that died have left reserved."""

    async def close() -> None:
        while closed := await finops.close_stale():
            log.warning("reservations_assumed", charges=closed)

    await rounds.every(HOUSEKEEPING_SECONDS, close, "stale_reservations_stay")


async def watching_budgets(rounds: Rounds, money: Money, show: Callable[[Sequence[Used]], None]) -> None:
    """Foretell the end of budgets, and `show` what is used of them."""

    async def watch() -> None:
        show(await money.budgets.watch())

    await rounds.every(WATCHING_SECONDS, watch, "money_not_watched")


async def refreshing_rates(rounds: Rounds, money: Money) -> None:
    """Keep the rates of currencies fresh where the settings say so."""
    await rounds.every(RATES_SECONDS, money.rates.fetch, "rates_not_fetched")


async def refitting(rounds: Rounds, refit: Callable[[], Awaitable[int]]) -> None:
    """Fit anew what the router has learnt of tenants, when it has outgrown what it was fitted to."""
    await rounds.every(REFITTING_SECONDS, refit, "learning_not_refitted", first=REFITTING_SECONDS)


async def pruning(rounds: Rounds, prune: Prune, retention: timedelta) -> None:
    """Remove what is too old of the trail."""
    await rounds.every(PRUNING_SECONDS, partial(prune, retention, actor="hulk"), "audit_not_pruned")


async def beating(bus: Bus) -> None:
    """Tell the bus now and then that this process lives."""
    while True:
        event = Event(type="hulk.runtime.health.v1", subject=ids.process(), tenant=PLATFORM, actor="hulk")
        subject, headers, body = to_message(event)
        await bus.notify(subject, body, headers)
        await asyncio.sleep(HEALTH_SECONDS)
