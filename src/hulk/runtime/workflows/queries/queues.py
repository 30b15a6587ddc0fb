"""The queues: who paused which and why, and what stands in each."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, or_, select, union

from hulk.runtime.workflows.tables import DEAD, queue_table, run_table, unindexed


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
    query = select(_run.queue, _run.status, func.count().label("many")).where(_run.status.in_(_OPEN)).group_by(_run.queue, _run.status)
    counts: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for row in connection.execute(_of(query, tenant, within)):
        counts[row.queue][row.status] = row.many
    return counts


def _since(connection: Connection, tenant: str | None, within: Collection[str] | None, now: datetime) -> dict[str, datetime]:
    query = (
        select(_run.queue, func.min(_run.touched).label("since"))
        .where(_run.status.in_(("held", "pending")), or_(_run.due.is_(None), _run.due <= now))
        .group_by(_run.queue)
    )
    return {row.queue: row.since for row in connection.execute(_of(query, tenant, within))}


def _of(query: Select[Any], tenant: str | None, within: Collection[str] | None) -> Select[Any]:
    query = query if tenant is None else query.where(unindexed(_run.tenant) == tenant)
    return query if within is None else query.where(_run.namespace.in_(within))


def _queue(name: str, row: Row[Any] | None, counts: Mapping[str, int], oldest: datetime | None) -> Queue:
    queue = Queue(name=name, oldest=oldest, **counts)  # type: ignore[arg-type]  # the counts, by the names of their fields
    if row is None or row.paused is None:
        return queue
    return replace(queue, paused=row.paused, actor=row.actor, reason=row.reason)


_run = run_table.c
_OPEN = ("held", "pending", "running", "waiting", "needs_attention")
_DEAD = select(func.count()).select_from(run_table).where(DEAD)
_KNOWN = union(select(queue_table.c.name), select(_run.queue).where(_run.status.in_(_OPEN)))
