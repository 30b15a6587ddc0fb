"""One pass over a queue, in one transaction, which holds the queue's row: so processes do not let in more together than each would
alone. What it costs does not grow with how many are held: each statement reads from an index what it needs of them."""

import functools
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Connection, Row, bindparam, exists, func, or_, select, union_all, update

from hulk.runtime.engine import Task
from hulk.runtime.store import Transaction
from hulk.runtime.workflows.tables import LATER, READY, flow_table, going, in_lanes, queue_table, run_table, stands

MOST_DUE = 1000
"""How many come due in one pass."""
LET_IN = ("pending", "running", "waiting", "needs_attention")
STEP = 64
"""The most runs of a tenant that one pass lets in: others' commits and wake-ups wait for as long as it takes."""
ROUNDS = 8
"""How often one pass asks for more candidates because the lanes of those it got were full."""

Wake: TypeAlias = Callable[[Task, datetime | None], None]
"""Has a run executed."""


@dataclass(frozen=True, slots=True)
class Shares:
    """`window`: how many of a queue may be under way, shared among the tenants that want in by `weights` (1 when not named)."""

    window: int
    weights: Mapping[str, int]

    def among(self, tenants: Iterable[str]) -> dict[str, int]:
        """How many of each may be, at least one."""
        weights = {tenant: self.weights.get(tenant, 1) for tenant in tenants}
        whole = sum(weights.values()) or 1
        return {tenant: max(1, self.window * weight // whole) for tenant, weight in weights.items()}


@dataclass(frozen=True, slots=True)
class Passed:
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


def pass_over(tx: Transaction, queue: str, now: datetime, shares: Shares, wake: Wake) -> Passed | None:
    """One pass over a queue: let in what there is room for.

    None when another process has the queue in hand: what it does shall not keep the other changes of this transaction waiting."""
    if (row := _taken(tx, queue)) is None:
        return None
    due, more_due = _come_due(tx, queue, now)
    active = {row.tenant: int(row.many) for row in tx.execute(_ACTIVE, {"at_queue": queue, "now": now})}
    wanting = _tenants(tx, queue)
    share = shares.among({*active, *wanting})
    room = {tenant: most - active.get(tenant, 0) for tenant, most in share.items()}
    left: dict[str, int | None] = dict(room)
    total, again = 0, more_due
    for tenant in wanting if row.paused is None else ():
        many, more = _let_in(_Turn(tx, queue, tenant, now, wake), room[tenant])
        left[tenant] = None if more else room[tenant] - many
        total, again = total + many, again or (more and many == STEP)
    return Passed(total, left, share, due, row.paused is not None, again)


@dataclass(frozen=True, slots=True)
class _Turn:
    """A tenant's turn in a pass."""

    tx: Transaction
    queue: str
    tenant: str
    now: datetime
    wake: Wake

    def release(self, chosen: Sequence[Row[Any]]) -> None:
        """These go to the queue."""
        if not chosen:
            return
        self.tx.execute(_RELEASE, {"runs": [row.id for row in chosen], "new_touched": self.now})
        for row in chosen:
            task = Task(run=row.id, wake=row.wake, queue=self.queue, tenant=self.tenant, trace=row.trace, rank=1)
            self.tx.after(functools.partial(self.wake, task, None))


def _let_in(turn: _Turn, room: int) -> tuple[int, bool]:
    """Let in as many of the tenant's runs as there is room for, up to a step; how many that were, and whether more waits."""
    full, many, most = set[str](), 0, min(room, STEP)
    for _ in range(ROUNDS):
        if (wanted := most - many) <= 0:
            break
        at = {"at_queue": turn.queue, "at_tenant": turn.tenant, "full": sorted(full), "room": wanted}
        found = turn.tx.execute(_PICK, at).all()
        chosen, crowded = _chosen(turn.tx, turn.tenant, found)
        turn.release(chosen)
        many += len(chosen)
        if not crowded:
            return many, bool(full) or len(found) >= wanted
        full |= crowded | set(turn.tx.execute(_FULL, {"at_tenant": turn.tenant}).scalars())
    return many, True


def queues_seen(connection: Connection) -> Sequence[Row[Any]]:
    """Of each queue that was ever worked or passed over its `name`, when it was `paused`, whether runs are held that are `ready`
    to be let in, and when the next others are `due`."""
    return connection.execute(_SEEN).all()


def held(connection: Connection) -> dict[str, int]:
    """How many runs are held, by queue. Goes through all of them."""
    found: Counter[str] = Counter()
    for row in connection.execute(_HELD):
        found[row.queue] += row.many
    return dict(found)


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
_MINE = _run.queue == bindparam("at_queue")
_ACTIVE = (
    select(_run.tenant, func.count().label("many"))
    .where(going(), _MINE)
    .where(or_(_run.due.is_(None), _run.due <= bindparam("now", type_=_run.due.type)))
    .group_by(_run.tenant)
)
_QUEUE = select(queue_table.c.paused).where(queue_table.c.name == bindparam("at_queue")).with_for_update(skip_locked=True)
_NEXT_TENANT = select(func.min(_run.tenant)).where(READY, _MINE, _run.tenant > bindparam("last"))
_NEXT_DUE = select(func.min(_run.due)).where(LATER, _MINE)
_DUE = select(_run.id).where(LATER, _MINE, _run.due <= bindparam("now", type_=_run.due.type)).order_by(_run.due).limit(MOST_DUE)
_CAME_DUE = update(run_table).where(_run.id.in_(_DUE), LATER, _run.due <= bindparam("now", type_=_run.due.type)).values(due=None)
"""Says again what it found them by: one that was put off meanwhile stays put off."""
_PICK = (
    select(_run.id, _run.wake, _run.lane, _run.lane_most, _run.cancelling, _run.trace)
    .where(READY, _MINE, _run.tenant == bindparam("at_tenant"))
    .where(or_(_run.lane.is_(None), _run.cancelling, _run.lane.not_in(bindparam("full", expanding=True))))
    .order_by(_run.behind, _run.created, _run.id)
    .limit(bindparam("room"))
    .with_for_update(skip_locked=True)
)
_LANES = (
    select(_run.lane, func.count().label("many"))
    .where(_run.tenant == bindparam("at_tenant"), _run.lane.in_(bindparam("lanes", expanding=True)), in_lanes(run_table))
    .where(stands(*LET_IN))
    .group_by(_run.lane)
)
_FULL = (
    select(_run.lane)
    .where(_run.tenant == bindparam("at_tenant"), in_lanes(run_table), stands(*LET_IN))
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
    exists().where(READY, _THERE, _run.tenant > "").label("ready"),  # whoever's: so that SQLite takes the index of those that are ready
    select(func.min(_run.due)).where(LATER, _THERE).scalar_subquery().label("due"),
)
_HELD = union_all(*(select(_run.queue, func.count().label("many")).where(one).group_by(_run.queue) for one in (READY, LATER)))
