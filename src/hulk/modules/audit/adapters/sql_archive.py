"""The archive in a SQL database of its own: a file beside the store's, or a PostgreSQL elsewhere."""

import itertools
from collections.abc import AsyncIterator, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Index, MetaData, Row, String, Table, Text, delete, select, text

from hulk.kernel.records import fields_of
from hulk.kernel.time import iso
from hulk.modules.audit.adapters.sql import gaps_in
from hulk.modules.audit.domain import BESIDE, Gap, Link, Wanted, beside
from hulk.runtime.store import Store, Transaction

BATCH = 1000
_LOCK = 0x41554449
"""PostgreSQL's advisory lock that one process at a time holds while it makes the tables ("AUDI")."""

own = MetaData()
"""Not the store's: these tables are in another database."""

entry_table = Table(
    "audit_entry",
    own,
    Column("tenant", String(64), primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("id", String(64), nullable=False),
    Column("type", String(128), nullable=False),
    Column("subject", String(128), nullable=False),
    Column("actor", String(128), nullable=False),
    Column("intent", String(64)),
    Column("time", String(27), nullable=False),
    Index("ix_audit_entry_subject", "tenant", "subject", "position"),
    Index("ix_audit_entry_intent", "tenant", "intent", "position"),
    Index("ix_audit_entry_time", "tenant", "time"),
)

gap_table = gaps_in(own, "audit_entry_gap")


class SqlArchive:
    """`ports.Archive` over a database that nothing else is kept in. Its tables are made when it is first used, which may be long
    after the start: it may be away then."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._prepared = False

    async def append(self, links: Sequence[Link]) -> Sequence[Link]:
        """See `Archive`."""
        await self._prepare()
        (others,) = await self._store.commit(lambda tx: _appended(tx, links))
        return list(others)

    async def tenants(self) -> Sequence[str]:
        """See `Archive`. Sorted here, as a PostgreSQL may sort otherwise."""
        await self._prepare()
        names = select(entry_table.c.tenant).distinct()
        return await self._store.read(lambda connection: sorted(connection.execute(names).scalars()))

    async def end(self, tenant: str) -> Link | None:
        """See `Archive`."""
        await self._prepare()
        last = select(entry_table).where(entry_table.c.tenant == tenant).order_by(entry_table.c.position.desc()).limit(1)
        row = await self._store.read(lambda connection: connection.execute(last).one_or_none())
        return None if row is None else _link(row)

    async def links(self, tenant: str, after: int, until: int | None = None) -> AsyncIterator[Sequence[Link]]:
        """See `Archive`; a thousand at a time."""
        await self._prepare()
        while links := await self._some(tenant, after, until):
            yield links
            after = links[-1].position

    async def _some(self, tenant: str, after: int, until: int | None) -> list[Link]:
        rows = select(entry_table).where(entry_table.c.tenant == tenant, entry_table.c.position > after)
        rows = rows if until is None else rows.where(entry_table.c.position <= until)
        rows = rows.order_by(entry_table.c.position).limit(BATCH)
        return await self._store.read(lambda connection: [_link(row) for row in connection.execute(rows)])

    async def search(self, wanted: Wanted, below: int | None, most: int) -> Sequence[Link]:
        """See `Archive`."""
        await self._prepare()
        rows = select(entry_table).where(entry_table.c.tenant == wanted.tenant)
        rows = rows.where(*(entry_table.c[name] == value for name, value in wanted.exactly.items()))
        rows = rows if wanted.since is None else rows.where(entry_table.c.time >= iso(wanted.since))
        rows = rows if wanted.before is None else rows.where(entry_table.c.time < iso(wanted.before))
        rows = rows if below is None else rows.where(entry_table.c.position < below)
        rows = rows.order_by(entry_table.c.position.desc()).limit(most)
        return await self._store.read(lambda connection: [_link(row) for row in connection.execute(rows)])

    async def remove(self, gap: Gap) -> None:
        """See `Archive`."""
        await self._prepare()
        await self._store.commit(lambda tx: _removed(tx, gap))

    async def gaps(self, tenant: str) -> Sequence[Gap]:
        """See `Archive`."""
        await self._prepare()
        rows = select(gap_table).where(gap_table.c.tenant == tenant).order_by(gap_table.c.first)
        return await self._store.read(lambda connection: [Gap(**row._asdict()) for row in connection.execute(rows)])

    async def _prepare(self) -> None:
        if not self._prepared:
            await self._store.commit(_made)
            self._prepared = True


def _made(tx: Transaction) -> None:
    """The tables, unless they are there."""
    if tx.connection.dialect.name == "postgresql":
        tx.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    own.create_all(tx.connection)


def _appended(tx: Transaction, links: Sequence[Link]) -> list[Link]:
    if tx.insert_all_new(entry_table, [_row(link) for link in links]):
        return []
    there = {(link.tenant, link.position): link for link in _there(tx.connection, links)}
    return [link for link in links if not there[link.tenant, link.position].says(link)]


def _removed(tx: Transaction, gap: Gap) -> None:
    tx.insert_new(gap_table, fields_of(Gap, gap))
    tx.execute(delete(entry_table).where(entry_table.c.tenant == gap.tenant, entry_table.c.position.between(gap.first, gap.last)))


def _there(connection: Connection, links: Sequence[Link]) -> list[Link]:
    """What stands from the first to the last place of each tenant's links."""
    found: list[Link] = []
    for tenant, some in itertools.groupby(sorted(links, key=lambda link: (link.tenant, link.position)), key=lambda link: link.tenant):
        places = [link.position for link in some]
        between = entry_table.c.position.between(places[0], places[-1])
        found += [_link(row) for row in connection.execute(select(entry_table).where(entry_table.c.tenant == tenant, between))]
    return found


def _row(link: Link) -> dict[str, Any]:
    assert link.text is not None  # noqa: S101  # what cannot be read is not archived
    return {"tenant": link.tenant, "position": link.position, "hash": link.hash, "text": link.text, **beside(link)}


def _link(row: Row[Any]) -> Link:
    """SQLite keeps anything in any column: what is no text cannot be read."""
    written = row.text if isinstance(row.text, str) else None
    stands = {name: getattr(row, name) for name in BESIDE}
    return Link(tenant=row.tenant, position=row.position, hash=str(row.hash), text=written, beside=stands)
