"""Dead letters: runs that should have worked and did not, one by one and by what ended them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, literal, select

from hulk.kernel.errors import Refused
from hulk.runtime.workflows.queries.runs import BRIEF, Run, run_of
from hulk.runtime.workflows.queries.search import require_writable, require_zone
from hulk.runtime.workflows.tables import DEAD, run_table


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A run that should have worked and did not: how often it was tried, and what ended it."""

    run: Run
    deliveries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dead:
    """The dead letters of a workflow that the same kind of error ended."""

    workflow: str
    code: str
    count: int
    oldest: datetime
    newest: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Which dead letters are meant: those that fit all that is given. `every` is how to say that there is no limit to that, but for
    the namespaces `within` which they are."""

    tenant: str | None = None
    within: Collection[str] | None = None
    runs: tuple[str, ...] = ()
    workflow: str | None = None
    code: str | None = None
    queue: str | None = None
    intent: str | None = None
    ended_before: datetime | None = None
    every: bool = False

    def __post_init__(self) -> None:
        """Raises `Refused` when nothing is said, for that could mean none or all, and for text that no store keeps."""
        if not (self.every or self.runs or self.workflow or self.code or self.queue or self.intent or self.ended_before):
            raise Refused("Say which dead letters are meant: runs, workflow, code, queue, intent, ended_before, or all.")
        require_writable(*self.runs, self.workflow, self.code, self.queue, self.intent)
        require_zone(self.ended_before)


def dead_letters(connection: Connection, tenant: str | None, limit: int) -> list[DeadLetter]:
    """The newest."""
    query = select(*BRIEF).where(DEAD).order_by(_run.ended.desc()).limit(limit)
    query = query if tenant is None else query.where(_run.tenant == tenant)
    return [DeadLetter(run=run_of(row), deliveries=row.failures + row.takes) for row in connection.execute(query)]


def groups(connection: Connection, tenant: str | None, within: Collection[str] | None) -> list[Dead]:
    """By workflow and code, the most first."""
    code, workflow = _run.code, _run.workflow
    query = select(workflow, code, func.count().label("count"), func.min(_run.ended).label("oldest"), func.max(_run.ended).label("newest"))
    query = query.where(DEAD).group_by(workflow, code).order_by(func.count().desc(), workflow, code)
    query = query if tenant is None else query.where(_run.tenant == tenant)
    query = query if within is None else query.where(_run.namespace.in_(within))
    return [
        Dead(workflow=row.workflow, code=row.code or "", count=row._mapping["count"], oldest=row.oldest, newest=row.newest)  # noqa: SLF001  # a tuple has a `count` of its own
        for row in connection.execute(query)
    ]


def meant(connection: Connection, which: Which, limit: int) -> tuple[list[str], int]:
    """The ids of the oldest of those dead letters, at most `limit`, and how many there are in all."""
    whole: int = connection.execute(_fitting(select(func.count()).select_from(run_table), which)).scalar_one()
    query = _fitting(select(_run.id), which).order_by(_run.ended, _run.id).limit(limit)
    return list(connection.execute(query).scalars()), whole


def _fitting(query: Select[Any], which: Which) -> Select[Any]:
    query = query.where(DEAD)
    for name in ("tenant", "workflow", "queue", "intent"):
        wanted: str | None = getattr(which, name)
        if wanted is not None:
            query = query.where(_run[name] == literal(wanted))
    if which.within is not None:
        query = query.where(_run.namespace.in_(which.within))
    if which.code is not None:
        query = query.where(_run.code == which.code)
    if which.ended_before is not None:
        query = query.where(_run.ended < which.ended_before)
    return query.where(_run.id.in_(which.runs)) if which.runs else query


_run = run_table.c
