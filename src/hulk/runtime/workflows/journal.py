"""The journal's changes: SQL that begins, takes, records, suspends and ends runs, fenced by the epoch.

Every write of a run's holder first touches its row `where epoch = mine`; when that touches nothing the holder was
overtaken, and none of what it wanted to write is written (DESIGN §3, rule 2).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, insert, or_, select, update

from hulk.kernel.durable import Change, Started
from hulk.kernel.records import Json, JsonObject
from hulk.kernel.time import Clock, utc_now
from hulk.runtime.engine import Task
from hulk.runtime.store import Transaction
from hulk.runtime.workflows.tables import run_table, signal_table, step_table

ENDED = ("completed", "failed", "cancelled")
SWEEP = 1000
"""The most runs that one sweep touches in one transaction."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A step of the journal: its name and value."""

    name: str
    value: Any


@dataclass(frozen=True, slots=True)
class Taken:
    """A run that this process holds now, with what was recorded before."""

    run: Row[Any]
    epoch: int
    steps: Mapping[int, Recorded]


@dataclass(frozen=True, slots=True)
class Fenced:
    """The run is held by another, with a later epoch; nothing was written."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The signal is not there: the run was put to wait."""


FENCED = Fenced()
WAITING = Waiting()


class Journal:
    """Makes the changes. Once a change is committed, `wake` is given each run to be executed (task, at or None for
    now) and `tell` each that began or ended (id, tenant, status)."""

    def __init__(
        self, wake: Callable[[Task, datetime | None], None], tell: Callable[[str, str, str], None], clock: Clock = utc_now
    ) -> None:
        self._wake = wake
        self._tell = tell
        self._clock = clock

    def begin(self, run: Started) -> Change[bool]:
        """Begin `run`; False when one of that id was begun already."""
        row = {
            "id": run.id, "workflow": run.workflow, "queue": run.queue, "tenant": run.tenant, "intent": run.intent, "parent": run.parent,
            "trace": run.trace, "status": "pending", "input": run.data, "attempts": run.retry.attempts, "wake": 1, "epoch": 0,
            "failures": 0, "takes": 0, "dead": False,
        }  # fmt: skip
        task = Task(run=run.id, wake=1, queue=run.queue, tenant=run.tenant, trace=run.trace)

        def change(tx: Transaction) -> bool:
            now = self._clock()
            new = tx.insert_new(run_table, row | {"created": now, "touched": now})
            if new:
                tx.after(lambda: self._wake(task, None))
                tx.after(lambda: self._tell(run.id, run.tenant, "pending"))
            return new

        return change

    def take(self, task: Task, epoch: int) -> Change[Taken | None]:
        """Hold the run under `epoch`; None when it is ended, held by a later epoch, or this wake-up is an old one."""

        def change(tx: Transaction) -> Taken | None:
            now = self._clock()
            mine = and_(run_table.c.id == task.run, run_table.c.wake == task.wake, run_table.c.epoch < epoch)
            takeable = or_(run_table.c.status.in_(("pending", "running")), and_(run_table.c.status == "waiting", run_table.c.due <= now))
            taking = update(run_table).where(mine, takeable).values(status="running", epoch=epoch, touched=now, takes=run_table.c.takes + 1)
            row = tx.execute(taking.returning(run_table)).one_or_none()
            return None if row is None else Taken(row, epoch, _steps(tx, task.run))

        return change

    def record(
        self, run: str, epoch: int, index: int, name: str, value: Json, changes: Sequence[Change[Any]] = ()
    ) -> Change[Fenced | None]:
        """Record a step and apply its changes, if `epoch` still holds the run."""

        def change(tx: Transaction) -> Fenced | None:
            if not self._held(tx, run, epoch, takes=0, failures=0):
                return FENCED
            tx.execute(insert(step_table).values(run=run, position=index, name=name, value=value, recorded=self._clock()))
            for one in changes:
                one(tx)
            return None

        return change

    def receive(self, run: str, epoch: int, index: int, name: str, due: datetime | None) -> Change[Recorded | Waiting | Fenced]:
        """Consume the oldest signal of that name and record it as a step; when there is none, record None once `due` has
        passed, or else put the run to wait until then."""

        def change(tx: Transaction) -> Recorded | Waiting | Fenced:
            if not self._held(tx, run, epoch, takes=0):
                return FENCED
            row = tx.execute(_oldest(run, name)).first()
            if row is None and (due is None or due > self._clock()):
                return self._suspend(tx, run, due)
            payload = None if row is None else row.payload
            if row is not None:
                mine = and_(signal_table.c.run == run, signal_table.c.key == row.key)
                tx.execute(update(signal_table).where(mine).values(consumed=index))
            tx.execute(insert(step_table).values(run=run, position=index, name=f"wait:{name}", value=payload, recorded=self._clock()))
            return Recorded(f"wait:{name}", payload)

        return change

    def sleep(self, run: str, epoch: int, due: datetime) -> Change[Waiting | Fenced]:
        """Put the run to wait until `due`."""

        def change(tx: Transaction) -> Waiting | Fenced:
            return self._suspend(tx, run, due) if self._held(tx, run, epoch, takes=0) else FENCED

        return change

    def _suspend(self, tx: Transaction, run: str, due: datetime | None) -> Waiting:
        values: dict[str, Any] = {"status": "waiting", "due": due}
        row = tx.execute(
            update(run_table).where(run_table.c.id == run).values(wake=run_table.c.wake + 1, **values).returning(run_table)
        ).one()
        if due is not None:
            tx.after(lambda: self._wake(_task(row), due))
        return WAITING

    def signal(self, run: str, name: str, payload: Json, *, key: str) -> Change[None]:
        """Leave a signal, once per `key`, and wake the run if it waits. A run that is ended or unknown is left alone."""

        def change(tx: Transaction) -> None:
            row = tx.execute(select(run_table.c.status).where(run_table.c.id == run).with_for_update()).one_or_none()
            if row is None or row.status in ENDED:
                return
            new = tx.insert_new(signal_table, {"run": run, "key": key, "name": name, "payload": payload, "left": self._clock()})
            if new and row.status == "waiting":
                self._awaken(tx, run)

        return change

    def _awaken(self, tx: Transaction, run: str) -> None:
        values = {"status": "pending", "wake": run_table.c.wake + 1, "touched": self._clock(), "due": None}
        row = tx.execute(update(run_table).where(run_table.c.id == run).values(values).returning(run_table)).one()
        tx.after(lambda: self._wake(_task(row), None))

    def complete(self, run: Row[Any], epoch: int, result: JsonObject) -> Change[Fenced | None]:
        """End the run well, and tell its parent."""
        return self._end(run, epoch, {"status": "completed", "result": result}, ())

    def fail(self, run: Row[Any], epoch: int, error: JsonObject, changes: Sequence[Change[Any]], *, dead: bool) -> Change[Fenced | None]:
        """End the run badly with `changes`, and tell its parent. `dead`: it should have worked, and belongs to the dead letters."""
        return self._end(run, epoch, {"status": "failed", "error": error, "dead": dead}, changes)

    def _end(self, run: Row[Any], epoch: int, values: dict[str, Any], changes: Sequence[Change[Any]]) -> Change[Fenced | None]:
        told = {"run": run.id, "status": values["status"], "result": values.get("result"), "error": values.get("error")}

        def change(tx: Transaction) -> Fenced | None:
            if not self._held(tx, run.id, epoch, ended=self._clock(), due=None, **values):
                return FENCED
            for one in changes:
                one(tx)
            if run.parent:
                self.signal(run.parent, "child", told, key=run.id)(tx)
            tx.after(lambda: self._tell(run.id, run.tenant, values["status"]))
            return None

        return change

    def retry(self, run: str, epoch: int, due: datetime, error: JsonObject) -> Change[Fenced | None]:
        """Have the run tried again at `due` (by the same message, handed back with that delay)."""

        def change(tx: Transaction) -> Fenced | None:
            values = {"status": "pending", "failures": run_table.c.failures + 1, "due": due, "error": error}
            return None if self._held(tx, run, epoch, **values) else FENCED

        return change

    def park(self, run: str, epoch: int, error: JsonObject) -> Change[Fenced | None]:
        """Set the run aside until somebody looks: its code does not fit what it has recorded."""

        def change(tx: Transaction) -> Fenced | None:
            return None if self._held(tx, run, epoch, status="needs_attention", error=error) else FENCED

        return change

    def touch(self, held: Mapping[str, int]) -> Change[list[str]]:
        """Show that this process is at work on the runs it holds (id to epoch); give those that another has taken over."""

        def change(tx: Transaction) -> list[str]:
            return [run for run, epoch in held.items() if not self._held(tx, run, epoch)]

        return change

    def _held(self, tx: Transaction, run: str, epoch: int, **values: Any) -> bool:
        """Write `values` to the run if `epoch` holds it; whether it does."""
        mine = and_(run_table.c.id == run, run_table.c.epoch == epoch, run_table.c.status == "running")
        return tx.execute(update(run_table).where(mine).values(touched=self._clock(), **values)).rowcount == 1

    def _wake_all(self, rows: Sequence[Row[Any]]) -> None:
        for row in rows:
            self._wake(_task(row), None)

    def revive(self, *, idle: datetime, late: datetime) -> Change[int]:
        """Wake with a new epoch what should be moving and is not: runs pending or running and untouched since `idle`, and
        waiting ones whose time to go on was before `late`. Gives how many (at most 1,000; call again for more)."""
        stuck = and_(run_table.c.status.in_(("pending", "running")), run_table.c.touched < idle, _due_before(idle))
        overslept = and_(run_table.c.status == "waiting", run_table.c.due < late)

        def change(tx: Transaction) -> int:
            found = [row.id for row in tx.execute(select(run_table.c.id).where(or_(stuck, overslept)).limit(SWEEP))]
            for run in found:
                self._awaken(tx, run)
            return len(found)

        return change

    def remind(self, before: datetime) -> Change[int]:
        """Publish again, as they are, the wake-ups of runs pending since `before`: those still queued are dropped as
        duplicates by their message id, the lost ones are back."""
        unseen = and_(run_table.c.status == "pending", run_table.c.touched < before, _due_before(before))

        def change(tx: Transaction) -> int:
            some = select(run_table.c.id).where(unseen).limit(SWEEP).scalar_subquery()
            rows = tx.execute(update(run_table).where(run_table.c.id.in_(some)).values(touched=self._clock()).returning(run_table)).all()
            tx.after(lambda: self._wake_all(rows))
            return len(rows)

        return change


def _due_before(moment: datetime) -> ColumnElement[bool]:
    return or_(run_table.c.due.is_(None), run_table.c.due < moment)


def _task(row: Row[Any]) -> Task:
    return Task(run=row.id, wake=row.wake, queue=row.queue, tenant=row.tenant, trace=row.trace)


def _steps(tx: Transaction, run: str) -> dict[int, Recorded]:
    rows = tx.execute(select(step_table).where(step_table.c.run == run))
    return {row.position: Recorded(row.name, row.value) for row in rows}


def _oldest(run: str, name: str) -> Any:
    mine = and_(signal_table.c.run == run, signal_table.c.name == name, signal_table.c.consumed.is_(None))
    return select(signal_table).where(mine).order_by(signal_table.c.left, signal_table.c.key).limit(1)
