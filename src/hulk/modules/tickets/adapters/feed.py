"""What happens to a tenant's, out of the trail."""

from collections.abc import AsyncIterator, Sequence

from hulk.modules.tickets.ports import Happening
from hulk.runtime.outbox import Outbox


class TrailFeed:
    """`ports.Feed` over the runtime's outbox."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    async def follow(self, tenant: str, after: int | None) -> AsyncIterator[Sequence[Happening]]:
        """See `Feed`."""
        begin = await self._outbox.position(tenant) if after is None else after
        async for some in self._outbox.follow_tenant(tenant, begin):
            yield [Happening(position=one.position, event=one.event) for one in some]
