"""What goes out, in the store. Whoever sends for a channel is woken when something is added to it, or ended where more waits."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, and_, bindparam, delete, exists, func, or_, select, update

from hulk.kernel.bells import Bells
from hulk.kernel.durable import Change
from hulk.kernel.errors import NotFound
from hulk.kernel.records import JsonObject, from_json, to_json
from hulk.modules.channels.adapters.sql.pages import emptied, of_channels, paged
from hulk.modules.channels.adapters.sql.tables import is_open, is_unsent
from hulk.modules.channels.adapters.sql.tables import message_table as table
from hulk.modules.channels.domain import HELD, Fate, Outgoing, State
from hulk.runtime.store import Store, Transaction

_OPEN, _UNSENT = is_open(table), is_unsent(table)
_WAITS = and_(_OPEN, _UNSENT, table.c.state == "waiting")
_GOES = and_(_OPEN, _UNSENT, table.c.state == "sending")
_earlier = table.alias("earlier")
_FIRST = ~exists().where(
    _earlier.c.channel == table.c.channel, _earlier.c.address == table.c.address, _earlier.c.place < table.c.place,
    is_open(_earlier),
)  # fmt: skip
_DUE = (
    select(table)
    .where(table.c.channel == bindparam("at"), _WAITS, _FIRST)
    .where(or_(table.c.due <= bindparam("now"), and_(table.c.attempts == 0, table.c.due <= table.c.created)))
    .order_by(table.c.place)
    .limit(bindparam("most"))
)
"""One that was due when it was made is due, whatever the clock says since."""
_HOLDERS = select(table.c.holder).where(table.c.channel == bindparam("at"), _GOES).distinct()
_OVER = or_(table.c.held_until < bindparam("now"), table.c.held_until > bindparam("never"))
_LEFT = select(table).where(table.c.channel == bindparam("at"), _GOES, _OVER).order_by(table.c.place).limit(bindparam("most"))
_ONE = select(table).where(table.c.id == bindparam("one"))
_CLAIM = (
    update(table)
    .where(table.c.id == bindparam("one"), table.c.state == "waiting")
    .values(state="sending", holder=bindparam("by"), held_until=bindparam("until"), attempts=table.c.attempts + 1)
)
_ADOPT = (
    update(table)
    .where(table.c.id == bindparam("one"), table.c.state == "sending", _OVER)
    .values(holder=bindparam("by"), held_until=bindparam("until"))
)
_HOLD = (
    update(table).where(table.c.channel == bindparam("at"), _GOES, table.c.holder == bindparam("by")).values(held_until=bindparam("until"))
)
_HASTEN = (
    update(table)
    .where(table.c.channel == bindparam("at"), _WAITS, table.c.attempts > 0, table.c.due > bindparam("now"))
    .values(due=bindparam("now"))
)
_BECOMES = ("state", "due", "sent_id", "problem", "ended")
_SETTLE = (
    update(table)
    .where(table.c.id == bindparam("one"), table.c.state == "sending", table.c.holder == bindparam("by"))
    .values({name: bindparam(f"new_{name}", type_=table.c[name].type) for name in _BECOMES} | {"holder": "", "held_until": None})
)
_TOLD = update(table).where(table.c.id == bindparam("one"), table.c.state != "sent")
_BOUNCED = update(table).where(table.c.id == bindparam("one"), table.c.state != "failed")
_AGAIN = update(table).where(table.c.id == bindparam("one"), table.c.state.in_(("unknown", "failed")))
_COUNTS = select(table.c.state, func.count()).where(table.c.channel == bindparam("at"), _UNSENT).group_by(table.c.state)
_SWAP = update(table).where(
    table.c.id == bindparam("one"), table.c.state == bindparam("was"), table.c.attempts == bindparam("tried"),
    table.c.created == bindparam("since"), table.c.due == bindparam("next"), table.c.sent_id == bindparam("called"),
    table.c.ended.is_not_distinct_from(bindparam("over")),
)  # fmt: skip
_GIVEN = (
    select(table)
    .where(table.c.channel == bindparam("at"), table.c.address == bindparam("where"), table.c.sent_id == bindparam("called"))
    .order_by(table.c.place)
)
_WAITING = (
    select(table)
    .where(table.c.channel == bindparam("at"), table.c.address == bindparam("where"), _WAITS)
    .order_by(table.c.place)
    .limit(bindparam("most"))
)
_ANY = (
    select(table.c.place)
    .where(table.c.channel == bindparam("at"), table.c.address == bindparam("where"), _WAITS)
    .order_by(table.c.place)
    .limit(1)
)
_OVERTAKEN = (
    update(table).where(table.c.id == bindparam("one"), table.c.state == "waiting").values(state="withdrawn", ended=bindparam("at"))
)
_STANDS = select(table.c.id).where(table.c.id == bindparam("one"), table.c.state.in_(("sending", "shown")))
_LAID_DOWN = (
    update(table)
    .where(table.c.id == bindparam("one"), table.c.state == "shown")
    .values(state="withdrawn", ended=bindparam("at"), sent_id="")
)
_SHOWN = (
    select(table)
    .where(table.c.channel == bindparam("at"), _UNSENT, table.c.state == "shown", table.c.place > bindparam("after"))
    .order_by(table.c.place)
    .limit(bindparam("most"))
)
_NEXT = select(func.min(table.c.due)).where(table.c.channel == bindparam("at"), _WAITS)


class SqlOutbox:
    """`Outbox` over the store."""

    def __init__(self, store: Store, bells: Bells | None = None) -> None:
        self._store = store
        self._bells = bells or Bells()

    def add(self, message: Outgoing) -> Change[bool]:
        """See `Outbox`."""
        row = _row(message)

        def change(tx: Transaction) -> bool:
            self._ring(tx, message.channel)
            return tx.insert_new(table, row)

        return change

    async def due(self, channel: str, now: datetime, limit: int) -> Sequence[Outgoing]:
        """See `Outbox`."""
        return await self._all(_DUE, {"at": channel, "now": now, "most": limit})

    async def holders(self, channel: str) -> Collection[str]:
        """See `Outbox`."""
        return await self._store.read(lambda connection: frozenset(connection.execute(_HOLDERS, {"at": channel}).scalars()))

    async def left(self, channel: str, now: datetime, limit: int) -> Sequence[Outgoing]:
        """See `Outbox`."""
        return await self._all(_LEFT, {"at": channel, "now": now, "never": now + HELD * 2, "most": limit})

    def claim(self, id_: str, holder: str, until: datetime) -> Change[bool]:
        """See `Outbox`."""
        return lambda tx: tx.execute(_CLAIM, {"one": id_, "by": holder, "until": until}).rowcount == 1

    def adopt(self, id_: str, holder: str, now: datetime, until: datetime) -> Change[bool]:
        """See `Outbox`."""
        values = {"one": id_, "by": holder, "now": now, "never": now + HELD * 2, "until": until}
        return lambda tx: tx.execute(_ADOPT, values).rowcount == 1

    def hold(self, channel: str, holder: str, until: datetime) -> Change[int]:
        """See `Outbox`."""
        return lambda tx: tx.execute(_HOLD, {"at": channel, "by": holder, "until": until}).rowcount

    def abandon(self, channel: str, holder: str, now: datetime) -> Change[int]:
        """See `Outbox`."""
        before = now - timedelta(microseconds=1)  # so that `left` has them at once
        return lambda tx: tx.execute(_HOLD, {"at": channel, "by": holder, "until": before}).rowcount

    def hasten(self, channel: str, now: datetime) -> Change[int]:
        """See `Outbox`."""

        def change(tx: Transaction) -> int:
            self._ring(tx, channel)
            return tx.execute(_HASTEN, {"at": channel, "now": now}).rowcount

        return change

    def settle(self, message: Outgoing, holder: str) -> Change[bool]:
        """See `Outbox`."""
        becomes = {"one": message.id, "by": holder, **{f"new_{name}": getattr(message, name) for name in _BECOMES}}

        def change(tx: Transaction) -> bool:
            settled = tx.execute(_SETTLE, becomes).rowcount == 1
            if tx.execute(_ANY, {"at": message.channel, "where": message.address}).first() is not None:
                self._ring(tx, message.channel)
            return settled

        return change

    async def get(self, id_: str) -> Outgoing:
        """See `Outbox`."""
        found = await self._all(_ONE, {"one": id_})
        if not found:
            raise NotFound("There is no message {id}.", id=id_[:80])
        return found[0]

    async def by_sent(self, channel: str, address: str, sent_id: str) -> Outgoing | None:
        """See `Outbox`."""
        if not sent_id:
            return None
        called = select(table).where(table.c.channel == channel, table.c.sent_id == sent_id).order_by(table.c.place.desc()).limit(1)
        for where in (table.c.address == address, table.c.address.startswith(f"{address}/", autoescape=True)):
            if found := await self._all(called.where(where), {}):
                return found[0]
        return None

    async def given(self, channel: str, address: str, sent_id: str) -> Sequence[Outgoing]:
        """See `Outbox`."""
        return await self._all(_GIVEN, {"at": channel, "where": address, "called": sent_id}) if sent_id else []

    async def waiting(self, channel: str, address: str, limit: int) -> Sequence[Outgoing]:
        """See `Outbox`."""
        return await self._all(_WAITING, {"at": channel, "where": address, "most": limit})

    def told(self, id_: str, sent_id: str, at: datetime, fate: Fate | None = None) -> Change[bool]:
        """See `Outbox`."""
        news = _TOLD if fate is not None else _TOLD.where(table.c.state != "failed")
        values = {"state": "sent", "sent_id": sent_id, "ended": at, "problem": None, "holder": "", "held_until": None}
        return lambda tx: tx.execute(news.values(**values), {"one": id_}).rowcount == 1

    def bounced(self, id_: str, problem: JsonObject, at: datetime) -> Change[bool]:
        """See `Outbox`."""
        values = {"state": "failed", "problem": problem, "ended": at, "holder": "", "held_until": None}
        return lambda tx: tx.execute(_BOUNCED.values(**values), {"one": id_}).rowcount == 1

    def overtaken(self, id_: str, at: datetime) -> Change[bool]:
        """See `Outbox`."""

        def change(tx: Transaction) -> bool:
            tx.execute(_OVERTAKEN, {"one": id_, "at": at})
            return tx.execute(_STANDS, {"one": id_}).first() is not None

        return change

    def laid_down(self, id_: str, at: datetime) -> Change[bool]:
        """See `Outbox`."""
        return lambda tx: tx.execute(_LAID_DOWN, {"one": id_, "at": at}).rowcount == 1

    async def shown(self, channel: str, limit: int, after: int = 0) -> Sequence[Outgoing]:
        """See `Outbox`."""
        return await self._all(_SHOWN, {"at": channel, "most": limit, "after": after})

    def withdraw(self, intent: str, at: datetime) -> Change[int]:
        """See `Outbox`."""
        waiting = update(table).where(table.c.intent == intent, table.c.state == "waiting").values(state="withdrawn", ended=at)
        return lambda tx: tx.execute(waiting).rowcount

    def forget(self, channel: str, address: str) -> Change[int]:
        """See `Outbox`."""
        its = table.c
        over = its.state.in_(("sent", "withdrawn"))
        return emptied(table, "message", its.channel == channel, its.address == address, over, text="", files=[])

    def again(self, id_: str, at: datetime) -> Change[bool]:
        """See `Outbox`. It counts from now on as if it were made now, and keeps its place."""
        values = {"state": "waiting", "due": at, "created": at, "ended": None, "problem": None, "attempts": 0}
        return lambda tx: tx.execute(_AGAIN.values(**values), {"one": id_}).rowcount == 1

    async def recent(
        self, tenant: str, channel: str | None, states: Sequence[State], limit: int, after: str = "", before: str = "",
        among: Collection[str] | None = None,
    ) -> Sequence[Outgoing]:  # fmt: skip
        """See `Outbox`."""
        query = of_channels(table, tenant, channel, among)
        query = query.where(table.c.state.in_(states)) if states else query
        return await self._all(paged(query, table, limit, after, before), {})

    def swap(self, before: Outgoing, after: Outgoing) -> Change[bool]:
        """See `Outbox`."""
        as_it_was = {
            "one": before.id, "was": before.state, "tried": before.attempts, "since": before.created, "next": before.due,
            "called": before.sent_id, "over": before.ended,
        }  # fmt: skip
        values = {name: value for name, value in _row(after).items() if name not in ("id", "holder", "held_until")}

        def change(tx: Transaction) -> bool:
            self._ring(tx, before.channel)
            return tx.execute(_SWAP.values(**values), as_it_was).rowcount == 1

        return change

    def prune(self, before: datetime, most: int) -> Change[int]:
        """See `Outbox`."""
        over = select(table.c.place).where(table.c.state.in_(("sent", "failed", "withdrawn")), table.c.ended < before)
        over = over.order_by(table.c.ended).limit(most)
        return lambda tx: tx.execute(delete(table).where(table.c.place.in_(over))).rowcount

    async def counts(self, channel: str) -> dict[State, int]:
        """See `Outbox`."""
        return await self._store.read(lambda connection: {row[0]: row[1] for row in connection.execute(_COUNTS, {"at": channel})})

    async def next_due(self, channel: str) -> datetime | None:
        """See `Outbox`."""
        return await self._store.read(lambda connection: connection.execute(_NEXT, {"at": channel}).scalar_one_or_none())

    async def _all(self, query: Select[Any], values: dict[str, Any]) -> list[Outgoing]:
        return await self._store.read(lambda connection: [_message(row) for row in connection.execute(query, values)])

    def _ring(self, tx: Transaction, channel: str) -> None:
        tx.after(lambda: self._bells.ring([channel]))


def _row(message: Outgoing) -> dict[str, Any]:
    return {
        "id": message.id, "tenant": message.tenant, "channel": message.channel, "address": message.address,
        "conversation": message.conversation, "intent": message.intent, "message": to_json(message), "state": message.state,
        "attempts": message.attempts, "due": message.due, "created": message.created, "holder": "", "held_until": None,
        "sent_id": message.sent_id, "problem": message.problem, "ended": message.ended,
    }  # fmt: skip


def _message(row: Row[Any]) -> Outgoing:
    """The columns are what has become of what was made."""
    made = from_json(Outgoing, row.message)
    return replace(
        made, state=row.state, attempts=row.attempts, due=row.due, created=row.created, sent_id=row.sent_id, problem=row.problem,
        ended=row.ended, place=row.place,
    )  # fmt: skip
