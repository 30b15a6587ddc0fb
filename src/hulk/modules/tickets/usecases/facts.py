"""What is told of tickets to the trail, and to the runs that wait for them."""

from collections.abc import Sequence
from typing import Any

from hulk.kernel.durable import Change, Runs, Started
from hulk.kernel.events import Event, Trail
from hulk.kernel.records import JsonObject
from hulk.modules.tickets.domain import ENDED, Claim, Ticket
from hulk.modules.tickets.ports import Moved

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


def leased(claim: Claim, tickets: Sequence[Ticket]) -> Event:
    """A worker has taken these tickets: one event for all, about the lease."""
    data: JsonObject = {"worker": claim.worker, "tickets": {ticket.id: ticket.fence for ticket in tickets}}
    return Event(type="hulk.ticket.leased.v1", subject=claim.id, tenant=claim.tenant, actor=claim.actor, data=data)


def following(moved: Moved, actor: str, trail: Trail, runs: Runs) -> list[Change[Any]]:
    """What a ticket's end leads to: others begin or are skipped, and runs that wait hear of it."""
    events = [fact("released", ticket, actor, data={"because": moved.after.id}) for ticket in moved.released]
    events += [fact("skipped", ticket, actor, data={"because": moved.after.id}) for ticket in moved.skipped]
    told = [signal(ticket, runs, "ended", actor) for ticket in (moved.after, *moved.skipped) if ticket.waiter and ticket.status in ENDED]
    return [*([trail.append(*events)] if events else []), *told]


def signal(ticket: Ticket, runs: Runs, act: str, actor: str, key: str | None = None, **more: Any) -> Change[None]:
    """Tell the run that waits for the ticket, by a signal that is named after it."""
    payload: JsonObject = {
        "ticket": ticket.id, "act": act, "status": ticket.status, "result": ticket.result, "problem": ticket.problem, "actor": actor,
        **more,
    }  # fmt: skip
    assert ticket.waiter is not None  # noqa: S101  # who calls has looked
    return runs.signal(ticket.waiter, ticket.id, payload, key=key or f"{ticket.id}:{act}:{ticket.revision}")
