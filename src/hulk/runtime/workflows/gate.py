"""Who goes to the queue when: straight on while its tenant has room there, else held in the store until there is.

So the queue is short, however much waits: what waits stands in rows, where it is counted, ordered by priority and shared out
among tenants by weight, and a queue that is paused costs nothing. Held runs are let in by `Gate.run`, pass by pass (`passes`);
when there is one, and how often, is decided here.
"""

import asyncio
import contextlib
import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from hulk.kernel.durable import Started
from hulk.kernel.errors import Unavailable
from hulk.kernel.time import Clock, utc_now
from hulk.runtime.store import Store
from hulk.runtime.workflows.passes import STEP, Passed, Shares, Wake, held, pass_over, queues_seen

log = structlog.get_logger(__name__)

TICK = timedelta(seconds=0.5)
"""How often to look without being told: for what other processes held, and for what came due."""
LINGER = 0.002
"""Seconds that requests to look are gathered."""
SOON = 0.02
"""Seconds after which a place that is free is given away, even if few are."""
AGAIN = 0.05
"""Seconds before another pass where one has just found no room, or has just counted; unless a run ends here."""
TAKEN = 0.005
"""Seconds before another try where another process was at it."""
RARELY = 50
"""How many times as long as it takes to count those that are held, until they are counted again."""
FEW = 16
"""A tenant that uses less than this part of its share goes before the others."""


@dataclass(slots=True)
class _Queue:
    """What this process knows of a queue."""

    left: dict[str, int | None] = field(default_factory=dict)
    share: dict[str, int] = field(default_factory=dict)
    held: int = 0
    paused: bool = False
    freed: int = 0
    counted: float = 0.0
    vain: bool = False
    stale: bool = False
    soon: asyncio.TimerHandle | None = None
    soon_at: float = 0.0
    timer: asyncio.TimerHandle | None = None


class Gate:
    """Lets the runs of all queues in. `window`: how many of a queue may be under way before others are held, shared among the
    tenants that want in by `weights` (1 when not named)."""

    def __init__(self, store: Store, wake: Wake, *, window: int, weights: Mapping[str, int], clock: Clock = utc_now) -> None:
        self._store = store
        self._wake = wake
        self._shares = Shares(window, weights)
        self._clock = clock
        self._queues: defaultdict[str, _Queue] = defaultdict(_Queue)
        self._looked_for: set[str] = set()
        self._asked = asyncio.Event()
        self._count_at = -math.inf

    def direct(self, run: Started) -> int | None:
        """The rank with which `run` may go straight to its queue, where its tenant has room and none of its own waits; else None.

        The first few of a tenant go before those of tenants that have many under way."""
        queue = self._queues[run.queue]
        share = self._share(queue, run.tenant)
        left = queue.left.setdefault(run.tenant, share)
        if queue.paused or left is None or left <= 0:
            return None
        queue.left[run.tenant] = left - 1
        used, few = share - left, max(1, share // FEW)
        queue.stale |= used >= few // 2
        return 0 if used < few else 1

    def went(self, queue: str) -> None:
        """A run went straight there. Of those before it some may have ended in other processes: find out before they are too many."""
        known = self._queues[queue]
        if known.stale:
            self._look_again(queue, known)

    def held(self, queue: str) -> None:
        """A run was held there: see to it soon."""
        known = self._queues[queue]
        known.held += 1
        if known.vain:
            self._look_again(queue, known)
        else:
            self.look(queue)

    def ended(self, queue: str, tenant: str) -> None:
        """A run has ended: its tenant has room for another."""
        known = self._queues[queue]
        if tenant not in known.left:  # the last pass saw nothing of it any more: it has its whole share
            return
        left = known.left[tenant]
        if left is None:
            self._freed(queue, known, self._share(known, tenant))
        else:
            known.left[tenant] = min(left + 1, self._share(known, tenant))

    def _freed(self, queue: str, known: _Queue, share: int) -> None:
        """Look once a quarter of the share is free, or a moment later: a pass costs about as much as a run."""
        known.freed += 1
        if known.freed >= min(share // 4, STEP):
            self.look(queue)
        else:
            self._look_within(queue, known, SOON)

    def _look_again(self, queue: str, known: _Queue) -> None:
        """Have a pass that is likely to find what the last one did."""
        self._look_within(queue, known, known.counted + AGAIN - asyncio.get_running_loop().time())

    def _look_within(self, queue: str, known: _Queue, seconds: float) -> None:
        """Have a pass in so many seconds at the latest."""
        loop = asyncio.get_running_loop()
        if known.soon is not None:
            if known.soon_at <= loop.time() + seconds:
                return
            known.soon.cancel()
        known.soon, known.soon_at = loop.call_later(max(seconds, 0), self.look, queue), loop.time() + seconds

    def look(self, queue: str) -> None:
        """Have a pass over the queue now."""
        known = self._queues[queue]
        known.freed = 0
        if known.soon is not None:
            known.soon.cancel()
            known.soon = None
        self._looked_for.add(queue)
        self._asked.set()

    def waiting(self, queue: str) -> int:
        """How many runs are held, as last counted."""
        return self._queues[queue].held

    def paused(self, queue: str) -> bool:
        """Whether the queue is paused, as last seen."""
        return self._queues[queue].paused

    def pause(self, queue: str, paused: bool) -> None:  # a hook's argument
        """Somebody paused the queue, or lets it go on; other processes see it in the store."""
        self._queues[queue].paused = paused
        self.look(queue)

    def _share(self, queue: _Queue, tenant: str) -> int:
        return queue.share.get(tenant) or self._shares.among({*queue.share, tenant})[tenant]

    async def run(self) -> None:
        """Let in, as there is room, until cancelled."""
        seen, loop = -math.inf, asyncio.get_running_loop()
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK.total_seconds()):
                    await self._asked.wait()
                    await asyncio.sleep(LINGER)
            self._asked.clear()
            try:
                if loop.time() - seen >= TICK.total_seconds():
                    await self._look_around()
                    seen = loop.time()
                await self._round()
            except Unavailable as error:
                log.warning("gate_waits", reason=str(error))
                await asyncio.sleep(TICK.total_seconds())

    async def _look_around(self) -> None:
        """See what other processes did, and what came due."""
        seen, now = await self._store.read(queues_seen), self._clock()
        await self._count(asyncio.get_running_loop().time())
        for row in seen:
            self._queues[row.name].paused = row.paused is not None
            if row.ready or (row.due is not None and row.due <= now):
                self.look(row.name)

    async def _count(self, now: float) -> None:
        """Count those that are held, as long as that is quick: else rarely, and reckon in between."""
        if now < self._count_at:
            return
        counts = await self._store.read(held)
        self._count_at = now + RARELY * (asyncio.get_running_loop().time() - now)
        for name in {*self._queues, *counts}:
            self._queues[name].held = counts.get(name, 0)

    async def _round(self) -> None:
        for queue in sorted(self._looked_for):
            self._looked_for.discard(queue)
            await self.let_in(queue)

    async def let_in(self, queue: str) -> None:
        """One pass over a queue; a moment later, when another process is at it."""
        try:
            (passed,) = await self._store.commit(lambda tx: pass_over(tx, queue, self._clock(), self._shares, self._wake))
        except Unavailable:
            self._looked_for.add(queue)
            raise
        known = self._queues[queue]
        if passed is None:
            self._look_within(queue, known, TAKEN)
            return
        self._learn(known, passed)
        if passed.again:
            self.look(queue)
        if known.timer is not None:
            known.timer.cancel()
        if passed.due is not None:
            left = (passed.due - self._clock()).total_seconds()
            known.timer = asyncio.get_running_loop().call_later(max(left, 0), self.look, queue)

    def _learn(self, known: _Queue, passed: Passed) -> None:
        known.left, known.share, known.paused = dict(passed.left), dict(passed.share), passed.paused
        known.held = max(known.held - passed.many, 0)
        known.counted, known.vain, known.stale = asyncio.get_running_loop().time(), passed.vain, False
