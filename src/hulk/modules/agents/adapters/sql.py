"""Tasks, their steps and accounts in the store."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Boolean, Column, Index, Integer, Row, Select, String, Table, Text, bindparam, func, select, update

from hulk.kernel.durable import Change
from hulk.kernel.errors import Exhausted, NotFound, Refused
from hulk.kernel.records import fields_of, from_json, to_json
from hulk.kernel.tenancy import Grant
from hulk.modules.agents.domain.account import Account, step_refusal
from hulk.modules.agents.domain.plan import Plan
from hulk.modules.agents.domain.task import Made, Task, Tried
from hulk.modules.agents.domain.timing import Wait
from hulk.modules.agents.ports import Ending, Hold, WantedTasks
from hulk.modules.tools import File
from hulk.runtime.store import Document, Moment, Store, Transaction, metadata

task_table = Table(
    "agent_task",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("namespace", String(64), nullable=False),
    Column("agent", String(64), nullable=False),
    Column("actor", Text, nullable=False),
    Column("grants", Document, nullable=False),
    Column("text", Text, nullable=False),
    Column("language", String(8), nullable=False),
    Column("run", String(64), nullable=False),
    Column("intent", String(64)),
    Column("playbook", String(64), nullable=False),
    Column("parameters", Document, nullable=False),
    Column("state", String(16), nullable=False),
    Column("plan", Document),
    Column("answer", Text),
    Column("error", Document),
    Column("p0", Boolean, nullable=False),
    Column("limited", Boolean, nullable=False),
    Column("at", Moment, nullable=False),
    Column("ended", Moment),
    Column("case", String(64), nullable=False),
    Column("found", Text, nullable=False),
    Column("model", Text, nullable=False),
)
Index("agent_task_newest", task_table.c.tenant, task_table.c.at.desc(), task_table.c.id)
Index("agent_task_intent", task_table.c.intent)

made_table = Table(
    "agent_step",
    metadata,
    Column("task", String(64), primary_key=True),
    Column("key", String(64), primary_key=True),
    Column("status", String(16), nullable=False),
    Column("version", Integer, nullable=False),
    Column("run", String(64), nullable=False),
    Column("output", Document),
    Column("sources", Document, nullable=False),
    Column("calls", Document, nullable=False),
    Column("model", Text, nullable=False),
    Column("p0", Boolean, nullable=False),
    Column("limited", Boolean, nullable=False),
    Column("autonomy", String(16)),
    Column("approver", Text, nullable=False),
    Column("left_out", Integer, nullable=False),
    Column("error", Document),
    Column("at", Moment),
    Column("tried", Document, nullable=False),
    Column("files", Document, nullable=False),
)
"""What the steps of tasks have come to."""

wait_table = Table(
    "agent_wait",
    metadata,
    Column("task", String(64), primary_key=True),
    Column("run", String(64), primary_key=True),
    Column("since", Moment, primary_key=True),
    Column("until", Moment),
)
"""When people were waited for in the runs of tasks."""

account_table = Table(
    "agent_account",
    metadata,
    Column("task", String(64), primary_key=True),
    Column("most_tokens", Integer, nullable=False),
    Column("most_cost", String(64)),
    Column("tokens", Integer, nullable=False),
    Column("cost", String(64), nullable=False),
    Column("written", Integer, nullable=False),
)
"""What tasks may take, and what they have taken or set aside."""

hold_table = Table(
    "agent_hold",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("task", String(64), nullable=False),
    Column("key", String(64), nullable=False),
    Column("tokens", Integer, nullable=False),
    Column("cost", String(64), nullable=False),
    Column("settled", Boolean, nullable=False),
)
"""What was set aside for questions to models, and what they took once that is settled."""
Index("agent_hold_task", hold_table.c.task, hold_table.c.key)

_LISTS = ("sources", "calls", "tried", "files")
_ONE = select(task_table).where(task_table.c.id == bindparam("one"))
_RUNNING = update(task_table).where(task_table.c.id == bindparam("one"), task_table.c.state == "running")
_STEPS = select(made_table).where(made_table.c.task == bindparam("of"))
_WAITS = select(wait_table.c.since, wait_table.c.until).where(wait_table.c.task == bindparam("of"))
_WAITED = update(wait_table).where(
    wait_table.c.task == bindparam("of"), wait_table.c.run == bindparam("within"), wait_table.c.until.is_(None)
)
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


class SqlTasks:
    """`Tasks` over the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, task: Task) -> Change[bool]:
        """See `Tasks`."""
        row = {**fields_of(Task, task), "grants": to_json(task.grants), "parameters": dict(task.parameters)}
        row["plan"] = None if task.plan is None else to_json(task.plan)
        return lambda tx: tx.insert_new(task_table, row)

    def planned(self, task: str, plan: Plan) -> Change[None]:
        """See `Tasks`."""
        data = to_json(plan)

        def change(tx: Transaction) -> None:
            tx.execute(_RUNNING, {"one": task, "plan": data})

        return change

    def made(self, made: Made) -> Change[None]:
        """See `Tasks`."""
        lists = {name: to_json(getattr(made, name)) for name in _LISTS}
        row = {**fields_of(Made, made), **lists}
        return lambda tx: tx.put(made_table, row)

    def end(self, task: str, ending: Ending) -> Change[bool]:
        """See `Tasks`."""
        values = {
            "state": ending.state, "ended": ending.at, "answer": ending.answer, "error": ending.error, "p0": ending.p0,
            "limited": ending.limited,
        }  # fmt: skip
        return lambda tx: tx.execute(_RUNNING, {"one": task, **values}).rowcount == 1

    def wait(self, task: str, run: str, at: datetime) -> Change[None]:
        """See `Tasks`."""
        return lambda tx: _nothing(tx.insert_new(wait_table, {"task": task, "run": run, "since": at, "until": None}))

    def waited(self, task: str, run: str, at: datetime) -> Change[None]:
        """See `Tasks`."""
        return lambda tx: _nothing(tx.execute(_WAITED, {"of": task, "within": run, "until": at}))

    async def waits(self, task: str) -> Sequence[Wait]:
        """See `Tasks`."""
        rows = await self._store.read(lambda connection: connection.execute(_WAITS, {"of": task}).all())
        return [Wait(row.since, row.until) for row in rows]

    async def get(self, task: str) -> Task:
        """See `Tasks`."""
        row = await self._store.read(lambda connection: connection.execute(_ONE, {"one": task}).one_or_none())
        if row is None:
            raise NotFound("There is no task {id}.", id=task[:80])
        return _task(row)

    async def steps(self, task: str) -> Mapping[str, Made]:
        """See `Tasks`."""
        rows = await self._store.read(lambda connection: connection.execute(_STEPS, {"of": task}).all())
        return {row.key: _made(row) for row in rows}

    async def find(self, wanted: WantedTasks) -> Sequence[Task]:
        """See `Tasks`."""
        rows = await self._store.read(lambda connection: connection.execute(_found(wanted)).all())
        return [_task(row, plan=False) for row in rows]


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


def _nothing(_: object) -> None:
    """What a change gives that finds nothing out."""


def _found(wanted: WantedTasks) -> Select[Any]:
    its = task_table.c
    same = {"actor": wanted.actor, "agent": wanted.agent, "intent": wanted.intent, "state": wanted.state}
    found = select(task_table).where(
        its.tenant == wanted.tenant, *(its[name] == value for name, value in same.items() if value is not None)
    )
    if wanted.within is not None:
        found = found.where(its.namespace.in_(wanted.within))
    if wanted.before is not None:
        last = select(its.at).where(its.tenant == wanted.tenant, its.id == wanted.before).scalar_subquery()
        found = found.where((its.at < last) | ((its.at == last) & (its.id > wanted.before)))
    return found.order_by(its.at.desc(), its.id).limit(wanted.most)


def _task(row: Row[Any], *, plan: bool = True) -> Task:
    fields = fields_of(Task, row)
    shown = from_json(Plan, row.plan) if plan and row.plan is not None else None
    return Task(**{**fields, "grants": tuple(from_json(Grant, one) for one in row.grants), "plan": shown})


def _made(row: Row[Any]) -> Made:
    read = {"sources": tuple(row.sources), "calls": tuple(row.calls)}
    read |= {"tried": tuple(from_json(Tried, one) for one in row.tried), "files": tuple(from_json(File, one) for one in row.files)}
    return Made(**{**fields_of(Made, row), **read})


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
