"""The tickets of plans, which runs execute."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, Select, bindparam, func, select, update

from hulk.kernel.durable import Change
from hulk.kernel.errors import NotFound
from hulk.kernel.records import JsonObject
from hulk.kernel.time import Clock, utc_now
from hulk.modules.tickets.adapters.sql import search
from hulk.modules.tickets.adapters.sql.tables import artefact_table, row_of, rows_of, ticket_of, ticket_table
from hulk.modules.tickets.domain import Artefact, Status, Ticket
from hulk.runtime.store import Store, Transaction, among


class SqlTickets:
    """`ports.Tickets` in SQLite or PostgreSQL."""

    def __init__(self, store: Store, clock: Clock = utc_now) -> None:
        self._store = store
        self._clock = clock

    def open(self, tickets: Sequence[Ticket]) -> Change[None]:
        """Keep new tickets; those that are there already are left as they are."""

        def change(tx: Transaction) -> None:
            next_place = {intent: _next_place(tx, intent) for intent in {ticket.intent for ticket in tickets}}
            rows = [row_of(ticket, next_place[ticket.intent] + place) for place, ticket in enumerate(tickets)]
            tx.insert_all_new(ticket_table, rows)
            search.index(tx, tickets)

        return change

    def begin(self, ticket: str, run: str) -> Change[None]:
        """An open ticket is ready, to be executed by `run`."""
        return self._moving(ticket, ("open",), status="ready", run=run)

    def start(self, ticket: str) -> Change[None]:
        """A ready ticket is running."""
        return self._moving(ticket, ("ready",), status="running")

    def end(self, ticket: str, status: Status, *, result: JsonObject | None = None, problem: JsonObject | None = None) -> Change[bool]:
        """The ticket is completed, failed or skipped; False when it was ended before, and nothing was changed."""
        before: tuple[Status, ...] = ("open", "ready") if status == "skipped" else ("open", "ready", "running")  # as `domain.moved` has it
        return lambda tx: self._move(tx, ticket, before, status=status, result=result, problem=problem, ended=self._clock())

    def reopen(self, ticket: str) -> Change[bool]:
        """See `Tickets`."""
        return lambda tx: self._move(tx, ticket, ("failed",), status="ready", problem=None, ended=None)

    def unskip(self, intent: str) -> Change[None]:
        """See `Tickets`."""

        def change(tx: Transaction) -> None:
            tx.execute(_UNSKIP, {"at": intent, "updated": self._clock()})

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
        row = await self._store.look_up(rows_of, ticket)
        if row is None:
            raise NotFound("There is no ticket {id}.", id=ticket)
        return ticket_of(row)

    async def of_plan(self, plan: str) -> list[Ticket]:
        """See `Tickets`."""
        return await self._all(_OF_PLAN, {"at": plan})

    async def of_intent(self, intent: str) -> list[Ticket]:
        """See `Tickets`."""
        return await self._all(_OF_INTENT, {"at": intent})

    async def artefacts(self, intent: str) -> list[Artefact]:
        """See `Tickets`. Sorted here: how a PostgreSQL sorts names depends on the language that its database was made for."""
        rows = await self._store.read(lambda connection: connection.execute(_ARTEFACTS, {"at": intent}).all())
        return [_artefact(row) for row in sorted(rows, key=lambda row: (row.owner == "person", row.place, row.name))]

    def _move(self, tx: Transaction, ticket: str, before: tuple[Status, ...], **values: Any) -> bool:
        """Write `values` to the ticket if its status is one of those; whether it was."""
        return tx.execute(_MOVE, {"at": ticket, "before": before, "updated": self._clock(), **values}).rowcount == 1

    def _moving(self, ticket: str, before: tuple[Status, ...], **values: Any) -> Change[None]:
        def change(tx: Transaction) -> None:
            self._move(tx, ticket, before, **values)

        return change

    async def _all(self, query: Select[Any], at: Mapping[str, Any] | None = None) -> list[Ticket]:
        return await self._store.read(lambda connection: [ticket_of(row) for row in connection.execute(query, at)])


_its = ticket_table.c
_OF_PLAN = select(ticket_table).where(_its.plan == bindparam("at"), _its.owner == "run").order_by(_its.place)
_OF_INTENT = select(ticket_table).where(_its.intent == bindparam("at")).order_by(_its.owner == "person", _its.place)
_ARTEFACTS = (
    select(artefact_table, _its.owner, _its.place)
    .join(ticket_table, _its.id == artefact_table.c.ticket)
    .where(_its.intent == bindparam("at"))
)
_NEXT_PLACE = select(func.coalesce(func.max(_its.place) + 1, 0)).where(_its.intent == bindparam("at"))
_MOVE = update(ticket_table).where(_its.id == bindparam("at"), among(_its.status, "before")).values(revision=_its.revision + 1)
_UNSKIP = (
    update(ticket_table)
    .where(_its.intent == bindparam("at"), _its.status == "skipped")
    .values(status="open", ended=None, revision=_its.revision + 1)
)


def _next_place(tx: Transaction, intent: str | None) -> int:
    """Past the tickets of that intent that are there."""
    return int(tx.execute(_NEXT_PLACE, {"at": intent}).scalar_one())


def _artefact(row: Row[Any]) -> Artefact:
    return Artefact(name=row.name, media_type=row.media_type, blob=row.blob, size=row.size, ticket=row.ticket)
