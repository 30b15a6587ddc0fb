"""Telling the bus what was committed: at least once, and later when the bus is away.

A batch is sent in order without waiting for each answer, so the stream has it in order too; only what is sent again after
the bus was lost in the middle of a batch may come behind what followed it.
"""

import asyncio
from collections.abc import Sequence

import structlog
from sqlalchemy import Connection, delete, select

from hulk.kernel.errors import Refused, Unavailable
from hulk.kernel.events import Event
from hulk.runtime.bus import LIFETIMES, STREAMS, Bus, to_message
from hulk.runtime.outbox.outbox import Kept, Outbox, kept
from hulk.runtime.outbox.tables import event_table, outbox_table
from hulk.runtime.store import Store, Transaction, among

log = structlog.get_logger(__name__)

BATCH = 200
IDLE_SECONDS = 5.0
"""How often to look without being told, for events that another process committed and did not relay."""
AWAY_SECONDS = 1.0
LINGER_SECONDS = 0.01
"""How long to let events gather once there are some: reading them and ticking them off costs a transaction, however many."""


class Relay:
    """Publishes the trail's events on the bus. `run` until cancelled."""

    def __init__(self, store: Store, outbox: Outbox, bus: Bus) -> None:
        self._store = store
        self._outbox = outbox
        self._bus = bus

    async def run(self) -> None:
        """Publish what waits, as it comes; ends only by cancellation."""
        while True:
            self._outbox.unsent.clear()
            try:
                while await self._some():
                    pass
            except Unavailable as error:
                log.warning("relay_waits", reason=str(error))
                await asyncio.sleep(AWAY_SECONDS)
                continue
            await self._told()

    async def _told(self) -> None:
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                await self._outbox.unsent.wait()
        except TimeoutError:
            return
        await asyncio.sleep(LINGER_SECONDS)

    async def _some(self) -> bool:
        """Publish up to a batch; whether there may be more."""
        waiting = await self._store.read(_unsent)
        if waiting:
            async with asyncio.TaskGroup() as group:
                sending = [group.create_task(self._tried(one.event)) for one in waiting]
            if away := next((found for task in sending if (found := task.result())), None):
                raise away
            await self._store.commit(lambda tx: _sent(tx, waiting))
        return len(waiting) == BATCH

    async def _tried(self, event: Event) -> Unavailable | None:
        """What kept the event from being published; the others of its batch go on."""
        try:
            await self._publish(event)
        except Unavailable as error:
            return error
        return None

    async def _publish(self, event: Event) -> None:
        subject, headers, body = to_message(event)
        if not taken(subject):
            return
        lifetime = {"Nats-TTL": LIFETIMES[subject]} if subject in LIFETIMES else {}
        try:
            await self._bus.publish(subject, body, {**headers, **lifetime}, event.id)
        except Refused as error:  # too large, say: the trail keeps it, and what comes after it must not wait for ever
            log.error("event_not_published", id=event.id, type=event.type, reason=str(error))  # noqa: TRY400  # the reason says all


def taken(subject: str) -> bool:
    """Whether a stream takes that subject: not all that belongs to the trail is news."""
    return any(subject == one or (one.endswith(".>") and subject.startswith(one[:-1])) for stream in STREAMS for one in stream.subjects)


def _unsent(connection: Connection) -> list[Kept]:
    return [kept(row) for row in connection.execute(_UNSENT)]


def _sent(tx: Transaction, events: Sequence[Kept]) -> None:
    tx.execute(_TICK_OFF, {"sequences": [event.sequence for event in events]})


_UNSENT = (
    select(event_table).join(outbox_table, outbox_table.c.sequence == event_table.c.sequence).order_by(event_table.c.sequence).limit(BATCH)
)
_TICK_OFF = delete(outbox_table).where(among(outbox_table.c.sequence, "sequences"))
