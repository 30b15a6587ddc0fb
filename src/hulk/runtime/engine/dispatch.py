"""Publishing wake-ups after their rows are committed. The row is the truth: a wake-up lost with its process is sent again by the sweep."""

import asyncio
import itertools
from collections import deque
from datetime import datetime

import structlog

from hulk.kernel.errors import Unavailable
from hulk.runtime.bus import Bus, publish_at
from hulk.runtime.engine.task import Task, subject

log = structlog.get_logger(__name__)

BATCH = 64
AWAY_SECONDS = 0.5


class Dispatcher:
    """Sends wake-ups in the background, many at a time. `run` until cancelled."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._waiting: deque[tuple[Task, datetime | None]] = deque()
        self._some = asyncio.Event()

    @property
    def waiting(self) -> int:
        """How many wake-ups were not sent yet."""
        return len(self._waiting)

    def wake(self, task: Task, at: datetime | None = None) -> None:
        """Have `task` delivered now, or at that moment. Never blocks and never fails."""
        self._waiting.append((task, at))
        self._some.set()

    async def run(self) -> None:
        """Send what waits, as it comes; while the bus is away or full, keep it and try again."""
        while True:
            await self._some.wait()
            self._some.clear()
            while self._waiting:
                if not await self._send():
                    await asyncio.sleep(AWAY_SECONDS)

    async def flush(self) -> None:
        """Send what still waits, as far as the bus takes it; for the end, when `run` is over."""
        while self._waiting and await self._send():
            pass

    async def _send(self) -> bool:
        """Send up to a batch; whether all of it was taken. Nothing leaves the queue before the bus has it, however this ends."""
        batch = list(itertools.islice(self._waiting, BATCH))
        async with asyncio.TaskGroup() as group:
            sending = [group.create_task(self._published(task, at)) for task, at in batch]
        failed = [done.result() for done in sending]
        unsent = [one for one, error in zip(batch, failed, strict=True) if error is not None]
        if unsent:
            log.warning("wake_ups_wait", count=len(self._waiting), reason=str(next(error for error in failed if error is not None)))
        for _ in batch:
            self._waiting.popleft()
        self._waiting.extendleft(reversed(unsent))
        return not unsent

    async def _published(self, task: Task, at: datetime | None) -> Unavailable | None:
        """What kept the wake-up from being published."""
        where = subject(task)
        try:
            if at is None:
                await self._bus.publish(where, task.encoded(), task.headers(), task.id)
            else:
                await publish_at(self._bus, at, where, task.encoded(), task.headers(), key=f"{task.run}-{task.wake}")
        except Unavailable as error:
            return error
        return None
