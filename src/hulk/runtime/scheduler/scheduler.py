"""Fires schedules at their moments: JetStream keeps the next moment of each and tells us; the row decides what that means.

    row ──put──> hulk.scheduler.queue.schedule.<id> (@at next) ──(the server, at the moment)──> hulk.scheduler.queue.fire.<id>
     ^                                                                                                    │ any process
     └────── one transaction: the next moment, the event `hulk.scheduler.tick.v1`, what is begun <────────┘

A firing is guarded by the row's version, so two processes that hear of the same moment begin one thing. What JetStream has
forgotten is put again, and what came due without its word fires from the row, two seconds late at most.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NoReturn, TypeAlias

import structlog
from nats.js.api import Header

from hulk.kernel import ids
from hulk.kernel.durable import Change
from hulk.kernel.errors import Conflict, HulkError, NotFound, Refused, Unavailable, told
from hulk.kernel.events import Event, Trail
from hulk.kernel.records import JsonObject
from hulk.kernel.time import Clock, iso, utc_now
from hulk.runtime.bus import SCHEDULES, Bus, Message
from hulk.runtime.scheduler.schedule import Firing, Schedule
from hulk.runtime.scheduler.schedules import Schedules
from hulk.runtime.store import Store
from hulk.runtime.telemetry import Metrics, span

log = structlog.get_logger(__name__)

KEPT = "hulk.scheduler.queue.schedule"
FIRE = "hulk.scheduler.queue.fire"
LOOK = timedelta(seconds=1)
"""How often the rows are looked at for what JetStream did not tell."""
AHEAD = timedelta(seconds=5)
"""How long before a moment JetStream surely knows of it; also by how much its clock may be ahead of ours."""
WHOLE = timedelta(seconds=60)
"""How often all that JetStream keeps is compared with the rows."""


Begins: TypeAlias = Callable[[Firing], Awaitable[tuple[str, Change[Any]]]]
"""Begins one kind of thing for schedules; filled in bootstrap. Gives the id of what is begun, and the change that begins it, to be
committed with the firing. Raises `Refused`, `NotFound` or `Conflict` when it cannot be begun, `Unavailable` when it cannot now."""


class Scheduler:
    """The schedules of a store, fired by this process among others. `run` until cancelled."""

    def __init__(
        self, store: Store, bus: Bus, trail: Trail, begins: Mapping[str, Begins], metrics: Metrics, clock: Clock = utc_now
    ) -> None:
        self.schedules = Schedules(store, trail)
        self._store = store
        self._bus = bus
        self._trail = trail
        self._begins = begins
        self._clock = clock
        self._put: dict[str, datetime] = {}
        self._compare_at: datetime | None = None
        self.metrics = metrics
        self._firings = metrics.counter("hulk_schedule_firings", "Firings of schedules, by outcome: begun, refused, skipped.", ["outcome"])
        self._missed = metrics.counter("hulk_schedule_missed", "Moments at which a schedule should have fired and did not.")
        self._late = metrics.histogram("hulk_schedule_lateness_seconds", "From a schedule's moment to what it began being on disk.")

    async def add(self, schedule: Schedule, reason: str = "") -> None:
        """Keep a new schedule of its owner's; raises `Conflict` when its tenant has one of that name."""
        await self.schedules.add(schedule, reason)
        await self._put_next(schedule)

    async def change(self, tenant: str, wanted: str, act: Callable[[Schedule], Schedule], actor: str, reason: str = "") -> Schedule:
        """What `act` makes of a tenant's schedule (id or name), kept. Raises `NotFound`, and what `act` raises."""
        changed = await self.schedules.change(tenant, wanted, act, actor, reason)
        await self._put_next(changed)
        return changed

    async def remove(self, tenant: str, wanted: str, actor: str, reason: str = "") -> None:
        """Forget a tenant's schedule (id or name); raises `NotFound`."""
        await self._withdraw((await self.schedules.remove(tenant, wanted, actor, reason)).id)

    async def ask(self, tenant: str, wanted: str, actor: str, reason: str = "") -> Schedule:
        """Fire a tenant's schedule (id or name) now, besides its timetable and even when paused; gives it as it is then."""
        asked = await self.schedules.change(tenant, wanted, lambda one: one.asking(self._clock()), actor, reason, what="asked")
        await self._put_next(asked)
        return await self.fire(asked.id) or asked

    async def fire(self, id_: str) -> Schedule | None:
        """Fire what is due of that schedule; gives it as it is then, None when there is none. Raises `Unavailable`."""
        while (schedule := await self.schedules.get(id_)) is not None and (firing := schedule.due(self._clock())) is not None:
            await self._fired(firing)
        return schedule

    async def _fired(self, firing: Firing) -> None:
        """Begin what is due and move the schedule on, together; nothing when another process was faster."""
        with span("schedule.fire", tenant=firing.schedule.tenant):
            begun, problem, changes = await self._begun(firing)
            moved = firing.advanced() if firing.skipped else firing.fired(begun, problem)
            told_of = [] if firing.skipped else [self._trail.append(_tick(firing, begun, problem))]
            (won,) = await self._store.commit(self.schedules.kept(moved, [*told_of, *changes]))
        if won:
            self._count(firing, begun)
            await self._put_next(moved)

    async def _begun(self, firing: Firing) -> tuple[str | None, JsonObject | None, Sequence[Change[Any]]]:
        """What is begun and how, or why it cannot be."""
        if firing.skipped:
            return None, None, ()
        try:
            begins = self._begins.get(firing.schedule.begins, _unknown)
            begun, change = await begins(firing)
        except (Refused, NotFound, Conflict) as error:
            return None, told(error), ()
        except Unavailable:
            raise
        except Exception as error:  # one schedule's bug must not keep the others from firing
            log.error("schedule_failed", schedule=firing.schedule.id, exc_info=True)
            return None, told(_mistake(error)), ()
        return begun, None, (change,)

    def _count(self, firing: Firing, begun: str | None) -> None:
        outcome = "skipped" if firing.skipped else "refused" if begun is None else "begun"
        log.info("schedule_fired", schedule=firing.schedule.id, outcome=outcome, begun=begun, late=firing.late.total_seconds())
        self._firings.labels(outcome).inc()
        self._missed.inc(firing.missed)
        if outcome != "skipped":
            self._late.observe((self._clock() - firing.moment).total_seconds())

    async def _put_next(self, schedule: Schedule) -> None:
        """Have JetStream tell us at the next moment, in place of what it kept before; tried again by `look` when it is away."""
        if schedule.paused or schedule.next is None:
            return await self._withdraw(schedule.id)
        keeping = {
            Header.SCHEDULE.value: f"@at {iso(schedule.next)}",
            Header.SCHEDULE_TARGET.value: f"{FIRE}.{schedule.id}",
            Header.SCHEDULE_TTL.value: "1h",
        }
        try:
            await self._bus.publish(f"{KEPT}.{schedule.id}", iso(schedule.next).encode(), keeping)
        except Unavailable:
            return None
        self._put[schedule.id] = schedule.next
        return None

    async def _withdraw(self, id_: str) -> None:
        """Have JetStream forget what it keeps of that schedule; what it tells of it all the same changes nothing."""
        self._put.pop(id_, None)
        try:
            await self._bus.ask(f"STREAM.PURGE.{SCHEDULES}", {"filter": f"{KEPT}.{id_}"})
        except (Unavailable, Refused):
            return

    async def run(self) -> NoReturn:
        """Fire schedules until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            while True:
                await self._tried(self.look())
                await asyncio.sleep(LOOK.total_seconds())

    async def _tried(self, act: Awaitable[None]) -> None:
        try:
            await act
        except HulkError as error:
            log.warning("schedules_wait", reason=str(error))

    async def _listen(self) -> NoReturn:
        """Fire what JetStream tells of. All processes share the work."""
        async with self._bus.pull(SCHEDULES, "schedules", [f"{FIRE}.>"], ack_wait=30, max_ack_pending=1024) as due:
            while True:
                async with asyncio.TaskGroup() as group:
                    for message in await due.fetch(64, 5.0):
                        group.create_task(self._heard(message))

    async def _heard(self, message: Message) -> None:
        """Fire what is due. A moment that is still to come by our clock, JetStream's being ahead, is waited for; one that is
        not the schedule's any more may stand where its next one should, so that is put again."""
        try:
            schedule = await self.fire(message.subject.rpartition(".")[2])
        except HulkError as error:
            log.warning("schedule_waits", subject=message.subject, reason=str(error))
            return await message.nak(LOOK.total_seconds())
        told_of = message.data.decode()
        if schedule is not None and schedule.next is not None and told_of == iso(schedule.next) and not schedule.paused:
            return await message.nak(max(0.01, (schedule.next - self._clock()).total_seconds()))
        if schedule is not None and (schedule.last is None or told_of != iso(schedule.last)):
            await self._put_next(schedule)
        return await message.ack()

    async def look(self) -> None:
        """Fire what came due without JetStream's word, and tell it again what it may not know. Raises `Unavailable`."""
        now = self._clock()
        for schedule in await self.schedules.until(now + AHEAD):
            if schedule.asked is not None or (schedule.next is not None and schedule.next <= now - LOOK):
                await self._tried(self._fire_alone(schedule.id))
            elif self._put.get(schedule.id) != schedule.next:
                await self._put_next(schedule)
        if not self._bus.connected:
            self._compare_at = None
        elif self._compare_at is None or self._compare_at <= now:
            await self._compare()
            self._compare_at = now + WHOLE

    async def _fire_alone(self, id_: str) -> None:
        await self.fire(id_)

    async def _compare(self) -> None:
        """Put what JetStream lacks; have it forget what fires no more."""
        kept = await self._kept()
        awake = {one.id: one for one in await self.schedules.awake()}
        for id_ in kept - awake.keys():
            await self._withdraw(id_)
        for id_ in awake.keys() - kept:
            await self._put_next(awake[id_])

    async def _kept(self) -> set[str]:
        """The schedules of which JetStream keeps a moment."""
        found: set[str] = set()
        while True:
            wish = {"subjects_filter": f"{KEPT}.>", "offset": len(found)}
            info = await self._bus.ask(f"STREAM.INFO.{SCHEDULES}", wish)
            page = info["state"].get("subjects") or {}
            found |= {subject.rpartition(".")[2] for subject in page}
            if len(found) >= info.get("total", 0) or not page:
                return found


def _mistake(error: Exception) -> HulkError:
    return HulkError("This could not be begun because of a mistake in Hulk ({kind}); its log has more.", kind=type(error).__name__)


async def _unknown(firing: Firing) -> tuple[str, Change[Any]]:
    raise NotFound("This Hulk knows nothing of the kind “{kind}” that a schedule could begin.", kind=firing.schedule.begins)


def _tick(firing: Firing, begun: str | None, problem: JsonObject | None) -> Event:
    schedule = firing.schedule
    data = {
        "name": schedule.name, "owner": schedule.owner, "moment": iso(firing.moment), "late": round(firing.late.total_seconds(), 3),
        "missed": firing.missed, "asked": firing.asked, "begun": begun, "problem": problem,
    }  # fmt: skip
    return Event(
        type="hulk.scheduler.tick.v1", subject=schedule.id, tenant=schedule.tenant, actor=f"schedule:{schedule.id}", data=data,
        id=ids.derived("evt", firing.id), time=firing.now,
    )  # fmt: skip
