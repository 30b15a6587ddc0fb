"""Appending to the trail, and reading it."""

import hmac
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, text, update

from hulk.kernel.bells import Bells, Listener
from hulk.kernel.durable import Change
from hulk.kernel.errors import NotFound, Refused
from hulk.kernel.events import GENESIS, Event, link, seal
from hulk.kernel.records import fields_of
from hulk.runtime.outbox.tables import LONE, event_table, head_table, outbox_table
from hulk.runtime.store import Store, Transaction, among, records

SOME = 500
"""The most events that a follower of a tenant gets at a time."""
ELSEWHERE_SECONDS = 1.0
"""How often a follower looks for events that another process committed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An event where it was kept: `sequence` orders all events of the store, `position` those of its tenant."""

    sequence: int
    position: int
    hash: str
    event: Event


@dataclass(slots=True)
class _Chain:
    """A tenant's chain while a transaction extends it."""

    tenant: str
    position: int
    hash: str
    rows: list[dict[str, Any]] = field(default_factory=list)

    def extend(self, event: Event) -> None:
        self.position += 1
        self.hash = link(self.hash, self.position, event)
        self.rows.append({**fields_of(Event, event), "position": self.position, "hash": self.hash})


class Outbox:
    """The trail of what happened. `key` marks the heads of the chains; who has the database but not the key cannot forge one."""

    def __init__(self, store: Store, key: bytes) -> None:
        self._store = store
        self._key = key
        self._followers = Bells()
        """Of those who wait for events: an intent's, or `tenant:` and the tenant."""
        self.unsent = Listener()
        """Rung whenever events were committed that the relay has not seen."""
        self._bells = [self.unsent]

    async def require_same_key(self) -> None:
        """Raises `Refused` when the trail in the store was sealed with another key: then nobody could prove it any more."""
        row = await self._store.read(lambda connection: connection.execute(_ANY_HEAD).one_or_none())
        if row is not None and not hmac.compare_digest(row.seal, seal(self._key, row.tenant, row.position, row.hash)):
            raise Refused(
                "The audit trail in the store is sealed with another key than this process has: give all processes of a cluster the same"
                " audit.key."
            )

    def append(self, *events: Event) -> Change[None]:
        """Keep `events`, in that order, at the end of their tenants' chains (`kernel.events.Trail`)."""

        def change(tx: Transaction) -> None:
            for event in events:
                self._chain(tx, event.tenant).extend(event)
            tx.after(lambda: self._announce(events))

        return change

    def _chain(self, tx: Transaction, tenant: str) -> _Chain:
        return tx.once(f"chain:{tenant}", lambda: self._last(tx, tenant), lambda chain: self._close(tx, chain))

    def _last(self, tx: Transaction, tenant: str) -> _Chain:
        """The chain's end, locked against other processes until this transaction ends."""
        row = tx.execute(_HEAD, {"of": tenant}).one_or_none()
        if row is None:
            tx.insert_new(head_table, {"tenant": tenant, **self._head(_Chain(tenant, 0, GENESIS))})
            row = tx.execute(_HEAD, {"of": tenant}).one()
        return _Chain(tenant, row.position, row.hash)

    def _close(self, tx: Transaction, chain: _Chain) -> None:
        if tx.connection.dialect.name == "postgresql":
            tx.execute(_ADD, {records.ROWS: records.written(event_table, chain.rows)})
        else:
            sequences = [tx.execute(_INSERT, row).scalar_one() for row in chain.rows]
            tx.insert_all(outbox_table, [{"sequence": sequence} for sequence in sequences])
        tx.execute(_MOVE_HEAD, {"of": chain.tenant, **self._head(chain)})

    def _head(self, chain: _Chain) -> dict[str, Any]:
        return {"position": chain.position, "hash": chain.hash, "seal": seal(self._key, chain.tenant, chain.position, chain.hash)}

    def bell(self) -> Listener:
        """One more that is rung whenever events were committed, for somebody else who reads the trail."""
        self._bells.append(bell := Listener())
        return bell

    def _announce(self, events: Sequence[Event]) -> None:
        for bell in self._bells:
            bell.ring()
        self._followers.ring(name for event in events for name in (event.intent, f"tenant:{event.tenant}") if name)

    async def of_intent(self, intent: str, after: int = 0) -> list[Kept]:
        """The events of an intent past sequence `after`, oldest first."""
        return await self._store.read(lambda connection: _of_intent(connection, intent, after))

    async def of_subjects(self, tenant: str, subjects: Collection[str]) -> list[Kept]:
        """The tenant's events on these that belong to no intent, oldest first."""
        at = {"of": tenant, "these": list(subjects)}
        return await self._store.read(lambda connection: [kept(row) for row in connection.execute(_OF_SUBJECTS, at)])

    async def get(self, event: str) -> Kept:
        """The event of that id; raises `NotFound`."""
        row = await self._store.read(lambda connection: connection.execute(_BY_ID, {"at": event}).one_or_none())
        if row is None:
            raise NotFound("There is no event {id} in the trail.", id=event)
        return kept(row)

    async def follow(self, intent: str, after: int = 0) -> AsyncIterator[Kept]:
        """The events of an intent past sequence `after`, then each new one as it is committed, without end."""
        with self._followers.listening(intent) as bell:
            while True:
                bell.looks()
                for one in await self.of_intent(intent, after):
                    after = one.sequence
                    yield one
                await bell.heard(ELSEWHERE_SECONDS)

    async def position(self, tenant: str) -> int:
        """Where the tenant's chain ends; 0 when it has not begun."""
        row = await self._store.read(lambda connection: connection.execute(_POSITION, {"of": tenant}).one_or_none())
        return 0 if row is None else int(row.position)

    async def follow_tenant(self, tenant: str, after: int) -> AsyncIterator[Sequence[Kept]]:
        """A tenant's events past position `after`, some at a time, then the new ones as they are committed, without end. Positions have
        no gaps, and a later one never commits before an earlier one: nothing is missed."""
        with self._followers.listening(f"tenant:{tenant}") as bell:
            while True:
                bell.looks()
                while some := await self.past(tenant, after):
                    after = some[-1].position
                    yield some
                await bell.heard(ELSEWHERE_SECONDS)

    async def past(self, tenant: str, after: int) -> list[Kept]:
        """Some of a tenant's events past position `after`, oldest first."""
        at = {"of": tenant, "past": after}
        return await self._store.read(lambda connection: [kept(row) for row in connection.execute(_OF_TENANT, at)])


_HEAD = select(head_table).where(head_table.c.tenant == bindparam("of")).with_for_update()
_ANY_HEAD = select(head_table).order_by(head_table.c.tenant).limit(1)
_MOVE_HEAD = update(head_table).where(head_table.c.tenant == bindparam("of"))
_INSERT = insert(event_table).returning(event_table.c.sequence)
_NAMES = (*Event.__dataclass_fields__, "position", "hash")
_ADD = text(
    f"with added as (insert into event ({records.listed(_NAMES)})"  # noqa: S608  # our own names
    f" select {records.values(event_table, _NAMES)} from {records.given(event_table, _NAMES)} order by position returning sequence)"
    " insert into outbox (sequence) select sequence from added"
)
"""PostgreSQL: events and that they are not sent yet, in one statement."""
_POSITION = select(head_table.c.position).where(head_table.c.tenant == bindparam("of"))
_OF_TENANT = (
    select(event_table)
    .where(event_table.c.tenant == bindparam("of"), event_table.c.position > bindparam("past"))
    .order_by(event_table.c.position)
    .limit(SOME)
)
_BY_ID = select(event_table).where(event_table.c.id == bindparam("at"))
_OF_SUBJECTS = (
    select(event_table)
    .where(among(event_table.c.subject, "these"), LONE, event_table.c.tenant.concat("") == bindparam("of"))
    .order_by(event_table.c.sequence)
)
_OF_INTENT = (
    select(event_table)
    .where(event_table.c.intent == bindparam("at"), event_table.c.sequence > bindparam("past"))
    .order_by(event_table.c.sequence)
)


def kept(row: Row[Any]) -> Kept:
    """A row of the trail as it is read back."""
    return Kept(sequence=row.sequence, position=row.position, hash=row.hash, event=Event(**fields_of(Event, row)))


def _of_intent(connection: Connection, intent: str, after: int) -> list[Kept]:
    return [kept(row) for row in connection.execute(_OF_INTENT, {"at": intent, "past": after})]
