"""Showing at a channel that something is worked on, for as long as somebody waits there."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from hulk.kernel.errors import HulkError
from hulk.kernel.time import Clock
from hulk.modules.channels.ports import Inbox, Kept, Line
from hulk.modules.channels.usecases.progress import SayWorking
from hulk.modules.channels.usecases.replacing import TakePlace

LONGEST = timedelta(minutes=10)
"""After how long it is not shown any more: who asked is not looking."""
MOST = 20
"""Who is shown it at once: those who asked last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowWork:
    """Looks at what is kept, not at what this process began: so it goes on after a restart, and ends when the answer is in the outbox."""

    channel: str
    line: Line
    inbox: Inbox
    clock: Clock
    say: SayWorking | None = None
    place: TakePlace | None = None
    """Where a message can say so, and be changed: what stands there for nothing any more is taken away."""

    async def __call__(self) -> None:
        """Show it again each time before it would vanish (`Limits.shows`), until cancelled; at once over where a channel shows nothing."""
        while (seconds := self.line.limits.shows) > 0:
            await asyncio.sleep(seconds)
            with suppress(HulkError):  # the store is away: then nobody is told
                await self.once()

    async def once(self) -> int:
        """Show it now to all who wait; how many. Raises `Unavailable` when it is not known who does."""
        waiting = await self.inbox.unanswered(self.channel, self.clock() - LONGEST, MOST)
        for kept in waiting:
            with suppress(HulkError):
                await self._shown(kept)
        if self.place is not None:
            await self.place.clear()
        return len(waiting)

    async def _shown(self, kept: Kept) -> None:
        if self.say is not None:
            await self.say(kept)
        await self.line.working(kept.arrival.address, kept.arrival.id)
