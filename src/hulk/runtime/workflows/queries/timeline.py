"""What became of a run, moment by moment: from its rows, its children's, and what people did to it, from the trail."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

from sqlalchemy import Column, Connection, Row, Select, bindparam, func, select

from hulk.kernel.records import JsonObject
from hulk.runtime.outbox import event_table
from hulk.runtime.outbox.tables import STEERED
from hulk.runtime.workflows.beginning import ENDED
from hulk.runtime.workflows.queries.runs import Run, Step, runs_of, steps_of, the_run
from hulk.runtime.workflows.tables import failure_table, run_table, signal_table, step_table

MOST_CHILDREN = 100
"""Of how many children a timeline tells; `Timeline.children` counts all."""
MOST_BESIDES = 1000
"""Of how many failed tries, signals and acts of people it tells: of each, the newest of its span."""

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
class Window:
    """A part of a timeline: at most `most` steps, the last ones before step `before` (None: before the end), and what became of the run
    beside them. `trouble` leaves out what went well."""

    most: int | None = None
    before: int | None = None
    trouble: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """A run with what became of it, oldest first, and how many of its children are in which status. Told are its steps from `first` to
    before `end`, of `steps`."""

    run: Run
    entries: tuple[Entry, ...]
    children: Mapping[str, int]
    first: int
    end: int
    steps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    """Steps, and the time that they cover: later than `since`, not later than `until`; None is without end."""

    first: int
    end: int
    steps: int
    trouble: bool = False
    since: datetime | None = None
    until: datetime | None = None

    def of(self, query: Select[Any], at: Column[datetime]) -> Select[Any]:
        """What became of the run in that time."""
        query = query if self.since is None else query.where(at > self.since)
        return query if self.until is None else query.where(at <= self.until)


WHOLE = Window()


def timeline_of(connection: Connection, run_id: str, window: Window = WHOLE) -> Timeline:
    """The run's timeline, or that part of it; raises `NotFound`."""
    row = the_run(connection, run_id)
    (run,) = runs_of(connection, [row])
    span = _span(connection, run_id, window)
    entries = [
        *_bounds(row, span), *_steps(row, span, steps_of(connection, run_id, span.first, span.end, trouble=span.trouble)),
        *_failures(connection, run_id, span), *_signals(connection, run_id, span), *_children(connection, run_id, span),
        *_steered(connection, run_id, span),
    ]  # fmt: skip
    counts = {one.status: one.many for one in connection.execute(_COUNTS, {"at_run": run_id})}
    return Timeline(
        run=run, entries=tuple(sorted(entries, key=_order)), children=counts, first=span.first, end=span.end, steps=span.steps
    )  # fmt: skip


def _span(connection: Connection, run: str, window: Window) -> _Span:
    last: int | None = connection.execute(_LAST, {"at_run": run}).scalar_one()
    steps = 0 if last is None else last + 1
    if window.trouble:
        return _Span(first=0, end=steps, steps=steps, trouble=True)
    end = steps if window.before is None else min(max(window.before, 0), steps)
    first = 0 if window.most is None else max(0, end - window.most)
    since = _recorded(connection, run, first - 1) if first else None
    return _Span(first=first, end=end, steps=steps, since=since, until=_recorded(connection, run, end - 1) if 0 < end < steps else None)


def _recorded(connection: Connection, run: str, position: int) -> datetime | None:
    found: datetime | None = connection.execute(_RECORDED, {"at_run": run, "at_position": position}).scalar_one_or_none()
    return found


def _order(entry: Entry) -> tuple[object, ...]:
    """By time; of one moment: the beginning first, the end last, steps in their order."""
    return entry.at, {"begun": 0, "now": 3, "ended": 2}.get(entry.kind, 1), -1 if entry.index is None else entry.index


def _bounds(row: Row[Any], span: _Span) -> Iterator[Entry]:
    if span.since is None:
        yield Entry(at=row.created, kind="begun", name=row.workflow)
        if row.let_in is not None and not span.trouble:
            yield Entry(at=row.let_in, kind="let in", name=row.queue)
    if span.until is None and row.ended is not None:
        yield Entry(at=row.ended, kind="ended", status=row.status, error=row.error, seconds=_seconds(row.created, row.ended))
    elif span.until is None and row.status not in ENDED:
        yield Entry(at=row.touched, kind="now", status=row.status, due=row.due, error=row.error)


def _steps(row: Row[Any], span: _Span, steps: list[Step]) -> Iterator[Entry]:
    """Each step; one whose beginning is not recorded, which is one that waits, began when the one before it was done."""
    before: datetime = span.since or row.created
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


def _failures(connection: Connection, run: str, span: _Span) -> Iterator[Entry]:
    for row in connection.execute(span.of(_FAILURES, _failure.at), {"at_run": run}):
        yield Entry(at=row.at, kind="try failed", error=row.error, due=row.due)


def _signals(connection: Connection, run: str, span: _Span) -> Iterator[Entry]:
    """In trouble: those that nothing took."""
    query = _SIGNALS.where(_signal.consumed.is_(None)) if span.trouble else _SIGNALS
    for row in connection.execute(span.of(query, _signal.left), {"at_run": run}):
        yield Entry(at=row.left, kind="signal", name=row.name, consumed=row.consumed)


def _children(connection: Connection, run: str, span: _Span) -> Iterator[Entry]:
    """In trouble: those that did not end well, or have not ended."""
    query = _CHILDREN.where(_run.status != "completed") if span.trouble else _CHILDREN
    for row in connection.execute(query, {"at_run": run}):
        found = [Entry(at=row.created, kind="child begun", name=row.id)]
        if row.ended is not None:
            found = [*found[span.trouble :], Entry(at=row.ended, kind="child ended", name=row.id, status=row.status, error=row.error)]
        yield from (one for one in found if (span.since is None or one.at > span.since) and (span.until is None or one.at <= span.until))


def _steered(connection: Connection, run: str, span: _Span) -> Iterator[Entry]:
    """What people did to it; a copy made of it is named."""
    kinds: Mapping[str, Kind] = {f"hulk.run.{kind}.v1": kind for kind in ("cancelled", "replayed", "forked", "discarded")}
    for row in connection.execute(span.of(_EVENTS, _event.time), {"at_run": run}):
        yield Entry(at=row.time, kind=kinds[row.type], actor=row.actor, index=row.data.get("index"), name=row.data.get("run"))


def _seconds(began: datetime, ended: datetime) -> float:
    return round(max((ended - began).total_seconds(), 0.0), 6)


_run, _step, _failure, _signal, _event = run_table.c, step_table.c, failure_table.c, signal_table.c, event_table.c
_LAST = select(func.max(_step.position)).where(_step.run == bindparam("at_run"))
_RECORDED = select(_step.recorded).where(_step.run == bindparam("at_run"), _step.position == bindparam("at_position"))
_FAILURES = (
    select(_failure.at, _failure.error, _failure.due)
    .where(_failure.run == bindparam("at_run"))
    .order_by(_failure.epoch.desc())
    .limit(MOST_BESIDES)
)
_SIGNALS = (
    select(_signal.name, _signal.left, _signal.consumed)
    .where(_signal.run == bindparam("at_run"))
    .order_by(_signal.left.desc(), _signal.key)
    .limit(MOST_BESIDES)
)
_CHILDREN = (
    select(_run.id, _run.status, _run.created, _run.ended, _run.error)
    .where(_run.parent == bindparam("at_run"))
    .order_by(_run.created, _run.id)
    .limit(MOST_CHILDREN)
)
_COUNTS = select(_run.status, func.count().label("many")).where(_run.parent == bindparam("at_run")).group_by(_run.status)
_EVENTS = select(event_table).where(_event.subject == bindparam("at_run"), STEERED).order_by(_event.sequence.desc()).limit(MOST_BESIDES)
