"""Who goes to the queue when: straight on while its tenant has room there, else held in the store until there is.

So the queue is short, however much waits: what waits stands in rows, where it is counted, ordered by priority and shared out
among tenants by weight, and a queue that is paused costs nothing. Held runs are let in by `Gate.run`, in one transaction per
pass, which holds the queue's row, so that processes do not let in more together than each would alone.
"""

import asyncio
import contextlib
import functools
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Connection, Row, and_, bindparam, exists, func, or_, select, update

from hulk.kernel.durable import Started
from hulk.kernel.errors import Unavailable
from hulk.kernel.time import Clock, utc_now
from hulk.runtime.engine import Task
from hulk.runtime.store import Store, Transaction
from hulk.runtime.workflows.tables import flow_table, queue_table, run_table, stands

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
MOST_DUE = 1000
"""How many come due in one pass."""
LET_IN = ("pending", "running", "waiting", "needs_attention")
FEW = 16
"""A tenant that uses less than this part of its share goes before the others."""
STEP = 64
"""The most runs of a tenant that one pass lets in: others' commits and wake-ups wait for as long as it takes."""
ROUNDS = 8
"""How often one pass asks for more candidates because the lanes of those it got were full."""


@dataclass(frozen=True, slots=True)
class _Passed:
    """What a pass did and found: how many it let in; the room left for each tenant, None for those of whom more waits; the next
    moment that something comes due; whether it let in only as many as one pass may."""

    many: int

    left: Mapping[str, int | None]
    share: Mapping[str, int]
    due: datetime | None
    paused: bool
    again: bool

    @property
    def vain(self) -> bool:
        """Whether some wait, and there was room for none."""
        return not self.many and None in self.left.values()


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

    def __init__(
        self,
        store: Store,
        wake: Callable[[Task, datetime | None], None],
        *,
        window: int,
        weights: Mapping[str, int],
        clock: Clock = utc_now,
    ) -> None:
        self._store = store
        self._wake = wake
        self._window = window
        self._weights = weights
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
        return queue.share.get(tenant) or self._shares({*queue.share, tenant})[tenant]

    def _shares(self, tenants: Iterable[str]) -> dict[str, int]:
        weights = {tenant: self._weights.get(tenant, 1) for tenant in tenants}
        whole = sum(weights.values()) or 1
        return {tenant: max(1, self._window * weight // whole) for tenant, weight in weights.items()}

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
        seen, now = await self._store.read(lambda connection: connection.execute(_SEEN).all()), self._clock()
        await self._count(asyncio.get_running_loop().time())
        for row in seen:
            self._queues[row.name].paused = row.paused is not None
            if row.ready or (row.due is not None and row.due <= now):
                self.look(row.name)

    async def _count(self, now: float) -> None:
        """Count those that are held, as long as that is quick: else rarely, and reckon in between."""
        if now < self._count_at:
            return
        held = await self._store.read(_held)
        self._count_at = now + RARELY * (asyncio.get_running_loop().time() - now)
        for name in {*self._queues, *held}:
            self._queues[name].held = held.get(name, 0)

    async def _round(self) -> None:
        for queue in sorted(self._looked_for):
            self._looked_for.discard(queue)
            await self.let_in(queue)

    async def let_in(self, queue: str) -> None:
        """One pass over a queue; a moment later, when another process is at it."""
        try:
            (passed,) = await self._store.commit(lambda tx: self._pass(tx, queue))
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

    def _learn(self, known: _Queue, passed: _Passed) -> None:
        known.left, known.share, known.paused = dict(passed.left), dict(passed.share), passed.paused
        known.held = max(known.held - passed.many, 0)
        known.counted, known.vain, known.stale = asyncio.get_running_loop().time(), passed.vain, False

    # ---- one pass, in one transaction

    def _pass(self, tx: Transaction, queue: str) -> _Passed | None:
        """None when another process has the queue in hand: what it does shall not keep the other changes of this transaction waiting."""
        now = self._clock()
        if (row := _taken(tx, queue)) is None:
            return None
        due, more_due = _come_due(tx, queue, now)
        active = {row.tenant: int(row.many) for row in tx.execute(_ACTIVE, {"at_queue": queue, "now": now})}
        wanting = _tenants(tx, queue)
        shares = self._shares({*active, *wanting})
        room = {tenant: share - active.get(tenant, 0) for tenant, share in shares.items()}
        left: dict[str, int | None] = dict(room)
        total, again = 0, more_due
        for tenant in wanting if row.paused is None else ():
            many, more = self._let_in(tx, queue, tenant, room[tenant], now)
            left[tenant] = None if more else room[tenant] - many
            total, again = total + many, again or (more and many == STEP)
        return _Passed(total, left, shares, due, row.paused is not None, again)

    def _let_in(self, tx: Transaction, queue: str, tenant: str, room: int, now: datetime) -> tuple[int, bool]:
        """Let in as many of the tenant's runs as there is room for, up to a step; how many that were, and whether more waits."""
        full, many, most = set[str](), 0, min(room, STEP)
        for _ in range(ROUNDS):
            if (wanted := most - many) <= 0:
                break
            at = {"at_queue": queue, "at_tenant": tenant, "full": sorted(full), "room": wanted}
            found = tx.execute(_PICK, at).all()
            chosen, crowded = _chosen(tx, tenant, found)
            self._release(tx, queue, tenant, chosen, now)
            many += len(chosen)
            if not crowded:
                return many, bool(full) or len(found) >= wanted
            full |= crowded | set(tx.execute(_FULL, {"at_tenant": tenant}).scalars())
        return many, True

    def _release(self, tx: Transaction, queue: str, tenant: str, chosen: Sequence[Row[Any]], now: datetime) -> None:
        if not chosen:
            return
        tx.execute(_RELEASE, {"runs": [row.id for row in chosen], "new_touched": now})
        for row in chosen:
            task = Task(run=row.id, wake=row.wake, queue=queue, tenant=tenant, trace=row.trace, rank=1)
            tx.after(functools.partial(self._wake, task, None))


def _held(connection: Connection) -> dict[str, int]:
    return {row.queue: int(row.many) for row in connection.execute(_HELD)}


def _tenants(tx: Transaction, queue: str) -> list[str]:
    """Whose runs are held: found by jumping through the index, for a tenant's may be very many."""
    tenants, last = list[str](), ""
    while (last := tx.execute(_NEXT_TENANT, {"at_queue": queue, "last": last}).scalar_one()) is not None:
        tenants.append(last)
    return tenants


def _taken(tx: Transaction, queue: str) -> Row[Any] | None:
    """The queue's row, which is made if need be and held to the end of the transaction; None when another holds it."""
    if (row := tx.execute(_QUEUE, {"at_queue": queue}).one_or_none()) is None and tx.insert_new(queue_table, {"name": queue}):
        row = tx.execute(_QUEUE, {"at_queue": queue}).one()
    return row


def _come_due(tx: Transaction, queue: str, now: datetime) -> tuple[datetime | None, bool]:
    """Let those whose time has come wait as those do that never had to; the moment of the next one, and whether there are more."""
    due: datetime | None = tx.execute(_NEXT_DUE, {"at_queue": queue}).scalar_one()
    if due is None or due > now:
        return due, False
    more = tx.execute(_CAME_DUE, {"at_queue": queue, "now": now}).rowcount == MOST_DUE
    return tx.execute(_NEXT_DUE, {"at_queue": queue}).scalar_one(), more


def _chosen(tx: Transaction, tenant: str, found: Sequence[Row[Any]]) -> tuple[list[Row[Any]], set[str]]:
    """Those whose lane has room, and the lanes that have none; what was called off needs no room, since it only undoes."""
    lanes = sorted({row.lane for row in found if row.lane is not None})
    taken: dict[str, int] = dict.fromkeys(lanes, 0)
    if lanes:
        _hold_lanes(tx, tenant)
        taken |= {row.lane: int(row.many) for row in tx.execute(_LANES, {"at_tenant": tenant, "lanes": lanes})}
    chosen, crowded = list[Row[Any]](), set[str]()
    for row in found:
        if row.lane is not None and not row.cancelling and taken[row.lane] >= row.lane_most:
            crowded.add(row.lane)
            continue
        if row.lane is not None:
            taken[row.lane] += 1
        chosen.append(row)
    return chosen, crowded


def _hold_lanes(tx: Transaction, tenant: str) -> None:
    """Until the end of the transaction, for passes over other queues may let the same lanes' runs in."""
    tx.insert_new(flow_table, {"kind": "lanes", "tenant": tenant, "key": ""})
    tx.execute(_LANES_ROW, {"at_tenant": tenant})


_run, _flow = run_table.c, flow_table.c
_READY = and_(stands("held"), _run.due.is_(None))
_LATER = and_(stands("held"), _run.due.is_not(None))
_MINE = _run.queue == bindparam("at_queue")
_ACTIVE = (
    select(_run.tenant, func.count().label("many"))
    .where(stands("pending", "running"), _MINE)
    .where(or_(_run.due.is_(None), _run.due <= bindparam("now", type_=_run.due.type)))
    .group_by(_run.tenant)
)
_QUEUE = select(queue_table.c.paused).where(queue_table.c.name == bindparam("at_queue")).with_for_update(skip_locked=True)
_NEXT_TENANT = select(func.min(_run.tenant)).where(_READY, _MINE, _run.tenant > bindparam("last"))
_NEXT_DUE = select(func.min(_run.due)).where(_LATER, _MINE)
_DUE = select(_run.id).where(_LATER, _MINE, _run.due <= bindparam("now", type_=_run.due.type)).order_by(_run.due).limit(MOST_DUE)
_CAME_DUE = update(run_table).where(_run.id.in_(_DUE)).values(due=None)
_PICK = (
    select(_run.id, _run.wake, _run.lane, _run.lane_most, _run.cancelling, _run.trace)
    .where(_READY, _MINE, _run.tenant == bindparam("at_tenant"))
    .where(or_(_run.lane.is_(None), _run.cancelling, _run.lane.not_in(bindparam("full", expanding=True))))
    .order_by(_run.behind, _run.created, _run.id)
    .limit(bindparam("room"))
    .with_for_update(skip_locked=True)
)
_LANES = (
    select(_run.lane, func.count().label("many"))
    .where(_run.tenant == bindparam("at_tenant"), _run.lane.in_(bindparam("lanes", expanding=True)), _run.lane.is_not(None))
    .where(stands(*LET_IN))
    .group_by(_run.lane)
)
_FULL = (
    select(_run.lane)
    .where(_run.tenant == bindparam("at_tenant"), _run.lane.is_not(None), stands(*LET_IN))
    .group_by(_run.lane)
    .having(func.count() >= func.max(_run.lane_most))
    .limit(10_000)
)
"""All lanes without room, once one was met: found one after the other they could keep a pass from ever coming to those with room."""
_LANES_ROW = select(_flow.key).where(_flow.kind == "lanes", _flow.tenant == bindparam("at_tenant")).with_for_update()
_RELEASE = (
    update(run_table)
    .where(_run.id.in_(bindparam("runs", expanding=True)))
    .values(
        status="pending", due=None, touched=bindparam("new_touched", type_=_run.touched.type),
        let_in=bindparam("new_touched", type_=_run.touched.type),
    )
)  # fmt: skip
_THERE = _run.queue == queue_table.c.name
_SEEN = select(
    queue_table.c.name,
    queue_table.c.paused,
    exists().where(_READY, _THERE).label("ready"),
    select(func.min(_run.due)).where(_LATER, _THERE).scalar_subquery().label("due"),
)
"""Of each queue that was ever worked or passed over: whether runs are held that need not wait any more, and when others need not."""
_HELD = select(_run.queue, func.count().label("many")).where(stands("held")).group_by(_run.queue)
