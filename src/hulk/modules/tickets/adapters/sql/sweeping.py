"""What time does to tickets: leases run out, deadlines pass, waits end. Rows that others hold are left for the next time."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from sqlalchemy import BindParameter, Select, bindparam, delete, select, text, update

from hulk.kernel.text import Text
from hulk.modules.tickets.adapters.sql.ending import Writes, again, failed_by_time, timed
from hulk.modules.tickets.adapters.sql.tables import HELD, UNENDED, lease_table, ticket_table, tickets_of
from hulk.modules.tickets.domain import OVER_TIME, Ticket, changed
from hulk.modules.tickets.ports import Moved, Swept
from hulk.runtime.store import Transaction, among

_its = ticket_table.c
_most: BindParameter[int] = bindparam("most")
_OVER = (
    select(lease_table.c.id).where(lease_table.c.until <= bindparam("now")).order_by(lease_table.c.until).limit(_most)
).with_for_update(skip_locked=True)
_LOST = select(ticket_table).where(among(_its.lease, "leases"), text(HELD)).order_by(_its.id).with_for_update()
_FORGET = delete(lease_table).where(among(lease_table.c.id, "leases"))
_TOLD = update(ticket_table).where(among(_its.id, "ids")).values(late_at=None)


def _past(column: str, condition: str) -> Select[tuple[object, ...]]:
    found = select(ticket_table).where(ticket_table.c[column] <= bindparam("now"), text(condition))
    return found.order_by(ticket_table.c[column]).limit(_most).with_for_update(skip_locked=True)


_ENDLESS = (
    select(ticket_table)
    .where(among(_its.kind, "kinds"), _its.owner == "person", _its.waiter.is_not(None), _its.deadline.is_(None), _its.ended.is_(None))
    .order_by(_its.id)
    .limit(_most)
    .with_for_update(skip_locked=True)
)
_EXPIRED = _past("deadline", UNENDED)
_WOKEN = _past("wakes", "wakes is not null")
_LATE = _past("late_at", "late_at is not null")


def sweep(tx: Transaction, most: int) -> Swept:
    """See `Board.sweep`. Deadlines first: what has failed by them is neither put back nor late."""
    writes = Writes(tx, tx.now())
    expired = [_expired(writes, ticket) for ticket in _some(tx, _EXPIRED, writes, most)]
    writes.write()
    leases = list(tx.execute(_OVER, {"now": writes.now, "most": most}).scalars())
    lost = list(_lost(tx, writes, leases))
    woken = [writes.put(changed(ticket, status="ready")) for ticket in _some(tx, _WOKEN, writes, most)]
    writes.write()
    late = _some(tx, _LATE, writes, most)
    if late:
        tx.execute(_TOLD, {"ids": [ticket.id for ticket in late]})
    full = max(len(expired), len(leases), len(woken), len(late)) == most
    return Swept(lost=tuple(lost), expired=tuple(expired), woken=tuple(woken), late=tuple(late), more=full)


def bound(tx: Transaction, kinds: Mapping[str, timedelta], most: int) -> tuple[Ticket, ...]:
    """See `Board.bound`."""
    writes = Writes(tx, tx.now())
    found = tickets_of(tx.execute(_ENDLESS, {"kinds": list(kinds), "most": most}).all())
    ending = [changed(one, deadline=writes.now + kinds[one.kind]) for one in found]
    given = tuple(writes.put(one, **timed(one), late_at=one.due) for one in ending)
    writes.write()
    return given


def _some(tx: Transaction, query: Select[tuple[object, ...]], writes: Writes, most: int) -> list[Ticket]:
    return tickets_of(tx.execute(query, {"now": writes.now, "most": most}).all())


def _lost(tx: Transaction, writes: Writes, leases: Sequence[str]) -> Iterator[Moved]:
    if not leases:
        return
    for ticket in tickets_of(tx.execute(_LOST, {"leases": leases}).all()):
        yield _put_back(writes, ticket)
    tx.execute(_FORGET, {"leases": leases})


def _put_back(writes: Writes, ticket: Ticket) -> Moved:
    if ticket.attempts < ticket.most_attempts:
        return Moved(before=ticket, after=again(writes, ticket, None))
    text = Text("its lease ran out {count} times: whoever takes it does not come to an end with it", count=ticket.attempts)
    return failed_by_time(writes, ticket, "lease_lost", text)


def _expired(writes: Writes, ticket: Ticket) -> Moved:
    return failed_by_time(writes, ticket, OVER_TIME, Text("its deadline passed before it was done"))
