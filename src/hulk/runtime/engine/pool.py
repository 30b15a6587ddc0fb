"""A pool of slots over one queue: takes only what fits, holds leases, hands back what it cannot finish."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

import structlog

from hulk.kernel.errors import Unavailable
from hulk.runtime.bus import TASKS, Bus, Message, Pull
from hulk.runtime.engine.task import SUBJECT, HandBack, Left, Settled, Task, Verdict

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=2)
"""How long a message may go unacknowledged and unrenewed before another worker gets it."""
FETCH_SECONDS = 5.0
AWAY_SECONDS = 0.5
ANY = -1
"""No bound on un-acknowledged messages: those that wait to be tried again count among them, and must not keep others waiting."""
IDLE_SECONDS = 1.0
"""After asking that long for tasks and getting none, a pool says that there are none."""
FIRST = 1 << 16 | 1
"""The epoch of the first delivery of a run's first wake-up: nobody has held the run before."""


@dataclass(slots=True)
class Lease:
    """A task that this process holds. `epoch` is the fencing token that it writes with, and orders all takers of a run: the
    wake-up's count, then the delivery's. It stays when the message comes to us again because we were late to renew it."""

    task: Task
    message: Message
    epoch: int
    body: asyncio.Task[None] | None = None
    lost: bool = False

    @classmethod
    def of(cls, task: Task, message: Message) -> "Lease":
        """The lease that this delivery gives."""
        return cls(task, message, task.wake << 16 | min(message.num_delivered, 0xFFFF))


Handler: TypeAlias = Callable[[Lease], Awaitable[Verdict]]


class Pool:
    """Executes the tasks of one queue, `slots` at a time."""

    def __init__(self, bus: Bus, queue: str, slots: int, handle: Handler) -> None:
        self._bus = bus
        self._queue = queue
        self._slots = slots
        self._handle = handle
        self._live: dict[str, Lease] = {}
        self._free = asyncio.Event()
        self._stopping = asyncio.Event()
        self._asking_since: float | None = None

    @property
    def busy(self) -> int:
        """How many slots are taken."""
        return len(self._live)

    @property
    def idle(self) -> bool:
        """Whether this pool has asked for tasks for a while, and there were none."""
        return self._asking_since is not None and time.monotonic() - self._asking_since >= IDLE_SECONDS

    async def run(self) -> None:
        """Take and execute tasks until `stop`; what then still runs is cancelled with this coroutine and handed back."""
        async with asyncio.TaskGroup() as group:
            renewing = group.create_task(self._renew())
            await self._take(group)
            while self._live:
                self._free.clear()
                await self._free.wait()
            renewing.cancel()

    def stop(self) -> None:
        """Take nothing more; `run` ends when what runs has ended."""
        self._stopping.set()

    def interrupt(self) -> None:
        """Cancel what runs now: it is handed back for another worker, or for the next start."""
        for lease in list(self._live.values()):
            if lease.body is not None:
                lease.body.cancel()

    def overtaken(self, run: str, epoch: int) -> None:
        """Cancel the body of a run that was held under `epoch`, and is held by another worker now."""
        for lease in list(self._live.values()):
            if lease.task.run == run and lease.epoch == epoch and lease.body is not None:
                lease.lost = True
                lease.body.cancel()

    async def _take(self, group: asyncio.TaskGroup) -> None:
        stopping = group.create_task(self._stopping.wait())
        async with self._bus.pull(
            TASKS, f"engine-{self._queue}", [f"{SUBJECT}.{self._queue}.>"], ack_wait=LEASE.total_seconds(), max_ack_pending=ANY
        ) as pull:
            while not self._stopping.is_set():
                for message in await self._fetch(pull, group, stopping):
                    self._start(message, group)
        stopping.cancel()

    async def _fetch(self, pull: Pull, group: asyncio.TaskGroup, stopping: asyncio.Task[bool]) -> list[Message]:
        """As many messages as there are free slots; none when it is time to stop or the bus is away."""
        while self.busy >= self._slots and not self._stopping.is_set():
            self._free.clear()
            freed = group.create_task(self._free.wait())
            await asyncio.wait((freed, stopping), return_when=asyncio.FIRST_COMPLETED)
            freed.cancel()
        if self._stopping.is_set():
            return []
        fetching = group.create_task(self._fetched(pull))
        await asyncio.wait((fetching, stopping), return_when=asyncio.FIRST_COMPLETED)
        if not fetching.done():
            fetching.cancel()
            return []
        return fetching.result()

    async def _fetched(self, pull: Pull) -> list[Message]:
        """What there is, as soon as there is something; the time of asking goes on over a fetch that brings nothing."""
        self._asking_since = self._asking_since or time.monotonic()
        try:
            messages = await pull.fetch(self._slots - self.busy, FETCH_SECONDS)
        except Unavailable as error:
            log.warning("queue_away", queue=self._queue, reason=str(error))
            await asyncio.sleep(AWAY_SECONDS)
            return []
        if messages:
            self._asking_since = None
        return messages

    def _start(self, message: Message, group: asyncio.TaskGroup) -> None:
        try:
            task = Task.decoded(message.data, dict(message.headers))
        except (ValueError, KeyError, TypeError):
            log.exception("not_a_task", queue=self._queue, sequence=message.stream_seq)
            group.create_task(message.term())
            return
        if held := self._live.get(task.id):
            held.message = message  # our own lease came back to us, late: go on under it
            return
        lease = Lease.of(task, message)
        self._live[task.id] = lease
        lease.body = group.create_task(self._execute(lease))

    async def _execute(self, lease: Lease) -> None:
        verdict: Verdict = HandBack()
        try:
            verdict = await self._handle(lease)
        except asyncio.CancelledError:  # not swallowed: `interrupt` and `overtaken` cancel this task, and here it ends
            verdict = Left() if lease.lost else HandBack()
            log.info("task_left" if lease.lost else "task_handed_back", run=lease.task.run)
        except Exception:
            verdict = HandBack(timedelta(seconds=1))
            log.exception("handler_failed", run=lease.task.run)
        finally:
            self._live.pop(lease.task.id, None)
            self._free.set()
        await self._settle(lease.message, verdict)

    async def _settle(self, message: Message, verdict: Verdict) -> None:
        match verdict:
            case Settled():
                await message.ack()
            case HandBack(delay):
                await message.nak(delay.total_seconds())
            case Left():
                log.info("left_to_another", sequence=message.stream_seq)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(LEASE.total_seconds() / 3)
            for lease in list(self._live.values()):
                await lease.message.in_progress()
