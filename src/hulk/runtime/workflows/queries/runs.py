"""A run as it stands, and its recorded steps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, or_, select

from hulk.kernel.durable import Ended
from hulk.kernel.errors import NotFound
from hulk.kernel.records import JsonObject
from hulk.runtime.workflows.tables import attribute_table, going, queue_table, run_table, step_table

STATUSES = ("held", "pending", "running", "waiting", "needs_attention", "completed", "failed", "cancelled")
"""All that a run's status can be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A recorded step, without its value. `began` is not known of waits."""

    index: int
    name: str
    began: datetime | None = None
    recorded: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run as it stands. `failures` and `takes` count tries and deliveries since it last got on; `origin` is what it is a copy of;
    `awaits` the signal that it waits for, as long as its status is `waiting`."""

    id: str
    workflow: str
    version: str
    queue: str
    tenant: str
    namespace: str
    intent: str | None
    parent: str | None
    origin: str | None
    trace: str | None
    status: str
    dead: bool
    cancelling: bool
    priority: int
    failures: int
    takes: int
    error: JsonObject | None
    due: datetime | None
    awaits: str | None
    created: datetime
    ended: datetime | None
    attributes: Mapping[str, str] = field(default_factory=dict)


BRIEF = [*(run_table.c[name] for name in Run.__dataclass_fields__ if name not in ("attributes", "priority")), run_table.c.behind]
"""The columns that `run_of` reads: not what a run was given and what came of it, which may be large."""


def run_of(row: Row[Any], attributes: Mapping[str, str] | None = None) -> Run:
    """A row of `run_table` as it is read."""
    plain = {name: getattr(row, name) for name in Run.__dataclass_fields__ if name not in ("attributes", "priority")}
    waits = plain["awaits"] if row.status == "waiting" else None
    return Run(**{**plain, "awaits": waits}, priority=-row.behind, attributes=attributes or {})


def runs_of(connection: Connection, rows: Sequence[Row[Any]]) -> tuple[Run, ...]:
    """Rows of `run_table` with their attributes."""
    known: dict[str, dict[str, str]] = {row.id: {} for row in rows}
    for one in connection.execute(_ATTRIBUTES, {"at_runs": list(known)}):
        known[one.run][one.name] = one.value
    return tuple(run_of(row, known[row.id]) for row in rows)


def the_run(connection: Connection, run: str) -> Row[Any]:
    """The run's row; raises `NotFound`."""
    row = connection.execute(_ROW, {"at_run": run}).one_or_none()
    if row is None:
        raise NotFound("There is no run {id}.", id=run)
    return row


def steps_of(connection: Connection, run: str, first: int = 0, end: int | None = None, *, trouble: bool = False) -> list[Step]:
    """The recorded steps of a run from `first` to before `end`, in order; in `trouble`, those that tell of a failure or undo."""
    query = _STEPS if end is None and not first else _STEPS.where(_step.position.between(first, (2**31 if end is None else end) - 1))
    query = query.where(or_(_step.name == "failed", _step.name.like("undo:%"))) if trouble else query
    steps = connection.execute(query, {"at_run": run})
    return [Step(index=step.position, name=step.name, began=step.began, recorded=step.recorded) for step in steps]


def counts(connection: Connection) -> dict[str, int]:
    """How many runs there are in each status. Goes through all there are."""
    return {row[0]: row[1] for row in connection.execute(select(_run.status, func.count()).group_by(_run.status))}


def under_way(connection: Connection) -> int:
    """How many runs are pending or running."""
    found: int = connection.execute(_UNDER_WAY).scalar_one()
    return found


def at_work(connection: Connection, tenant: str) -> int:
    """How many runs of a tenant are pending or running, in the queues that are known."""
    found: int = connection.execute(_AT_WORK, {"of": tenant}).scalar_one()
    return found


def ends(connection: Connection, parent: str, fan: str, runs: Sequence[str]) -> list[Ended]:
    """How the runs of a fan have ended, in the order of `runs`."""
    found = {row.id: row for row in connection.execute(_FAN, {"at_parent": parent, "at_fan": fan})}
    return [Ended(run=run, status=found[run].status, result=found[run].result, error=found[run].error) for run in runs]


_run, _step, _attribute = run_table.c, step_table.c, attribute_table.c
_ROW = select(run_table).where(_run.id == bindparam("at_run"))
_STEPS = select(_step.position, _step.name, _step.began, _step.recorded).where(_step.run == bindparam("at_run")).order_by(_step.position)
_ATTRIBUTES = select(attribute_table).where(_attribute.run.in_(bindparam("at_runs", expanding=True))).order_by(_attribute.name)
_UNDER_WAY = select(func.count()).where(going())
_AT_WORK = select(func.count()).where(going(), _run.tenant == bindparam("of"), _run.queue.in_(select(queue_table.c.name)))
_FAN = select(_run.id, _run.status, _run.result, _run.error).where(_run.parent == bindparam("at_parent"), _run.fan == bindparam("at_fan"))
