"""The journal's changes: SQL that begins, takes, records, suspends and ends runs, fenced by the epoch.

Every write of a run's holder first touches its row `where epoch = mine`; when that touches nothing the holder was
overtaken, and none of what it wanted to write is written (DESIGN §3, rule 2).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, insert, or_, select, update

from hulk.kernel.durable import Change, Started
from hulk.kernel.errors import Cancelled
from hulk.kernel.records import Json, JsonObject
from hulk.kernel.text import Text
from hulk.kernel.time import Clock, utc_now
from hulk.runtime.engine import NONCE_BITS, Task, delivery_of
from hulk.runtime.store import Alike, Transaction, among
from hulk.runtime.workflows.beginning import ENDED, FREE, begun
from hulk.runtime.workflows.holding import Hold, held
from hulk.runtime.workflows.hooks import Hooks
from hulk.runtime.workflows.payloads import require_kept
from hulk.runtime.workflows.tables import failure_table, going, run_table, signal_table, stands, step_table, unindexed

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


@dataclass(frozen=True, slots=True)
class _Step:
    """A step to be recorded by the run's holder, and what belongs to it."""

    hold: Hold
    row: Mapping[str, Any]
    changes: Sequence[Change[Any]]


@dataclass(frozen=True, slots=True)
class _End:
    """The end of a run, to be written by its holder."""

    run: Row[Any]
    epoch: int
    values: Mapping[str, Any]
    changes: Sequence[Change[Any]] = ()

    @property
    def told(self) -> JsonObject:
        """What a parent that waits for it gets."""
        return {"run": self.run.id, "status": self.values["status"], "result": self.values.get("result"), "error": self.values.get("error")}


@dataclass(frozen=True, slots=True)
class _Last:
    """The last step of a run, and the run's end with it."""

    step: _Step
    end: _End


@dataclass(frozen=True, slots=True)
class Touched:
    """Of the runs that were held: those that another holds now, and those that somebody called off."""

    lost: Sequence[Hold]
    cancelling: Sequence[str]


FENCED = Fenced()
WAITING = Waiting()


class Journal:
    """Makes the changes; once one is committed, `hooks` are told."""

    def __init__(self, hooks: Hooks, clock: Clock = utc_now) -> None:
        self.hooks = hooks
        self._clock = clock

    @property
    def clock(self) -> Clock:
        """Gives the present moment."""
        return self._clock

    def begin(self, run: Started) -> Change[bool]:
        """Begin `run` as its flow lets it; False when it is no run of its own (see `kernel.durable.Runs`)."""
        return begun(run, self.hooks, self._clock, self._call_off)

    def take(self, task: Task, epoch: int) -> Change[Taken | None]:
        """Hold the run under `epoch`; None when it is ended, held by a later epoch, or this wake-up is an old one."""

        def change(tx: Transaction) -> Taken | None:
            at = {"at_run": task.run, "at_wake": task.wake, "at_epoch": epoch, "now": self._clock()}
            at["at_delivery"] = delivery_of(epoch) << NONCE_BITS  # a double of the delivery that holds the run does not take it
            row = tx.execute(_TAKE, at).one_or_none()
            if row is None:
                return None
            return Taken(row, epoch, _steps(tx, task.run))

        return change

    def record(
        self, taken: Taken, index: int, name: str, value: Json, changes: Sequence[Change[Any]], began: datetime
    ) -> Change[Fenced | None]:
        """Record a step that `began` then and apply its changes, if the run is still held."""
        change: Alike[_Step, Fenced | None] = Alike(_step_of(taken, index, name, value, changes, began), self._record, _apply, FENCED)
        return change

    def finish(
        self, taken: Taken, index: int, name: str, value: Json, changes: Sequence[Change[Any]], began: datetime
    ) -> Change[Fenced | None]:
        """Record the last step as `record` does, and end the run well with its value."""
        step = _step_of(taken, index, name, value, changes, began)
        end = _End(taken.run, taken.epoch, {"status": "completed", "result": value}, changes)
        change: Alike[_Last, Fenced | None] = Alike(_Last(step, end), self._finish, self._finished, FENCED)
        return change

    def _finish(self, tx: Transaction, last: Sequence["_Last"]) -> bool:
        now = self._clock()  # of both: who looks reads the end behind the step
        if not self._ends_at(tx, [one.end for one in last], now):
            return False
        tx.insert_all(step_table, [{**one.step.row, "recorded": now} for one in last])
        return True

    def _finished(self, tx: Transaction, last: "_Last") -> None:
        self._ended(tx, last.end)

    def _record(self, tx: Transaction, steps: Sequence["_Step"]) -> bool:
        now = self._clock()
        if not held(tx, {step.hold: {"takes": 0, "failures": 0} for step in steps}, now):
            return False
        tx.insert_all(step_table, [{**step.row, "recorded": now} for step in steps])
        return True

    def receive(self, run: str, epoch: int, index: int, name: str, due: datetime | None) -> Change[Recorded | Waiting | Fenced]:
        """Consume the oldest signal of that name and record it as a step; when there is none, record None once `due` has
        passed, or else put the run to wait until then."""

        def change(tx: Transaction) -> Recorded | Waiting | Fenced:
            if not self._held(tx, (run, epoch), takes=0):
                return FENCED
            row = tx.execute(_OLDEST, {"at_run": run, "at_name": name}).first()
            if row is None and (due is None or due > self._clock()):
                return self._suspend(tx, run, due, name)
            payload = None if row is None else row.payload
            if row is not None:
                tx.execute(_CONSUME, {"at_run": run, "at_key": row.key, "at_index": index})
            return self._keep(tx, run, index, f"wait:{name}", payload)

        return change

    def gather(self, run: str, epoch: int, index: int, fan: str) -> Change[Recorded | Waiting | Fenced]:
        """Record that all runs of the fan have ended, or else put the run to wait for the last of them."""

        def change(tx: Transaction) -> Recorded | Waiting | Fenced:
            if not self._held(tx, (run, epoch), takes=0):
                return FENCED
            if tx.execute(_OPEN, {"at_run": run, "at_fan": fan}).first() is not None:
                return self._suspend(tx, run, None)
            return self._keep(tx, run, index, f"all:{fan}", None)

        return change

    def sleep(self, run: str, epoch: int, due: datetime) -> Change[Waiting | Fenced]:
        """Put the run to wait until `due`."""

        def change(tx: Transaction) -> Waiting | Fenced:
            return self._suspend(tx, run, due) if self._held(tx, (run, epoch), takes=0) else FENCED

        return change

    def _suspend(self, tx: Transaction, run: str, due: datetime | None, signal: str | None = None) -> Waiting:
        row = tx.execute(_SUSPEND, {"at_run": run, "until": due, "signal": signal}).one()
        if row.cancelling:  # called off since it was last looked at: whoever did that did not see it wait
            self._awaken(tx, run)
        elif due is not None:
            tx.after(lambda: self.hooks.wake(_task(row), due))
        return WAITING

    def signal(self, run: str, name: str, payload: Json, *, key: str) -> Change[None]:
        """Leave a signal, once per `key`, and wake the run if it waits. A run that is ended or unknown is left alone.

        Raises `Refused` for a payload that is not JSON, `TooLarge` for one that is too much."""
        require_kept(Text("The payload of the signal “{name}”", name=name), payload)

        def change(tx: Transaction) -> None:
            row = tx.execute(_STATUS, {"at_run": run}).one_or_none()
            if row is None or row.status in ENDED:
                return
            new = tx.insert_new(signal_table, {"run": run, "key": key, "name": name, "payload": payload, "left": self._clock()})
            if new and row.status == "waiting":
                self._awaken(tx, run)

        return change

    def _awaken(self, tx: Transaction, run: str) -> None:
        row = tx.execute(_AWAKEN, {"at_run": run, "now": self._clock(), "new_status": "pending" if self.hooks.wakes else "held"}).one()
        tx.after(lambda: self.hooks.wake(_task(row), None))

    def complete(self, run: Row[Any], epoch: int, result: JsonObject) -> Change[Fenced | None]:
        """End the run well, and tell its parent."""
        end = _End(run, epoch, {"status": "completed", "result": result})
        change: Alike[_End, Fenced | None] = Alike(end, self._ends, self._ended, FENCED)
        return change

    def fail(self, run: Row[Any], epoch: int, error: JsonObject, changes: Sequence[Change[Any]], *, dead: bool) -> Change[Fenced | None]:
        """End the run badly with `changes`, and tell its parent. `dead`: it should have worked, and belongs to the dead letters."""
        status = "cancelled" if error["code"] == Cancelled.code else "failed"
        end = _End(run, epoch, {"status": status, "error": error, "dead": dead}, changes)

        def change(tx: Transaction) -> Fenced | None:  # not with others: it stays behind what its body wanted to record
            if not self._ends(tx, [end]):
                return FENCED
            self._ended(tx, end)
            return None

        return change

    def _ends(self, tx: Transaction, ends: Sequence["_End"]) -> bool:
        return self._ends_at(tx, ends, self._clock())

    def _ends_at(self, tx: Transaction, ends: Sequence["_End"], now: datetime) -> bool:
        return held(tx, {(end.run.id, end.epoch): {**end.values, "ended": now, "due": None} for end in ends}, now)

    def _ended(self, tx: Transaction, end: "_End") -> None:
        """What follows from the end of a run."""
        run, status = end.run, end.values["status"]
        _apply(tx, end)
        if status == "cancelled":  # its last step may have begun some after it was called off
            for child in tx.execute(_CHILDREN, {"at_run": run.id}).scalars().all():
                self._call_off(tx, child)
        if run.keyed:
            tx.execute(FREE, {"at_run": run.id})
        self._tell_parent(tx, run, end.told)
        seconds = (self._clock() - run.created).total_seconds()
        tx.after(lambda: self._announce(run, status, seconds, dead=end.values.get("dead", False)))

    def _announce(self, run: Row[Any], status: str, seconds: float, *, dead: bool) -> None:
        self.hooks.tell(run.id, run.tenant, status)
        self.hooks.ended(run.queue, run.tenant)
        self.hooks.finished(run.workflow, status, seconds, dead)

    def _tell_parent(self, tx: Transaction, run: Row[Any], told: JsonObject) -> None:
        if run.parent and run.fan is None:
            self.signal(run.parent, "child", told, key=run.id)(tx)
        elif run.parent:
            # The parent's row is locked first: of two last children that end together, the second sees the first.
            parent = tx.execute(_STATUS, {"at_run": run.parent}).one_or_none()
            if (
                parent is not None
                and parent.status == "waiting"
                and tx.execute(_OPEN, {"at_run": run.parent, "at_fan": run.fan}).first() is None
            ):
                self._awaken(tx, run.parent)

    def cancel(self, run: str) -> Change[list[str]]:
        """Call a run and those it has begun off: each stops at its step, undoes what it can, and ends as cancelled.

        Gives those that were not ended yet."""

        def change(tx: Transaction) -> list[str]:
            return self._call_off(tx, run)

        return change

    def _call_off(self, tx: Transaction, run: str) -> list[str]:
        row = tx.execute(_STATUS, {"at_run": run}).one_or_none()
        if row is None or row.status in ENDED:
            return []
        tx.execute(_CANCEL, {"at_run": run})
        if row.status != "running":
            self._awaken(tx, run)
        tx.after(lambda: self.hooks.cancel(run))
        children = tx.execute(_CHILDREN, {"at_run": run}).scalars().all()
        return [run, *(each for child in children for each in self._call_off(tx, child))]

    def retry(self, run: str, epoch: int, failures: int, due: datetime, error: JsonObject) -> Change[Fenced | None]:
        """Have the run, which failed that often without getting on, tried again at `due`, by the same message, handed back."""

        def change(tx: Transaction) -> Fenced | None:
            if not self._held(tx, (run, epoch), status="pending", failures=failures, takes=0, due=due, error=error):
                return FENCED
            tx.insert_new(failure_table, {"run": run, "epoch": epoch, "at": self._clock(), "error": error, "due": due})
            return None

        return change

    def release(self, run: Row[Any], epoch: int) -> Change[Fenced | None]:
        """Let go of a run that was left in the middle for no fault of its own: this take does not count."""

        def change(tx: Transaction) -> Fenced | None:
            return None if self._held(tx, (run.id, epoch), status="pending", takes=max(run.takes - 1, 0)) else FENCED

        return change

    def park(self, run: str, epoch: int, error: JsonObject) -> Change[Fenced | None]:
        """Set the run aside until somebody looks: its code does not fit what it has recorded."""

        def change(tx: Transaction) -> Fenced | None:
            return None if self._held(tx, (run, epoch), status="needs_attention", error=error) else FENCED

        return change

    def touch(self, ours: Iterable[Hold]) -> Change[Touched]:
        """Show that this process is at work on the runs it holds; give those that another has taken over, and those to be cancelled."""
        mine = sorted(ours)

        def change(tx: Transaction) -> Touched:
            if not mine:
                return Touched([], [])
            every = held(tx, {hold: {} for hold in mine}, self._clock())
            lost = [] if every else [hold for hold in mine if not self._held(tx, hold)]
            return Touched(lost, tx.execute(_CANCELLING, {"runs": [run for run, _ in mine]}).scalars().all())

        return change

    def _held(self, tx: Transaction, hold: Hold, **values: Any) -> bool:
        """Write `values` to the run if it is held so; whether it is."""
        return held(tx, {hold: values}, self._clock())

    def _keep(self, tx: Transaction, run: str, index: int, name: str, value: Json) -> Recorded:
        tx.execute(_KEEP, {"run": run, "position": index, "name": name, "value": value, "began": None, "recorded": self._clock()})
        return Recorded(name, value)

    def steps(self, run: str) -> Change[Mapping[int, Recorded]]:
        """What is recorded, once all that was committed before is."""
        return lambda tx: _steps(tx, run)

    def revive(self, *, idle: datetime, late: datetime, lost: datetime | None, ahead: datetime) -> Change[int]:
        """Wake with a new epoch what should be moving and is not: runs that run and are untouched since `idle`, waiting ones
        whose time to go on was before `late`, and, given `lost`, pending ones untouched since then. What was touched after `ahead` was so
        by a clock that has been set back since: nobody can say how long ago. Gives how many (at most 1,000; call again for more)."""
        wrong = and_(going("running") if lost is None else going(), _run.touched > ahead)
        stuck = [and_(going("running"), _run.touched < idle), and_(stands("waiting"), _run.due < late), wrong]
        if lost is not None:
            stuck.append(and_(going("pending"), _run.touched < lost, or_(_run.due.is_(None), _run.due < lost)))

        def change(tx: Transaction) -> int:
            found = tx.execute(select(_run.id).where(or_(*stuck)).order_by(_run.touched).limit(SWEEP).with_for_update(skip_locked=True))
            runs = [row.id for row in found]
            for run in runs:
                self._awaken(tx, run)
            return len(runs)

        return change


# Statements are made once: building one costs SQLAlchemy seven times what executing it does (118 to 17 µs).

_run, _step, _signal = run_table.c, step_table.c, signal_table.c

_TAKE = (
    update(run_table)
    .where(_run.id == bindparam("at_run"), _run.wake == bindparam("at_wake"), _run.epoch < bindparam("at_delivery"))
    .where(or_(_run.status.in_(("pending", "running")), and_(_run.status == "waiting", _run.due <= bindparam("now"))))
    .values(status="running", epoch=bindparam("at_epoch"), touched=bindparam("now"), takes=_run.takes + 1)
    .returning(run_table)
)
_NEW = select(run_table).where(
    among(_run.id, "runs"), _run.wake == 1, _run.epoch == 0, unindexed(_run.status) == "pending", _run.cancelling.is_(False)
)
"""By their ids: by the status, SQLite would read all that wait."""
_SUSPEND = (
    update(run_table)
    .where(_run.id == bindparam("at_run"))
    .values(status="waiting", due=bindparam("until"), awaits=bindparam("signal"), wake=_run.wake + 1)
    .returning(run_table)
)
_AWAKEN = (
    update(run_table)
    .where(_run.id == bindparam("at_run"))
    .values(status=bindparam("new_status"), due=None, touched=bindparam("now"), wake=_run.wake + 1)
    .returning(run_table)
)
_CANCEL = update(run_table).where(_run.id == bindparam("at_run")).values(cancelling=True)
_CANCELLING = select(_run.id).where(among(_run.id, "runs"), _run.cancelling.is_(True))
_CHILDREN = select(_run.id).where(_run.parent == bindparam("at_run"), _run.status.not_in(ENDED))
_OPEN = select(_run.id).where(_run.parent == bindparam("at_run"), _run.fan == bindparam("at_fan"), _run.status.not_in(ENDED)).limit(1)
_STATUS = select(_run.status).where(_run.id == bindparam("at_run")).with_for_update()
_KEEP = insert(step_table)
_STEPS = select(step_table).where(_step.run == bindparam("at_run"))
_OLDEST = (
    select(signal_table)
    .where(_signal.run == bindparam("at_run"), _signal.name == bindparam("at_name"), _signal.consumed.is_(None))
    .order_by(_signal.left, _signal.key)
    .limit(1)
)
_CONSUME = (
    update(signal_table)
    .where(_signal.run == bindparam("at_run"), _signal.key == bindparam("at_key"))
    .values(consumed=bindparam("at_index"))
)


def _step_of(taken: Taken, index: int, name: str, value: Json, changes: Sequence[Change[Any]], began: datetime) -> _Step:
    row = {"run": taken.run.id, "position": index, "name": name, "value": value, "began": began}
    return _Step((taken.run.id, taken.epoch), row, changes)


def _apply(tx: Transaction, written: _Step | _End) -> None:
    for change in written.changes:
        change(tx)


def fresh(connection: Connection, runs: Sequence[str]) -> dict[str, Row[Any]]:
    """Those of the runs that nobody has held yet, to be begun by a first delivery.

    A run is taken by the first write under that epoch, which saves a commit; see `held`."""
    return {row.id: row for row in connection.execute(_NEW, {"runs": runs})}


def _task(row: Row[Any]) -> Task:
    return Task(run=row.id, wake=row.wake, queue=row.queue, tenant=row.tenant, trace=row.trace)


def _steps(tx: Transaction, run: str) -> dict[int, Recorded]:
    return {row.position: Recorded(row.name, row.value) for row in tx.execute(_STEPS, {"at_run": run})}
