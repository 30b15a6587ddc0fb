"""Taking tickets under a lease, and holding on to them."""

import functools
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, select, text, update

from hulk.kernel.errors import Conflict
from hulk.kernel.records import fields_of
from hulk.modules.tickets.adapters.sql.tables import HELD, NEVER, TAKABLE, lease_table, ticket_table, tickets_of
from hulk.modules.tickets.domain import PRIORITIES, Asked, Claim, Lease, Ticket, changed
from hulk.modules.tickets.ports import Taken
from hulk.runtime.store import Transaction, among

_its = ticket_table.c
_LEASE = select(lease_table).where(lease_table.c.id == bindparam("at")).with_for_update()
_HOLDING = select(ticket_table).where(_its.lease == bindparam("at"), text(HELD)).order_by(_its.id)
_TAKE = (
    update(ticket_table)
    .where(among(_its.id, "ids"))
    .values(status="running", fence=_its.fence + 1, attempts=_its.attempts + 1, revision=_its.revision + 1)
)
_RENEW = update(lease_table).where(lease_table.c.id == bindparam("at"))


@functools.cache
def _takable() -> Select[Any]:
    of_kind = (_its.tenant == bindparam("tenant"), _its.namespace == bindparam("namespace"), _its.kind == bindparam("kind"))
    found = select(ticket_table).where(*of_kind, _its.assignee == bindparam("assignee"), text(TAKABLE))
    order = (_its.priority, _its.due_by, _its.created, _its.id)
    return found.order_by(*order).limit(bindparam("most")).with_for_update(skip_locked=True)


def lease(tx: Transaction, claim: Claim, asked: Asked) -> Taken:
    """See `Board.lease`. The same request again goes on holding what it has taken as long as a new one would."""
    if asked.request is not None and tx.execute(_LEASE, {"at": claim.id}).one_or_none() is not None:
        return renew(tx, claim)
    lease = _lasting(tx, claim)
    taken = sorted(_candidates(tx, claim.tenant, asked), key=_urgency)[: asked.most]
    if taken:
        tx.execute(_TAKE, {"ids": [one.id for one in taken], "lease": lease.id, "worker": lease.worker, "updated": tx.now()})
        row = {"id": lease.id, "tenant": lease.tenant, "worker": lease.worker, "actor": lease.actor, "until": lease.until}
        if not tx.insert_new(lease_table, row):
            raise Conflict("Another request made the lease {lease} at this very moment. Ask again.", lease=lease.id)
    return Taken(lease=lease, tickets=tuple(_held(one, lease, tx.now()) for one in taken))


def _lasting(tx: Transaction, claim: Claim) -> Lease:
    """The lease from now on."""
    return Lease(**fields_of(Claim, claim), until=tx.now() + claim.lasting)


def _candidates(tx: Transaction, tenant: str, asked: Asked) -> Iterator[Ticket]:
    """The most urgent of each kind; those that are not taken are let go with the transaction."""
    for kind in dict.fromkeys(asked.kinds):
        for assignee in ("", *dict.fromkeys(str(one) for one in asked.assignees)):
            key = {"tenant": tenant, "namespace": asked.namespace, "kind": kind, "assignee": assignee, "most": asked.most}
            yield from tickets_of(tx.execute(_takable(), key).all())


def _urgency(ticket: Ticket) -> tuple[Any, ...]:
    return -PRIORITIES.index(ticket.priority), ticket.due or NEVER, ticket.created, ticket.id


def _held(ticket: Ticket, lease: Lease, now: datetime) -> Ticket:
    """As the update left it."""
    return changed(
        ticket, status="running", lease=lease.id, worker=lease.worker, fence=ticket.fence + 1, attempts=ticket.attempts + 1,
        revision=ticket.revision + 1, updated=now,
    )  # fmt: skip


def renew(tx: Transaction, claim: Claim) -> Taken:
    """See `Board.renew`. A lease that has run out is not taken up again, also when nobody has noticed yet."""
    lease = _lasting(tx, claim)
    row = tx.execute(_LEASE, {"at": lease.id}).one_or_none()
    if row is None or (row.tenant, row.worker) != (lease.tenant, lease.worker) or row.until <= tx.now():
        return Taken(lease=lease, tickets=(), fresh=False)
    tx.execute(_RENEW, {"at": lease.id, "until": lease.until})
    return Taken(lease=lease, tickets=tuple(tickets_of(tx.execute(_HOLDING, {"at": lease.id}).all())), fresh=False)
