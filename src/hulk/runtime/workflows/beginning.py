"""Beginning a run: its row, and what its flow says of when (`kernel.flow`)."""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, bindparam, delete, exists, select, update

from hulk.kernel.durable import Change, Retry, Started
from hulk.kernel.errors import Exhausted
from hulk.kernel.flow import Debounce, Rate, Singleton
from hulk.kernel.records import JsonObject, from_json, to_json
from hulk.kernel.text import Text
from hulk.kernel.time import Clock
from hulk.runtime.engine import Task
from hulk.runtime.store import Alike, Transaction
from hulk.runtime.workflows.hooks import Hooks
from hulk.runtime.workflows.payloads import require_kept
from hulk.runtime.workflows.tables import attribute_table, flow_table, in_lanes, run_table

ENDED = ("completed", "failed", "cancelled")
STATUSES: Mapping[str, Text] = {
    "held": Text("held back"),
    "pending": Text("waiting for its turn"),
    "running": Text("running"),
    "waiting": Text("waiting"),
    "needs_attention": Text("in need of attention"),
    "completed": Text("completed"),
    "failed": Text("failed"),
    "cancelled": Text("cancelled"),
}
"""As they are told in sentences."""


def begun(run: Started, hooks: Hooks, clock: Clock, cancel: Callable[[Transaction, str], object]) -> Change[bool]:
    """Begin `run`; False when one of that id was begun already, or its flow does not let it be a run of its own.

    Raises `Refused` for an input that is not JSON, `TooLarge` for one that is too much."""
    require_kept(Text("The input of a run of “{workflow}”", workflow=run.workflow), run.data)
    flow = run.flow
    waits = bool(flow.throttle or flow.debounce or run.after)
    rank = None if waits else hooks.direct(run)
    status = "held" if rank is None or flow.concurrency else "pending"
    row = _row(run, status) | {"version": run.version or hooks.newest(run.workflow)}
    new = _New(run, row, rank, hooks, clock)
    if not (flow.debounce or flow.singleton or flow.rate or flow.throttle):
        return Alike(new, _insert, _follow, otherwise=False)

    def change(tx: Transaction) -> bool:
        now = clock()
        if _asked_again(tx, run) or (flow.debounce and _put_off(tx, run, flow.debounce, now)):
            return False
        if flow.singleton and not _alone(tx, run, flow.singleton, cancel):
            return False
        if not _insert(tx, [new]):
            return False
        if flow.rate:
            _require_rate(tx, run, flow.rate, now)
        if flow.throttle:
            _postpone(tx, run, _turn(tx, "throttle", run.tenant, flow.throttle, now))
        return _follow(tx, new)

    return change


@dataclass(frozen=True, slots=True)
class _New:
    """A run to be begun: its row but for the moment, its rank when it goes straight to the queue if its lane is free, and whom to tell."""

    run: Started
    row: Mapping[str, Any]
    rank: int | None
    hooks: Hooks
    clock: Clock

    def announce(self, rank: int | None) -> None:
        """Tell that it has begun, and went to the queue with that rank, or is held."""
        run, hooks = self.run, self.hooks
        if rank is None:
            hooks.held(run.queue)
        else:
            hooks.wake(Task(run=run.id, wake=1, queue=run.queue, tenant=run.tenant, trace=run.trace, rank=rank), None)
            hooks.went(run.queue)
        hooks.tell(run.id, run.tenant, "pending")
        hooks.begun(run.workflow)


def _insert(tx: Transaction, runs: Sequence[_New]) -> bool:
    now = runs[0].clock()
    return tx.insert_all_new(run_table, [{**new.row, "created": now, "touched": now, "due": _due(new.run, now)} for new in runs])


def _follow(tx: Transaction, new: _New) -> bool:
    run = new.run
    tx.insert_all(attribute_table, [{"run": run.id, "name": name, "value": value} for name, value in run.attributes.items()])
    rank = new.rank if new.row["status"] == "pending" or (new.rank is not None and _alone_in_lane(tx, new)) else None
    tx.after(functools.partial(new.announce, rank))
    return True


def _alone_in_lane(tx: Transaction, new: _New) -> bool:
    """Let the run in if nobody else is in its lane nor waits for it; whether it is. Only of SQLite, which one process writes to: those
    that share a PostgreSQL do not see what the others are just letting in, and leave it to the gate."""
    run, lane = new.run, new.row["lane"]
    if tx.connection.dialect.name != "sqlite":
        return False
    return tx.execute(_ENTER, {"at_run": run.id, "at_tenant": run.tenant, "at_lane": lane}).rowcount == 1


def _backoff(retry: Retry) -> JsonObject | None:
    """How long it waits between its tries, to be kept; None when that is as usual."""
    return None if retry == Retry(attempts=retry.attempts) else to_json(retry)


def retry_of(run: Row[Any]) -> Retry:
    """How the run of that row is tried again."""
    return Retry(attempts=run.attempts) if run.backoff is None else from_json(Retry, run.backoff)


def _row(run: Started, status: str) -> dict[str, Any]:
    flow, lane = run.flow, run.flow.concurrency
    return {
        "id": run.id, "workflow": run.workflow, "queue": run.queue, "tenant": run.tenant, "namespace": run.namespace,
        "intent": run.intent, "parent": run.parent, "fan": run.fan, "cause": run.cause, "trace": run.trace,
        "status": status, "input": run.data,
        "attempts": run.retry.attempts, "backoff": _backoff(run.retry), "wake": 1,
        "epoch": 0, "failures": 0, "takes": 0, "dead": False, "cancelling": False,
        "behind": -flow.priority, "lane": lane.key if lane else None, "lane_most": lane.most if lane else None,
        "keyed": flow.singleton is not None or flow.debounce is not None,
    }  # fmt: skip


def _due(run: Started, now: datetime) -> datetime | None:
    if run.flow.debounce:
        return now + run.flow.debounce.period
    return now + run.after if run.after else None


# ---- singleton and debounce: a key that holds a run


def _asked_again(tx: Transaction, run: Started) -> bool:
    """Whether the run was begun before: then it takes no key from who came after it."""
    return bool(run.flow.debounce or run.flow.singleton) and tx.execute(_KNOWN, {"at_run": run.id}).first() is not None


def _alone(tx: Transaction, run: Started, singleton: Singleton, cancel: Callable[[Transaction, str], object]) -> bool:
    """Whether the run may hold the key; in the mode `cancel` whoever held it is cancelled."""
    at = {"at_kind": "singleton", "at_tenant": run.tenant, "at_key": singleton.key}
    if tx.insert_new(flow_table, {"kind": "singleton", "tenant": run.tenant, "key": singleton.key, "run": run.id}):
        return True
    holder = tx.execute(_HOLDER, at).scalar_one_or_none()
    if holder is not None and holder != run.id:
        if singleton.mode == "skip":
            return False
        cancel(tx, holder)
    tx.execute(_HOLD, {**at, "new_run": run.id, "new_at": None})
    return True


def _put_off(tx: Transaction, run: Started, debounce: Debounce, now: datetime) -> bool:
    """Whether a run of the key still waits to begin: it gets the newest input, and waits anew but not for ever."""
    at = {"at_kind": "debounce", "at_tenant": run.tenant, "at_key": debounce.key}
    last = now + (debounce.most or timedelta(days=36_500))
    if tx.insert_new(flow_table, {"kind": "debounce", "tenant": run.tenant, "key": debounce.key, "run": run.id, "at": last}):
        return False
    found = tx.execute(_DEBOUNCED, at).one()
    due = min(now + debounce.period, found.at)
    if tx.execute(_PUT_OFF, {"at_run": found.run, "new_due": due, "new_input": run.data}).rowcount == 1:
        return True
    tx.execute(_HOLD, {**at, "new_run": run.id, "new_at": last})
    return False


# ---- rate and throttle: a key that holds the moment of the next


def _require_rate(tx: Transaction, run: Started, rate: Rate, now: datetime) -> None:
    turn = _turn(tx, "rate", run.tenant, rate, now)
    if turn > now:
        raise Exhausted(
            "“{key}” may begin {most} times in {seconds} s, and has. Try again later.",
            retry_after=(turn - now).total_seconds(), key=rate.key, most=rate.most, seconds=rate.period.total_seconds(),
        )  # fmt: skip


def _turn(tx: Transaction, kind: str, tenant: str, rate: Rate, now: datetime) -> datetime:
    """When the next run of the key may begin, and count it as begun then: the generic cell rate algorithm
    (ITU-T I.371, https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm), `at` being the theoretical arrival time."""
    tx.insert_new(flow_table, {"kind": kind, "tenant": tenant, "key": rate.key, "at": now})
    at = {"at_kind": kind, "at_tenant": tenant, "at_key": rate.key}
    arrival = max(tx.execute(_ARRIVAL, at).scalar_one(), now)
    tx.execute(_HOLD, {**at, "new_run": None, "new_at": arrival + rate.spacing})
    turn: datetime = max(now, arrival - rate.spacing * (rate.burst - 1))
    return turn


def _postpone(tx: Transaction, run: Started, due: datetime) -> None:
    tx.execute(_POSTPONE, {"at_run": run.id, "new_due": due})


_run, _flow = run_table.c, flow_table.c
_KNOWN = select(_run.id).where(_run.id == bindparam("at_run"))
_AT = and_(_flow.kind == bindparam("at_kind"), _flow.tenant == bindparam("at_tenant"), _flow.key == bindparam("at_key"))
_HOLDER = (
    select(run_table.c.id).join(flow_table, flow_table.c.run == run_table.c.id).where(_AT, _run.status.not_in(ENDED)).with_for_update()
)
_DEBOUNCED = select(_flow.run, _flow.at).where(_AT).with_for_update()
_ARRIVAL = select(_flow.at).where(_AT).with_for_update()
_HOLD = update(flow_table).where(_AT).values(run=bindparam("new_run"), at=bindparam("new_at", type_=_flow.at.type))
_PUT_OFF = (
    update(run_table)
    .where(_run.id == bindparam("at_run"), _run.status == "held")
    .values(due=bindparam("new_due", type_=_run.due.type), input=bindparam("new_input", type_=_run.input.type))
)
_POSTPONE = (
    update(run_table)
    .where(_run.id == bindparam("at_run"), (_run.due.is_(None)) | (_run.due < bindparam("new_due", type_=_run.due.type)))
    .values(due=bindparam("new_due", type_=_run.due.type))
)
_other = run_table.alias("other")
_ENTER = (
    update(run_table)
    .where(_run.id == bindparam("at_run"))
    .where(
        ~exists().where(
            _other.c.tenant == bindparam("at_tenant"), _other.c.lane == bindparam("at_lane"), _other.c.id != bindparam("at_run"),
            in_lanes(_other),
        )
    )
    .values(status="pending")
)  # fmt: skip
FREE = delete(flow_table).where(_flow.run == bindparam("at_run"))
"""Lets go of the keys that a run holds."""
