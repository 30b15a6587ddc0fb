"""What happens to a tenant's, out of the trail."""

from collections.abc import AsyncIterator, Sequence

from hulk.kernel.events import Event
from hulk.modules.tickets.domain import Ticket, tickets_of
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

    async def past(self, ticket: Ticket, most: int) -> Sequence[Event]:
        """See `Feed`."""
        of_intent = None if ticket.intent is None else await self._outbox.of_intent(ticket.intent)
        kept = await self._outbox.of_subjects(ticket.tenant, [ticket.id]) if of_intent is None else of_intent
        return [one.event for one in kept if ticket.id in tickets_of(one.event)][-most:]
