"""The trail in the store, as `runtime.outbox` writes it."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select, union

from hulk.modules.audit.domain import Head, Link
from hulk.runtime.outbox import event_table, head_table, kept
from hulk.runtime.store import Store

BATCH = 1000


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
        return [_link(row) for row in connection.execute(rows)]
    except (ValueError, TypeError):  # SQLite keeps anything in any column: find out which entry it is
        places = connection.execute(rows.with_only_columns(event_table.c.sequence, event_table.c.position, event_table.c.hash))
        return [_read_alone(connection, *place) for place in places.all()]


def _read_alone(connection: Connection, sequence: int, position: int, hash_: str) -> Link:
    try:
        return _link(connection.execute(select(event_table).where(event_table.c.sequence == sequence)).one())
    except (ValueError, TypeError):
        return Link(position=position, hash=hash_, event=None)


def _link(row: Row[Any]) -> Link:
    return Link(position=row.position, hash=row.hash, event=kept(row).event)
