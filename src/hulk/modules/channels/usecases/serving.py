"""Serving a channel whose side connects to a port of ours, for as long as this process leads there."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from hulk.kernel.errors import HulkError
from hulk.modules.channels.domain import Arrival
from hulk.modules.channels.ports import Figures, Open, Reply
from hulk.modules.channels.usecases.giving import GiveReply
from hulk.modules.channels.usecases.hearing import pause
from hulk.modules.channels.usecases.taking import TakeArrivals

log = structlog.get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class Serve:
    """Keeps what one channel is told, and answers in the response. `why` is why it cannot be served; empty while it is, or nobody has tried
    yet."""

    open: Open
    take: TakeArrivals
    give: GiveReply
    figures: Figures | None = None
    pause: Callable[[int], float] = pause
    why: str = ""

    async def __call__(self) -> None:
        """Serve, and begin again when that ends, later each time it cannot begin. Ends only by cancellation, or at once where nobody
        connects."""
        failures = 0
        while self.open.serves is not None:
            failures = 0 if await self._until_it_ends() else failures + 1
            await asyncio.sleep(self.pause(failures))

    async def _until_it_ends(self) -> bool:
        """Whether it was served until then."""
        assert self.open.serves is not None  # noqa: S101  # who calls has looked
        try:
            await self.open.serves.serve(self.told)
        except HulkError as error:
            self.why = str(error)
            log.warning("channel_not_served", channel=self.open.name, reason=self.why)
            return False
        except Exception as error:  # one that fails ends neither the others nor the program
            self.why = type(error).__name__
            log.exception("channel_not_served", channel=self.open.name)
            return False
        return True

    @asynccontextmanager
    async def told(self, arrival: Arrival, seconds: float) -> AsyncIterator[Reply]:
        """See `Told`."""
        began = time.monotonic()
        [kept] = await self.take(self.open.channel, [arrival])
        self.why = ""
        if self.figures is not None:
            self.figures.acknowledged(self.open.name, time.monotonic() - began)
        given = await self.give(self.open.channel, kept, seconds)
        try:
            yield Reply(given.message, given.good)
        except BaseException:
            await self.give.back(given)
            raise
        await self.give.sent(given)
