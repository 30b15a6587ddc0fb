"""Disputes as people's tickets."""

from dataclasses import dataclass
from typing import Any

from hulk.kernel import ids
from hulk.kernel.durable import Change, Commit, followed
from hulk.kernel.errors import Conflict, NotFound
from hulk.kernel.events import Trail, changed
from hulk.kernel.tenancy import Principal
from hulk.kernel.text import Text
from hulk.kernel.time import Clock
from hulk.modules.agents.domain.reasoning import Resolution
from hulk.modules.agents.ports.reasoning import Dispute
from hulk.modules.tickets import Assignee, Board, Ticket, fact, opened

KIND = "agent.dispute"


@dataclass(frozen=True, slots=True)
class TicketDisputes:
    """`Disputes` on the tickets' board: one for whoever may approve."""

    board: Board
    trail: Trail
    commit: Commit
    clock: Clock

    def open(self, dispute: Dispute) -> tuple[str, Change[Any]]:
        """See `Disputes`."""
        ticket = Ticket(
            id=ids.derived("tkt", dispute.tenant, dispute.review), plan=None, intent=dispute.intent, tenant=dispute.tenant,
            key=dispute.object, kind=KIND, title=Text("{actor} contests {object}", actor=dispute.by, object=dispute.object), status="open",
            input={"task": dispute.task, "object": dispute.object, "kind": dispute.kind, "review": dispute.review}, owner="person",
            created=self.clock(), namespace=dispute.namespace, assignee=Assignee("person"), actor="hulk",
        )  # fmt: skip
        told = self.trail.append(opened(ticket, dispute.by))
        return ticket.id, followed(self.board.create([ticket]), lambda made: [told] if made[0].new else [])

    async def settled(self, by: Principal, ticket: str, resolution: Resolution) -> None:
        """See `Disputes`."""
        moving = self.board.move(by.tenant, ticket, "completed", result={"resolution": resolution})
        try:
            await self.commit(followed(moving, lambda moved: [] if moved is None else [self.trail.append(_approved(moved, by))]))
        except (NotFound, Conflict):
            return  # somebody ended the ticket before; what counts is what was said of the object


def _approved(moved: Any, by: Principal) -> Any:
    return fact("approved", moved.after, by.actor, data=changed("", {"status": moved.before.status}, {"status": moved.after.status}))
