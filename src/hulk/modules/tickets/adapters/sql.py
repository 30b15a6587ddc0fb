"""Tickets in the store."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Connection, Index, Integer, Row, Select, String, Table, bindparam, func, select, update

from hulk.kernel.durable import Change
from hulk.kernel.errors import NotFound
from hulk.kernel.records import JsonObject
from hulk.kernel.text import Text
from hulk.kernel.time import Clock, utc_now
from hulk.modules.tickets.domain import Artefact, Status, Ticket
from hulk.runtime.store import Document, Moment, Store, Transaction, among, metadata

ticket_table = Table(
    "ticket",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("plan", String(64), nullable=False),
    Column("intent", String(64), nullable=False),
    Column("tenant", String(64), nullable=False),
    Column("place", Integer, nullable=False),
    Column("key", String(64), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("title", Document, nullable=False),
    Column("status", String(16), nullable=False),
    Column("input", Document, nullable=False),
    Column("after", Document, nullable=False),
    Column("required", Boolean, nullable=False),
    Column("owner", String(16), nullable=False),
    Column("priority", String(8), nullable=False),
    Column("run", String(64)),
    Column("result", Document),
    Column("problem", Document),
    Column("created", Moment, nullable=False),
    Column("ended", Moment),
    Index("ix_ticket_intent_place", "intent", "place"),
    Index("ix_ticket_plan", "plan"),
    Index("ix_ticket_tenant_status_created", "tenant", "status", "created"),
)

artefact_table = Table(
    "artefact",
    metadata,
    Column("ticket", String(64), primary_key=True),
    Column("name", String(255), primary_key=True),
    Column("media_type", String(128), nullable=False),
    Column("blob", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
)


class SqlTickets:
    """`ports.Tickets` in SQLite or PostgreSQL."""

    def __init__(self, store: Store, clock: Clock = utc_now) -> None:
        self._store = store
        self._clock = clock

    def open(self, tickets: Sequence[Ticket]) -> Change[None]:
        """Keep new tickets; those that are there already are left as they are."""

        def change(tx: Transaction) -> None:
            next_place = {intent: _next_place(tx, intent) for intent in {ticket.intent for ticket in tickets}}
            rows = [_row(ticket, next_place[ticket.intent] + place) for place, ticket in enumerate(tickets)]
            tx.insert_all_new(ticket_table, rows)

        return change

    def begin(self, ticket: str, run: str) -> Change[None]:
        """An open ticket is ready, to be executed by `run`."""
        return _moving(ticket, ("open",), status="ready", run=run)

    def start(self, ticket: str) -> Change[None]:
        """A ready ticket is running."""
        return _moving(ticket, ("ready",), status="running")

    def end(self, ticket: str, status: Status, *, result: JsonObject | None = None, problem: JsonObject | None = None) -> Change[bool]:
        """The ticket is completed, failed or skipped; False when it was ended before, and nothing was changed."""
        before: tuple[Status, ...] = ("open", "ready") if status == "skipped" else ("open", "ready", "running")  # as `domain.moved` has it
        return lambda tx: _move(tx, ticket, before, status=status, result=result, problem=problem, ended=self._clock())

    def reopen(self, ticket: str) -> Change[bool]:
        """See `Tickets`."""
        return lambda tx: _move(tx, ticket, ("failed",), status="ready", problem=None, ended=None)

    def unskip(self, intent: str) -> Change[None]:
        """See `Tickets`."""

        def change(tx: Transaction) -> None:
            tx.execute(_UNSKIP, {"at": intent})

        return change

    def attach(self, ticket: str, artefacts: Sequence[Artefact]) -> Change[None]:
        """Keep what the ticket's work has made."""

        def change(tx: Transaction) -> None:
            for made in artefacts:
                row = {"ticket": ticket, "name": made.name, "media_type": made.media_type, "blob": made.blob, "size": made.size}
                tx.insert_new(artefact_table, row)

        return change

    async def get(self, ticket: str) -> Ticket:
        """The ticket; raises `NotFound`."""
        row = await self._store.look_up(_rows, ticket)
        if row is None:
            raise NotFound("There is no ticket {id}.", id=ticket)
        return _ticket(row)

    async def of_plan(self, plan: str) -> list[Ticket]:
        """See `Tickets`."""
        return await self._all(_OF_PLAN, {"at": plan})

    async def of_intent(self, intent: str) -> list[Ticket]:
        """See `Tickets`. `owner` in reverse order of the alphabet: the workers' come first."""
        return await self._all(_OF_INTENT, {"at": intent})

    async def search(self, tenant: str, *, status: Status | None, kind: str | None, intent: str | None, limit: int) -> list[Ticket]:
        """The newest tickets of a tenant that fit."""
        query = select(ticket_table).where(ticket_table.c.tenant == tenant)
        for column, value in ((ticket_table.c.status, status), (ticket_table.c.kind, kind), (ticket_table.c.intent, intent)):
            query = query if value is None else query.where(column == value)
        return await self._all(query.order_by(ticket_table.c.created.desc(), ticket_table.c.id.desc()).limit(limit))

    async def artefacts(self, intent: str) -> list[Artefact]:
        """See `Tickets`. Sorted here: how a PostgreSQL sorts names depends on the language that its database was made for."""
        rows = await self._store.read(lambda connection: connection.execute(_ARTEFACTS, {"at": intent}).all())
        return [_artefact(row) for row in sorted(rows, key=lambda row: (row.owner == "person", row.place, row.name))]

    async def _all(self, query: Select[Any], at: Mapping[str, Any] | None = None) -> list[Ticket]:
        return await self._store.read(lambda connection: [_ticket(row) for row in connection.execute(query, at)])


_its = ticket_table.c
_OF_PLAN = select(ticket_table).where(_its.plan == bindparam("at"), _its.owner == "worker").order_by(_its.place)
_OF_INTENT = select(ticket_table).where(_its.intent == bindparam("at")).order_by(_its.owner.desc(), _its.place)
_BY_ID = select(ticket_table).where(among(_its.id, "ids"))
_ARTEFACTS = (
    select(artefact_table, _its.owner, _its.place)
    .join(ticket_table, _its.id == artefact_table.c.ticket)
    .where(_its.intent == bindparam("at"))
)
_NEXT_PLACE = select(func.coalesce(func.max(_its.place) + 1, 0)).where(_its.intent == bindparam("at"))
_MOVE = update(ticket_table).where(_its.id == bindparam("at"), among(_its.status, "before"))
_UNSKIP = update(ticket_table).where(_its.intent == bindparam("at"), _its.status == "skipped").values(status="open", ended=None)


def _rows(connection: Connection, ids: Sequence[str]) -> dict[str, Row[Any]]:
    return {row.id: row for row in connection.execute(_BY_ID, {"ids": ids})}


def _move(tx: Transaction, ticket: str, before: tuple[Status, ...], **values: Any) -> bool:
    """Write `values` to the ticket if its status is one of those; whether it was."""
    return tx.execute(_MOVE, {"at": ticket, "before": before, **values}).rowcount == 1


def _moving(ticket: str, before: tuple[Status, ...], **values: Any) -> Change[None]:
    def change(tx: Transaction) -> None:
        _move(tx, ticket, before, **values)

    return change


def _next_place(tx: Transaction, intent: str) -> int:
    """Past the tickets of that intent that are there."""
    return int(tx.execute(_NEXT_PLACE, {"at": intent}).scalar_one())


def _row(ticket: Ticket, place: int) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(ticket, name) for name in Ticket.__dataclass_fields__}
    return row | {"place": place, "title": ticket.title.to_json(), "after": list(ticket.after)}


def _ticket(row: Row[Any]) -> Ticket:
    fields = {name: getattr(row, name) for name in Ticket.__dataclass_fields__}
    return Ticket(**fields | {"title": Text.from_json(row.title), "after": tuple(row.after)})


def _artefact(row: Row[Any]) -> Artefact:
    return Artefact(name=row.name, media_type=row.media_type, blob=row.blob, size=row.size, ticket=row.ticket)
