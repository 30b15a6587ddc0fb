"""Finding runs, page by page: a cursor is the place behind the last run seen, so what is begun meanwhile moves no page."""

import base64
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, exists, literal, or_, select

from hulk.kernel.errors import Refused
from hulk.kernel.text import writable
from hulk.kernel.time import from_iso, iso
from hulk.runtime.store import among
from hulk.runtime.workflows.queries.runs import BRIEF, STATUSES, Run, runs_of
from hulk.runtime.workflows.tables import DEAD, LET_BE, NOT_DEAD, SET_APART, attribute_table, going, in_queue, run_table, stands, unindexed


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
    few = _few_of(connection, search.attributes)
    query = _fitting(search, few, crowd=_is_crowd(connection, search))
    if after is not None:
        created, run = _decoded(after)
        query = query.where(_run.created <= created, or_(_run.created < created, _run.id < run))
    query = query.order_by(_run.created.desc(), _run.id.desc()).limit(limit + 1)
    rows = connection.execute(query, {} if few is None else {"few": few}).all()
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


def _is_crowd(connection: Connection, search: Search) -> bool:
    """Whether so many runs are pending or running that some of them are soon found among the newest."""
    if search.status not in _UNDER_WAY:
        return False
    many = select(_run.status).where(going(search.status)).limit(_MANY + 1)
    many = many if search.tenant is None else many.where(unindexed(_run.tenant) == search.tenant)
    return len(connection.execute(many).all()) > _MANY


def _fitting(search: Search, few: Sequence[str] | None, *, crowd: bool) -> Select[Any]:
    """Each condition is said so that the index of the fewest runs is taken: neither database knows by itself which that is."""
    narrow = few is not None or search.intent or search.parent or (search.status in _UNDER_WAY and not crowd)
    query: Select[Any] = select(*BRIEF) if few is None else select(*BRIEF).where(among(_run.id, "few"))
    query = query if search.tenant is None else query.where((unindexed(_run.tenant) if narrow else _run.tenant) == search.tenant)
    query = query if search.within is None else query.where(_run.namespace.in_(search.within))
    for name in ("intent", "parent"):
        wanted: str | None = getattr(search, name)
        query = query if wanted is None else query.where(_run[name] == literal(wanted))
    return query.where(*_named(search), *_standing(search, crowd=crowd), *_ended_by(search), *_with(search), *_timed(search))


def _named(search: Search) -> Iterator[ColumnElement[bool]]:
    if search.workflow is not None:
        other = search.status in SET_APART or bool(search.dead) != (search.code is not None)
        yield (unindexed(_run.workflow) if other else _run.workflow) == search.workflow
    if search.queue is not None:
        yield in_queue(search.queue)


def _standing(search: Search, *, crowd: bool) -> Iterator[ColumnElement[bool]]:
    """The status, and the same in the words of the index of the few that are so."""
    if search.status is None:
        return
    plain = crowd or search.code is not None
    yield (unindexed(_run.status) if plain else _run.status) == search.status
    if not plain and search.status in _UNDER_WAY:
        yield going()
    elif not plain and search.status in SET_APART:
        yield LET_BE if _is_let_be(search) else stands(*SET_APART)


def _ended_by(search: Search) -> Iterator[ColumnElement[bool]]:
    if search.dead is not None and not _is_let_be(search):
        yield and_(DEAD if search.dead else NOT_DEAD)
    if search.code is not None:
        yield and_(_run.error.is_not(None), _run.code == search.code)


def _is_let_be(search: Search) -> bool:
    return search.dead is False and search.status == "failed" and search.code is None


def _with(search: Search) -> Iterator[ColumnElement[bool]]:
    for name, value in search.attributes.items():
        yield exists().where(and_(_attribute.run == _run.id, _attribute.name == name, _attribute.value == value))


def _timed(search: Search) -> Iterator[ColumnElement[bool]]:
    for column in (_run.created, _run.ended):
        if (first := getattr(search, f"{column.name}_from")) is not None:
            yield column >= first
        if (end := getattr(search, f"{column.name}_before")) is not None:
            yield column < end


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
_UNDER_WAY = ("pending", "running")
_WITH = select(_attribute.run).where(_attribute.name == bindparam("at_name"), _attribute.value == bindparam("at_value")).limit(_MANY + 1)
