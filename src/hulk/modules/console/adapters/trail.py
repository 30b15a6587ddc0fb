"""What happens, from the trail of events."""

from collections.abc import Sequence

from hulk.kernel.bells import Listener
from hulk.kernel.events import Event
from hulk.runtime.outbox import Outbox


class TrailFeed:
    """A `Feed` over the outbox."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._bell: Listener = outbox.bell()

    async def position(self, tenant: str) -> int:
        """See `Feed`."""
        return await self._outbox.position(tenant)

    async def past(self, tenant: str, position: int) -> Sequence[tuple[int, Event]]:
        """See `Feed`."""
        return [(one.position, one.event) for one in await self._outbox.past(tenant, position)]

    async def heard(self, seconds: float) -> bool:
        """See `Feed`."""
        found = await self._bell.heard(seconds)
        self._bell.looks()  # what rings from here on is heard the next time
        return found
