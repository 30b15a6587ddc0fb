"""Decisions on tickets by channels: what waits for whom, and taking a yes or no."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from hulk.kernel.errors import Expired, NotFound
from hulk.kernel.tenancy import Principal
from hulk.modules.channels import Approval, Decided, Waiting
from hulk.modules.intents import Intents
from hulk.modules.tickets import Filter, TicketActs, Tickets, Wish, in_time
from hulk.runtime.outbox import Outbox

_DECIDED = frozenset(f"hulk.ticket.{what}.v1" for what in ("approved", "rejected", "cancelled"))
_DECISIONS = frozenset({"tool.approval", "agent.review"})
"""Kinds of tickets on which somebody decides with yes or no."""
LARGEST = 1000
"""Tickets that are looked at for what waits for somebody."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """Takes decisions on tickets."""

    acts: TicketActs
    trail: Outbox

    async def __call__(self, by: Principal, ticket: str, approve: bool, key: str) -> Decided:  # noqa: ARG002  # the port's
        """See `channels.ports.Tickets`."""
        found = await self.acts.show(by, ticket)
        if not in_time(found.problem):
            raise Expired("The time of ticket {ticket} is over: nobody decided on it until then.", ticket=ticket)
        if found.status != "open":
            return Decided(approved=found.status == "completed", by=await self._who(by.tenant, ticket), before=True)
        moved = await self.acts.move(by, Wish(ticket=ticket, status="completed" if approve else "failed"))
        return Decided(approved=moved.status == "completed", by=by.actor)

    async def _who(self, tenant: str, ticket: str) -> str:
        """As the trail has it, while it is kept here."""
        told = [kept.event for kept in await self.trail.of_subjects(tenant, [ticket])]
        return next((one.actor for one in reversed(told) if one.type in _DECIDED), "")


@dataclass(frozen=True, slots=True)
class Undecided:
    """Tickets that wait for a yes or no."""

    tickets: Tickets
    intents: Intents
    account: Callable[[str, str], Awaitable[str | None]]
    """Of a tenant's person with that e-mail address."""

    async def __call__(self, tenant: str, ticket: str) -> Waiting | None:
        """See `channels.ports.Pending`."""
        found = await self.tickets.get(ticket)
        if found.tenant != tenant or found.status != "open" or found.kind not in _DECISIONS or found.intent is None:
            return None
        intent, named = await self.intents.get(found.intent), found.assignee.name if found.assignee else ""
        person = await self.account(tenant, named) if "@" in named else None
        return Waiting(title=found.title, intent=intent.id, language=intent.language, at=found.created, person=person, until=found.deadline)


@dataclass(frozen=True, slots=True)
class MayDecide:
    """Tickets that wait for somebody's yes or no: by their role, where they have it."""

    acts: TicketActs

    async def of(self, by: Principal, most: int) -> Sequence[Approval]:
        """See `channels.ports.Approvals`: of the newest thousand that wait."""
        waiting = await self.acts.find(by, Filter(tenant=by.tenant, statuses=("open",), kinds=tuple(sorted(_DECISIONS))), LARGEST)
        theirs = [one for one in waiting.tickets if self.acts.move.may_approve(by, one)]
        return [Approval(ticket=one.id, title=one.title, until=one.deadline) for one in theirs[:most]]

    async def may(self, by: Principal, ticket: str) -> bool:
        """See `channels.ports.Approvals`."""
        try:
            found = await self.acts.show(by, ticket)
        except NotFound:
            return False
        return found.status == "open" and found.kind in _DECISIONS and self.acts.move.may_approve(by, found)
