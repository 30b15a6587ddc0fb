"""What became of a run, moment by moment: from its rows, its children's, and what people did to it, from the trail."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

from sqlalchemy import Connection, Row, bindparam, func, select

from hulk.kernel.records import JsonObject
from hulk.runtime.outbox import event_table
from hulk.runtime.outbox.tables import STEERED
from hulk.runtime.workflows.beginning import ENDED
from hulk.runtime.workflows.queries.runs import Run, Step, runs_of, steps_of, the_run
from hulk.runtime.workflows.tables import failure_table, run_table, signal_table

MOST_CHILDREN = 100
"""Of how many children a timeline tells; `Timeline.children` counts all."""

Kind: TypeAlias = Literal[
    "begun", "let in", "step", "wait", "sleep", "children", "failure", "undo", "try failed", "signal", "child begun", "child ended",
    "cancelled", "replayed", "forked", "discarded", "now", "ended",
]  # fmt: skip
"""`failure`: the body failed for good, and undoes; `wait`, `sleep`, `children`: what it waited for, and got at that moment; `now`: as
it stands, when it has not ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Something that became of a run. `name` is the step's, signal's, child's; `due` is when it goes on, or is tried again."""

    at: datetime
    kind: Kind
    name: str | None = None
    index: int | None = None
    seconds: float | None = None
    status: str | None = None
    error: JsonObject | None = None
    due: datetime | None = None
    actor: str | None = None
    consumed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """A run with all that became of it, oldest first, and how many of its children are in which status."""

    run: Run
    entries: tuple[Entry, ...]
    children: Mapping[str, int]


def timeline_of(connection: Connection, run_id: str) -> Timeline:
    """The run's timeline; raises `NotFound`."""
    row = the_run(connection, run_id)
    (run,) = runs_of(connection, [row])
    entries = [
        *_bounds(row), *_steps(row, steps_of(connection, run_id)), *_failures(connection, run_id), *_signals(connection, run_id),
        *_children(connection, run_id), *_steered(connection, run_id),
    ]  # fmt: skip
    counts = {one.status: one.many for one in connection.execute(_COUNTS, {"at_run": run_id})}
    return Timeline(run=run, entries=tuple(sorted(entries, key=_order)), children=counts)


def _order(entry: Entry) -> tuple[object, ...]:
    """By time; of one moment: the beginning first, the end last, steps in their order."""
    return entry.at, {"begun": 0, "now": 3, "ended": 2}.get(entry.kind, 1), -1 if entry.index is None else entry.index


def _bounds(row: Row[Any]) -> Iterator[Entry]:
    yield Entry(at=row.created, kind="begun", name=row.workflow)
    if row.let_in is not None:
        yield Entry(at=row.let_in, kind="let in", name=row.queue)
    if row.ended is not None:
        yield Entry(at=row.ended, kind="ended", status=row.status, error=row.error, seconds=_seconds(row.created, row.ended))
    elif row.status not in ENDED:
        yield Entry(at=row.touched, kind="now", status=row.status, due=row.due, error=row.error)


def _steps(row: Row[Any], steps: list[Step]) -> Iterator[Entry]:
    """Each step; one whose beginning is not recorded, which is one that waits, began when the one before it was done."""
    before: datetime = row.created
    for step in steps:
        kind, name = _kind(step.name)
        yield Entry(at=step.recorded, kind=kind, name=name, index=step.index, seconds=_seconds(step.began or before, step.recorded))
        before = max(before, step.recorded)


def _kind(name: str) -> tuple[Kind, str | None]:
    """What a step's name in the journal stands for (`context.RunContext` gives them)."""
    first, colon, rest = name.partition(":")
    kinds: Mapping[str, Kind] = {"wait": "wait", "sleep": "sleep", "all": "children", "undo": "undo"}
    if colon and first in kinds:
        return kinds[first], rest
    return ("failure", None) if name == "failed" else ("step", name)


def _failures(connection: Connection, run: str) -> Iterator[Entry]:
    for row in connection.execute(_FAILURES, {"at_run": run}):
        yield Entry(at=row.at, kind="try failed", error=row.error, due=row.due)


def _signals(connection: Connection, run: str) -> Iterator[Entry]:
    for row in connection.execute(_SIGNALS, {"at_run": run}):
        yield Entry(at=row.left, kind="signal", name=row.name, consumed=row.consumed)


def _children(connection: Connection, run: str) -> Iterator[Entry]:
    for row in connection.execute(_CHILDREN, {"at_run": run}):
        yield Entry(at=row.created, kind="child begun", name=row.id)
        if row.ended is not None:
            yield Entry(at=row.ended, kind="child ended", name=row.id, status=row.status, error=row.error)


def _steered(connection: Connection, run: str) -> Iterator[Entry]:
    """What people did to it; a copy made of it is named."""
    kinds: Mapping[str, Kind] = {f"hulk.run.{kind}.v1": kind for kind in ("cancelled", "replayed", "forked", "discarded")}
    for row in connection.execute(_EVENTS, {"at_run": run}):
        yield Entry(at=row.time, kind=kinds[row.type], actor=row.actor, index=row.data.get("index"), name=row.data.get("run"))


def _seconds(began: datetime, ended: datetime) -> float:
    return round(max((ended - began).total_seconds(), 0.0), 6)


_run, _failure, _signal, _event = run_table.c, failure_table.c, signal_table.c, event_table.c
_FAILURES = select(failure_table).where(_failure.run == bindparam("at_run")).order_by(_failure.epoch)
_SIGNALS = (
    select(_signal.name, _signal.left, _signal.consumed).where(_signal.run == bindparam("at_run")).order_by(_signal.left, _signal.key)
)
_CHILDREN = (
    select(_run.id, _run.status, _run.created, _run.ended, _run.error)
    .where(_run.parent == bindparam("at_run"))
    .order_by(_run.created, _run.id)
    .limit(MOST_CHILDREN)
)
_COUNTS = select(_run.status, func.count().label("many")).where(_run.parent == bindparam("at_run")).group_by(_run.status)
_EVENTS = select(event_table).where(_event.subject == bindparam("at_run"), STEERED).order_by(_event.sequence)
