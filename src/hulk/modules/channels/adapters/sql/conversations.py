"""Conversations and what was said in them, in the store."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, delete, select, update

from hulk.kernel.durable import Change
from hulk.kernel.errors import NotFound
from hulk.kernel.records import fields_of
from hulk.modules.channels.adapters.sql.pages import going_on, of_channels
from hulk.modules.channels.adapters.sql.tables import conversation_table as table
from hulk.modules.channels.adapters.sql.tables import is_in_mode, mark_table, turn_table
from hulk.modules.channels.domain import Conversation, Ended, Mode, Turn
from hulk.runtime.store import Store, Transaction

_AT = select(table).where(table.c.channel == bindparam("at"), table.c.address == bindparam("where"))
_WITH = (
    select(table)
    .where(table.c.channel == bindparam("at"), table.c.sender == bindparam("who"), table.c.group.is_(False))
    .order_by(table.c.heard.desc(), table.c.id)
)
_ONE = select(table).where(table.c.id == bindparam("one"))
_RENEWED = ("language", "heard", "reply", "group")
_HEARD = (
    update(table)
    .where(table.c.id == bindparam("one"))
    .values({name: bindparam(f"new_{name}", type_=table.c[name].type) for name in _RENEWED})
)
_TURNS = select(turn_table).where(turn_table.c.conversation == bindparam("of")).order_by(turn_table.c.place.desc()).limit(bindparam("most"))
_SAID = (turn_table.c.conversation == bindparam("of"), turn_table.c.id == bindparam("called"))
_MARK = select(mark_table.c.mark).where(mark_table.c.channel == bindparam("of"))


class SqlConversations:
    """`Conversations` over the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def of_sender(self, channel: str, sender: str) -> Sequence[Conversation]:
        """See `Conversations`."""
        return await self._all(_WITH, {"at": channel, "who": sender})

    async def get(self, id_: str) -> Conversation:
        """See `Conversations`."""
        found = await self._all(_ONE, {"one": id_})
        if not found:
            raise NotFound("There is no conversation {id}.", id=id_[:80])
        return found[0]

    def put(self, conversation: Conversation) -> Change[None]:
        """See `Conversations`."""
        row = fields_of(Conversation, conversation)
        kept = {f"new_{name}": row[name] for name in _RENEWED}

        def change(tx: Transaction) -> None:
            if not tx.insert_new(table, row):
                tx.execute(_HEARD, {"one": conversation.id, **kept})

        return change

    def answered_by(self, id_: str, mode: Mode, by: str) -> Change[bool]:
        """See `Conversations`."""
        wanted = update(table).where(table.c.id == id_, (table.c.mode != mode) | (table.c.by != by)).values(mode=mode, by=by)
        return lambda tx: tx.execute(wanted).rowcount == 1

    def said(self, conversation: str, turn: Turn, id_: str) -> Change[None]:
        """See `Conversations`."""
        row = {"id": id_, "conversation": conversation, "text": turn.text, "ours": turn.ours, "at": turn.at}

        def change(tx: Transaction) -> None:
            tx.insert_new(turn_table, row)

        return change

    def edited(self, conversation: str, id_: str, text: str | None) -> Change[None]:
        """See `Conversations`."""
        one = {"of": conversation, "called": id_}

        def change(tx: Transaction) -> None:
            tx.execute(delete(turn_table).where(*_SAID) if text is None else update(turn_table).where(*_SAID).values(text=text), one)

        return change

    async def turns(self, conversation: str, limit: int) -> Sequence[Turn]:
        """See `Conversations`."""
        return await self._store.read(lambda connection: turns_of(connection, conversation, limit))

    def forget(self, conversation: str) -> Change[int]:
        """See `Conversations`."""
        return lambda tx: tx.execute(delete(turn_table).where(turn_table.c.conversation == conversation)).rowcount

    async def recent(
        self, tenant: str, mode: Mode | None, limit: int, before: datetime | None = None, among: Collection[str] | None = None,
        after: Ended | None = None,
    ) -> Sequence[Conversation]:  # fmt: skip
        """See `Conversations`."""
        query = of_channels(table, tenant, None, among)
        query = query if mode is None else query.where(is_in_mode(table, mode))
        query = query if before is None else query.where(table.c.heard < before)
        return await self._all(going_on(query, table.c.heard, (table.c.id,), limit, after), {})

    def swap(self, before: Conversation, after: Conversation) -> Change[bool]:
        """See `Conversations`."""
        wanted = update(table).where(table.c.id == before.id, table.c.mode == before.mode, table.c.by == before.by)
        return lambda tx: tx.execute(wanted.values(mode=after.mode, by=after.by)).rowcount == 1

    def prune(self, before: datetime, most: int) -> Change[int]:
        """See `Conversations`."""
        old = select(turn_table.c.place).where(turn_table.c.at < before).order_by(turn_table.c.at).limit(most)
        return lambda tx: tx.execute(delete(turn_table).where(turn_table.c.place.in_(old))).rowcount

    def mark(self, channel: str, mark: str) -> Change[None]:
        """See `Conversations`."""
        return lambda tx: tx.put(mark_table, {"channel": channel, "mark": mark})

    async def marked(self, channel: str) -> str:
        """See `Conversations`."""
        return await self._store.read(lambda connection: connection.execute(_MARK, {"of": channel}).scalar_one_or_none()) or ""

    async def _all(self, query: Select[Any], values: dict[str, Any]) -> list[Conversation]:
        return await self._store.read(lambda connection: [_conversation(row) for row in connection.execute(query, values)])


def conversation_at(connection: Connection, channel: str, address: str) -> Conversation | None:
    """The conversation there, on a connection that reads more."""
    row = connection.execute(_AT, {"at": channel, "where": address}).one_or_none()
    return None if row is None else _conversation(row)


def turns_of(connection: Connection, conversation: str, limit: int) -> list[Turn]:
    """What was said there, on a connection that reads more."""
    rows = connection.execute(_TURNS, {"of": conversation, "most": limit}).all()
    return [Turn(row.text, ours=row.ours, at=row.at) for row in reversed(rows)]


def _conversation(row: Row[Any]) -> Conversation:
    return Conversation(**fields_of(Conversation, row))
