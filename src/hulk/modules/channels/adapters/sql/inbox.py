"""What came in, in the store."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, delete, exists, select, update

from hulk.kernel.durable import Change
from hulk.kernel.errors import NotFound
from hulk.kernel.records import from_json, to_json
from hulk.modules.channels.adapters.sql.contacts import contact_of
from hulk.modules.channels.adapters.sql.conversations import conversation_at, turns_of
from hulk.modules.channels.adapters.sql.pages import emptied, of_channels, paged
from hulk.modules.channels.adapters.sql.tables import arrival_table as table
from hulk.modules.channels.adapters.sql.tables import is_done, message_table
from hulk.modules.channels.domain import Arrival
from hulk.modules.channels.ports import Kept, Scene
from hulk.runtime.store import Store, Transaction

_ONE = select(table).where(table.c.id == bindparam("one"))
_DONE = (
    update(table).where(table.c.id == bindparam("one"), table.c.outcome == "").values(outcome=bindparam("came"), intent=bindparam("made"))
)
_REOPEN = update(table).where(table.c.id == bindparam("one")).values(outcome="", intent=None)
_OF_INTENT = select(table).where(table.c.intent == bindparam("of"))
_NAMED = (
    select(table)
    .where(table.c.channel == bindparam("at"), table.c.address == bindparam("where"), table.c.message == bindparam("called"))
    .where(table.c.kind == "message")
    .order_by(table.c.place.desc())
    .limit(1)
)
_UNANSWERED = (
    select(table)
    .where(table.c.channel.concat("") == bindparam("at"), table.c.intent.is_not(None), table.c.received > bindparam("since"))
    .where(is_done(table))
    .where(~exists().where(message_table.c.intent == table.c.intent))
    .order_by(table.c.received.desc(), table.c.place.desc())
    .limit(bindparam("most"))
)
"""By when they came: by their channel, which SQLite would choose if it could, it read all that ever came there."""


class SqlInbox:
    """`Inbox` over the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def take(self, kept: Kept) -> Change[bool]:
        """See `Inbox`."""
        row = {
            "id": kept.id, "tenant": kept.tenant, "channel": kept.channel, "kind": kept.arrival.kind, "address": kept.arrival.address,
            "message": kept.arrival.id, "arrival": to_json(kept.arrival), "received": kept.received, "outcome": "", "intent": None,
        }  # fmt: skip
        return lambda tx: tx.insert_new(table, row)

    async def get(self, id_: str) -> Kept:
        """See `Inbox`."""
        row = await self._store.read(lambda connection: connection.execute(_ONE, {"one": id_}).one_or_none())
        if row is None:
            raise NotFound("There is no arrival {id}.", id=id_[:80])
        return _kept(row)

    async def scene(self, id_: str, turns: int) -> Scene:
        """See `Inbox`."""
        scene = await self._store.look_up(_scenes, (id_, turns))
        if scene is None:
            raise NotFound("There is no arrival {id}.", id=id_[:80])
        return scene

    def done(self, id_: str, outcome: str, intent: str | None = None) -> Change[bool]:
        """See `Inbox`."""
        return lambda tx: tx.execute(_DONE, {"one": id_, "came": outcome, "made": intent}).rowcount == 1

    def found(self, id_: str) -> Change[Kept | None]:
        """See `Inbox`."""
        return _first(_ONE, {"one": id_})

    def reopen(self, id_: str) -> Change[None]:
        """See `Inbox`."""

        def change(tx: Transaction) -> None:
            tx.execute(_REOPEN, {"one": id_})

        return change

    def of_intent(self, intent: str) -> Change[Kept | None]:
        """See `Inbox`."""
        return _first(_OF_INTENT, {"of": intent})

    async def unanswered(self, channel: str, since: datetime, limit: int) -> Sequence[Kept]:
        """See `Inbox`."""
        wanted = {"at": channel, "since": since, "most": limit}
        return await self._store.read(lambda connection: [_kept(row) for row in connection.execute(_UNANSWERED, wanted)])

    async def by_message(self, channel: str, address: str, message: str) -> Kept | None:
        """See `Inbox`."""
        at = {"at": channel, "where": address, "called": message}
        row = await self._store.read(lambda connection: connection.execute(_NAMED, at).one_or_none())
        return None if row is None else _kept(row)

    def forget(self, channel: str, address: str, message: str) -> Change[int]:
        """See `Inbox`."""
        return _emptied(table.c.channel == channel, table.c.address == address, table.c.message == message)

    def forget_all(self, channel: str, address: str) -> Change[int]:
        """See `Inbox`."""
        return _emptied(table.c.channel == channel, table.c.address == address, is_done(table))

    async def recent(
        self, tenant: str, channel: str | None, limit: int, after: str = "", before: str = "", among: Collection[str] | None = None
    ) -> Sequence[Kept]:
        """See `Inbox`."""
        query = paged(of_channels(table, tenant, channel, among), table, limit, after, before)
        return await self._store.read(lambda connection: [_kept(row) for row in connection.execute(query)])

    def prune(self, before: datetime, most: int) -> Change[int]:
        """See `Inbox`."""
        old = select(table.c.place).where(is_done(table), table.c.received < before).order_by(table.c.received).limit(most)
        return lambda tx: tx.execute(delete(table).where(table.c.place.in_(old))).rowcount


def _scenes(connection: Connection, asked: Sequence[tuple[str, int]]) -> dict[tuple[str, int], Scene]:
    found = ((one, connection.execute(_ONE, {"one": one[0]}).one_or_none()) for one in asked)
    return {one: _scene(connection, _kept(row), one[1]) for one, row in found if row is not None}


def _scene(connection: Connection, kept: Kept, turns: int) -> Scene:
    where = conversation_at(connection, kept.channel, kept.arrival.address)
    return Scene(
        kept=kept, contact=contact_of(connection, kept.channel, kept.arrival.sender.id), conversation=where,
        turns=() if where is None else tuple(turns_of(connection, where.id, turns)),
    )  # fmt: skip


def _emptied(*which: ColumnElement[bool]) -> Change[int]:
    return emptied(table, "arrival", *which, text="", whole="", files=[])


def _first(query: Select[Any], values: dict[str, Any]) -> Change[Kept | None]:
    def change(tx: Transaction) -> Kept | None:
        row = tx.execute(query, values).first()
        return None if row is None else _kept(row)

    return change


def _kept(row: Row[Any]) -> Kept:
    return Kept(
        id=row.id, tenant=row.tenant, channel=row.channel, arrival=from_json(Arrival, row.arrival), received=row.received,
        outcome=row.outcome, intent=row.intent,
    )  # fmt: skip
