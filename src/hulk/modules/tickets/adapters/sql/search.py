"""Finding tickets: by columns, and by terms, for which each of the two databases has a way of its own."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, bindparam, exists, literal, select, tuple_

from hulk.modules.tickets.adapters.sql.tables import search_table, term_table, ticket_table
from hulk.modules.tickets.domain import Filter, Ticket, terms
from hulk.runtime.language import voice
from hulk.runtime.store import Moment, Texts, Transaction

_its = ticket_table.c
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


def query(wanted: Filter, dialect: str, now: datetime, after: tuple[datetime, str] | None) -> Select[Any]:
    """The tickets that fit, the newest first, from behind `after` on."""
    terms_ = sorted((f"{wanted.tenant}/{term}" for term in wanted.terms()), key=lambda term: _SELECTIVE.index(term.split("/")[1][0]))
    found = _by_terms(terms_, dialect) if terms_ else select(ticket_table)
    found = found.where(_its.tenant == wanted.tenant)
    for column, values in (
        (_its.status, wanted.statuses), (_its.priority, wanted.priorities), (_its.kind, wanted.kinds), (_its.namespace, wanted.namespaces),
    ):  # fmt: skip
        found = found if values is None or (not values and column is not _its.namespace) else found.where(column.in_(list(values)))
    for column, value in ((_its.plan, wanted.plan), (_its.intent, wanted.intent)):
        found = found if value is None else found.where(column == value)
    if wanted.overdue:
        found = found.where(_its.ended.is_(None), _its.due_by < now)
    created, id_ = _order(terms_, dialect)
    found = found if after is None else found.where(tuple_(created, id_) < tuple_(literal(after[0], Moment), literal(after[1])))
    return found.order_by(created.desc(), id_.desc())


def _order(terms_: Sequence[str], dialect: str) -> tuple[Any, Any]:
    """Ordered by the columns of the table that is gone through."""
    if not terms_:
        return _its.created, _its.id
    return (search_table.c.created, search_table.c.ticket) if dialect == "postgresql" else (term_table.c.created, term_table.c.ticket)


def _by_terms(terms_: Sequence[str], dialect: str) -> Select[Any]:
    if dialect == "postgresql":
        has_all = search_table.c.terms.op("@>")(bindparam("terms", list(terms_), type_=Texts()))
        return select(ticket_table).join(search_table, search_table.c.ticket == _its.id).where(has_all)
    first, *rest = terms_
    found = select(ticket_table).join(term_table, term_table.c.ticket == _its.id).where(term_table.c.term == first)
    for other in rest:
        its = term_table.alias()
        same = and_(its.c.term == other, its.c.created == term_table.c.created, its.c.ticket == term_table.c.ticket)
        found = found.where(exists(select(1).where(same)))
    return found
