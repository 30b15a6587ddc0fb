"""Channels at work: one process of an installation listens at a channel and sends for it, whichever leads there; any takes requests."""

import asyncio
import random
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from hulk.kernel.bells import Bells
from hulk.kernel.durable import Commit
from hulk.kernel.errors import HulkError, Unauthenticated
from hulk.modules.channels.adapters.standings import LEADERS, office
from hulk.modules.channels.domain import Arrival
from hulk.modules.channels.ports import Conversations, Figures, Open
from hulk.modules.channels.usecases import Deliver, TakeArrivals
from hulk.runtime.bus import Bus
from hulk.runtime.state import Bucket, leader

log = structlog.get_logger(__name__)
REIGN = timedelta(seconds=5)
_LONGEST_PAUSE = 60.0


@dataclass(slots=True)
class AtWork:
    """One channel, looked after by this process while it leads there."""

    open: Open
    deliver: Deliver
    take: TakeArrivals
    conversations: Conversations
    commit: Commit
    bells: Bells
    bus: Bus
    figures: Figures
    duties: "Callable[[AtWork], Coroutine[None, None, None]]"
    """What a leader does besides, as long as it leads."""
    hears: str = ""
    """Why it cannot listen, while it cannot."""
    leads: bool = False

    async def run(self) -> None:
        """Lead whenever that is free, and do what a leader does; ends only by cancellation."""
        async with leader(Bucket(self.bus, LEADERS, str), office(self.open.name), ttl=REIGN) as seat:
            while True:
                await seat.won()
                self.leads = True
                try:
                    async with asyncio.TaskGroup() as group:
                        tasks = [group.create_task(one) for one in (self._send(), self._listen(), self.duties(self))]
                        while seat.held:  # noqa: ASYNC110  # nobody rings when a lease runs out
                            await asyncio.sleep(REIGN.total_seconds() / 5)
                        for task in tasks:
                            task.cancel()
                finally:
                    self.leads = False
                    self.figures.leaves(self.open.name)

    async def _send(self) -> None:
        with self.bells.listening(self.open.name) as listener:
            await self.deliver.run(listener)

    async def _listen(self) -> None:
        """Listen, and begin again when the line is cut, later each time."""
        failures = 0
        while self.open.listens is not None:
            try:
                mark = await self.conversations.marked(self.open.name)
                await self.open.listens.listen(self._heard, mark, self._marked)
                failures = 0
            except HulkError as error:
                self.hears = str(error)
                failures += 1
                log.warning("channel_not_heard", channel=self.open.name, reason=str(error), again=isinstance(error, Unauthenticated))
            except Exception:  # one that fails ends neither the others nor the program
                failures += 1
                log.exception("channel_not_heard", channel=self.open.name)
            await asyncio.sleep(min(_LONGEST_PAUSE, 0.5 * 2 ** min(failures, 8)) * random.uniform(0.5, 1.0))  # noqa: S311  # jitter

    async def _heard(self, arrivals: Sequence[Arrival]) -> None:
        self.hears, began = "", time.monotonic()
        await self.take(self.open.channel, arrivals)
        self.figures.acknowledged(self.open.name, time.monotonic() - began)

    async def _marked(self, mark: str) -> None:
        await self.commit(self.conversations.mark(self.open.name, mark))
