"""The queues: who paused which and why, and what stands in each."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, or_, select, union, union_all

from hulk.runtime.workflows.tables import DEAD, LATER, READY, apart, going, queue_table, run_table, unindexed


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A queue with its runs that have not ended. `oldest` is since when the one waits that has waited longest for a worker."""

    name: str
    paused: datetime | None = None
    actor: str | None = None
    reason: str | None = None
    held: int = 0
    pending: int = 0
    running: int = 0
    waiting: int = 0
    needs_attention: int = 0
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How many runs of each queue are in each status that is no end, and how many are dead letters."""

    runs: Mapping[tuple[str, str], int]
    dead_letters: int


def standing(connection: Connection) -> Standing:
    """How the store stands."""
    counted = {(queue, status): many for queue, counts in _counted(connection, None, None).items() for status, many in counts.items()}
    return Standing(runs=counted, dead_letters=connection.execute(_DEAD).scalar_one())


def known_queues(connection: Connection) -> list[str]:
    """The names of the queues that a process works or has worked, or that have runs."""
    return sorted(connection.execute(_KNOWN).scalars())


def queues(connection: Connection, tenant: str | None, within: Collection[str] | None, now: datetime) -> list[Queue]:
    """All known queues, by name, with the runs of `tenant`, or of all, in the namespaces `within`, or in all."""
    rows = {row.name: row for row in connection.execute(select(queue_table))}
    counts = _counted(connection, tenant, within)
    since = _since(connection, tenant, within, now)
    names = sorted({*rows, *counts})
    return [_queue(name, rows.get(name), counts.get(name, {}), since.get(name)) for name in names]


def _counted(connection: Connection, tenant: str | None, within: Collection[str] | None) -> dict[str, dict[str, int]]:
    query = select(_run.queue, _run.status, func.count().label("many")).group_by(_run.queue, _run.status)
    counts: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for row in connection.execute(union_all(*_of(query, (_GOING, _STANDING), tenant, within))):
        counts[row.queue][row.status] = row.many
    return counts


def _since(connection: Connection, tenant: str | None, within: Collection[str] | None, now: datetime) -> dict[str, datetime]:
    pending, came = or_(_run.due.is_(None), _run.due <= now), and_(LATER, _run.due <= now)
    query = select(_run.queue, func.min(_run.touched).label("since")).group_by(_run.queue)
    found: dict[str, datetime] = {}
    for row in connection.execute(union_all(*_of(query, (and_(going("pending"), pending), READY, came), tenant, within))):
        found[row.queue] = min(row.since, found.get(row.queue, row.since))
    return found


def _of(query: Select[Any], kinds: Sequence[ColumnElement[bool]], tenant: str | None, within: Collection[str] | None) -> list[Select[Any]]:
    """Of each kind of runs its own, for each has its index."""
    query = query if within is None else query.where(_run.namespace.in_(within))
    found = [query.where(kind) for kind in kinds]
    return found if tenant is None else [one.where(_tenant(kind) == tenant) for one, kind in zip(found, kinds, strict=True)]


def _tenant(kind: ColumnElement[bool]) -> ColumnElement[str]:
    """As the index of those runs has it first, or not at all."""
    return _run.tenant if kind is _STANDING else unindexed(_run.tenant)


def _queue(name: str, row: Row[Any] | None, counts: Mapping[str, int], oldest: datetime | None) -> Queue:
    queue = Queue(name=name, oldest=oldest, **counts)  # type: ignore[arg-type]  # the counts, by the names of their fields
    if row is None or row.paused is None:
        return queue
    return replace(queue, paused=row.paused, actor=row.actor, reason=row.reason)


_run = run_table.c
_GOING, _STANDING = going(), apart("held", "waiting", "needs_attention")
_DEAD = select(func.count()).select_from(run_table).where(DEAD)
_KNOWN = union(select(queue_table.c.name), *(select(_run.queue).where(kind) for kind in (_GOING, _STANDING)))
