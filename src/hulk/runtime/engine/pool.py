"""A pool of slots over one queue: takes little more than fits, holds leases, hands back what it cannot finish.

Two feeders ask for work, one per rank, and put what comes on a short shelf; a free slot takes from the shelf of rank 0
first. One slot is never given to rank 1 while there are others. Where rank 0 works for other tenants than rank 1, as many more
as it has just used are left to it, so that a tenant with little to do does not wait for the end of a crowded tenant's work;
and while the processor is what they share, most of that is left to it too.
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Generic, TypeAlias

import structlog

from hulk.runtime.bus import Bus, Message
from hulk.runtime.engine.lease import LEASE, Lease
from hulk.runtime.engine.scaling import Scale
from hulk.runtime.engine.source import Source, W
from hulk.runtime.engine.task import HandBack, Left, Settled, Verdict

log = structlog.get_logger(__name__)

FETCH_SECONDS = 5.0
PAUSED_SECONDS = 0.1
ANY = -1
"""No bound on un-acknowledged messages: those that wait to be tried again count among them, and must not keep others waiting."""
RANKS = (0, 1)
YIELDING = 0.5
"""Seconds for which rank 1 makes way after work of rank 0 came, where this process uses much of its processor."""
LOADED = 0.5
"""How much of a core that is. Who waits for others than the processor harms nobody by being many."""
YIELDED = 8
"""Rank 1 has an eighth of the slots then."""

Handler: TypeAlias = Callable[[Lease[W]], Awaitable[Verdict]]


def _never() -> bool:
    return False


class Pool(Generic[W]):
    """Executes the work of one source, as many pieces at a time as `scale` says. Takes nothing while `paused()`."""

    def __init__(self, bus: Bus, source: Source[W], scale: Scale, handle: Handler[W], paused: Callable[[], bool] = _never) -> None:
        self._bus = bus
        self._source = source
        self.scale = scale
        self._handle = handle
        self._paused = paused
        self._live: dict[str, Lease[W]] = {}
        self._shelves: dict[int, deque[Message]] = {rank: deque() for rank in RANKS}
        self._moved = asyncio.Event()
        self._yields_until = 0.0
        self._peaks = (0, 0)
        self._crowds: Counter[str] = Counter()
        self._turn = 0
        self._freed = {rank: asyncio.Event() for rank in RANKS}
        self._stopping = asyncio.Event()

    @property
    def busy(self) -> int:
        """How many slots are taken."""
        return len(self._live)

    async def run(self) -> None:
        """Take and execute work until `stop`; what then still runs is cancelled with this coroutine and handed back."""
        async with asyncio.TaskGroup() as group:
            renewing = group.create_task(self._renew())
            feeding = [group.create_task(self._feed(rank)) for rank in RANKS]
            starting = group.create_task(self._start_all(group))
            await self._stopping.wait()
            for task in (*feeding, starting):
                task.cancel()
            await asyncio.wait(feeding)
            await self._give_back()
            while self._live:
                self._moved.clear()
                await self._moved.wait()
            renewing.cancel()

    def stop(self) -> None:
        """Take nothing more; `run` ends when what runs has ended."""
        self._stopping.set()

    def interrupt(self) -> None:
        """Cancel what runs now: it is handed back for another worker, or for the next start."""
        for lease in list(self._live.values()):
            if lease.body is not None:
                lease.body.cancel()

    def leave(self, which: Callable[[Lease[W]], bool]) -> None:
        """Cancel the bodies of those that are held by another worker now."""
        for lease in list(self._live.values()):
            if lease.body is not None and which(lease):
                lease.lost = True
                lease.body.cancel()

    # ---- taking

    async def _feed(self, rank: int) -> None:
        """Keep the shelf of that rank filled."""
        source, seconds = self._source, LEASE.total_seconds()
        name, subjects = f"{source.consumer}-{rank}", [f"{source.subject}.{rank}.>"]
        async with self._bus.pull(source.stream, name, subjects, ack_wait=seconds, max_ack_pending=ANY) as pull:
            while True:
                if (wanted := self._wanted(rank)) <= 0:
                    await self._no_room(rank)
                    continue
                self._shelves[rank].extend(await pull.fetch(wanted, FETCH_SECONDS))
                self._moved.set()

    async def _no_room(self, rank: int) -> None:
        """Wait until there may be room again."""
        self._freed[rank].clear()
        try:
            async with asyncio.timeout(PAUSED_SECONDS):
                await self._freed[rank].wait()
        except TimeoutError:
            self._moved.set()  # nobody tells when a pause ends

    def _wanted(self, rank: int) -> int:
        """As many as there are free slots, and as many again on the shelf: that hides the way to the server and back.

        None until the shelf is half empty, so that few requests bring many."""
        if self._paused():
            return 0
        wanted = self._room(rank) + self.scale.slots - len(self._shelves[rank])
        return wanted if wanted > self.scale.slots // 2 else 0

    def _room(self, rank: int) -> int:
        if self._paused():
            return 0
        free = self.scale.slots - self.busy
        if rank == 0 or self.scale.slots == 1:
            return free
        return min(free, self._most_crowded() - self._crowds.total())

    def _most_crowded(self) -> int:
        """How many slots rank 1 may have."""
        if self.scale.load >= LOADED and time.monotonic() < self._yields_until:
            return max(1, self.scale.slots // YIELDED)
        return max(1, self.scale.slots - 1 - max(self._peaks))

    async def _give_back(self) -> None:
        """Let others have what was taken and not begun."""
        for shelf in self._shelves.values():
            while shelf:
                await shelf.popleft().nak()

    # ---- executing

    async def _start_all(self, group: asyncio.TaskGroup) -> None:
        while True:
            self._moved.clear()
            while (rank := self._next()) is not None:
                self._start(self._shelves[rank].popleft(), rank, group)
            for rank, freed in self._freed.items():
                if self._wanted(rank) > 0:
                    freed.set()
            await self._moved.wait()

    def _next(self) -> int | None:
        """The shelf to take from: rank 0 first, but every eighth time rank 1, which must not wait for ever."""
        self._turn += 1
        order = RANKS if self._turn % 8 else RANKS[::-1]
        return next((rank for rank in order if self._shelves[rank] and self._room(rank) > 0), None)

    def _start(self, message: Message, rank: int, group: asyncio.TaskGroup) -> None:
        try:
            task = self._source.decoded(message)
        except (ValueError, KeyError, TypeError):
            log.exception("not_a_task", source=self._source.subject, sequence=message.stream_seq)
            group.create_task(message.term())
            return
        if held := self._live.get(task.id):
            held.message = message  # our own lease came back to us, late: go on under it
            return
        if message.num_delivered == 1:  # else it waited to be tried again, and not for a slot
            self.scale.waited(time.time() - message.published)
        lease = self._live[task.id] = Lease.of(task, message, rank)
        if rank == 1:
            self._crowds[task.tenant] += 1
        elif self._beside_crowd(task):
            self._yields_until = time.monotonic() + YIELDING
            self._peaks = (self._peaks[0], max(self._peaks[1], self.busy - self._crowds.total()))
        lease.body = group.create_task(self._execute(lease))

    def _beside_crowd(self, task: W) -> bool:
        """Whether another tenant has work of rank 1 in hand."""
        return bool(self._crowds.keys() - {task.tenant})

    async def _execute(self, lease: Lease[W]) -> None:
        verdict: Verdict = HandBack()
        try:
            verdict = await self._handle(lease)
        except asyncio.CancelledError:  # not swallowed: `interrupt` and `leave` cancel this task, and here it ends
            verdict = Left() if lease.lost else HandBack()
            log.info("task_left" if lease.lost else "task_handed_back", task=lease.task.id)
        except Exception:
            verdict = HandBack(timedelta(seconds=1))
            log.exception("handler_failed", task=lease.task.id)
        finally:
            del self._live[lease.task.id]
            if lease.rank == 1:
                self._crowds -= Counter([lease.task.tenant])
            self._moved.set()
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
            self.scale.adjust(self.busy)
            self._peaks = (self._peaks[1], sum(lease.rank == 0 and self._beside_crowd(lease.task) for lease in self._live.values()))
            for lease in list(self._live.values()):
                await lease.message.in_progress()
            for message in [message for shelf in self._shelves.values() for message in shelf]:
                await message.in_progress()
