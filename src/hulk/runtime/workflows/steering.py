"""What people do to runs: call them off, have them tried again or go on from a step, copy them, let them be, pause their queue.

All are changes; those that have a run executed again hold it for the gate, which every process looks at, so they may be
made where no worker is, as `thor` does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, bindparam, delete, insert, select, update

from hulk.kernel.durable import Change, Started
from hulk.kernel.errors import Conflict, NotFound, Refused
from hulk.kernel.events import LONGEST_REASON, PLATFORM, Event, changed, digest, reasoned
from hulk.kernel.records import Json, JsonObject
from hulk.kernel.text import writable
from hulk.kernel.time import Clock, iso, utc_now
from hulk.runtime.outbox import Outbox
from hulk.runtime.store import Transaction
from hulk.runtime.workflows.beginning import ENDED, STATUSES, retry_of
from hulk.runtime.workflows.journal import Journal
from hulk.runtime.workflows.queries import known_queues
from hulk.runtime.workflows.registry import Known
from hulk.runtime.workflows.tables import queue_table, run_table, signal_table, step_table

REPLAYABLE = ("failed", "cancelled", "needs_attention")


@dataclass(frozen=True, slots=True)
class Steering:
    """Makes the changes. Each is told of in the trail, with `actor`, who asked for it."""

    journal: Journal
    registry: Known
    outbox: Outbox
    clock: Clock = utc_now

    def cancel(self, run: str, actor: str, reason: str = "") -> Change[list[str]]:
        """Call a run off with all it has begun; gives those that were not ended yet. Raises `NotFound`, `Conflict` when it has ended."""
        call_off = self.journal.cancel(run)

        def change(tx: Transaction) -> list[str]:
            row = _row(tx, run)
            if row.status in ENDED:
                raise Conflict("The run {run} has ended ({status}); there is nothing to cancel.", run=run, status=STATUSES[row.status])
            called_off = call_off(tx)
            self._tell(tx, row, "cancelled", actor, {"runs": called_off, **_changed(tx, row, reason)})
            return called_off

        return change

    def replay(
        self, run: str, actor: str, reason: str = "", *, index: int | None = None, data: JsonObject | None = None
    ) -> Change[list[str]]:
        """Have a run that failed executed again: from its first step that is not recorded, or from `index` on, whose records and
        later ones are forgotten; with other `data` when given. A parent that heard of the failure goes on too, from there.

        Gives the runs that go on. Raises `NotFound`, `Conflict` when it has not failed, `Refused` for a step it does not have and
        for other data of a run that is tied to what it works for."""

        def change(tx: Transaction) -> list[str]:
            row = _row(tx, run)
            if data is not None and self.registry.tied(row.workflow):
                raise Refused(
                    "Runs of “{workflow}” are tied to what they work for and take no other data; replay it as it is, or ask again.",
                    workflow=row.workflow,
                )
            if row.status not in REPLAYABLE:
                raise Conflict("The run {run} is {status}; only one that failed is executed again.", run=run, status=STATUSES[row.status])
            revived = self._revive(tx, row, index, data)
            self._tell(tx, row, "replayed", actor, {"index": index, "runs": revived, **_changed(tx, row, reason)})
            return revived

        return change

    def _revive(self, tx: Transaction, row: Row[Any], index: int | None, data: JsonObject | None) -> list[str]:
        at = _first_free(tx, row.id) if index is None else _existing(tx, row.id, index)
        tx.execute(_FORGET, {"at_run": row.id, "at_index": at})
        tx.execute(_UNCONSUME, {"at_run": row.id, "at_index": at})
        tx.execute(_REVIVE, {"at_run": row.id, "new_input": row.input if data is None else data, "new_touched": self.clock()})
        for change in self.registry.revived(started(row)):
            change(tx)
        tx.after(lambda: self.journal.hooks.held(row.queue))
        return [row.id, *self._revive_parent(tx, row)]

    def _revive_parent(self, tx: Transaction, row: Row[Any]) -> list[str]:
        """A parent that was told of the failure hears of the new end instead, from where it heard of the old one: also one that is
        going on again, for another of its children was replayed just before. What holds it now is overtaken."""
        parent = tx.execute(_ROW, {"at_run": row.parent}).one_or_none() if row.parent else None
        if parent is None:
            return []
        heard = _heard(tx, parent.id, row)
        tx.execute(_UNTELL, {"at_run": parent.id, "at_key": row.id})
        if parent.status == "completed" or heard is None:
            return []
        return self._revive(tx, parent, heard, None)

    def fork(self, run: str, new: str, actor: str, reason: str = "", *, index: int, data: JsonObject | None = None) -> Change[str]:
        """Begin a copy of the run, with the id `new`, that has its steps before `index` and goes on from there; it tells no parent.

        Raises `NotFound`, `Refused` for a step it does not have or a workflow whose runs are tied to what they work for."""

        def change(tx: Transaction) -> str:
            row = _row(tx, run)
            if self.registry.tied(row.workflow):
                raise Refused(
                    "Runs of “{workflow}” are tied to what they work for and cannot be copied; replay it, or ask again.",
                    workflow=row.workflow,
                )
            at = _existing(tx, run, index)
            copy = replace(started(row), id=new, parent=None, fan=None, cause=run, after=_HELD, data=row.input if data is None else data)
            self.journal.begin(copy)(tx)
            tx.execute(update(run_table).where(run_table.c.id == new).values(origin=run, wake=SECOND, due=None))
            tx.execute(_COPY, {"at_run": run, "at_index": at, "new_run": new})
            self._tell(tx, row, "forked", actor, {"index": at, "run": new, **changed(reasoned(reason), None, _plain(_row(tx, new)))})
            return new

        return change

    def resolve(self, run: str, actor: str, reason: str = "", *, index: int | None) -> Change[list[str]]:
        """A run that was set aside goes on from `index` with the code there is now; without one it ends as cancelled, undoing nothing more.

        Raises `NotFound`, and `Conflict` when it was not set aside."""
        go_on = self.replay(run, actor, reason, index=index)
        stop = self.journal.cancel(run)

        def change(tx: Transaction) -> list[str]:
            row = _row(tx, run)
            if row.status != "needs_attention":
                raise Conflict(
                    "The run {run} is {status}; only one that needs attention is resolved.", run=run, status=STATUSES[row.status]
                )
            if index is not None:
                return go_on(tx)
            stopped = stop(tx)
            self._tell(tx, row, "cancelled", actor, {"runs": [run], **_changed(tx, row, reason)})
            return stopped

        return change

    def discard(self, run: str, actor: str, reason: str = "") -> Change[None]:
        """A dead letter is dealt with: it stays failed, and is no dead letter any more. Raises `NotFound`, `Conflict` when it is none."""

        def change(tx: Transaction) -> None:
            row = _row(tx, run)
            if not row.dead:
                raise Conflict("The run {run} is no dead letter.", run=run)
            tx.execute(update(run_table).where(run_table.c.id == run).values(dead=False))
            self._tell(tx, row, "discarded", actor, _changed(tx, row, reason))

        return change

    def signal(self, run: str, name: str, payload: Json, actor: str, reason: str = "", *, key: str) -> Change[None]:
        """Leave a signal for a run, once per `key`, and wake it. Raises `NotFound`, `Conflict` for one that hears nothing any more, and
        as `Journal.signal`."""
        leave = self.journal.signal(run, name, payload, key=key)

        def change(tx: Transaction) -> None:
            row = _row(tx, run)
            if row.status in ENDED:
                raise Conflict("The run {run} has ended ({status}); it hears nothing any more.", run=run, status=STATUSES[row.status])
            if tx.execute(_LEFT, {"at_run": run, "at_key": key}).one_or_none() is None:
                leave(tx)
                after = {"signal": name, "key": key, "payload": digest(payload)}
                self._tell(tx, row, "signalled", actor, changed(reasoned(reason), None, after))

        return change

    def pause(self, queue: str, actor: str, reason: str) -> Change[None]:
        """Let nothing more of a queue begin; what runs goes on to its end. Raises `NotFound` for a queue that no process has
        worked and that has no runs: a name mistyped."""
        kept = reason[:LONGEST_REASON]
        return self._queue(queue, {"paused": self.clock(), "actor": actor, "reason": kept}, "paused", actor, kept)

    def resume(self, queue: str, actor: str, reason: str = "") -> Change[None]:
        """Let the queue go on. Raises `NotFound` as `pause` does."""
        return self._queue(queue, {"paused": None, "actor": actor, "reason": None}, "resumed", actor, reasoned(reason))

    def _queue(self, queue: str, values: Mapping[str, Any], what: str, actor: str, reason: str) -> Change[None]:
        def change(tx: Transaction) -> None:
            if queue not in (known := known_queues(tx.connection)):
                raise NotFound(
                    "There is no queue “{queue}”; there are: {known}.", queue=writable(queue)[:80], known=", ".join(known) or "—"
                )
            tx.insert_new(queue_table, {"name": queue})
            row = tx.execute(_QUEUE, {"at_name": queue}).one()
            tx.execute(update(queue_table).where(queue_table.c.name == queue).values(dict(values)))
            data = changed(reason, _standing(row.paused, row.reason), _standing(values["paused"], values["reason"]))
            self.outbox.append(Event(type=f"hulk.queue.{what}.v1", subject=queue, tenant=PLATFORM, actor=actor, data=data))(tx)
            tx.after(lambda: self.journal.hooks.paused(queue, what == "paused"))

        return change

    def _tell(self, tx: Transaction, row: Row[Any], what: str, actor: str, data: JsonObject) -> None:
        event = Event(
            type=f"hulk.run.{what}.v1", subject=row.id, tenant=row.tenant, actor=actor, intent=row.intent, trace=row.trace,
            data={"workflow": row.workflow, **data},
        )  # fmt: skip
        self.outbox.append(event)(tx)


def _changed(tx: Transaction, row: Row[Any], reason: str) -> JsonObject:
    """Why, and how the run was and is."""
    return changed(reasoned(reason), _plain(row), _plain(_row(tx, row.id)))


def _plain(row: Row[Any]) -> JsonObject:
    """What somebody can change about a run."""
    return {"status": row.status, "cancelling": row.cancelling, "dead": row.dead, "input": digest(row.input)}


def _standing(paused: datetime | None, reason: str | None) -> JsonObject:
    """Since when a queue is paused, and why."""
    return {"paused": paused and iso(paused), "reason": reason}


def started(row: Row[Any]) -> Started:
    """A run's row as it was begun."""
    return Started(
        workflow=row.workflow, data=row.input, tenant=row.tenant, id=row.id, intent=row.intent, parent=row.parent, fan=row.fan,
        trace=row.trace, queue=row.queue, version=row.version, cause=row.cause, retry=retry_of(row),
        namespace=row.namespace,
    )  # fmt: skip


def _row(tx: Transaction, run: str) -> Row[Any]:
    row = tx.execute(_ROW, {"at_run": run}).one_or_none()
    if row is None:
        raise NotFound("There is no run {id}.", id=run)
    return row


def _first_free(tx: Transaction, run: str) -> int:
    """Where a failed run goes on: behind its recorded steps, but for the record of its failure and what was undone then."""
    names = {row.position: row.name for row in tx.execute(_NAMES, {"at_run": run})}
    failed = [position for position, name in names.items() if name == "failed"]
    if failed and any(name.startswith("undo:") for name in names.values()):
        return 0  # what its steps did was undone: it has to do all of it again
    return min(failed, default=max(names, default=-1) + 1)


def _existing(tx: Transaction, run: str, index: int) -> int:
    names: Sequence[str] = tx.execute(_NAMES, {"at_run": run}).scalars(1).all()
    if not 0 <= index <= len(names):
        raise Refused("The run {run} has steps 0 to {last}; there is no step {index}.", run=run, last=len(names) - 1, index=index)
    return index


def _heard(tx: Transaction, parent: str, child: Row[Any]) -> int | None:
    """The index of the parent's step that recorded the child's end, if it did."""
    if child.fan is None:
        found: int | None = tx.execute(_CONSUMED, {"at_run": parent, "at_key": child.id}).scalar_one_or_none()
        return found
    return tx.execute(_GATHERED, {"at_run": parent, "at_name": f"all:{child.fan}"}).scalar_one_or_none()


_run, _step, _signal = run_table.c, step_table.c, signal_table.c
_LEFT = select(_signal.key).where(_signal.run == bindparam("at_run"), _signal.key == bindparam("at_key"))
_QUEUE = select(queue_table).where(queue_table.c.name == bindparam("at_name"))
_HELD = timedelta(microseconds=1)
"""The least that keeps a run from going straight to the queue, before its steps are there."""
SECOND = 2
"""The wake-up of a copy: the first would be taken for a run that has no steps yet."""
_ROW = select(run_table).where(_run.id == bindparam("at_run")).with_for_update()
_NAMES = select(_step.position, _step.name).where(_step.run == bindparam("at_run")).order_by(_step.position)
_FORGET = delete(step_table).where(_step.run == bindparam("at_run"), _step.position >= bindparam("at_index"))
_UNCONSUME = update(signal_table).where(_signal.run == bindparam("at_run"), _signal.consumed >= bindparam("at_index")).values(consumed=None)
_UNTELL = delete(signal_table).where(_signal.run == bindparam("at_run"), _signal.key == bindparam("at_key"))
_CONSUMED = select(_signal.consumed).where(_signal.run == bindparam("at_run"), _signal.key == bindparam("at_key"))
_GATHERED = select(_step.position).where(_step.run == bindparam("at_run"), _step.name == bindparam("at_name"))
_REVIVE = (
    update(run_table)
    .where(_run.id == bindparam("at_run"))
    .values(
        status="held", wake=_run.wake + 1, due=None, ended=None, error=None, result=None, dead=False, cancelling=False, failures=0, takes=0,
        let_in=None, touched=bindparam("new_touched", type_=_run.touched.type), input=bindparam("new_input", type_=_run.input.type),
    )
)  # fmt: skip
_COPY = insert(step_table).from_select(
    ["run", "position", "name", "value", "began", "recorded"],
    select(bindparam("new_run", type_=_step.run.type), _step.position, _step.name, _step.value, _step.began, _step.recorded).where(
        and_(_step.run == bindparam("at_run"), _step.position < bindparam("at_index"))
    ),
)
