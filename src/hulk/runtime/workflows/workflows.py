"""The machine assembled: begins runs, executes them, sweeps up what a crash left behind, stops without losing any."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta

import structlog

from hulk.kernel.durable import Change, Started, Workflow
from hulk.kernel.errors import Exhausted, Unavailable
from hulk.kernel.events import Event
from hulk.kernel.records import Json
from hulk.kernel.time import utc_now
from hulk.runtime.bus import Bus, forward_due, to_message
from hulk.runtime.engine import Dispatcher, Pool
from hulk.runtime.engine.pool import LEASE
from hulk.runtime.outbox import Outbox
from hulk.runtime.store import Store
from hulk.runtime.workflows.executor import Executor, keep
from hulk.runtime.workflows.journal import Journal

log = structlog.get_logger(__name__)

QUEUE = "default"
SWEEP = timedelta(seconds=1)
IDLE = LEASE * 3
"""A run that is held shows it every lease; after three without a sign it is woken for another worker."""


class Workflows:
    """Durable runs of one process (`kernel.durable.Runs`)."""

    def __init__(self, store: Store, bus: Bus, outbox: Outbox, *, slots: int, queue_size: int, limit: timedelta) -> None:
        self._store = store
        self._bus = bus
        self._queue_size = queue_size
        self._registry: dict[str, Workflow] = {}
        self._notices: asyncio.Queue[Event] = asyncio.Queue()
        self._dispatcher = Dispatcher(bus)
        self._journal = Journal(self._dispatcher.wake, self._tell)
        self._executor = Executor(store, self._journal, outbox, self._registry, limit)
        self._pool = Pool(bus, QUEUE, slots, self._executor)

    @property
    def busy(self) -> int:
        """How many runs are being executed in this process."""
        return self._pool.busy

    @property
    def strange(self) -> int:
        """How often this process handed a run back because it does not have its workflow."""
        return self._executor.strange.total()

    @property
    def unsent(self) -> int:
        """How many wake-ups were not sent yet."""
        return self._dispatcher.waiting

    def register(self, name: str, workflow: Workflow) -> None:
        """Make `workflow` the body of the runs of that name."""
        self._registry[name] = workflow

    def begin(self, run: Started) -> Change[bool]:
        """Begin `run` with the caller's transaction; False when one of that id was begun already."""
        return self._journal.begin(run)

    def signal(self, run_id: str, name: str, payload: Json, *, key: str) -> Change[None]:
        """Leave a signal for the run, once per `key`, and wake it."""
        return self._journal.signal(run_id, name, payload, key=key)

    def admit(self) -> None:
        """Raises `Exhausted` when this process already has as many wake-ups to send as its queue may hold."""
        if self._dispatcher.waiting >= self._queue_size:
            raise Exhausted(
                "{count} pieces of work wait to be queued; no more are taken now. Try again soon, or raise engine.queue_size ({limit}).",
                retry_after=2,
                count=self._dispatcher.waiting,
                limit=self._queue_size,
            )

    def _tell(self, run: str, tenant: str, status: str) -> None:
        """Notify the bus of a run's beginning or end. A notification: the journal is the truth."""
        kind = {"pending": "created", "completed": "completed"}.get(status, "failed")
        self._notices.put_nowait(Event(type=f"hulk.task.{kind}.v1", subject=run, tenant=tenant, actor="hulk"))

    async def _telling(self) -> None:
        while True:
            subject, headers, body = to_message(await self._notices.get())
            await self._bus.notify(subject, body, headers)

    @contextlib.asynccontextmanager
    async def working(self, *, sole: bool, grace: timedelta) -> AsyncIterator[None]:
        """Execute runs until left; then let those under way end within `grace`, and hand back the rest.

        `sole`: no other process can hold a run of this store, so whatever is left over from before is taken up at once."""
        if sole:
            await self._revive_all()
        async with asyncio.TaskGroup() as group:
            parts = (self._dispatcher.run(), self._sweeping(), self._keeping(), self._telling(), forward_due(self._bus))
            background = [group.create_task(part) for part in parts]
            pool = group.create_task(self._pool.run())
            try:
                yield
            finally:
                self._pool.stop()
                await self._ended(pool, grace)
                for task in background:
                    task.cancel()
                await self._dispatcher.flush()

    async def _ended(self, pool: asyncio.Task[None], grace: timedelta) -> None:
        await asyncio.wait((pool,), timeout=grace.total_seconds())
        if not pool.done():
            log.info("handing_back", runs=self._pool.busy)
            self._pool.interrupt()
            await asyncio.wait((pool,), timeout=5)
            pool.cancel()

    async def _revive_all(self) -> None:
        start = utc_now()
        batches = 0
        while (await self._store.commit(self._journal.revive(idle=start, late=start, lost=start)))[0]:
            batches += 1
        if batches:
            log.info("runs_taken_up", batches=batches)

    async def _keeping(self) -> None:
        await keep(self._executor, LEASE, self._pool.overtaken)

    async def _sweeping(self) -> None:
        while True:
            await asyncio.sleep(SWEEP.total_seconds())
            try:
                await self.sweep()
            except Unavailable as error:
                log.warning("sweep_waits", reason=str(error))
                await asyncio.sleep(IDLE.total_seconds())  # first let all who hold runs show it again

    async def sweep(self) -> int:
        """Wake what should be moving and is not; gives how many runs that were.

        Pending runs stand in the queue, so they are woken only while a worker here finds nothing in it: then they were lost."""
        if not self._bus.connected or self._dispatcher.waiting:
            return 0
        now = utc_now()
        idle = now - IDLE
        _, revived = await self._store.commit(
            self._journal.touch(sorted(self._executor.held)),
            self._journal.revive(idle=idle, late=now - SWEEP, lost=idle if self._pool.idle else None),
        )
        if revived:
            log.info("runs_swept", revived=revived)
        return int(revived)
