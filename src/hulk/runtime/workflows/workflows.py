"""The machine assembled: begins runs, executes them, sweeps up what a crash left behind, stops without losing any."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Protocol, TypeAlias

import structlog

from hulk.kernel.durable import Change, Retry, Started, Workflow
from hulk.kernel.errors import Exhausted, Unavailable
from hulk.kernel.events import Event
from hulk.kernel.records import Json
from hulk.kernel.time import Clock, utc_now
from hulk.runtime.bus import TASKS, Bus, Notice, forward_due, to_message
from hulk.runtime.engine import LEASE, Dispatcher, Lease, Pool, Scale, Task, wake_ups
from hulk.runtime.outbox import Outbox
from hulk.runtime.state import Bucket, leader
from hulk.runtime.store import Store, Transaction
from hulk.runtime.telemetry import Metrics
from hulk.runtime.workflows.choreography import TRIES, Choreography, React
from hulk.runtime.workflows.executor import Chain, Executor, keep, nothing_more
from hulk.runtime.workflows.gate import Gate
from hulk.runtime.workflows.hooks import Hooks
from hulk.runtime.workflows.journal import Journal
from hulk.runtime.workflows.measures import Measures
from hulk.runtime.workflows.queries import RunQueries, under_way
from hulk.runtime.workflows.registry import Registry
from hulk.runtime.workflows.steering import Steering
from hulk.runtime.workflows.tables import QUEUE, queue_table

log = structlog.get_logger(__name__)

SWEEP = timedelta(seconds=1)
MEASURE = timedelta(seconds=15)
IDLE = LEASE * 3
"""A run that is held shows it every lease; after three without a sign it is woken for another worker."""
AHEAD = timedelta(minutes=1)
"""By how much the clocks of two processes may differ at most."""
WINDOW = 16
"""How many runs of a queue may be under way per slot; more are held in the store."""
REIGN = timedelta(seconds=2)
"""After how long another process reconciles when the one that did shows no sign."""
CANCEL = "hulk.engine.control.cancel"


class Ruling(Protocol):
    """Whether this process is the one to reconcile."""

    @property
    def held(self) -> bool:
        """At this moment."""


Reign: TypeAlias = Callable[[Bus], AbstractAsyncContextManager[Ruling]]
"""Elects who reconciles."""


def _reconciler(bus: Bus) -> AbstractAsyncContextManager[Ruling]:
    return leader(Bucket(bus, "leaders", str), "reconciler", ttl=REIGN)


class Workflows:
    """Durable runs of one process (`kernel.durable.Runs`)."""

    def __init__(
        self, store: Store, bus: Bus, outbox: Outbox, *, slots: int, queue_size: int, limit: timedelta,
        most_slots: int = 0, queues: Sequence[str] = (QUEUE,), weights: Mapping[str, int] | None = None, metrics: Metrics | None = None,
        clock: Clock = utc_now, reign: Reign = _reconciler, chain: Chain = nothing_more,
    ) -> None:  # fmt: skip
        self._store = store
        self._clock = clock
        self._reign = reign
        self._bus = bus
        self._queue_size = queue_size
        self._measures = Measures(metrics or Metrics())
        self._registry = Registry()
        self._notices: asyncio.Queue[Event] = asyncio.Queue()
        self._called_off: asyncio.Queue[str] = asyncio.Queue()
        self._dispatcher = Dispatcher(bus)
        self.gate = Gate(store, self._dispatcher.wake, window=slots * WINDOW, weights=weights or {}, clock=clock)
        hooks = Hooks(
            begun=self._measures.begun, finished=self._measures.ended, stepped=self._measures.stepped,
            wake=self._dispatcher.wake, tell=self._tell, newest=self._registry.newest, direct=self.gate.direct,
            went=self.gate.went, held=self.gate.held, paused=self.gate.pause, ended=self.gate.ended, cancel=self._call_off,
        )  # fmt: skip
        self._journal = Journal(hooks, clock)
        self._executor = Executor(store, self._journal, outbox, self._registry, limit, chain=chain)
        self._pools = {queue: self._pool(queue, slots, most_slots or slots) for queue in queues}
        self.steering = Steering(self._journal, self._registry, outbox, clock)
        self._choreography = Choreography(store, bus, self._registry, self._journal.begin)

    def _pool(self, queue: str, slots: int, most: int) -> Pool[Task]:
        scale = Scale(slots, most, heard=lambda seconds: self._measures.waited(queue, seconds))
        return Pool(self._bus, wake_ups(queue), scale, self._executor, lambda: self.gate.paused(queue))

    @property
    def slots(self) -> Mapping[str, int]:
        """How many slots each queue has here now."""
        return {queue: pool.scale.slots for queue, pool in self._pools.items()}

    @property
    def busy(self) -> int:
        """How many runs are being executed in this process."""
        return sum(pool.busy for pool in self._pools.values())

    @property
    def strange(self) -> int:
        """How often this process handed a run back because it does not have its workflow."""
        return self._executor.strange.total()

    @property
    def unsent(self) -> int:
        """How many wake-ups were not sent yet."""
        return self._dispatcher.waiting

    def register(self, name: str, workflow: Workflow, *, version: str = "", forkable: bool = True) -> None:
        """Make `workflow` the body of the runs of that name and version; new ones are begun with the version registered last.

        A run keeps its version to its end. `forkable`: whether a copy of a run makes sense."""
        self._registry.add(name, workflow, version=version, forkable=forkable)

    def begin(self, run: Started) -> Change[bool]:
        """Begin `run` with the caller's transaction; False when one of that id was begun already."""
        return self._journal.begin(run)

    def on(self, event_type: str, react: React, *, name: str = "", past: bool = False, retry: Retry = TRIES) -> None:
        """Have each event of that type (`hulk.ticket.completed.v1`) begin the run that `react` gives for it, if any, once.

        `name` (else that of `react`) is kept by the bus: one of a new name knows only the events told from then on, or, with
        `past`, those of the last seven days too. When it raises, a run asks it again as `retry` says. Call it before
        `working`. Raises `Refused` or `Conflict` for the name."""
        self._choreography.on(event_type, react, name=name or getattr(react, "__name__", ""), past=past, retry=retry)

    def signal(self, run_id: str, name: str, payload: Json, *, key: str) -> Change[None]:
        """Leave a signal for the run, once per `key`, and wake it."""
        return self._journal.signal(run_id, name, payload, key=key)

    def admit(self) -> None:
        """Raises `Exhausted` when as many runs wait already as the queue may hold."""
        waiting = self._dispatcher.waiting + self.gate.waiting(QUEUE)
        if waiting >= self._queue_size:
            raise Exhausted(
                "{count} pieces of work wait to be queued; no more are taken now. Try again soon, or raise engine.queue_size ({limit}).",
                retry_after=2, count=waiting, limit=self._queue_size,
            )  # fmt: skip

    def _tell(self, run: str, tenant: str, status: str) -> None:
        """Notify the bus of a run's beginning or end. A notification: the journal is the truth."""
        kind = {"pending": "created", "completed": "completed"}.get(status, "failed")
        self._notices.put_nowait(Event(type=f"hulk.task.{kind}.v1", subject=run, tenant=tenant, actor="hulk"))

    def _call_off(self, run: str) -> None:
        """Leave off with a run that is executed here, and have other processes do so."""
        self._executor.cancel(run)
        self._called_off.put_nowait(run)

    async def _calling_off(self) -> None:
        """Tell other processes at once; who misses it sees it in the row, a lease later."""

        async def heard(notice: Notice) -> None:
            self._executor.cancel(notice.data.decode())

        async with self._bus.subscribe(CANCEL, heard):
            while True:
                await self._bus.notify(CANCEL, (await self._called_off.get()).encode())

    async def _telling(self) -> None:
        while True:
            subject, headers, body = to_message(await self._notices.get())
            await self._bus.notify(subject, body, headers)

    @contextlib.asynccontextmanager
    async def working(self, *, sole: bool, grace: timedelta) -> AsyncIterator[None]:
        """Execute runs until left; then let those under way end within `grace`, and hand back the rest.

        `sole`: no other process can hold a run of this store, so whatever is left over from before is taken up at once."""
        try:
            await self._store.commit(self._announced)
        except Unavailable:  # then the gate keeps them, as soon as it can
            for queue in self._pools:
                self.gate.look(queue)
        if sole:
            await self._revive_all()
        async with asyncio.TaskGroup() as group:
            parts = (
                self._dispatcher.run(), self.gate.run(), forward_due(self._bus), self._reconciling(sole=sole), self._keeping(),
                self._telling(), self._calling_off(), self._choreography.run(), self._measuring(),
            )  # fmt: skip
            background = [group.create_task(part) for part in parts]
            pools = [group.create_task(pool.run()) for pool in self._pools.values()]
            try:
                yield
            finally:
                for pool in self._pools.values():
                    pool.stop()
                await self._ended(pools, grace)
                for task in background:
                    task.cancel()
                await self._dispatcher.flush()

    def _announced(self, tx: Transaction) -> None:
        """Keep the names of the queues that are worked here: so everybody knows that there are such."""
        for queue in self._pools:
            tx.insert_new(queue_table, {"name": queue})

    async def _ended(self, pools: Sequence[asyncio.Task[None]], grace: timedelta) -> None:
        if not pools:
            return
        _, late = await asyncio.wait(pools, timeout=grace.total_seconds())
        if late:
            log.info("handing_back", runs=self.busy)
            for pool in self._pools.values():
                pool.interrupt()
            _, late = await asyncio.wait(late, timeout=5)
            for task in late:
                task.cancel()

    async def _revive_all(self) -> None:
        start = self._clock()
        batches = 0
        while (await self._store.commit(self._journal.revive(idle=start, late=start, lost=start, ahead=start + AHEAD)))[0]:
            batches += 1
        if batches:
            log.info("runs_taken_up", batches=batches)

    async def _keeping(self) -> None:
        await keep(self._executor, LEASE, self._overtaken)

    def _overtaken(self, run: str, epoch: int) -> None:
        def is_that(lease: Lease[Task]) -> bool:
            return (lease.task.run, lease.epoch) == (run, epoch)

        for pool in self._pools.values():
            pool.leave(is_that)

    async def _measuring(self) -> None:
        """See now and then how the store stands, for the metrics of all processes alike."""
        queries = RunQueries(self._store)
        while True:
            try:
                self._measures.standing(await queries.standing())
            except Unavailable as error:
                log.warning("cannot_count_runs", reason=str(error))
            await asyncio.sleep(MEASURE.total_seconds())

    async def _reconciling(self, *, sole: bool) -> None:
        """Sweep, as long as this process is the one to do it."""
        if sole:
            await self._sweeping(lambda: True)
        async with self._reign(self._bus) as office:
            await self._sweeping(lambda: office.held)

    async def _sweeping(self, ours: Callable[[], bool]) -> None:
        while True:
            await asyncio.sleep(SWEEP.total_seconds())
            try:
                if ours():
                    await self.sweep()
            except Unavailable as error:
                log.warning("sweep_waits", reason=str(error))
                await asyncio.sleep(IDLE.total_seconds())  # first let all who hold runs show it again

    async def _forgotten(self) -> bool:
        """Whether the queue has lost messages: every run that is pending or running has one there until it is settled."""
        messages = (await self._bus.ask(f"STREAM.INFO.{TASKS}"))["state"]["messages"]
        return bool(messages < await self._store.read(under_way))

    async def sweep(self) -> int:
        """Wake what should be moving and is not; gives how many runs that were.

        Pending runs stand in the queue; they are taken for lost only while it holds fewer messages than there are runs under way."""
        if not self._bus.connected or self._dispatcher.waiting:
            return 0
        now = self._clock()
        idle = now - IDLE
        lost = idle if await self._forgotten() else None
        _, revived = await self._store.commit(
            self._journal.touch(self._executor.held), self._journal.revive(idle=idle, late=now - SWEEP, lost=lost, ahead=now + AHEAD)
        )
        if revived:
            log.info("runs_swept", revived=revived)
        return int(revived)
