"""Tasks and their steps in the store."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, bindparam, select, update

from hulk.kernel.durable import Change
from hulk.kernel.errors import NotFound
from hulk.kernel.records import fields_of, from_json, to_json
from hulk.kernel.tenancy import Grant
from hulk.modules.agents.adapters.sql.tables import made_table, task_table, wait_table
from hulk.modules.agents.domain.plan import Plan
from hulk.modules.agents.domain.task import Made, Task, Tried, Tries, following, with_tries
from hulk.modules.agents.domain.timing import Wait
from hulk.modules.agents.ports import Ending, WantedTasks
from hulk.modules.tools import File
from hulk.runtime.store import Store, Transaction

_LISTS = ("sources", "calls", "tried", "files")
_ONE = select(task_table).where(task_table.c.id == bindparam("one"))
_RUNNING = update(task_table).where(task_table.c.id == bindparam("one"), task_table.c.state == "running")
_STEPS = select(made_table).where(made_table.c.task == bindparam("of"))
_STEP = _STEPS.where(made_table.c.key == bindparam("step")).with_for_update()
_WAITS = select(wait_table.c.since, wait_table.c.until).where(wait_table.c.task == bindparam("of"))
_WAITED = update(wait_table).where(
    wait_table.c.task == bindparam("of"), wait_table.c.run == bindparam("within"), wait_table.c.until.is_(None)
)


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

        def change(tx: Transaction) -> None:
            tx.put(made_table, _made_row(following(_step(tx, made.task, made.key), made)))

        return change

    def tried(self, tries: Tries) -> Change[None]:
        """See `Tasks`."""

        def change(tx: Transaction) -> None:
            before = _step(tx, tries.task, tries.key)
            if before is not None and (after := with_tries(before, tries)) is not before:
                tx.put(made_table, _made_row(after))

        return change

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


def _step(tx: Transaction, task: str, key: str) -> Made | None:
    row = tx.execute(_STEP, {"of": task, "step": key}).one_or_none()
    return None if row is None else _made(row)


def _made_row(made: Made) -> dict[str, Any]:
    return {**fields_of(Made, made), **{name: to_json(getattr(made, name)) for name in _LISTS}}


def _made(row: Row[Any]) -> Made:
    read = {"sources": tuple(row.sources), "calls": tuple(row.calls)}
    read |= {"tried": tuple(from_json(Tried, one) for one in row.tried), "files": tuple(from_json(File, one) for one in row.files)}
    return Made(**{**fields_of(Made, row), **read})
