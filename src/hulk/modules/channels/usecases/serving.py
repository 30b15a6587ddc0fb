"""Serving a channel whose side connects to a port of ours, for as long as this process leads there."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from hulk.modules.channels.domain import Arrival
from hulk.modules.channels.ports import Figures, Open, Reply
from hulk.modules.channels.usecases.again import Trouble, again_and_again, pause
from hulk.modules.channels.usecases.giving import GiveReply
from hulk.modules.channels.usecases.taking import TakeArrivals


@dataclass(slots=True, kw_only=True)
class Serve:
    """Keeps what one channel is told, and answers in the response."""

    open: Open
    take: TakeArrivals
    give: GiveReply
    figures: Figures | None = None
    pause: Callable[[int], float] = pause
    _trouble: Trouble = field(init=False)

    def __post_init__(self) -> None:
        """Nobody has tried yet."""
        self._trouble = Trouble(self.open.name, "channel_not_served")

    @property
    def why(self) -> str:
        """Why it cannot be served; empty while it is, or nobody has tried yet."""
        return self._trouble.why

    async def __call__(self) -> None:
        """Serve, and begin again when that ends, later each time it cannot begin. Ends only by cancellation, or at once where nobody
        connects."""
        if (serves := self.open.serves) is not None:
            await again_and_again(lambda: serves.serve(self.told), self._trouble, self.pause)

    @asynccontextmanager
    async def told(self, arrival: Arrival, seconds: float) -> AsyncIterator[Reply]:
        """See `Told`."""
        began = time.monotonic()
        [kept] = await self.take(self.open.channel, [arrival])
        self._trouble.why = ""
        if self.figures is not None:
            self.figures.acknowledged(self.open.name, time.monotonic() - began)
        given = await self.give(self.open.channel, kept, seconds)
        try:
            yield Reply(given.message, given.good)
        except BaseException:
            await self.give.back(given)
            raise
        await self.give.sent(given)
