"""Reading the journal: runs, their steps, the dead letters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select

from hulk.kernel.durable import Ended
from hulk.kernel.errors import NotFound
from hulk.kernel.records import JsonObject
from hulk.runtime.store import Store
from hulk.runtime.workflows.tables import run_table, step_table


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A recorded step, without its value."""

    index: int
    name: str
    recorded: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run as it stands."""

    id: str
    workflow: str
    queue: str
    tenant: str
    intent: str | None
    parent: str | None
    status: str
    failures: int
    error: JsonObject | None
    created: datetime
    ended: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A run that should have worked and did not: how often it was tried, and what ended it."""

    run: Run
    deliveries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How many runs of each queue are in each status that is no end, and how many are dead letters."""

    runs: Mapping[tuple[str, str], int]
    dead_letters: int


class RunQueries:
    """What can be asked of the journal."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def runs(self, tenant: str | None = None, status: str | None = None, limit: int = 50) -> list[Run]:
        """The newest runs, of a tenant and in a status when given."""
        query = select(run_table).order_by(run_table.c.created.desc(), run_table.c.id.desc()).limit(limit)
        query = query if tenant is None else query.where(run_table.c.tenant == tenant)
        query = query if status is None else query.where(run_table.c.status == status)
        return await self._store.read(lambda connection: [_run(row) for row in connection.execute(query)])

    async def run(self, run_id: str) -> tuple[Run, list[Step]]:
        """A run and its recorded steps in order; raises `NotFound`."""
        return await self._store.read(lambda connection: _with_steps(connection, run_id))

    async def dead_letters(self, tenant: str | None = None, limit: int = 50) -> list[DeadLetter]:
        """The newest runs that belong to the dead letters."""
        query = select(run_table).where(run_table.c.dead.is_(True)).order_by(run_table.c.ended.desc()).limit(limit)
        query = query if tenant is None else query.where(run_table.c.tenant == tenant)
        return await self._store.read(
            lambda connection: [DeadLetter(run=_run(row), deliveries=row.failures + row.takes) for row in connection.execute(query)]
        )

    async def standing(self) -> Standing:
        """How many runs are not at their end, and how many dead letters there are."""
        return await self._store.read(
            lambda connection: Standing(
                runs={(row.queue, row.status): row.many for row in connection.execute(_STANDING)},
                dead_letters=connection.execute(_DEAD).scalar_one(),
            )
        )

    async def counts(self) -> dict[str, int]:
        """How many runs there are in each status."""
        query = select(run_table.c.status, func.count()).group_by(run_table.c.status)
        return await self._store.read(lambda connection: {row[0]: row[1] for row in connection.execute(query)})


def under_way(connection: Connection) -> int:
    """How many runs are pending or running."""
    found: int = connection.execute(_UNDER_WAY).scalar_one()
    return found


def ends(connection: Connection, parent: str, fan: str, runs: Sequence[str]) -> list[Ended]:
    """How the runs of a fan have ended, in the order of `runs`."""
    found = {row.id: row for row in connection.execute(_FAN, {"at_parent": parent, "at_fan": fan})}
    return [Ended(run=run, status=found[run].status, result=found[run].result, error=found[run].error) for run in runs]


_run_ = run_table.c
_UNDER_WAY = select(func.count()).where(_run_.status.in_(("pending", "running")))
_STANDING = (
    select(_run_.queue, _run_.status, func.count().label("many"))
    .where(_run_.status.in_(("held", "pending", "running", "waiting", "needs_attention")))
    .group_by(_run_.queue, _run_.status)
)
_DEAD = select(func.count()).select_from(run_table).where(_run_.dead.is_(True))
_FAN = select(_run_.id, _run_.status, _run_.result, _run_.error).where(
    _run_.parent == bindparam("at_parent"), _run_.fan == bindparam("at_fan")
)


def _with_steps(connection: Connection, run_id: str) -> tuple[Run, list[Step]]:
    row = connection.execute(select(run_table).where(run_table.c.id == run_id)).one_or_none()
    if row is None:
        raise NotFound("There is no run {id}.", id=run_id)
    steps = connection.execute(select(step_table).where(step_table.c.run == run_id).order_by(step_table.c.position))
    return _run(row), [Step(index=step.position, name=step.name, recorded=step.recorded) for step in steps]


def _run(row: Row[Any]) -> Run:
    return Run(**{name: getattr(row, name) for name in Run.__dataclass_fields__})
