"""A store that can die, or seem to be away, at any of its commits; and tables in which what must never be would be seen."""

import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, TypeAlias

from sqlalchemy import JSON, Column, Integer, MetaData, String, Table, func, insert, select

from hulk.apps.schema import prepare
from hulk.kernel.durable import Change
from hulk.kernel.errors import Exhausted, Refused
from hulk.kernel.records import to_json
from hulk.modules.agents.adapters.sql import SqlAccounts, SqlTasks, account_table, hold_table
from hulk.modules.agents.domain.account import Account
from hulk.modules.agents.domain.plan import Plan
from hulk.modules.agents.domain.task import Made
from hulk.modules.agents.ports import Hold
from hulk.runtime.store import Store, Transaction, engine_for
from hulk.runtime.store.trouble import Away

Fate: TypeAlias = Literal["", "away before", "away after", "dies before", "dies after"]
"""What becomes of a commit: it is made, or not, and somebody is told, or the process is no more."""

_own = MetaData()
history_table = Table(
    "test_history",
    _own,
    Column("id", Integer, primary_key=True),
    Column("task", String(64)),
    Column("key", String(64)),
    Column("version", Integer),
    Column("status", String(16)),
)
"""What steps came to, in order."""
plan_table = Table(
    "test_plan", _own, Column("task", String(64), primary_key=True), Column("version", Integer, primary_key=True), Column("plan", JSON)
)
"""All plans of tasks."""
wrong_table = Table("test_wrong", _own, Column("id", Integer, primary_key=True), Column("what", String(200)))
"""What must never be."""


class Died(BaseException):
    """The process is no more: nothing of what it had in its memory is left."""


def died() -> None:
    """As if this process were killed."""
    raise Died


def killed() -> None:
    """kill -9 of this process."""
    os.kill(os.getpid(), signal.SIGKILL)


def _none() -> Fate:
    return ""


class MortalStore(Store):
    """Asks `fate` at each commit, and dies in that way."""

    fate: Callable[[], Fate] = staticmethod(_none)
    die: Callable[[], None] = staticmethod(died)

    async def commit(self, *changes: Change[Any]) -> list[Any]:
        """See `Store`."""
        fate = self.fate()
        if fate == "dies before":
            self.die()
        if fate == "away before":
            raise Away("The database is not available right now: it was not made.")
        found = await super().commit(*changes)
        if fate == "dies after":
            self.die()
        if fate == "away after":
            raise Away("The database is not available right now: it was made.")
        return found


@asynccontextmanager
async def a_mortal_store(url: str, folder: Path) -> AsyncIterator[MortalStore]:
    """Over that database, with all tables and ours."""
    store = MortalStore(engine_for(url, folder))
    try:
        prepare(store.engine)
        _own.create_all(store.engine)
        yield store
    finally:
        store.close()


class WatchedTasks(SqlTasks):
    """Notes what steps come to, with it."""

    def made(self, made: Made) -> Change[None]:
        """See `Tasks`."""
        change = super().made(made)
        row = {"task": made.task, "key": made.key, "version": made.version, "status": made.status}

        def both(tx: Transaction) -> None:
            change(tx)
            tx.execute(insert(history_table), row)

        return both

    def planned(self, task: str, plan: Plan) -> Change[None]:
        """See `Tasks`."""
        change = super().planned(task, plan)

        def both(tx: Transaction) -> None:
            change(tx)
            tx.insert_new(plan_table, {"task": task, "version": plan.version, "plan": to_json(plan)})

        return both


class WatchedAccounts(SqlAccounts):
    """Looks at the caps within each transaction that changes what is taken of them."""

    def open(self, task: str, account: Account) -> Change[None]:
        """See `Accounts`."""
        return _looked_at(super().open(task, account), task, None)

    def hold(self, hold: Hold) -> Change[Exhausted | Refused | None]:
        """See `Accounts`."""
        return _looked_at(super().hold(hold), hold.task, hold)

    def settle(self, hold: str, tokens: int, cost: Decimal, written: int = 0) -> Change[None]:
        """See `Accounts`."""
        change = super().settle(hold, tokens, cost, written)

        def both(tx: Transaction) -> None:
            change(tx)
            task = tx.execute(select(hold_table.c.task).where(hold_table.c.id == hold)).scalar_one()
            _look_at(tx, task, None)

        return both


def _looked_at(change: Change[Any], task: str, hold: Hold | None) -> Change[Any]:
    def both(tx: Transaction) -> Any:
        found = change(tx)
        _look_at(tx, task, hold)
        return found

    return both


def _look_at(tx: Transaction, task: str, hold: Hold | None) -> None:
    account = tx.execute(select(account_table).where(account_table.c.task == task)).one()
    held = tx.execute(select(hold_table.c.tokens, hold_table.c.cost).where(hold_table.c.task == task)).all()
    if account.tokens > account.most_tokens or account.tokens != sum(row.tokens for row in held):
        _wrong(tx, f"{task}: {account.tokens} tokens of {account.most_tokens}, {held}")
    cost = Decimal(account.cost)
    if (account.most_cost is not None and cost > Decimal(account.most_cost)) or cost != sum(Decimal(row.cost) for row in held):
        _wrong(tx, f"{task}: cost {cost} of {account.most_cost}")
    if hold is not None and hold.most is not None:
        mine = select(func.sum(hold_table.c.tokens)).where(hold_table.c.task == task, hold_table.c.key == hold.key)
        if (tx.execute(mine).scalar_one() or 0) > hold.most:
            _wrong(tx, f"{task}: {hold.key} took more than its {hold.most}")


def _wrong(tx: Transaction, what: str) -> None:
    tx.execute(insert(wrong_table), {"what": what[:200]})
