"""Finding runs, page by page: a cursor is the place behind the last run seen, so what is begun meanwhile moves no page."""

import base64
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, exists, literal, literal_column, not_, or_, select
from sqlalchemy.types import String

from hulk.kernel.errors import Refused
from hulk.kernel.text import writable
from hulk.kernel.time import from_iso, iso
from hulk.runtime.workflows.queries.runs import STATUSES, Run, runs_of
from hulk.runtime.workflows.tables import DEAD, SET_APART, attribute_table, run_table, stands, unindexed


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Which runs: those that fit all that is given. Times are from, inclusive, and before, exclusive; `code` is that of the error.
    `within` are the namespaces that may be seen, None for all."""

    tenant: str | None = None
    within: Collection[str] | None = None
    workflow: str | None = None
    status: str | None = None
    queue: str | None = None
    intent: str | None = None
    parent: str | None = None
    code: str | None = None
    dead: bool | None = None
    created_from: datetime | None = None
    created_before: datetime | None = None
    ended_from: datetime | None = None
    ended_before: datetime | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raises `Refused` for a status that there is not, a moment without a zone, and text that no store keeps."""
        if self.status is not None and self.status not in STATUSES:
            raise Refused("There is no status “{status}”; allowed: {allowed}.", status=self.status[:40], allowed=", ".join(STATUSES))
        require_writable(self.workflow, self.queue, self.intent, self.parent, self.code, *self.attributes, *self.attributes.values())
        require_zone(self.created_from, self.created_before, self.ended_from, self.ended_before)


@dataclass(frozen=True, slots=True)
class Page:
    """Runs, the newest first; `next` is the cursor of the page behind them, None when this is the last."""

    runs: Sequence[Run]
    next: str | None


def require_writable(*texts: str | None) -> None:
    """Raises `Refused` for text that no store keeps."""
    for text in texts:
        if text is not None and writable(text) != text:
            raise Refused("“{value}” holds a NUL or half of a UTF-16 pair, which nothing is called.", value=writable(text)[:80])


def require_zone(*moments: datetime | None) -> None:
    """Raises `Refused` for a moment that could be any of a day's."""
    for moment in moments:
        if moment is not None and moment.tzinfo is None:
            raise Refused("The time {time} names no zone: write it as in 2026-11-21T03:00:00Z.", time=moment.isoformat())


def attributes_of(pairs: Sequence[str]) -> dict[str, str]:
    """`["kind=git.churn"]` as a mapping; raises `Refused` for what is no pair."""
    for pair in pairs:
        if not pair.partition("=")[1]:
            raise Refused("“{value}” is no attribute: write name=value, as in kind=git.churn.", value=writable(pair)[:80])
    return {name: value for name, _, value in (pair.partition("=") for pair in pairs)}


def searched(connection: Connection, search: Search, limit: int, after: str | None) -> Page:
    """One page; raises `Refused` for a cursor that none of ours is."""
    query = _fitting(search, _few_of(connection, search.attributes))
    if after is not None:
        created, run = _decoded(after)
        query = query.where(_run.created <= created, or_(_run.created < created, _run.id < run))
    rows = connection.execute(query.order_by(_run.created.desc(), _run.id.desc()).limit(limit + 1)).all()
    more = _encoded(rows[limit - 1].created, rows[limit - 1].id) if len(rows) > limit else None
    return Page(runs_of(connection, rows[:limit]), more)


def _few_of(connection: Connection, attributes: Mapping[str, str]) -> Sequence[str] | None:
    """The runs with the rarest of the attributes, when they are few: these are looked through. None when each is common: then some are
    soon found among the newest runs."""
    for name, value in attributes.items():
        runs = connection.execute(_WITH, {"at_name": name, "at_value": value}).scalars().all()
        if len(runs) <= _MANY:
            return runs
    return None


def _fitting(search: Search, few: Sequence[str] | None) -> Select[Any]:
    query: Select[Any] = select(run_table) if few is None else select(run_table).where(_run.id.in_(few))
    if search.tenant is not None:
        query = query.where((unindexed(_run.tenant) if _is_narrow(search, few) else _run.tenant) == search.tenant)
    query = query if search.within is None else query.where(_run.namespace.in_(search.within))
    if search.workflow is not None:
        rare = search.dead or search.code is not None or search.status in SET_APART
        query = query.where((unindexed(_run.workflow) if rare else _run.workflow) == search.workflow)
    for name in ("status", "queue", "intent", "parent"):
        wanted: str | None = getattr(search, name)
        if wanted is not None:
            query = query.where(_run[name] == literal(wanted))
    return _timed(_attributed(_apart(query, search), search), search)


def _attributed(query: Select[Any], search: Search) -> Select[Any]:
    if search.code is not None:
        query = query.where(_run.error.is_not(None), error_code == search.code)
    for name, value in search.attributes.items():
        query = query.where(exists().where(and_(_attribute.run == _run.id, _attribute.name == name, _attribute.value == value)))
    return query


def _timed(query: Select[Any], search: Search) -> Select[Any]:
    for column in (_run.created, _run.ended):
        if (first := getattr(search, f"{column.name}_from")) is not None:
            query = query.where(column >= first)
        if (end := getattr(search, f"{column.name}_before")) is not None:
            query = query.where(column < end)
    return query


def _is_narrow(search: Search, few: Sequence[str] | None) -> bool:
    """Whether what is asked for fits few runs, whoever's."""
    return few is not None or search.intent is not None or search.parent is not None or search.status in ("pending", "running")


def _apart(query: Select[Any], search: Search) -> Select[Any]:
    """The same runs, so said that the indexes of the few that are so can be taken."""
    if search.dead is not None:
        return query.where(DEAD if search.dead else not_(DEAD))
    if search.status in SET_APART:
        return query.where(stands(*SET_APART))
    return query.where(stands("pending", "running")) if search.status in ("pending", "running") else query


def _encoded(created: datetime, run: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([iso(created), run]).encode()).decode().rstrip("=")


def _decoded(cursor: str) -> tuple[datetime, str]:
    try:
        created, run = map(str, json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)))
        moment = from_iso(created).astimezone(UTC)
        require_writable(run)
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError, Refused) as error:
        raise Refused(
            "“{value}” is no cursor: send back the “next” of the page before, or nothing.", value=writable(cursor)[:80]
        ) from error
    return moment, run


_run, _attribute = run_table.c, attribute_table.c
_MANY = 2000
_WITH = select(_attribute.run).where(_attribute.name == bindparam("at_name"), _attribute.value == bindparam("at_value")).limit(_MANY + 1)
error_code = _run.error.op("->>", return_type=String())(literal_column("'code'"))
"""The code of a run's error; both databases have this operator."""
