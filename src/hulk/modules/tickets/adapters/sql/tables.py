"""The tables of tickets, and their rows as tickets."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Float,
    Index,
    Integer,
    Row,
    SmallInteger,
    String,
    Table,
    Text,
    bindparam,
    select,
    text,
)

from hulk.kernel.text import Text as Sentence
from hulk.modules.tickets.domain import FIELDS, PRIORITIES, Assignee, Priority, Ticket, built
from hulk.runtime.store import Document, Moment, Texts, among, metadata

NEVER = datetime(9999, 12, 31, tzinfo=UTC)
"""When a ticket is due that has neither deadline nor SLA: behind all that have."""

TAKABLE = "status = 'ready' and owner = 'worker'"
HELD = "status = 'running' and owner = 'worker'"
UNENDED = "ended is null"
ELSEWHERE = "owner <> 'run'"
"""Written out, since a partial index serves only a condition that it can see."""


_FIRST: tuple[Priority, ...] = PRIORITIES[::-1]


def urgency(priority: Priority) -> int:
    """A priority as it is kept: the more urgent, the less, so that an index has the urgent first."""
    return _FIRST.index(priority)


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


ticket_table = Table(
    "ticket",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("plan", String(64)),
    Column("intent", String(64)),
    Column("tenant", String(64), nullable=False),
    Column("namespace", String(64), nullable=False),
    Column("place", Integer, nullable=False),
    Column("key", String(64), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("title", Document, nullable=False),
    Column("status", String(16), nullable=False),
    Column("input", Document, nullable=False),
    Column("after", Document, nullable=False),
    Column("missing", Integer, nullable=False),
    Column("required", Boolean, nullable=False),
    Column("owner", String(16), nullable=False),
    Column("assignee", String(200), nullable=False),
    Column("priority", SmallInteger, nullable=False),
    Column("labels", Document, nullable=False),
    Column("run", String(64)),
    Column("waiter", String(64)),
    Column("asker", Text),
    Column("result", Document),
    Column("problem", Document),
    Column("actor", String(128), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("most_attempts", Integer, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("lease", String(64)),
    Column("worker", String(128)),
    Column("sla", Float),
    Column("deadline", Moment),
    Column("due_by", Moment, nullable=False),
    Column("late_at", Moment),
    Column("begins", Moment),
    Column("wakes", Moment),
    Column("created", Moment, nullable=False),
    Column("updated", Moment),
    Column("ended", Moment),
    Index("ix_ticket_intent_place", "intent", "place", **_where("intent is not null")),
    Index("ix_ticket_plan", "plan", **_where("plan is not null")),
    Index("ix_ticket_tenant_created", "tenant", "created", "id"),
    Index("ix_ticket_tenant_status_created", "tenant", "status", "created", "id"),
    Index("ix_ticket_tenant_owner_created", "tenant", "owner", "created", "id", **_where(ELSEWHERE)),
    Index("ix_ticket_takable", "tenant", "namespace", "kind", "assignee", "priority", "due_by", "created", "id", **_where(TAKABLE)),
    Index("ix_ticket_held", "lease", **_where(HELD)),
    Index("ix_ticket_deadline", "deadline", **_where(UNENDED)),
    Index("ix_ticket_wakes", "wakes", **_where("wakes is not null")),
    Index("ix_ticket_late_at", "late_at", **_where("late_at is not null")),
)

dependency_table = Table(
    "ticket_dependency",
    metadata,
    Column("needs", String(64), primary_key=True),
    Column("ticket", String(64), primary_key=True),
    Index("ix_ticket_dependency_ticket", "ticket"),
)

lease_table = Table(
    "ticket_lease",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("worker", String(128), nullable=False),
    Column("actor", String(128), nullable=False),
    Column("until", Moment, nullable=False, index=True),
)

comment_table = Table(
    "ticket_comment",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("ticket", String(64), nullable=False),
    Column("actor", String(128), nullable=False),
    Column("at", Moment, nullable=False),
    Column("text", Text, nullable=False),
    Index("ix_ticket_comment_ticket", "ticket", "at"),
)

kind_table = Table(
    "ticket_kind",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("input_schema", Document, nullable=False),
    Column("result_schema", Document, nullable=False),
    Column("description", String(1000), nullable=False),
    Column("lease", Float, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("actor", String(128), nullable=False),
    Column("created", Moment, nullable=False),
)

search_table = Table(
    "ticket_search",
    metadata,
    Column("ticket", String(64), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("created", Moment, nullable=False),
    Column("terms", Texts, nullable=False),
    Index("ix_ticket_search_terms", "terms", postgresql_using="gin"),
    Index("ix_ticket_search_tenant_created", "tenant", "created", "ticket"),
)
"""What tickets are found by in PostgreSQL, which looks up many terms at once. Empty in SQLite."""

term_table = Table(
    "ticket_term",
    metadata,
    Column("term", String(260), primary_key=True),
    Column("created", Moment, primary_key=True),
    Column("ticket", String(64), primary_key=True),
    sqlite_with_rowid=False,
)
"""What tickets are found by in SQLite, a row for each term. Empty in PostgreSQL."""

artefact_table = Table(
    "artefact",
    metadata,
    Column("ticket", String(64), primary_key=True),
    Column("name", String(255), primary_key=True),
    Column("media_type", String(128), nullable=False),
    Column("blob", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
)

THEIRS = ticket_table.c.tenant.concat("") == bindparam("of")
"""Whether a ticket that is looked up by its id is the tenant's. Not as the column alone: before PostgreSQL has counted the rows of a table
it takes a tenant to have few, and would go through all of them in the index of another query."""
_BY_ID = select(ticket_table).where(among(ticket_table.c.id, "ids"))
_MADE = ("title", "after", "labels", "assignee", "sla", "priority")
"""What of a ticket is kept otherwise than it is."""
_PLAIN = [name for name in FIELDS if name not in _MADE]
_its = itemgetter(*(ticket_table.c.keys().index(name) for name in FIELDS))
"""The fields of a row that begins with the columns of the table; by their names they would cost four times as much."""
_TITLE, _AFTER, _ASSIGNEE, _SLA, _PRIORITY = (FIELDS.index(name) for name in ("title", "after", "assignee", "sla", "priority"))


def row_of(ticket: Ticket, place: int = 0, **more: Any) -> dict[str, Any]:
    """A ticket as a row. `more`: what a ticket does not know of itself (`missing`, `wakes`)."""
    row: dict[str, Any] = {name: getattr(ticket, name) for name in _PLAIN}
    due = ticket.due
    return row | {
        "place": place, "title": ticket.title.to_json(), "after": list(ticket.after), "labels": dict(ticket.labels), "missing": 0,
        "assignee": str(ticket.assignee or ""), "sla": ticket.sla and ticket.sla.total_seconds(), "due_by": due or NEVER, "late_at": due,
        "wakes": None, "priority": urgency(ticket.priority),
    } | more  # fmt: skip


def ticket_of(row: Row[Any]) -> Ticket:
    """A row as a ticket; the columns of the table stand first in it."""
    values = list(_its(row))
    values[_TITLE] = Sentence.from_json(row.title)
    values[_AFTER] = tuple(row.after)
    values[_ASSIGNEE] = Assignee.of(row.assignee)
    values[_SLA] = None if row.sla is None else timedelta(seconds=row.sla)
    values[_PRIORITY] = _FIRST[row.priority]
    return built(values)


def tickets_of(rows: Sequence[Row[Any]]) -> list[Ticket]:
    """Rows as tickets."""
    return [ticket_of(row) for row in rows]


def rows_of(connection: Connection, ids: Sequence[str]) -> dict[str, Row[Any]]:
    """The rows of those of the tickets that are there, by id."""
    return {row.id: row for row in connection.execute(_BY_ID, {"ids": ids})}
