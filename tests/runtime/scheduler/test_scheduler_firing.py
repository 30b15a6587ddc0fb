"""Schedules fire at their moments, once, also when JetStream forgets, the bus is away, a process dies or two hear of it."""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hulk.kernel.errors import Conflict, NotFound, Refused, Unavailable
from hulk.kernel.time import from_iso, iso, utc_now
from hulk.runtime.bus import SCHEDULES, Bus, connect, embedded
from hulk.runtime.scheduler import Schedule, Scheduler
from hulk.runtime.scheduler.timetable import At, Every
from hulk.runtime.store import Store
from support.nats import a_bus
from support.schedules import NOW, Hands, Marking, a_schedule, a_scheduler, at_work, marks, ticks
from support.stores import Another


async def until(reached: Callable[[], Awaitable[bool]], within: float = 15.0) -> None:
    deadline = time.monotonic() + within
    while not await reached():
        assert time.monotonic() < deadline, f"not within {within} s"
        await asyncio.sleep(0.02)


def fired(scheduler: Scheduler, times: int, name: str = "disk") -> Callable[[], Awaitable[bool]]:
    async def reached() -> bool:
        return (await scheduler.schedules.find("acme", name)).fired >= times

    return reached


def amount(scheduler: Scheduler, metric: str, **labels: str) -> float:
    return scheduler.metrics.registry.get_sample_value(metric, labels) or 0.0


# The timetable of a row --------------------------------------------------------------------------------------------------------


def test_an_interval_keeps_its_beat_whenever_it_is_asked() -> None:
    every = Every(timedelta(minutes=15), NOW)
    assert every.after(NOW - timedelta(days=1)) == NOW + timedelta(minutes=15)
    assert every.after(NOW + timedelta(minutes=15)) == NOW + timedelta(minutes=30)
    assert every.after(NOW + timedelta(minutes=59)) == NOW + timedelta(minutes=60)


def test_a_moment_comes_once() -> None:
    assert At(NOW).after(NOW - timedelta(seconds=1)) == NOW
    assert At(NOW).after(NOW) is None


@pytest.mark.parametrize(
    ("kind", "expression", "kept", "following"),
    [
        pytest.param("cron", " 0  8 * * 1 ", "0 8 * * 1", "2054-11-23T07:00:00Z", id="cron"),
        pytest.param("every", "90m", "1h30m", "2054-11-21T13:30:00Z", id="interval"),
        pytest.param("at", "2054-12-24T18:00", "2054-12-24T17:00:00.000000Z", "2054-12-24T17:00:00Z", id="moment in the zone"),
        pytest.param("at", "2054-12-24T18:00-03:00", "2054-12-24T21:00:00.000000Z", "2054-12-24T21:00:00Z", id="moment with offset"),
    ],
)
def test_a_schedule_keeps_its_times_in_one_form(kind: Any, expression: str, kept: str, following: str) -> None:
    schedule = a_schedule(kind, expression, now=NOW)
    assert (schedule.expression, schedule.next) == (kept, from_iso(following))


@pytest.mark.parametrize(
    ("kind", "expression", "said"),
    [
        pytest.param("every", "0.5s", "no interval: give one from 1s to 366d", id="too often"),
        pytest.param("every", "400d", "no interval", id="too seldom"),
        pytest.param("every", "soon", "“soon” is no interval", id="no duration"),
        pytest.param("at", "tomorrow", "“tomorrow” is no moment", id="no moment"),
        pytest.param("at", "2054-11-21T11:59Z", "never comes", id="passed"),
        pytest.param("cron", "0 0 30 2 *", "never comes", id="no such date"),
    ],
)
def test_times_that_cannot_be_are_refused(kind: Any, expression: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        a_schedule(kind, expression, now=NOW)


@pytest.mark.parametrize(
    ("policy", "late", "skipped", "missed"),
    [
        pytest.param("run", 0.2, False, 0, id="in time"),
        pytest.param("skip", 29, False, 0, id="a little late is not missed"),
        pytest.param("skip", 30, True, 1, id="missed and skipped"),
        pytest.param("run", 30, False, 0, id="missed and made up for"),
        pytest.param("run", 3600 * 3, False, 3, id="several missed: once"),
        pytest.param("skip", 3600 * 3, True, 4, id="several missed: none"),
        pytest.param("run", 3600 * 24 * 365, False, 1000, id="counted up to a thousand"),
    ],
)
def test_missed_moments_go_by_the_policy(policy: Any, late: float, skipped: bool, missed: int) -> None:
    schedule = a_schedule("every", "1h", now=NOW, policy=policy)
    now = NOW + timedelta(hours=1, seconds=late)
    firing = schedule.due(now)
    assert firing is not None
    assert (firing.skipped, firing.missed) == (skipped, missed)
    following = firing.advanced().next
    assert following is not None
    assert now < following <= now + timedelta(hours=1)


def test_what_would_have_fired_during_a_pause_was_not_missed() -> None:
    resumed = a_schedule("every", "1h", now=NOW).paused_now().resumed(NOW + timedelta(hours=5, minutes=1))
    assert (resumed.next, resumed.missed) == (NOW + timedelta(hours=6), 0)


# The rows ----------------------------------------------------------------------------------------------------------------------


async def test_a_schedule_comes_back_as_it_was_kept(store: Store, tmp_path: Path) -> None:
    async with a_bus(tmp_path) as bus:
        scheduler = a_scheduler(store, bus)
        schedule = a_schedule("cron", "0 8 * * mon-fri")
        await scheduler.add(schedule)
        assert await scheduler.schedules.find("acme", "disk") == schedule
        assert await scheduler.schedules.find("acme", schedule.id) == schedule
        with pytest.raises(NotFound, match="disk"):
            await scheduler.schedules.find("other", "disk")


async def test_a_name_is_taken_once_in_a_tenant(store: Store, tmp_path: Path) -> None:
    async with a_bus(tmp_path) as bus:
        scheduler = a_scheduler(store, bus)
        await scheduler.add(a_schedule())
        with pytest.raises(Conflict, match="disk"):
            await scheduler.add(a_schedule())


# Firing ------------------------------------------------------------------------------------------------------------------------


async def test_it_fires_at_its_moments_and_tells_of_it(store: Store, tmp_path: Path) -> None:
    async with a_bus(tmp_path) as bus:
        scheduler = a_scheduler(store, bus)
        async with at_work(scheduler):
            await scheduler.add(a_schedule("every", "1s"))
            await until(fired(scheduler, 3))
        found = await ticks(store)
        assert len(await marks(store)) == len(set(await marks(store))) == len(found) >= 3
        moments = [from_iso(one["moment"]) for one in found]
        assert {later - earlier for earlier, later in itertools.pairwise(moments)} == {timedelta(seconds=1)}
        assert all(one["late"] < 0.8 and one["begun"].startswith("mark_fire_") and one["problem"] is None for one in found), found
        assert amount(scheduler, "hulk_schedule_firings_total", outcome="begun") >= 3


async def test_a_single_moment_ends_its_schedule(store: Store, tmp_path: Path) -> None:
    async with a_bus(tmp_path) as bus:
        scheduler = a_scheduler(store, bus)
        async with at_work(scheduler):
            await scheduler.add(a_schedule("at", iso(utc_now() + timedelta(seconds=0.5))))
            await until(fired(scheduler, 1))
        ended = await scheduler.schedules.find("acme", "disk")
        assert (ended.next, ended.fired, ended.missed, len(await marks(store))) == (None, 1, 0, 1)


async def test_several_processes_fire_each_moment_once(store: Store, another: Another, tmp_path: Path) -> None:
    async with a_bus(tmp_path) as bus, another() as second, another() as third:
        schedulers = [a_scheduler(one, bus, Marking(name)) for one, name in ((store, "a"), (second, "b"), (third, "c"))]
        schedules = [a_schedule("every", "1s", name=f"s{number}") for number in range(20)]
        async with at_work(*schedulers):
            for schedule in schedules:
                await schedulers[0].add(schedule)
            for one in schedules:
                await until(fired(schedulers[0], 3, one.name))
        found = await marks(store)
        assert len(found) == len(set(found)) == len(await ticks(store)) >= 60


async def test_two_that_hear_of_the_same_moment_begin_one_thing(store: Store, another: Another, tmp_path: Path) -> None:
    clock = Hands()
    async with a_bus(tmp_path) as bus, another() as second:
        schedulers = [a_scheduler(one, bus, clock=clock) for one in (store, second)]
        schedule = a_schedule("every", "1h", now=NOW)
        await schedulers[0].add(schedule)
        clock.move(hours=1)
        async with asyncio.TaskGroup() as group:
            for _ in range(5):
                for scheduler in schedulers:
                    group.create_task(scheduler.fire(schedule.id))
        assert len(await marks(store)) == len(await ticks(store)) == 1


async def test_what_jetstream_forgot_fires_from_the_row_and_is_put_again(store: Store, tmp_path: Path) -> None:
    async with a_bus(tmp_path) as bus:
        scheduler = a_scheduler(store, bus)
        async with at_work(scheduler):
            await scheduler.add(a_schedule("at", iso(utc_now() + timedelta(seconds=1)), name="soon"))
            await scheduler.add(a_schedule("every", "1h", name="later"))
            await bus.ask(f"STREAM.PURGE.{SCHEDULES}")
            await until(fired(scheduler, 1, "soon"), within=5)
        assert (await ticks(store))[0]["late"] < 3
        await a_scheduler(store, bus).look()
        assert len(await kept(bus)) == 1


async def test_a_deleted_stream_does_not_stop_schedules(store: Store, tmp_path: Path) -> None:
    async with a_bus(tmp_path) as bus:
        scheduler = a_scheduler(store, bus)
        async with at_work(scheduler):
            await scheduler.add(a_schedule("every", "1s"))
            await until(fired(scheduler, 1))
            await bus.ask(f"STREAM.DELETE.{SCHEDULES}")
            await until(fired(scheduler, 5))


async def kept(bus: Bus) -> dict[str, int]:
    info = await bus.ask(f"STREAM.INFO.{SCHEDULES}", {"subjects_filter": "hulk.scheduler.queue.schedule.>"})
    return dict(info["state"].get("subjects") or {})


async def test_a_restart_keeps_the_beat_and_makes_up_for_what_was_missed_once(store: Store, tmp_path: Path) -> None:
    clock = Hands()
    async with a_bus(tmp_path / "one") as bus:
        first = a_scheduler(store, bus, clock=clock)
        await first.add(a_schedule("every", "1h", now=NOW, name="made up for"))
        await first.add(a_schedule("every", "1h", now=NOW, name="skipped", policy="skip"))
    clock.move(hours=3, minutes=10)
    async with a_bus(tmp_path / "two") as bus:  # another broker: JetStream knows nothing
        second = a_scheduler(store, bus, clock=clock)
        await second.look()
        await second.look()
        ran, skipped = [await second.schedules.find("acme", name) for name in ("made up for", "skipped")]
        assert (ran.fired, ran.missed, ran.next) == (1, 2, NOW + timedelta(hours=4))
        assert (skipped.fired, skipped.missed, skipped.next) == (0, 3, NOW + timedelta(hours=4))
        assert [one["name"] for one in await ticks(store)] == ["made up for"]
        assert amount(second, "hulk_schedule_missed_total") == 5
        assert len(await kept(bus)) == 2


async def test_schedules_fire_while_the_bus_is_away(store: Store, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack, AsyncExitStack() as broker:
        server = await broker.enter_async_context(embedded(tmp_path / "nats"))
        bus = await stack.enter_async_context(connect(server.address))
        await bus.ensure_streams(max_tasks=100)
        scheduler = a_scheduler(store, bus)
        async with at_work(scheduler):
            await scheduler.add(a_schedule("every", "1s"))
            await until(fired(scheduler, 1))
            await broker.aclose()
            begun = (await scheduler.schedules.find("acme", "disk")).fired
            await until(fired(scheduler, begun + 2), within=8)


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        pytest.param(Refused("There is no file {path}.", path="x.csv"), "refused", id="what it begins is refused"),
        pytest.param(ZeroDivisionError("oops"), "error", id="a bug in what it begins"),
    ],
)
async def test_what_cannot_be_begun_is_told_and_the_schedule_goes_on(store: Store, tmp_path: Path, trouble: Exception, code: str) -> None:
    clock, marking = Hands(), Marking(trouble=[trouble])
    async with a_bus(tmp_path) as bus:
        scheduler = a_scheduler(store, bus, marking, clock=clock)
        schedule = a_schedule("every", "1h", now=NOW)
        await scheduler.add(schedule)
        clock.move(hours=1)
        failed = await scheduler.fire(schedule.id)
        assert failed is not None
        assert failed.problem is not None
        assert (failed.problem["code"], failed.fired, failed.next) == (code, 0, NOW + timedelta(hours=2))
        assert (await ticks(store))[0]["problem"]["code"] == code
        marking.trouble.clear()
        clock.move(hours=1)
        went = await scheduler.fire(schedule.id)
        assert went is not None
        assert (went.problem, went.fired) == (None, 1)


async def test_what_cannot_be_begun_now_is_begun_later(store: Store, tmp_path: Path) -> None:
    clock, marking = Hands(), Marking(trouble=[Unavailable("Too much waits.")])
    async with a_bus(tmp_path) as bus:
        scheduler = a_scheduler(store, bus, marking, clock=clock)
        schedule = a_schedule("every", "1h", now=NOW)
        await scheduler.add(schedule)
        clock.move(hours=1, seconds=5)
        await scheduler.look()
        assert (await scheduler.schedules.get(schedule.id)) == schedule
        marking.trouble.clear()
        await scheduler.look()
        assert len(await marks(store)) == 1


# Acts --------------------------------------------------------------------------------------------------------------------------


async def test_a_paused_schedule_rests_until_it_is_resumed(store: Store, tmp_path: Path) -> None:
    async with a_bus(tmp_path) as bus:
        scheduler = a_scheduler(store, bus)
        async with at_work(scheduler):
            await scheduler.add(a_schedule("every", "1s"))
            await scheduler.change("acme", "disk", Schedule.paused_now, "ana")
            assert await kept(bus) == {}
            await asyncio.sleep(2.2)
            assert await marks(store) == []
            await scheduler.change("acme", "disk", lambda one: one.resumed(utc_now()), "ana")
            await until(fired(scheduler, 1))


async def test_it_can_be_fired_besides_its_times_also_when_paused(store: Store, tmp_path: Path) -> None:
    async with a_bus(tmp_path) as bus:
        scheduler = a_scheduler(store, bus)
        await scheduler.add(a_schedule("every", "1h", paused=True))
        before = await scheduler.schedules.find("acme", "disk")
        after = await scheduler.ask("acme", "disk", "ana")
        assert (after.fired, after.next, after.paused, after.asked) == (1, before.next, True, None)
        assert [one["asked"] for one in await ticks(store)] == [True]


async def test_asked_for_in_the_rows_alone_it_fires_within_two_seconds(store: Store, another: Another, tmp_path: Path) -> None:
    async with a_bus(tmp_path) as bus, another() as elsewhere:
        scheduler = a_scheduler(store, bus)
        await scheduler.add(a_schedule("every", "1h"))
        async with at_work(scheduler):
            await a_scheduler(elsewhere, bus).schedules.change("acme", "disk", lambda one: one.asking(utc_now()), "ana")
            await until(fired(scheduler, 1), within=2)


async def test_a_removed_schedule_is_gone_from_jetstream_too(store: Store, tmp_path: Path) -> None:
    async with a_bus(tmp_path) as bus:
        scheduler = a_scheduler(store, bus)
        async with at_work(scheduler):
            await scheduler.add(a_schedule("every", "1s"))
            await scheduler.remove("acme", "disk", "ana")
            assert await kept(bus) == {}
            await asyncio.sleep(1.5)
            assert await marks(store) == []
        with pytest.raises(NotFound):
            await scheduler.remove("acme", "disk", "ana")


async def test_ticks_of_schedules_that_went_otherwise_do_no_harm(store: Store, tmp_path: Path) -> None:
    async with a_bus(tmp_path) as bus:
        scheduler = a_scheduler(store, bus)
        async with at_work(scheduler):
            schedule = a_schedule("at", iso(utc_now() + timedelta(seconds=2)))
            await scheduler.add(schedule)
            for told in (iso(utc_now()), schedule.next and iso(schedule.next), "not a moment"):  # stale, early, nonsense
                await bus.publish(f"hulk.scheduler.queue.fire.{schedule.id}", str(told).encode())
            await bus.publish("hulk.scheduler.queue.fire.sch_unknown", b"")
            await until(fired(scheduler, 1))
        (tick,) = await ticks(store)
        assert 0 <= tick["late"] < 1.0


async def test_a_moment_that_the_brokers_clock_tells_early_is_waited_for(store: Store, tmp_path: Path) -> None:
    async with a_bus(tmp_path) as bus:
        scheduler = a_scheduler(store, bus)
        async with at_work(scheduler):
            await asyncio.sleep(0.3)  # what JetStream keeps was compared; the next time is in a minute
            schedule = a_schedule("at", iso(utc_now() + timedelta(seconds=1.5)))
            await scheduler.add(schedule)
            await bus.ask(f"STREAM.PURGE.{SCHEDULES}")
            await bus.publish(f"hulk.scheduler.queue.fire.{schedule.id}", schedule.expression.encode())
            await until(fired(scheduler, 1))
        (tick,) = await ticks(store)
        assert 0 <= tick["late"] < 0.5
