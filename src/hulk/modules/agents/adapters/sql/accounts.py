"""Accounts of tasks in the store."""

from decimal import Decimal
from typing import Any

from sqlalchemy import Row, bindparam, func, select, update

from hulk.kernel.durable import Change
from hulk.kernel.errors import Exhausted, Refused
from hulk.modules.agents.adapters.sql.tables import account_table, hold_table
from hulk.modules.agents.domain.account import Account, step_refusal
from hulk.modules.agents.ports import Hold
from hulk.runtime.store import Store, Transaction

_ACCOUNT = select(account_table).where(account_table.c.task == bindparam("of"))
_HELD = _ACCOUNT.with_for_update()
_COUNT = update(account_table).where(account_table.c.task == bindparam("of"))
_HOLD = select(hold_table).where(hold_table.c.id == bindparam("one"), hold_table.c.settled.is_(False)).with_for_update()
_KNOWN = select(hold_table.c.id).where(hold_table.c.id == bindparam("one"))
_USED = select(func.coalesce(func.sum(hold_table.c.tokens), 0)).where(
    hold_table.c.task == bindparam("of"), hold_table.c.key == bindparam("step")
)
_SETTLED = update(hold_table).where(hold_table.c.id == bindparam("one")).values(settled=True)
_ASSUMED = update(hold_table).where(hold_table.c.task == bindparam("of"), hold_table.c.key == bindparam("step")).values(settled=True)


class SqlAccounts:
    """`Accounts` over the store: the row of an account is held while it is looked at and changed."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def open(self, task: str, account: Account) -> Change[None]:
        """See `Accounts`."""
        row = _account_row(task, account)

        def change(tx: Transaction) -> None:
            if not tx.insert_new(account_table, row):
                tx.execute(_COUNT, {"of": task, "most_tokens": row["most_tokens"], "most_cost": row["most_cost"]})

        return change

    def hold(self, hold: Hold) -> Change[Exhausted | Refused | None]:
        """See `Accounts`."""

        def change(tx: Transaction) -> Exhausted | Refused | None:
            account = _account(tx.execute(_HELD, {"of": hold.task}).one())
            if tx.execute(_KNOWN, {"one": hold.id}).first() is not None:
                return None
            used = tx.execute(_USED, {"of": hold.task, "step": hold.key}).scalar_one()
            refusal = step_refusal(used, hold.tokens, hold.most) or account.refusal(hold.tokens, hold.cost)
            if refusal is None:
                tx.insert_all(hold_table, [_hold_row(hold)])
                _counted(tx, hold.task, account.with_more(hold.tokens, hold.cost))
            return refusal

        return change

    def settle(self, hold: str, tokens: int, cost: Decimal, written: int = 0) -> Change[None]:
        """See `Accounts`."""

        def change(tx: Transaction) -> None:
            row = tx.execute(_HOLD, {"one": hold}).one_or_none()
            if row is None:
                return
            account = _account(tx.execute(_HELD, {"of": row.task}).one())
            _counted(tx, row.task, account.with_more(tokens - row.tokens, cost - Decimal(row.cost), written))
            tx.execute(_SETTLED, {"one": hold, "tokens": tokens, "cost": str(cost)})

        return change

    def assume(self, task: str, key: str) -> Change[None]:
        """See `Accounts`."""

        def change(tx: Transaction) -> None:
            tx.execute(_ASSUMED, {"of": task, "step": key})

        return change

    async def of(self, task: str) -> Account | None:
        """See `Accounts`."""
        row = await self._store.read(lambda connection: connection.execute(_ACCOUNT, {"of": task}).one_or_none())
        return None if row is None else _account(row)


def _account_row(task: str, account: Account) -> dict[str, Any]:
    most = None if account.most_cost is None else str(account.most_cost)
    used = {"tokens": account.tokens, "cost": str(account.cost), "written": account.written}
    return {"task": task, "most_tokens": account.most_tokens, "most_cost": most, **used}


def _hold_row(hold: Hold) -> dict[str, Any]:
    asked = {"id": hold.id, "task": hold.task, "key": hold.key, "tokens": hold.tokens}
    return {**asked, "cost": str(hold.cost), "settled": False}


def _account(row: Row[Any]) -> Account:
    most = None if row.most_cost is None else Decimal(row.most_cost)
    return Account(most_tokens=row.most_tokens, most_cost=most, tokens=row.tokens, cost=Decimal(row.cost), written=row.written)


def _counted(tx: Transaction, task: str, account: Account) -> None:
    tx.execute(_COUNT, {"of": task, "tokens": account.tokens, "cost": str(account.cost), "written": account.written})
