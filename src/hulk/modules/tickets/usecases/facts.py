"""What is told of tickets to the trail, and to the runs that wait for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hulk.kernel.durable import Change, Runs, Started
from hulk.kernel.events import Event, Trail, changed
from hulk.kernel.records import JsonObject
from hulk.modules.tickets.domain import ENDED, Claim, Status, Ticket
from hulk.modules.tickets.ports import Moved, Room

CHAIN = ("kind", "namespace", "plan", "run", "worker", "lease", "fence")
"""What each event of a ticket tells of it."""


def fact(what: str, ticket: Ticket, actor: str, trace: str | None = None, data: JsonObject | None = None) -> Event:
    """`hulk.ticket.<what>.v1`, with the chain of ids that the ticket stands in and who holds it."""
    chain = {name: getattr(ticket, name) for name in CHAIN}
    return Event(
        type=f"hulk.ticket.{what}.v1", subject=ticket.id, tenant=ticket.tenant, actor=actor, intent=ticket.intent, trace=trace,
        data=chain | (data or {}),
    )  # fmt: skip


def fact_of_run(what: str, run: Started, data: JsonObject) -> Event:
    """The same of a ticket that a run executes, as far as the run knows it."""
    known = {"kind": run.attributes.get("kind"), "namespace": run.data.get("namespace"), "plan": run.data.get("plan"), "run": run.id}
    return Event(
        type=f"hulk.ticket.{what}.v1", subject=run.data["ticket"], tenant=run.tenant, actor="hulk", intent=run.intent, trace=run.trace,
        data={name: known.get(name) for name in CHAIN} | {"fence": 0} | data,
    )  # fmt: skip


def opened(ticket: Ticket, actor: str, trace: str | None = None, reason: str = "") -> Event:
    """`hulk.ticket.created.v1`."""
    made = {"owner": ticket.owner, "priority": ticket.priority, "key": ticket.key}
    return fact("created", ticket, actor, trace, {**made, **changed(reason, None, {"status": ticket.status})})


def statuses(before: Status, after: Status, problem: JsonObject | None = None) -> JsonObject:
    """What is told of a ticket that work on it, or time, has moved. The reason is the code of what was wrong, if something was."""
    return changed("" if problem is None else str(problem["code"]), {"status": before}, {"status": after})


def leased(claim: Claim, tickets: Sequence[Ticket]) -> Event:
    """A worker has taken these tickets: one event for all, about the lease. It says no reason: work was there."""
    data: JsonObject = {
        "worker": claim.worker,
        "tickets": {ticket.id: ticket.fence for ticket in tickets},
        **statuses("ready", "running"),
    }
    return Event(type="hulk.ticket.leased.v1", subject=claim.id, tenant=claim.tenant, actor=claim.actor, data=data)


@dataclass(frozen=True, slots=True)
class Following:
    """What a ticket's end leads to: others begin or are skipped, runs that wait hear of it, and the tenant has room again."""

    trail: Trail
    runs: Runs
    room: Room

    def __call__(self, moved: Moved, actor: str) -> list[Change[Any]]:
        """The changes that commit with it."""
        events = [fact("released", ticket, actor, data={"because": moved.after.id}) for ticket in moved.released]
        events += [fact("skipped", ticket, actor, data={"because": moved.after.id}) for ticket in moved.skipped]
        ended = [ticket for ticket in (moved.after, *moved.skipped) if ticket.status in ENDED]
        told = [signal(ticket, self.runs, "ended", actor) for ticket in ended if ticket.waiter]
        return [*([self.trail.append(*events)] if events else []), *told, *self._room(moved, sum(map(_counted, ended)))]

    def _room(self, moved: Moved, ended: int) -> list[Change[None]]:
        """What has ended gives its room back; what is opened again takes it."""
        reopened = int(moved.before.status in ENDED and moved.after.status not in ENDED and _counted(moved.after))
        tenant = moved.after.tenant
        return [self.room.give_back(tenant, ended)] if ended else [self.room.take(tenant, reopened)] if reopened else []


def _counted(ticket: Ticket) -> bool:
    """Whether somebody asked for it from outside: what plans and runs open is theirs to bound."""
    return not ticket.key


def signal(ticket: Ticket, runs: Runs, act: str, actor: str, key: str | None = None, **more: Any) -> Change[None]:
    """Tell the run that waits for the ticket, by a signal that is named after it."""
    payload: JsonObject = {
        "ticket": ticket.id, "act": act, "status": ticket.status, "result": ticket.result, "problem": ticket.problem, "actor": actor,
        **more,
    }  # fmt: skip
    assert ticket.waiter is not None  # noqa: S101  # who calls has looked
    return runs.signal(ticket.waiter, ticket.id, payload, key=key or f"{ticket.id}:{act}:{ticket.revision}")
