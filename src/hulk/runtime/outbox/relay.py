"""Telling the bus what was committed: at least once, and later when the bus is away. Processes that share a store take turns.

A batch is sent in order without waiting for each answer, so the stream has it in order too; only what is sent again after
the bus was lost in the middle of a batch may come behind what followed it.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import structlog
from sqlalchemy import Connection, Text, cast, delete, select

from hulk.kernel.errors import Refused, Unavailable
from hulk.kernel.events import Event
from hulk.runtime.bus import LIFETIMES, MESSAGE_ID, STREAMS, Bus, Letter, headers_of, subject_of
from hulk.runtime.outbox.outbox import Outbox
from hulk.runtime.outbox.tables import event_table, outbox_table
from hulk.runtime.store import Store, Turn, among

log = structlog.get_logger(__name__)

BATCH = 200
IDLE_SECONDS = 5.0
"""How often to look without being told, for events that another process committed and did not relay."""
AWAY_SECONDS = 1.0
OTHERS_SECONDS = 0.025
"""How long to wait before trying again for a turn that another process has."""
_TURN = 0x52454C41
"""The turn of relays ("RELA")."""
LINGER_SECONDS = (0.01, 0.05)
"""How long to let events gather once there are some, at least and at most: reading them and ticking them off costs a transaction, however
many. In between twice as long as the last batch took: where much goes on, the relay takes a third of the time, and batches grow."""


class Relay:
    """Publishes the trail's events on the bus. `run` until cancelled."""

    def __init__(self, store: Store, outbox: Outbox, bus: Bus) -> None:
        self._store = store
        self._outbox = outbox
        self._bus = bus
        self._turn = Turn(_TURN, _unsent, self._tell, _sent)

    async def run(self) -> None:
        """Publish what waits, as it comes; ends only by cancellation."""
        while True:
            self._outbox.unsent.looks()
            begun = time.monotonic()
            try:
                while await self._some():
                    pass
            except Unavailable as error:
                log.warning("relay_waits", reason=str(error))
                await asyncio.sleep(AWAY_SECONDS)
                continue
            await self._told(2 * (time.monotonic() - begun))

    async def _told(self, linger: float) -> None:
        if await self._outbox.unsent.heard(IDLE_SECONDS):
            least, most = LINGER_SECONDS
            await asyncio.sleep(min(max(linger, least), most))

    async def _some(self) -> bool:
        """Publish up to a batch; whether there may be more, which another process may be just publishing."""
        waiting = await self._store.in_turn(self._turn)
        if waiting is None:
            await asyncio.sleep(OTHERS_SECONDS)
            return True
        return len(waiting) == BATCH

    async def _tell(self, waiting: Sequence["_Waiting"]) -> None:
        await self._publish([letter for one in waiting if taken((letter := one.letter()).subject)])

    async def _publish(self, letters: Sequence[Letter]) -> None:
        """Raises `Unavailable` when any may not have been stored, once all the others were tried."""
        outcomes = zip(letters, await self._bus.publish_all(letters), strict=True)
        refused = [(letter, error) for letter, error in outcomes if error is not None]
        for letter, error in refused:
            if not isinstance(error, Refused):
                raise error
            # too large, say: the trail keeps it, and what comes after it must not wait for ever
            log.error("event_not_published", id=letter.headers[MESSAGE_ID], type=letter.headers["ce-type"], reason=str(error))


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An event that is to be published, but for its data, and its data as it is kept."""

    sequence: int
    event: Event
    data: str

    def letter(self) -> Letter:
        """The event as `to_message` has it, with its id as message id."""
        subject = subject_of(self.event.type)
        lifetime = {"Nats-TTL": LIFETIMES[subject]} if subject in LIFETIMES else {}
        return Letter(subject, self.data.encode(), {**headers_of(self.event), **lifetime, MESSAGE_ID: self.event.id})


def taken(subject: str) -> bool:
    """Whether a stream takes that subject: not all that belongs to the trail is news."""
    return any(subject == one or (one.endswith(".>") and subject.startswith(one[:-1])) for stream in STREAMS for one in stream.subjects)


def _unsent(connection: Connection) -> list[_Waiting]:
    return [_waiting(row) for row in connection.execute(_UNSENT).all()]


def _waiting(row: Any) -> _Waiting:
    return _Waiting(row.sequence, Event(**dict(zip(_NAMES, _named(row), strict=True))), row.data)


def _sent(connection: Connection, events: Sequence[_Waiting]) -> None:
    connection.execute(_TICK_OFF, {"sequences": [event.sequence for event in events]})


_NAMES = tuple(name for name in Event.__dataclass_fields__ if name != "data")
_named = attrgetter(*_NAMES)
_its = event_table.c
_UNSENT = (
    select(_its.sequence, *(_its[name] for name in _NAMES), cast(_its.data, Text).label("data"))
    .select_from(outbox_table)
    .join(event_table, outbox_table.c.sequence == _its.sequence, isouter=True)
    .order_by(outbox_table.c.sequence)
    .limit(BATCH)
)
"""The data as text: it is sent as it is kept. Each has its event; joined so that SQLite begins with the few that wait, not with all there
are."""
_TICK_OFF = delete(outbox_table).where(among(outbox_table.c.sequence, "sequences"))
