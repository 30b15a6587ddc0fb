"""What could not be done while L2 or the bus was away, done when it is back."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from hulk.runtime.cache.guard import LevelAway

Act: TypeAlias = Callable[[], Awaitable[None]]
"""Raises `LevelAway` when it cannot be done now."""
Channel: TypeAlias = Literal["l2", "bus"]

MOST = 10_000
EVERY = 0.5
"""Seconds between two tries while something waits."""


@dataclass(slots=True)
class Recovery:
    """Waiting acts by channel and by the key or mark they are about: the last one wins. When there are too many, the oldest gives
    way to what `instead` gives: the mark that voids all of its cache."""

    instead: Callable[[Channel, str], Act]
    waiting: dict[tuple[Channel, str], Act] = field(default_factory=dict)

    async def do(self, channel: Channel, name: str, act: Act) -> bool:
        """Do it now, and give True, or later. It takes the place of an older one that waits."""
        self.waiting.pop((channel, name), None)
        try:
            await act()
        except LevelAway:
            self._later(channel, name, act)
            return False
        return True

    def _later(self, channel: Channel, name: str, act: Act) -> None:
        self.waiting[channel, name] = act
        while len(self.waiting) > MOST:  # the mark may be new, so that one must go for it too
            where, what = next(iter(self.waiting))
            del self.waiting[where, what]
            cache = what.partition(":")[0]
            self.waiting[where, cache] = self.instead(where, cache)

    async def replay(self) -> None:
        """Do what waits, oldest first; a channel is left at the first that still cannot be done."""
        away: set[Channel] = set()
        for (channel, name), act in list(self.waiting.items()):
            if channel not in away:
                try:
                    await act()
                except LevelAway:
                    away.add(channel)
                    continue
                if self.waiting.get((channel, name)) is act:
                    del self.waiting[channel, name]

    async def replaying(self) -> None:
        """Try again and again, until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            await self.replay()
