"""Kinds of tickets in the store."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, select, tuple_

from hulk.kernel.durable import Change
from hulk.kernel.records import fields_of
from hulk.modules.tickets.adapters.sql.tables import kind_table
from hulk.modules.tickets.domain import Kind
from hulk.runtime.store import Store, Transaction

_its = kind_table.c


class SqlKinds:
    """`ports.Kinds` in SQLite or PostgreSQL."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seen: dict[tuple[str, str], Kind] = {}

    def put(self, kind: Kind) -> Change[tuple[Kind | None, Kind]]:
        """See `Kinds`."""

        def change(tx: Transaction) -> tuple[Kind | None, Kind]:
            row = tx.execute(_OF.where(_its.tenant == kind.tenant, _its.name == kind.name).with_for_update()).one_or_none()
            before = None if row is None else _kind(row)
            if before is not None and replace(kind, version=before.version, actor=before.actor, created=before.created) == before:
                return before, before
            new = replace(kind, version=before.version + 1) if before else kind
            tx.put(kind_table, _row(new))
            return before, new

        return change

    def remove(self, tenant: str, name: str) -> Change[bool]:
        """See `Kinds`."""
        return lambda tx: tx.execute(delete(kind_table).where(_its.tenant == tenant, _its.name == name)).rowcount == 1

    async def get(self, tenant: str, name: str) -> Kind | None:
        """See `Kinds`."""
        found = await self._store.look_up(_of_names, (tenant, name))
        if found is None:
            self._seen.pop((tenant, name), None)
        else:
            self._remember(found)
        return found

    def _remember(self, kind: Kind) -> None:
        if len(self._seen) >= _MOST_SEEN:
            self._seen.clear()
        self._seen[kind.tenant, kind.name] = kind

    def seen(self, tenant: str, name: str) -> Kind | None:
        """See `Kinds`."""
        return self._seen.get((tenant, name))

    async def of_tenant(self, tenant: str) -> list[Kind]:
        """See `Kinds`. Sorted here: how a PostgreSQL sorts names depends on the language that its database was made for."""
        query = _OF.where(_its.tenant == tenant)
        rows = await self._store.read(lambda connection: connection.execute(query).all())
        return sorted((_kind(row) for row in rows), key=lambda kind: kind.name)


_OF = select(kind_table)
_STATES = select(_its.tenant, _its.name, _its.version, _its.created)
_MOST_SEEN = 10_000


def unchanged(tx: Transaction, kinds: Iterable[Kind]) -> bool:
    """Whether all are as they are kept; of one that was removed and registered anew, the moment tells."""
    known = {(kind.tenant, kind.name, kind.version, kind.created) for kind in kinds}
    names = sorted({(tenant, name) for tenant, name, _, _ in known})
    return known == {tuple(row) for row in tx.execute(_STATES.where(tuple_(_its.tenant, _its.name).in_(names)))}


def _of_names(connection: Connection, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Kind]:
    found = connection.execute(_OF.where(tuple_(_its.tenant, _its.name).in_(list(dict.fromkeys(keys)))))
    return {(row.tenant, row.name): _kind(row) for row in found}


def _row(kind: Kind) -> dict[str, Any]:
    return fields_of(Kind, kind) | {"lease": kind.lease.total_seconds()}


def _kind(row: Row[Any]) -> Kind:
    return Kind(**row._asdict() | {"lease": timedelta(seconds=row.lease)})
