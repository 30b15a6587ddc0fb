"""Channels at work: one process of an installation listens at a channel and sends for it, whichever leads there; any takes requests."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import structlog

from hulk.kernel.bells import Bells
from hulk.kernel.durable import Commit
from hulk.kernel.errors import HulkError, Unauthenticated
from hulk.modules.channels.domain import Arrival
from hulk.modules.channels.ports import Conversations, Listens, Open, Reply
from hulk.modules.channels.usecases import Deliver, GiveReply, TakeArrivals
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
    give: GiveReply
    conversations: Conversations
    commit: Commit
    bells: Bells
    bus: Bus
    hears: str = ""
    """Why it cannot listen, while it cannot."""
    leads: bool = False

    async def run(self) -> None:
        """Lead whenever that is free, and do what a leader does; ends only by cancellation."""
        async with leader(Bucket(self.bus, "leaders", str), f"channel-{self.open.name}", ttl=REIGN) as office:
            while True:
                await office.won()
                self.leads = True
                try:
                    async with asyncio.TaskGroup() as group:
                        tasks = [group.create_task(self._send()), group.create_task(self._listen()), group.create_task(self._serve())]
                        while office.held:  # noqa: ASYNC110  # nobody rings when a lease runs out
                            await asyncio.sleep(REIGN.total_seconds() / 5)
                        for task in tasks:
                            task.cancel()
                finally:
                    self.leads = False

    async def _send(self) -> None:
        with self.bells.listening(self.open.name) as listener:
            await self.deliver.run(listener)

    async def _listen(self) -> None:
        """Listen, and begin again when the line is cut, later each time."""
        if (listens := self.open.listens) is not None:
            await self._again_and_again(lambda: self._listened(listens))

    async def _listened(self, listens: Listens) -> None:
        mark = await self.conversations.marked(self.open.name)
        await listens.listen(self._heard, mark, self._marked)

    async def _serve(self) -> None:
        """Serve, and begin again when that ends, later each time."""
        if (serves := self.open.serves) is not None:
            await self._again_and_again(lambda: serves.serve(self.told))

    async def _again_and_again(self, once: Callable[[], Awaitable[None]]) -> None:
        failures = 0
        while True:
            try:
                await once()
                failures = 0
            except HulkError as error:
                self.hears = str(error)
                failures += 1
                log.warning("channel_not_heard", channel=self.open.name, reason=str(error), again=isinstance(error, Unauthenticated))
            except Exception:  # one that fails ends neither the others nor the program
                failures += 1
                log.exception("channel_not_heard", channel=self.open.name)
            await asyncio.sleep(min(_LONGEST_PAUSE, 0.5 * 2 ** min(failures, 8)) * random.uniform(0.5, 1.0))  # noqa: S311  # jitter

    @asynccontextmanager
    async def told(self, arrival: Arrival, seconds: float) -> AsyncIterator[Reply]:
        """See `Told`."""
        self.hears = ""
        [kept] = await self.take(self.open.channel, [arrival])
        given = await self.give(self.open.channel, kept, seconds)
        try:
            yield Reply(given.message, given.good)
        except BaseException:
            await self.give.back(given)
            raise
        await self.give.sent(given)

    async def _heard(self, arrivals: Sequence[Arrival]) -> None:
        self.hears = ""
        await self.take(self.open.channel, arrivals)

    async def _marked(self, mark: str) -> None:
        await self.commit(self.conversations.mark(self.open.name, mark))
