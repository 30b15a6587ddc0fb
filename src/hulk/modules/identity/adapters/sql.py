"""Tenants and keys in the store."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Row, String, Table, bindparam, insert, select, update

from hulk.kernel.durable import Change
from hulk.kernel.errors import NotFound
from hulk.modules.identity.domain import ApiKey, Tenant
from hulk.runtime.store import Moment, Store, Transaction, metadata

tenant_table = Table(
    "tenant",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("created", Moment, nullable=False),
)

key_table = Table(
    "api_key",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("tenant", String(64), nullable=False, index=True),
    Column("name", String(100), nullable=False),
    Column("role", String(16), nullable=False),
    Column("prefix", String(8), nullable=False, unique=True),
    Column("hash", String(64), nullable=False),
    Column("created", Moment, nullable=False),
    Column("expires", Moment),
    Column("revoked", Moment),
    Column("last_use", Moment),
)

_COLUMNS = [key_table.c[field.name] for field in fields(ApiKey)]
_BY_PREFIX = select(*_COLUMNS).where(key_table.c.prefix == bindparam("at"))
_TOUCH = update(key_table).where(key_table.c.id == bindparam("at"))


class SqlKeys:
    """Keeps `Keys`' promises in SQLite and PostgreSQL."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def by_prefix(self, prefix: str) -> ApiKey | None:
        """See `Keys`."""
        row = await self._store.read(lambda connection: connection.execute(_BY_PREFIX, {"at": prefix}).one_or_none())
        return _key(row) if row is not None else None

    async def of_tenant(self, tenant: str) -> Sequence[ApiKey]:
        """See `Keys`."""
        query = select(*_COLUMNS).where(key_table.c.tenant == tenant).order_by(key_table.c.id)
        rows = await self._store.read(lambda connection: connection.execute(query).all())
        return [_key(row) for row in rows]

    def add(self, key: ApiKey) -> Change[None]:
        """See `Keys`."""

        def change(tx: Transaction) -> None:
            tx.execute(insert(key_table).values(asdict(key)))

        return change

    def revoke(self, tenant: str, id_: str, at: datetime) -> Change[ApiKey]:
        """See `Keys`."""

        def change(tx: Transaction) -> ApiKey:
            its = (key_table.c.id == id_) & (key_table.c.tenant == tenant)
            tx.execute(update(key_table).where(its & key_table.c.revoked.is_(None)).values(revoked=at))
            row = tx.execute(select(*_COLUMNS).where(its)).one_or_none()
            if row is None:
                raise NotFound("There is no key {id} here.", id=id_)
            return _key(row)

        return change

    def touch(self, id_: str, at: datetime) -> Change[None]:
        """See `Keys`."""

        def change(tx: Transaction) -> None:
            tx.execute(_TOUCH, {"at": id_, "last_use": at})

        return change


class SqlTenants:
    """Keeps `Tenants`' promises in SQLite and PostgreSQL."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def ensure(self, tenant: Tenant) -> Change[bool]:
        """See `Tenants`."""

        def change(tx: Transaction) -> bool:
            return tx.insert_new(tenant_table, asdict(tenant))

        return change

    async def get(self, id_: str) -> Tenant | None:
        """See `Tenants`."""
        query = select(tenant_table.c.id, tenant_table.c.created).where(tenant_table.c.id == id_)
        row = await self._store.read(lambda connection: connection.execute(query).one_or_none())
        return Tenant(id=row.id, created=row.created) if row is not None else None


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(**row._asdict())
