"""Channels at work: one process of an installation listens at a channel and sends for it, whichever leads there; any takes requests."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from hulk.kernel.bells import Bells
from hulk.modules.channels.adapters.presence import BusPresence
from hulk.modules.channels.adapters.standings import LEADERS, office
from hulk.modules.channels.ports import Figures, Open
from hulk.modules.channels.usecases import Deliver, Hear, Serve, ShowWork
from hulk.runtime.bus import Bus
from hulk.runtime.state import Bucket, leader

REIGN = timedelta(seconds=3)
"""After a process died, another leads within this and a third of it."""


@dataclass(slots=True)
class AtWork:
    """One channel, looked after by this process while it leads there."""

    open: Open
    deliver: Deliver
    hear: Hear
    serve: Serve
    show: ShowWork
    bells: Bells
    bus: Bus
    figures: Figures
    duties: "Callable[[AtWork], Coroutine[None, None, None]]"
    """What a leader does besides, as long as it leads."""
    presence: BusPresence | None = None
    """How others see that this process is there; None where there can be no others: then it leads, and waits for nothing."""
    leads: bool = False

    @property
    def hears(self) -> str:
        """Why it cannot listen, while it cannot."""
        return self.hear.why or self.serve.why

    async def run(self) -> None:
        """Lead whenever that is free, and do what a leader does; ends only by cancellation."""
        if self.presence is None:
            await self._lead(lambda: True)
            return
        async with leader(Bucket(self.bus, LEADERS, str), office(self.open.name), ttl=REIGN) as seat:
            while True:
                await self.presence.shown()  # what we send, others take for left while they do not see us
                await seat.won()
                await self._lead(lambda: seat.held)

    async def _lead(self, held: Callable[[], bool]) -> None:
        """For as long as it is held."""
        self.leads = True
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one()) for one in (self._send, self.hear, self.serve, self.show, partial(self.duties, self))]
                while held():  # noqa: ASYNC110  # nobody rings when a lease runs out
                    await asyncio.sleep(REIGN.total_seconds() / 5)
                for task in tasks:
                    task.cancel()
        finally:
            self.leads = False
            self.figures.leaves(self.open.name)

    async def _send(self) -> None:
        with self.bells.listening(self.open.name) as listener:
            await self.deliver.run(listener)
