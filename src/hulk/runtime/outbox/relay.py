"""Telling the bus what was committed: at least once, in order, and later when the bus is away."""

import asyncio
from collections.abc import Sequence

import structlog
from sqlalchemy import Connection, delete, select

from hulk.kernel.errors import Unavailable
from hulk.runtime.bus import Bus, to_message
from hulk.runtime.outbox.outbox import Kept, Outbox, kept
from hulk.runtime.outbox.tables import event_table, outbox_table
from hulk.runtime.store import Store, Transaction

log = structlog.get_logger(__name__)

BATCH = 200
IDLE_SECONDS = 5.0
"""How often to look without being told, for events that another process committed and did not relay."""
AWAY_SECONDS = 1.0


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

    async def _some(self) -> bool:
        """Publish up to a batch; whether there may be more."""
        waiting = await self._store.read(_unsent)
        for one in waiting:
            subject, headers, body = to_message(one.event)
            await self._bus.publish(subject, body, headers, one.event.id)
        if waiting:
            await self._store.commit(lambda tx: _sent(tx, waiting))
        return len(waiting) == BATCH


def _unsent(connection: Connection) -> list[Kept]:
    query = select(event_table).join(outbox_table, outbox_table.c.sequence == event_table.c.sequence)
    return [kept(row) for row in connection.execute(query.order_by(event_table.c.sequence).limit(BATCH))]


def _sent(tx: Transaction, events: Sequence[Kept]) -> None:
    tx.execute(delete(outbox_table).where(outbox_table.c.sequence.in_([event.sequence for event in events])))
