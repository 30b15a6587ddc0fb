"""The trail in the store, as `runtime.outbox` writes it, and how far each of its chains is archived."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, MetaData, Row, String, Table, Update, bindparam, func, or_, select, union, update

from hulk.kernel.durable import Change
from hulk.kernel.events import canonical
from hulk.modules.audit.domain import ANCIENT, Head, Link, Mark, Waiting
from hulk.runtime.outbox import event_table, head_table, kept
from hulk.runtime.store import Moment, Store, Transaction, metadata

BATCH = 1000

mark_table = Table(
    "audit_mark",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("archive", String(64), primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("moved", Moment, nullable=False),
    Column("holder", String(64), nullable=False),
    Column("until", Moment, nullable=False),
)


def gaps_in(tables: MetaData, name: str) -> Table:
    """The table of removed ranges of that name, with a column for each field of `domain.Gap`: the store has one, an archive another."""
    return Table(
        name,
        tables,
        Column("tenant", String(64), primary_key=True),
        Column("first", BigInteger, primary_key=True, autoincrement=False),
        Column("last", BigInteger, nullable=False),
        Column("before", String(64), nullable=False),
        Column("hash", String(64), nullable=False),
        Column("removed", String(27), nullable=False),
        Column("seal", String(64), nullable=False),
    )


class SqlChains:
    """`ports.Chains` over the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def tenants(self) -> Sequence[str]:
        """See `Chains`. Sorted here: how a PostgreSQL sorts names depends on the language that its database was made for."""
        query = union(select(head_table.c.tenant), select(event_table.c.tenant))
        return await self._store.read(lambda connection: sorted(connection.execute(query).scalars()))

    async def head(self, tenant: str) -> Head | None:
        """The head of a tenant's chain, if there is one."""
        query = select(head_table).where(head_table.c.tenant == tenant)
        row = await self._store.read(lambda connection: connection.execute(query).one_or_none())
        return None if row is None else Head(tenant=row.tenant, position=row.position, hash=row.hash, seal=row.seal)

    async def links(self, tenant: str, after: int, until: int | None = None) -> AsyncIterator[Sequence[Link]]:
        """The tenant's links past that position, in order, a thousand at a time."""
        while links := await self._some(tenant, after, until):
            yield links
            after = links[-1].position

    async def _some(self, tenant: str, after: int, until: int | None) -> list[Link]:
        return await self._store.read(lambda connection: _links(connection, tenant, after, until))


def _links(connection: Connection, tenant: str, after: int, until: int | None) -> list[Link]:
    rows = select(event_table).where(event_table.c.tenant == tenant, event_table.c.position > after)
    rows = rows if until is None else rows.where(event_table.c.position <= until)
    rows = rows.order_by(event_table.c.position).limit(BATCH)
    try:
        return [_link(row) for row in connection.execute(rows).all()]
    except (ValueError, TypeError):  # SQLite keeps anything in any column: find out which entry it is
        places = connection.execute(rows.with_only_columns(event_table.c.sequence, event_table.c.position, event_table.c.hash))
        return [_read_alone(connection, tenant, *place) for place in places.all()]


def _read_alone(connection: Connection, tenant: str, sequence: int, position: int, hash_: str) -> Link:
    try:
        return _link(connection.execute(select(event_table).where(event_table.c.sequence == sequence)).one())
    except (ValueError, TypeError):
        return Link(tenant=tenant, position=position, hash=str(hash_), text=None)


def _link(row: Row[Any]) -> Link:
    return Link(tenant=row.tenant, position=row.position, hash=row.hash, text=canonical(kept(row).event).decode())


class SqlMarks:
    """`ports.Marks` over the store, of the archive of that name: another one gets all from the beginning."""

    def __init__(self, store: Store, archive: str) -> None:
        self._store = store
        self._archive = archive

    async def due(self, most: int) -> Sequence[Mark]:
        """See `Marks`."""
        at = {"at_archive": self._archive, "at_most": most}
        return await self._store.read(lambda connection: [_mark(row) for row in connection.execute(_DUE, at)])

    async def waiting(self) -> Waiting:
        """See `Marks`."""
        found = await self._store.read(lambda connection: connection.execute(_WAITING, {"at_archive": self._archive}).one())
        return Waiting(int(found.entries or 0), found.since)

    async def mark(self, tenant: str) -> Mark | None:
        """See `Marks`."""
        at = {"at_archive": self._archive, "at_tenant": tenant}
        row = await self._store.read(lambda connection: connection.execute(_MARKED, at).one_or_none())
        return None if row is None else _mark(row)

    def take(self, mark: Mark, holder: str, now: datetime, until: datetime) -> Change[bool]:
        """See `Marks`."""
        begun = {
            "tenant": mark.tenant, "archive": self._archive, "position": mark.position, "hash": mark.hash, "moved": now, "holder": holder,
            "until": until,
        }  # fmt: skip

        def change(tx: Transaction) -> bool:
            if tx.insert_new(mark_table, begun):
                return True
            free = or_(mark_table.c.holder == holder, mark_table.c.until < now)
            return tx.execute(self._of(mark).where(free).values(holder=holder, until=until)).rowcount == 1

        return change

    def move(self, mark: Mark, to: Link, now: datetime, until: datetime) -> Change[bool]:
        """See `Marks`."""
        moving = self._of(mark).where(mark_table.c.position == mark.position, mark_table.c.position < to.position)
        return lambda tx: tx.execute(moving.values(position=to.position, hash=to.hash, moved=now, until=until)).rowcount == 1

    def _of(self, mark: Mark) -> Update:
        return update(mark_table).where(mark_table.c.tenant == mark.tenant, mark_table.c.archive == self._archive)


_POSITION = func.coalesce(mark_table.c.position, 0)
_OURS = (mark_table.c.tenant == head_table.c.tenant) & (mark_table.c.archive == bindparam("at_archive"))
_MARKED = (
    select(mark_table, func.coalesce(head_table.c.position, 0).label("head"))
    .join(head_table, head_table.c.tenant == mark_table.c.tenant, isouter=True)
    .where(mark_table.c.archive == bindparam("at_archive"), mark_table.c.tenant == bindparam("at_tenant"))
)
_DUE = (
    select(
        head_table.c.tenant, head_table.c.position.label("head"), mark_table.c.position, mark_table.c.hash, mark_table.c.holder,
        mark_table.c.until,
    )
    .join(mark_table, _OURS, isouter=True)
    .where(head_table.c.position > _POSITION)
    .order_by(func.coalesce(mark_table.c.moved, ANCIENT), head_table.c.tenant)
    .limit(bindparam("at_most"))
)  # fmt: skip
_WAITING = (
    select(func.sum(head_table.c.position - _POSITION).label("entries"), func.min(event_table.c.time).label("since"))
    .select_from(head_table)
    .join(mark_table, _OURS, isouter=True)
    .join(event_table, (event_table.c.tenant == head_table.c.tenant) & (event_table.c.position == _POSITION + 1), isouter=True)
    .where(head_table.c.position > _POSITION)
)


def _mark(row: Any) -> Mark:
    """A row of `_DUE` or `_MARKED`."""
    if row.position is None:
        return Mark(tenant=row.tenant, head=row.head)
    return Mark(tenant=row.tenant, head=row.head, position=row.position, hash=row.hash, holder=row.holder, until=row.until)
