"""Holds and removed ranges, in the store."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Index,
    String,
    Table,
    and_,
    delete,
    exists,
    insert,
    or_,
    select,
    union,
    update,
)
from sqlalchemy import Text as Prose

from hulk.kernel.durable import Change
from hulk.kernel.errors import Conflict, NotFound
from hulk.kernel.records import fields_of
from hulk.modules.audit.adapters.sql import gaps_in, mark_table
from hulk.modules.audit.domain import Gap, Hold, Old
from hulk.runtime.outbox import event_table
from hulk.runtime.outbox.tables import outbox_table
from hulk.runtime.store import Moment, Store, Transaction, metadata

hold_table = Table(
    "audit_hold",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("subject", String(128)),
    Column("intent", String(64)),
    Column("reason", Prose, nullable=False),
    Column("actor", String(128), nullable=False),
    Column("created", Moment, nullable=False),
    Column("lifted", Moment),
    Index("ix_audit_hold_tenant", "tenant"),
)

gap_table = gaps_in(metadata, "audit_gap")


class SqlHolds:
    """`ports.Holds` over the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, hold: Hold) -> Change[None]:
        """See `Holds`."""
        values = fields_of(Hold, hold)

        def change(tx: Transaction) -> None:
            tx.execute(insert(hold_table), values)

        return change

    def lift(self, hold: str, now: datetime) -> Change[Hold]:
        """See `Holds`."""

        def change(tx: Transaction) -> Hold:
            row = tx.execute(select(hold_table).where(hold_table.c.id == hold).with_for_update()).one_or_none()
            if row is None:
                raise NotFound("There is no hold {id}.", id=hold)
            if row.lifted is not None:
                raise Conflict("The hold {id} was lifted before.", id=hold)
            tx.execute(update(hold_table).where(hold_table.c.id == hold).values(lifted=now))
            return Hold(**{**row._asdict(), "lifted": now})

        return change

    async def all(self, tenant: str | None) -> Sequence[Hold]:
        """See `Holds`."""
        rows = select(hold_table).where(hold_table.c.lifted.is_(None)).order_by(hold_table.c.created, hold_table.c.id)
        rows = rows if tenant is None else rows.where(hold_table.c.tenant == tenant)
        return await self._store.read(lambda connection: [Hold(**row._asdict()) for row in connection.execute(rows)])


class SqlRemovals:
    """`ports.Removals` over the store, of what is in the archive of that name."""

    def __init__(self, store: Store, archive: str) -> None:
        self._store = store
        self._archive = archive

    async def tenants(self, before: datetime) -> Sequence[str]:
        """See `Removals`."""
        some = exists().where(event_table.c.tenant == mark_table.c.tenant, event_table.c.time < before)
        names = union(select(mark_table.c.tenant).where(some), select(gap_table.c.tenant))
        return await self._store.read(lambda connection: sorted(connection.execute(names).scalars()))

    async def old(self, tenant: str, before: datetime, most: int) -> Sequence[Old]:
        """See `Removals`."""
        return await self._store.read(lambda connection: _old(connection, self._archive, tenant, before, most))

    async def gaps(self, tenant: str) -> Sequence[Gap]:
        """See `Removals`."""
        rows = select(gap_table).where(gap_table.c.tenant == tenant).order_by(gap_table.c.first)
        return await self._store.read(lambda connection: [Gap(**row._asdict()) for row in connection.execute(rows)])

    def remove(self, gap: Gap) -> Change[None]:
        """See `Removals`."""

        def change(tx: Transaction) -> None:
            tx.execute(insert(gap_table), fields_of(Gap, gap))
            within = and_(event_table.c.tenant == gap.tenant, event_table.c.position.between(gap.first, gap.last))
            if tx.execute(delete(event_table).where(within, _free())).rowcount != gap.entries:
                raise Conflict("Entries {first} to {last} are not all there to be removed, or are held.", first=gap.first, last=gap.last)

        return change


def _free() -> ColumnElement[bool]:
    """Neither waiting for the bus nor held."""
    unsent = exists().where(outbox_table.c.sequence == event_table.c.sequence)
    everything = and_(hold_table.c.subject.is_(None), hold_table.c.intent.is_(None))
    about = or_(everything, hold_table.c.subject == event_table.c.subject, hold_table.c.intent == event_table.c.intent)
    held = exists().where(hold_table.c.tenant == event_table.c.tenant, hold_table.c.lifted.is_(None), about)
    return and_(~unsent, ~held)


def _old(connection: Connection, archive: str, tenant: str, before: datetime, most: int) -> list[Old]:
    mine = event_table.c.tenant == tenant
    young = select(event_table.c.position).where(mine, event_table.c.time >= before).order_by(event_table.c.position).limit(1)
    archived = select(mark_table.c.position).where(mark_table.c.tenant == tenant, mark_table.c.archive == archive)
    limits = [event_table.c.position < archived.scalar_subquery()]
    if (first := connection.execute(young).scalar_one_or_none()) is not None:
        limits.append(event_table.c.position < first)
    previous = event_table.alias()
    rows: Any = (
        select(event_table.c.position, event_table.c.hash, event_table.c.type, previous.c.hash.label("before"))
        .join(previous, and_(previous.c.tenant == tenant, previous.c.position == event_table.c.position - 1), isouter=True)
        .where(mine, *limits, _free())
        .order_by(event_table.c.position)
        .limit(most)
    )
    return [Old(*row) for row in connection.execute(rows)]
