"""Tenants and their namespaces in the store."""

from collections.abc import Collection, Sequence

from sqlalchemy import delete, select

from hulk.kernel.durable import Change
from hulk.kernel.errors import NotFound
from hulk.kernel.records import fields_of
from hulk.modules.identity.adapters.sql.tables import account_table, hold, key_table, namespace_table, tenant_table
from hulk.modules.identity.domain import Namespace, Tenant, require_known, require_unused
from hulk.runtime.store import Store, Transaction


class SqlTenants:
    """Keeps `Tenants`' promises in SQLite and PostgreSQL."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def ensure(self, tenant: Tenant) -> Change[bool]:
        """See `Tenants`."""

        def change(tx: Transaction) -> bool:
            return tx.insert_new(tenant_table, fields_of(Tenant, tenant))

        return change

    async def get(self, id_: str) -> Tenant | None:
        """See `Tenants`."""
        query = select(tenant_table).where(tenant_table.c.id == id_)
        row = await self._store.read(lambda connection: connection.execute(query).one_or_none())
        return Tenant(id=row.id, created=row.created) if row is not None else None

    async def all(self) -> Sequence[Tenant]:
        """See `Tenants`."""
        query = select(tenant_table).order_by(tenant_table.c.id)
        rows = await self._store.read(lambda connection: connection.execute(query).all())
        return [Tenant(id=row.id, created=row.created) for row in rows]

    async def namespaces(self, tenant: str) -> Sequence[Namespace]:
        """See `Tenants`."""
        query = select(namespace_table).where(namespace_table.c.tenant == tenant).order_by(namespace_table.c.name)
        rows = await self._store.read(lambda connection: connection.execute(query).all())
        return [Namespace(**row._asdict()) for row in rows]

    def add_namespace(self, namespace: Namespace) -> Change[bool]:
        """See `Tenants`."""

        def change(tx: Transaction) -> bool:
            hold(tx, namespace.tenant)
            return tx.insert_new(namespace_table, fields_of(Namespace, namespace))

        return change

    def remove_namespace(self, tenant: str, name: str) -> Change[Namespace]:
        """See `Tenants`."""

        def change(tx: Transaction) -> Namespace:
            hold(tx, tenant)
            its = (namespace_table.c.tenant == tenant) & (namespace_table.c.name == name)
            row = tx.execute(select(namespace_table).where(its)).one_or_none()
            if row is None:
                raise NotFound("There is no namespace “{name}” here.", name=name[:80])
            _require_ungranted(tx, tenant, name)
            tx.execute(delete(namespace_table).where(its))
            return Namespace(**row._asdict())

        return change

    def require_namespaces(self, tenant: str, names: Collection[str]) -> Change[None]:
        """See `Tenants`."""

        def change(tx: Transaction) -> None:
            hold(tx, tenant)
            query = select(namespace_table.c.name).where(namespace_table.c.tenant == tenant)
            require_known(names, tx.execute(query).scalars().all())

        return change


def _require_ungranted(tx: Transaction, tenant: str, name: str) -> None:
    keys = select(key_table.c.grants).where(key_table.c.tenant == tenant, key_table.c.revoked.is_(None))
    accounts = select(account_table.c.grants).where(account_table.c.tenant == tenant)
    granted = [grant.namespace for query in (keys, accounts) for grants in tx.execute(query).scalars() for grant in grants]
    require_unused(name, granted)
