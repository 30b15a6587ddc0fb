"""Keeping new tickets: one as many at once as ask for one, or many that come after each other, all or none."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select

from hulk.kernel.durable import Change
from hulk.kernel.errors import Conflict, Invalid
from hulk.kernel.text import Text
from hulk.modules.tickets.adapters.sql import kinds, search
from hulk.modules.tickets.adapters.sql.tables import dependency_table, row_of, ticket_of, ticket_table
from hulk.modules.tickets.domain import ENDED, STATUSES, Kind, Ticket, changed
from hulk.modules.tickets.ports import Made
from hulk.runtime.store import Transaction, among

_its = ticket_table.c
_THERE = select(ticket_table).where(among(_its.id, "ids"))
_NEEDED = select(_its.id, _its.status, _its.tenant, _its.owner).where(among(_its.id, "ids")).with_for_update(read=True)


@dataclass(frozen=True, slots=True)
class Added:
    """A ticket that comes after nothing, its kind as it was looked at, and what follows once it is kept."""

    ticket: Ticket
    kind: Kind
    follow: Sequence[Change[Any]]


def add(tx: Transaction, items: Sequence[Added]) -> bool:
    """Keep them, with as many statements as for one; whether all were new, and of kinds that have not changed."""
    if not kinds.unchanged(tx, [item.kind for item in items]):
        return False
    began = [_begun(item.ticket, 0, tx) for item in items]
    if not tx.insert_all_new(ticket_table, [row_of(ticket, wakes=ticket.begins if ticket.status == "open" else None) for ticket in began]):
        return False
    search.index(tx, began)
    return True


def added(tx: Transaction, item: Added) -> Made:
    """What follows."""
    for change in item.follow:
        change(tx)
    return Made(ticket=_begun(item.ticket, 0, tx), new=True)


def create(tx: Transaction, tickets: Sequence[Ticket]) -> list[Made]:
    """See `Board.create`."""
    there = {row.id: ticket_of(row) for row in tx.execute(_THERE, {"ids": [ticket.id for ticket in tickets]})}
    _require_same(tickets, there)
    new = [ticket for ticket in tickets if ticket.id not in there]
    missing = _missing(tx, new)
    began = [_begun(ticket, missing[ticket.id], tx) for ticket in new]
    rows = [row_of(one, missing=missing[one.id], wakes=None if missing[one.id] or one.status == "ready" else one.begins) for one in began]
    if not tx.insert_all_new(ticket_table, rows):
        raise Conflict("Another request made one of these tickets at this very moment. Ask again.")
    search.index(tx, began)
    _depend(tx, began)
    kept = there | {ticket.id: ticket for ticket in began}
    return [Made(ticket=kept[ticket.id], new=ticket.id not in there) for ticket in tickets]


def _require_same(tickets: Sequence[Ticket], there: Mapping[str, Ticket]) -> None:
    for ticket in tickets:
        found = there.get(ticket.id)
        if found is not None and (found.digest, found.tenant) != (ticket.digest, ticket.tenant):
            raise Conflict(
                "The ticket {ticket} was made under the same request id with other content. Give what is new a request id of its own.",
                ticket=ticket.id,
            )


def _missing(tx: Transaction, new: Sequence[Ticket]) -> dict[str, int]:
    """Of each ticket, how many that it comes after have not completed; they are kept from ending until all is written."""
    own = {ticket.id for ticket in new}
    needed = sorted({one for ticket in new for one in ticket.after} - own)
    found: dict[str, Row[Any]] = {row.id: row for row in tx.execute(_NEEDED, {"ids": needed})} if needed else {}
    if wrong := list(_unfit(new, own, found)):
        raise Invalid(wrong)
    return {ticket.id: sum(one in own or found[one].status != "completed" for one in set(ticket.after)) for ticket in new}


def _unfit(new: Sequence[Ticket], own: set[str], found: Mapping[str, Row[Any]]) -> Iterator[tuple[str, Text]]:
    for place, ticket in enumerate(new):
        for index, one in enumerate(ticket.after):
            reason = None if one in own else _why_not(found.get(one), ticket)
            if reason is not None:
                yield f"tickets[{place}].after[{index}]", reason


def _why_not(needed: Row[Any] | None, ticket: Ticket) -> Text | None:
    if needed is None or needed.tenant != ticket.tenant:
        return Text("there is no such ticket")
    if needed.owner == "run":
        return Text("it belongs to the plan of an intent, and nothing outside that plan comes after it")
    if needed.status in ENDED - {"completed"}:
        return Text("that ticket is {status} and will not complete", status=STATUSES[needed.status])
    return None


def _begun(ticket: Ticket, missing: int, tx: Transaction) -> Ticket:
    """As it is kept: a worker's is ready when it waits for nothing."""
    waits = missing > 0 or ticket.owner != "worker" or (ticket.begins is not None and ticket.begins > tx.now())
    return ticket if waits else changed(ticket, status="ready")


def _depend(tx: Transaction, tickets: Sequence[Ticket]) -> None:
    rows = [{"needs": one, "ticket": ticket.id} for ticket in tickets for one in dict.fromkeys(ticket.after)]
    tx.insert_all_new(dependency_table, rows)
