"""Budgets in the store: every version that there ever was, the one that holds without an end."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select, update

from hulk.kernel.durable import Change
from hulk.kernel.errors import NotFound
from hulk.modules.finops.adapters.sql import counts
from hulk.modules.finops.adapters.sql.tables import budget_table, head_table, spending_table
from hulk.modules.finops.domain import Budget, Used
from hulk.modules.finops.domain.budgets import DIMENSIONS, Origin, succeeding, unlike_settings
from hulk.runtime.store import Store, Transaction

_its = budget_table.c
_OF = [_its.owner == bindparam("of_owner"), _its.name == bindparam("of_name")]
_HOLDS = select(budget_table).where(*_OF, _its.until.is_(None))
_LAST = select(func.max(_its.version)).where(*_OF)
_END = update(budget_table).where(*_OF, _its.until.is_(None))
_VERSIONS = select(budget_table).where(*_OF).order_by(_its.version)
_CHANGED = update(head_table).where(head_table.c.id == 1).values(version=head_table.c.version + 1)
_FORETELL = update(spending_table).where(spending_table.c.id == bindparam("at"), spending_table.c.foretold.is_(False))


class SqlBudgets:
    """`Budgets` over the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(self, wanted: Budget, now: datetime) -> Change[tuple[Budget | None, Budget]]:
        """See `Budgets`."""

        def change(tx: Transaction) -> tuple[Budget | None, Budget]:
            counts.head(tx, alone=True)
            before = _holding(tx, wanted.owner, wanted.name)
            unlike_settings(before, wanted.origin)
            last = tx.execute(_LAST, _named(wanted.owner, wanted.name)).scalar_one() or 0
            after = succeeding(before, wanted, last, now)
            if before is not None and after.same(before):
                return before, before
            _end(tx, wanted.owner, wanted.name, now)
            tx.insert_all(budget_table, [_row(after)])
            return before, after

        return change

    def remove(self, owner: str, name: str, origin: Origin, now: datetime) -> Change[Budget]:
        """See `Budgets`."""

        def change(tx: Transaction) -> Budget:
            counts.head(tx, alone=True)
            before = _holding(tx, owner, name)
            if before is None:
                raise NotFound("There is no budget “{name}”.", name=name[:80])
            unlike_settings(before, origin)
            _end(tx, owner, name, now)
            return before

        return change

    async def holding(self) -> Sequence[Budget]:
        """See `Budgets`."""
        return await self._store.read(lambda connection: [counts.budget_of(row) for row in connection.execute(counts.HOLDING)])

    async def versions(self, owner: str, name: str) -> Sequence[Budget]:
        """See `Budgets`."""
        of = _named(owner, name)
        return await self._store.read(lambda connection: [counts.budget_of(row) for row in connection.execute(_VERSIONS, of)])

    async def used(self, periods: Sequence[str]) -> Sequence[Used]:
        """See `Budgets`."""

        def read(connection: Any) -> list[Used]:
            holding = {(one.owner, one.name, one.epoch): one for one in map(counts.budget_of, connection.execute(counts.HOLDING))}
            rows = [
                row for period in periods for row in connection.execute(counts.OF_PERIOD, {"at_period": period}) if row.spent is not None
            ]
            known = [(row, holding.get((row.owner, row.budget, row.epoch)) or _total(row)) for row in rows]
            return [counts.used_of(row, budget) for row, budget in known if budget is not None]

        return await self._store.read(read)

    def foretell(self, count: str) -> Change[bool]:
        """See `Budgets`."""
        return lambda tx: tx.execute(_FORETELL, {"at": count, "foretold": True}).rowcount == 1


def _total(row: Any) -> Budget | None:
    """What counts a tenant's whole; None for a budget that holds no more."""
    return None if row.budget else Budget(currency=row.currency)


def _holding(tx: Transaction, owner: str, name: str) -> Budget | None:
    row = tx.execute(_HOLDS, _named(owner, name)).one_or_none()
    return None if row is None else counts.budget_of(row)


def _end(tx: Transaction, owner: str, name: str, now: datetime) -> None:
    """No version of it holds any more, and all that count read the budgets anew."""
    tx.execute(_END, {**_named(owner, name), "until": now})
    tx.execute(_CHANGED)


def _named(owner: str, name: str) -> dict[str, str]:
    return {"of_owner": owner, "of_name": name}


def _row(budget: Budget) -> dict[str, Any]:
    same = ("owner", "name", "version", "epoch", "since", "currency", "daily", "monthly", "origin")
    scope = {name: value for name in DIMENSIONS if (value := getattr(budget.scope, name)) is not None}
    return {**{name: getattr(budget, name) for name in same}, "scope": scope, "until": None}
