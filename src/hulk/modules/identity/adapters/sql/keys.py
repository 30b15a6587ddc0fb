"""API keys in the store."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, insert, select, update

from hulk.kernel.durable import Change
from hulk.kernel.errors import NotFound
from hulk.kernel.records import fields_of
from hulk.modules.identity.adapters.sql.tables import key_table
from hulk.modules.identity.domain import ApiKey
from hulk.runtime.store import Store, Transaction


class SqlKeys:
    """Keeps `Keys`' promises in SQLite and PostgreSQL."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def by_prefix(self, prefix: str) -> ApiKey | None:
        """See `Keys`."""
        row = await self._store.read(lambda connection: connection.execute(_BY_PREFIX, {"at": prefix}).one_or_none())
        return _key(row) if row is not None else None

    async def get(self, tenant: str, id_: str) -> ApiKey | None:
        """See `Keys`."""
        query = select(*_COLUMNS).where(key_table.c.id == id_, key_table.c.tenant == tenant)
        row = await self._store.read(lambda connection: connection.execute(query).one_or_none())
        return _key(row) if row is not None else None

    async def of_tenant(self, tenant: str) -> Sequence[ApiKey]:
        """See `Keys`."""
        query = select(*_COLUMNS).where(key_table.c.tenant == tenant).order_by(key_table.c.id)
        rows = await self._store.read(lambda connection: connection.execute(query).all())
        return [_key(row) for row in rows]

    def add(self, key: ApiKey) -> Change[None]:
        """See `Keys`."""

        def change(tx: Transaction) -> None:
            tx.execute(insert(key_table).values(fields_of(ApiKey, key)))

        return change

    def revoke(self, tenant: str, id_: str, at: datetime) -> Change[ApiKey]:
        """See `Keys`."""

        def change(tx: Transaction) -> ApiKey:
            its = (key_table.c.id == id_) & (key_table.c.tenant == tenant)
            tx.execute(update(key_table).where(its & key_table.c.revoked.is_(None)).values(revoked=at))
            return _the_key(tx, tenant, id_)

        return change

    def expire(self, tenant: str, id_: str, at: datetime) -> Change[ApiKey]:
        """See `Keys`."""

        def change(tx: Transaction) -> ApiKey:
            key = _the_key(tx, tenant, id_).ending(at)
            tx.execute(update(key_table).where(key_table.c.id == id_).values(expires=key.expires))
            return key

        return change

    def touch(self, id_: str, at: datetime) -> Change[None]:
        """See `Keys`."""

        def change(tx: Transaction) -> None:
            tx.execute(_TOUCH, {"at": id_, "last_use": at})

        return change


def _the_key(tx: Transaction, tenant: str, id_: str) -> ApiKey:
    row = tx.execute(select(*_COLUMNS).where(key_table.c.id == id_, key_table.c.tenant == tenant)).one_or_none()
    if row is None:
        raise NotFound("There is no key {id} here.", id=id_)
    return _key(row)


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(**row._asdict())


_COLUMNS = [key_table.c[field.name] for field in fields(ApiKey)]
_BY_PREFIX = select(*_COLUMNS).where(key_table.c.prefix == bindparam("at"))
_TOUCH = update(key_table).where(key_table.c.id == bindparam("at"))
