"""Finding tickets: by columns, and by terms, for which each of the two databases has a way of its own."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, String, and_, bindparam, exists, literal, literal_column, select, tuple_

from hulk.modules.tickets.adapters.sql.tables import search_table, term_table, ticket_table, urgency
from hulk.modules.tickets.domain import ENDED, STATUSES, Filter, Ticket, terms
from hulk.runtime.language import voice
from hulk.runtime.store import Moment, Texts, Transaction, among

_its = ticket_table.c
_UNENDED = [status for status in STATUSES if status not in ENDED]
_MANY = 2000
"""How many tickets are looked through one by one."""
_SELECTIVE = ("w", "l", "a", "k", "p", "n")
"""Kinds of terms, those that few tickets have first."""


def index(tx: Transaction, tickets: Sequence[Ticket]) -> None:
    """Have new tickets found by their terms: of those that are there already, nothing changes."""
    if tx.connection.dialect.name == "postgresql":
        rows = [{"ticket": one.id, "tenant": one.tenant, "created": one.created, "terms": _terms(one)} for one in tickets]
        tx.insert_all_new(search_table, rows)
    else:
        tx.insert_all_new(term_table, [{"term": term, "created": one.created, "ticket": one.id} for one in tickets for term in _terms(one)])


def _terms(ticket: Ticket) -> list[str]:
    """With the tenant in each: no search passes through another's."""
    return [f"{ticket.tenant}/{term}" for term in terms(ticket, [voice("pt").say(ticket.title)])]


def few(connection: Connection, wanted: Filter) -> Sequence[str] | None:
    """SQLite: the tickets that have not ended, when of these some are wanted and they are few: they are looked through. None when they are
    many, or others are wanted: then some of them are soon found by the terms or among the newest."""
    statuses = wanted.statuses or (_UNENDED if wanted.overdue else ())
    narrow = set(statuses) <= set(_UNENDED) and (wanted.overdue or wanted.terms())
    if connection.dialect.name == "postgresql" or not statuses or not narrow:
        return None
    query = select(_its.id).where(_its.tenant == wanted.tenant, _its.status.in_(statuses)).limit(_MANY + 1)
    found = connection.execute(query).scalars().all()
    return found if len(found) <= _MANY else None


def query(wanted: Filter, dialect: str, now: datetime, after: tuple[datetime, str] | None, size: int, *, of_few: bool) -> Select[Any]:
    """Up to `size` of the tickets that fit, the newest first, from behind `after` on; with `of_few` of those of the parameter `few`."""
    if of_few:
        found = select(ticket_table).where(among(_its.id, "few"), *map(_termed, _listed(wanted)))
        return _page(_narrowed(found, wanted, now), _its.created, _its.id, after, size)
    if not wanted.terms():
        found = select(ticket_table).where(_its.tenant == wanted.tenant)
        return _page(_narrowed(found, wanted, now), _its.created, _its.id, after, size)
    if dialect == "postgresql":
        return _by_array(wanted, now, after, size)
    found = _narrowed(_by_rows(_listed(wanted)).where(_its.tenant == wanted.tenant), wanted, now)
    return _page(found, term_table.c.created, term_table.c.ticket, after, size)


def _termed(term: str) -> ColumnElement[bool]:
    of = term_table.c
    return exists(select(1).where(of.term == term, of.created == _its.created, of.ticket == _its.id))


def _page(found: Select[Any], created: Any, id_: Any, after: tuple[datetime, str] | None, size: int) -> Select[Any]:
    """Ordered by the columns of the table that is gone through."""
    found = found if after is None else found.where(tuple_(created, id_) < tuple_(literal(after[0], Moment), literal(after[1])))
    return found.order_by(created.desc(), id_.desc()).limit(size)


def _listed(wanted: Filter) -> list[str]:
    """The terms, those that few tickets have first, with the tenant in each."""
    return [f"{wanted.tenant}/{term}" for term in sorted(wanted.terms(), key=lambda term: _SELECTIVE.index(term[0]))]


def _narrowed(found: Select[Any], wanted: Filter, now: datetime) -> Select[Any]:
    """By the ticket's own columns."""
    found = found.where(*_owned(wanted))
    for column, values in ((_its.priority, [urgency(one) for one in wanted.priorities]), (_its.kind, wanted.kinds)):
        found = found.where(column.in_(values)) if values else found
    found = found if wanted.namespaces is None else found.where(_its.namespace.in_(sorted(wanted.namespaces)))
    for column, value in ((_its.plan, wanted.plan), (_its.intent, wanted.intent)):
        found = found if value is None else found.where(column == value)
    return found.where(_its.ended.is_(None), _its.due_by < now) if wanted.overdue else found


def _owned(wanted: Filter) -> Iterator[ColumnElement[bool]]:
    """By owner and status. Those that not runs do have an index; ended ones of them are found by it, for most tickets have ended."""
    by_owner = wanted.owner not in (None, "run") and not set(wanted.statuses) & set(_UNENDED)
    if wanted.statuses:
        yield (_its.status.concat("") if by_owner else _its.status).in_(wanted.statuses)
    if wanted.owner is not None:
        yield (_its.owner if by_owner else _its.owner.concat("")) == wanted.owner
    if by_owner:
        yield _its.owner != literal_column("'run'", String)


def _by_array(wanted: Filter, now: datetime, after: tuple[datetime, str] | None, size: int) -> Select[Any]:
    """PostgreSQL: when the terms say all, the page is found before the tickets are looked at."""
    of = search_table.c
    has_all = of.terms.op("@>")(bindparam("terms", _listed(wanted), type_=Texts()))
    narrow = (of.tenant == wanted.tenant, has_all, *(_one_of(wanted, *group) for group in _either(wanted)))
    if wanted.statuses or wanted.plan or wanted.intent or wanted.owner or wanted.overdue:
        found = select(ticket_table).join(search_table, of.ticket == _its.id).where(*narrow)
        return _page(_narrowed(found, wanted, now), of.created, of.ticket, after, size)
    page = _page(select(of.ticket).where(*narrow), of.created, of.ticket, after, size).subquery()
    return select(ticket_table).join(page, page.c.ticket == _its.id).order_by(_its.created.desc(), _its.id.desc())


def _either(wanted: Filter) -> Iterator[tuple[str, Collection[str]]]:
    """Of which kinds of terms one of several must be there."""
    if len(wanted.kinds) > 1:
        yield "k", wanted.kinds
    if len(wanted.priorities) > 1:
        yield "p", wanted.priorities
    if wanted.namespaces is not None:
        yield "n", sorted(wanted.namespaces)


def _one_of(wanted: Filter, letter: str, values: Collection[str]) -> ColumnElement[bool]:
    some = [f"{wanted.tenant}/{letter}:{value}" for value in values]
    return search_table.c.terms.op("&&", is_comparison=True)(bindparam(f"some_{letter}", some, type_=Texts()))


def _by_rows(terms_: Sequence[str]) -> Select[Any]:
    """SQLite: gone through by the first term, each ticket asked for the others."""
    first, *rest = terms_
    found = select(ticket_table).join(term_table, term_table.c.ticket == _its.id).where(term_table.c.term == first)
    for other in rest:
        its = term_table.alias()
        same = and_(its.c.term == other, its.c.created == term_table.c.created, its.c.ticket == term_table.c.ticket)
        found = found.where(exists(select(1).where(same)))
    return found
