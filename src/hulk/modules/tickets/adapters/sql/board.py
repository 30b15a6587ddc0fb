"""Tickets for workers and people, in SQLite or PostgreSQL."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, select, text

from hulk.kernel.durable import Change
from hulk.kernel.errors import Conflict, NotFound
from hulk.modules.tickets.adapters.sql import creating, ending, leasing, search, sweeping
from hulk.modules.tickets.adapters.sql.tables import HELD, NEVER, THEIRS, comment_table, rows_of, ticket_of, ticket_table, tickets_of
from hulk.modules.tickets.domain import Asked, Claim, Comment, Ending, Filter, Held, Kind, Page, Status, Ticket, page_token
from hulk.modules.tickets.ports import Ended, Made, Moved, Swept, Taken
from hulk.runtime.store import PLANNED_ANEW, Alike, Store, Transaction, among, moment_of

_its = ticket_table.c


class SqlBoard:
    """`ports.Board` in SQLite or PostgreSQL."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, ticket: Ticket, kind: Kind, *follow: Change[Any]) -> Alike[creating.Added, Made | None]:
        """See `Board`."""
        return Alike(creating.Added(ticket, kind, follow), creating.add, creating.added, None)

    def create(self, tickets: Sequence[Ticket]) -> Change[list[Made]]:
        """See `Board`."""
        return lambda tx: creating.create(tx, tickets)

    def lease(self, claim: Claim, asked: Asked) -> Change[Taken]:
        """See `Board`."""
        return lambda tx: leasing.lease(tx, claim, asked)

    def renew(self, claim: Claim) -> Change[Taken]:
        """See `Board`."""
        return lambda tx: leasing.renew(tx, claim)

    async def kinds_of(self, tenant: str, tickets: Sequence[str]) -> Mapping[str, str]:
        """See `Board`."""
        at = {"ids": list(tickets), "of": tenant}
        rows = await self._store.read(lambda connection: connection.execute(_KINDS, at).all())
        return {row.id: row.kind for row in rows}

    def finish(self, tenant: str, lease: str, endings: Sequence[Ending]) -> Change[list[Ended]]:
        """See `Board`."""
        return lambda tx: ending.finish(tx, tenant, lease, endings)

    def move(self, tenant: str, ticket: str, wanted: Status, **to: Any) -> Change[Moved | None]:
        """See `Board`."""
        return lambda tx: ending.move(tx, tenant, ticket, wanted, **to)

    def comment(self, tenant: str, comment: Comment) -> Change[Ticket | None]:
        """See `Board`."""

        def change(tx: Transaction) -> Ticket | None:
            found = ending.locked(tx, tenant, comment.ticket)
            if tx.insert_new(comment_table, asdict(comment)):
                return found
            _require_same(tx, comment)
            return None

        return change

    def sweep(self, most: int) -> Change[Swept]:
        """See `Board`."""
        return lambda tx: sweeping.sweep(tx, most)

    def bound(self, kinds: Mapping[str, timedelta], most: int) -> Change[tuple[Ticket, ...]]:
        """See `Board`."""
        return lambda tx: sweeping.bound(tx, kinds, most)

    async def get(self, tenant: str, ticket: str) -> Ticket:
        """See `Board`."""
        row = await self._store.look_up(rows_of, ticket)
        if row is None or row.tenant != tenant:
            raise NotFound("There is no ticket {id}.", id=ticket)
        return ticket_of(row)

    async def many(self, tickets: Sequence[str]) -> Mapping[str, Ticket]:
        """See `Board`."""
        rows = await self._store.read(lambda connection: rows_of(connection, tickets))
        return {id_: ticket_of(row) for id_, row in rows.items()}

    async def find(self, wanted: Filter, size: int, after: tuple[datetime, str] | None = None) -> Page:
        """See `Board`."""
        found = await self._store.read(lambda connection: self._found(connection, wanted, size, after))
        return Page(tickets=tuple(found[:size]), next=page_token(found[size - 1]) if len(found) > size else None)

    def _found(self, connection: Connection, wanted: Filter, size: int, after: tuple[datetime, str] | None) -> list[Ticket]:
        now = moment_of(connection) if wanted.overdue else NEVER
        few = search.few(connection, wanted)
        query = search.query(wanted, self._store.dialect, now, after, size + 1, of_few=few is not None)
        return tickets_of(connection.execute(query, {} if few is None else {"few": few}, execution_options=PLANNED_ANEW).all())

    async def comments(self, ticket: str, most: int | None = None) -> list[Comment]:
        """See `Board`."""
        newest = (comment_table.c.at.desc(), comment_table.c.id.desc())
        query = select(comment_table).where(comment_table.c.ticket == ticket).order_by(*newest).limit(most)
        rows = await self._store.read(lambda connection: connection.execute(query).all())
        return [Comment(**row._asdict()) for row in reversed(rows)]

    async def holding(self, lease: str) -> list[Held]:
        """See `Board`."""
        rows = await self._store.read(lambda connection: connection.execute(_HOLDING, {"at": lease}).all())
        return [Held(ticket=row.id, fence=row.fence) for row in rows]

    async def now(self) -> datetime:
        """See `Board`."""
        return await self._store.read(moment_of)


_KINDS = select(_its.id, _its.kind).where(among(_its.id, "ids"), THEIRS)
_HOLDING = select(_its.id, _its.fence).where(_its.lease == bindparam("at"), text(HELD)).order_by(_its.id)


def _require_same(tx: Transaction, comment: Comment) -> None:
    kept = tx.execute(select(comment_table).where(comment_table.c.id == comment.id)).one()
    if (kept.ticket, kept.text) != (comment.ticket, comment.text):
        raise Conflict("The comment {id} is there with another text. Send another with a request id of its own.", id=comment.id)
