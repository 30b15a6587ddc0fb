"""Which processes are there, in the bus's key-value store: each has a lease on a key of its own, which ends soon after it dies."""

import asyncio
import hashlib
from dataclasses import dataclass, field
from datetime import timedelta

from hulk.kernel.errors import Unavailable
from hulk.runtime.bus import Bus
from hulk.runtime.state import Bucket, Office, leader

_BUCKET = "channel-holders"


@dataclass(slots=True)
class BusPresence:
    """`Presence` over the bus, of the process that calls itself `holder`; who dies is gone for the others within `ttl` and a second."""

    bus: Bus
    holder: str
    ttl: timedelta
    _seat: Office | None = None
    _shows: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def held(self) -> bool:
        """See `Presence`."""
        return self._seat is not None and self._seat.held

    async def show(self) -> None:
        """Say that this process is there, until cancelled."""
        async with leader(self._holders(), _key(self.holder), ttl=self.ttl) as self._seat:
            await self._seat.won()
            self._shows.set()
            await asyncio.Event().wait()

    async def shown(self) -> None:
        """Wait until others see that it is; afterwards see `held`."""
        await self._shows.wait()

    async def gone(self, holder: str) -> bool:
        """See `Presence`."""
        try:
            return await self._holders().get(_key(holder)) is None
        except Unavailable:
            return False

    def _holders(self) -> Bucket[str]:
        return Bucket(self.bus, _BUCKET, str)


def _key(holder: str) -> str:
    return hashlib.sha256(holder.encode()).hexdigest()[:32]
