"""The versions of tenants' own policies in the store: rows are only ever added."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Column, Connection, Integer, Row, String, Table, Text, bindparam, func, select

from hulk.kernel.durable import Change
from hulk.kernel.errors import Conflict, NotFound, Unavailable
from hulk.kernel.records import fields_of, from_json, to_json
from hulk.modules.router.domain.policy import Policy, PolicySet, Version, expect
from hulk.runtime.store import Document, Moment, Store, Transaction, metadata

policy_version_table = Table(
    "policy_version",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("restored", Integer),
    Column("size", Integer, nullable=False),
    Column("policies", Document, nullable=False),
)
"""All own policies of a tenant as they were from then on, until the next version."""

_its = policy_version_table.c
_ABOUT = (_its.tenant, _its.number, _its.at, _its.by, _its.reason, _its.restored, _its.size)
_NUMBER = select(func.max(_its.number)).where(_its.tenant == bindparam("of"))
_NEWEST = select(policy_version_table).where(_its.tenant == bindparam("of")).order_by(_its.number.desc()).limit(1)
_ONE = select(policy_version_table).where(_its.tenant == bindparam("of"), _its.number == bindparam("one"))
_HISTORY = select(*_ABOUT).where(_its.tenant == bindparam("of")).order_by(_its.number.desc())
_TRIES = 20
"""Versions of others that may come while one is written: each time it is counted again."""


class SqlPolicySets:
    """`PolicySets` over the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, wanted: PolicySet, expected: int | None = None) -> Change[tuple[PolicySet | None, PolicySet]]:
        """See `PolicySets`."""
        tenant, state = wanted.version.tenant, to_json(wanted.policies)

        def change(tx: Transaction) -> tuple[PolicySet | None, PolicySet]:
            for _ in range(_TRIES):
                before = _newest(tx.connection, tenant)
                last = before.version.number if before else 0
                expect(expected, last)
                if before is not None and before.policies == wanted.policies:
                    return before, before
                version = replace(wanted.version, number=last + 1)
                if tx.insert_new(policy_version_table, {**fields_of(Version, version), "policies": state}):
                    return before, replace(wanted, version=version)
            raise Conflict("Others are changing the policies at this moment. Look at them, then try again.")

        return change

    async def number(self, tenant: str) -> int:
        """See `PolicySets`."""
        return await self._store.read(lambda connection: connection.execute(_NUMBER, {"of": tenant}).scalar() or 0)

    async def newest(self, tenant: str) -> PolicySet | None:
        """See `PolicySets`."""
        return await self._store.read(lambda connection: _newest(connection, tenant))

    async def get(self, tenant: str, number: int) -> PolicySet:
        """See `PolicySets`."""
        row = await self._store.read(lambda connection: connection.execute(_ONE, {"of": tenant, "one": number}).one_or_none())
        if row is None:
            raise NotFound("There is no such version of the policies.")
        return _set(row)

    async def history(self, tenant: str, before: int | None, most: int) -> Sequence[Version]:
        """See `PolicySets`."""
        wanted = (_HISTORY if before is None else _HISTORY.where(_its.number < before)).limit(most)
        return await self._store.read(lambda connection: [_version(row) for row in connection.execute(wanted, {"of": tenant})])


def _newest(connection: Connection, tenant: str) -> PolicySet | None:
    row = connection.execute(_NEWEST, {"of": tenant}).one_or_none()
    return None if row is None else _set(row)


def _set(row: Row[Any]) -> PolicySet:
    try:
        return PolicySet(_version(row), tuple(from_json(tuple[Policy, ...], row.policies)))
    except (ExceptionGroup, ValueError, TypeError) as error:
        raise Unavailable(
            "Version {number} of the policies cannot be understood: it was written by a newer Hulk. Upgrade this process.",
            number=row.number,
        ) from error


def _version(row: Any) -> Version:
    return Version(**fields_of(Version, row))
