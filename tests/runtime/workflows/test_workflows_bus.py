"""Workflows over a real bus and store: begun, executed, woken at their time, handed back, shared by workers, healed."""

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from structlog.testing import capture_logs

from hulk.kernel.durable import Context, Outcome
from hulk.kernel.errors import Exhausted, Unavailable
from hulk.kernel.records import JsonObject
from hulk.kernel.time import utc_now
from hulk.runtime.bus import TASKS, Notice, connect, embedded
from hulk.runtime.outbox import Outbox
from hulk.runtime.store import Store, opened
from hulk.runtime.workflows import Workflows
from hulk.runtime.workflows.tables import run_table
from support.cable import a_cable
from support.nats import a_bus
from support.postgres import Postgres
from support.runs import KEY, Flow, a_machine, a_run, giving, row_of, steps_of
from support.stores import Another, a_store


async def one_step(context: Context, data: JsonObject) -> JsonObject:
    return {"n": await context.step("one", giving(data["n"]))}


async def napping(context: Context, _: JsonObject) -> JsonObject:
    await context.sleep("nap", timedelta(seconds=1.1))
    return {}


async def test_many_runs_are_executed_and_each_is_told_to_the_bus(store: Store, tmp_path: Path) -> None:
    told = Counter[str]()

    async def hear(notice: Notice) -> None:
        told[notice.subject] += 1

    async with a_bus(tmp_path) as bus, bus.subscribe("hulk.task.>", hear), a_machine(store, bus, {"flow": Flow(one_step)}) as machine:
        await machine.begin(*(a_run(f"run_{n}", data={"n": n}) for n in range(200)))
        assert await machine.all_ended(200) == {"completed": 200}
        assert (await row_of(store, "run_77")).result == {"n": 77}
        await asyncio.sleep(0.2)
    assert told == {"hulk.task.created": 200, "hulk.task.completed": 200}


async def test_a_sleeping_run_keeps_no_worker_and_goes_on_at_its_time(store: Store, tmp_path: Path) -> None:
    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"nap": Flow(napping), "flow": Flow(one_step)}, slots=1) as machine:
        await machine.begin(*(a_run(f"run_nap{n}", "nap") for n in range(10)))
        await machine.is_("run_nap9", "waiting")
        await machine.begin(a_run("run_quick", data={"n": 1}))
        await machine.is_("run_quick", "completed", within=1)
        begun = time.monotonic()
        assert await machine.all_ended(11) == {"completed": 11}
        assert time.monotonic() - begun < 3


async def test_a_run_begun_while_the_bus_is_away_is_executed_when_it_is_back(store: Store, tmp_path: Path) -> None:
    async with embedded(tmp_path / "nats") as server, connect(server.address) as bus:
        await bus.ensure_streams(max_tasks=1000)
        async with a_machine(store, bus, {"flow": Flow(one_step)}) as machine:
            await _killed(server.pid, lambda: bus.connected)
            await machine.begin(a_run(data={"n": 1}))
            assert (await row_of(store, "run_1")).status == "pending"
            await machine.is_("run_1", "completed", within=20)


async def _killed(pid: int, connected: Callable[[], bool]) -> None:
    os.kill(pid, signal.SIGKILL)
    await until(lambda: not connected())


async def until(reached: Callable[[], bool]) -> None:
    while not reached():  # noqa: ASYNC110  # what is watched tells nobody
        await asyncio.sleep(0.005)


async def test_a_wake_up_that_was_never_published_is_published_by_another_process(store: Store, tmp_path: Path) -> None:
    async with a_bus(tmp_path) as bus:
        dead = Workflows(store, bus, Outbox(store, KEY), slots=1, queue_size=10, limit=timedelta(seconds=5))  # commits, and is gone
        await store.commit(dead.begin(a_run(data={"n": 1})))
        await asyncio.sleep(0.01)
        async with a_machine(store, bus, {"flow": Flow(one_step)}) as machine:
            await machine.is_("run_1", "completed", within=12)


async def test_a_lone_process_takes_up_at_once_what_was_left_over(store: Store, tmp_path: Path) -> None:
    async with a_bus(tmp_path) as bus:
        dead = Workflows(store, bus, Outbox(store, KEY), slots=1, queue_size=10, limit=timedelta(seconds=5))
        await store.commit(*(dead.begin(a_run(f"run_{n}", data={"n": n})) for n in range(3)))
        running = update(run_table).where(run_table.c.id == "run_1").values(status="running", epoch=1 << 32 | 1 << 16)
        await store.commit(lambda tx: tx.execute(running).rowcount)
        async with a_machine(store, bus, {"flow": Flow(one_step)}, sole=True) as machine:
            await machine.is_("run_1", "completed", within=2)
            assert await machine.all_ended(3, within=2) == {"completed": 3}


async def test_a_task_stream_that_forgot_everything_loses_no_run(store: Store, tmp_path: Path) -> None:
    async with a_bus(tmp_path) as bus:
        idle = Workflows(store, bus, Outbox(store, KEY), slots=1, queue_size=1000, limit=timedelta(seconds=5))
        async with asyncio.TaskGroup() as group:
            sending = group.create_task(idle._dispatcher.run())
            await store.commit(*(idle.begin(a_run(f"run_{n}", data={"n": n})) for n in range(100)))
            await until(lambda: not idle.unsent)
            sending.cancel()
        await bus.ask(f"STREAM.PURGE.{TASKS}", {})
        async with a_machine(store, bus, {"flow": Flow(one_step)}) as machine:
            assert await machine.all_ended(100, within=15) == {"completed": 100}


async def test_runs_that_stand_in_a_long_queue_are_not_taken_for_lost(store: Store, tmp_path: Path) -> None:
    async def slow(context: Context, data: JsonObject) -> JsonObject:
        async def act() -> Outcome[None]:
            await asyncio.sleep(0.3)
            return Outcome(None)

        await context.step("slow", act)
        return data

    old = utc_now() - timedelta(minutes=5)
    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Flow(slow)}, slots=2) as machine:
        await machine.begin(*(a_run(f"run_{n:03}") for n in range(40)))
        await asyncio.sleep(0.3)
        aged = update(run_table).where(run_table.c.status == "pending").values(touched=old)
        await store.commit(lambda tx: tx.execute(aged).rowcount)
        await asyncio.sleep(2.2)  # some sweeps
        assert (await row_of(store, "run_039")).wake == 1
        await machine.all_ended(40)


async def test_runs_that_wait_to_be_tried_again_do_not_keep_others_waiting(store: Store, tmp_path: Path) -> None:
    async def broken(_: Context, __: JsonObject) -> JsonObject:
        raise Unavailable("down", retry_after=30)

    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"broken": Flow(broken), "flow": Flow(one_step)}, slots=1) as machine:
        await machine.begin(*(a_run(f"run_b{n}", "broken") for n in range(150)))
        await machine.begin(a_run("run_good", data={"n": 1}))
        await machine.is_("run_good", "completed", within=10)


async def test_stopping_hands_back_what_cannot_end_in_time_and_another_goes_on_with_it(store: Store, tmp_path: Path) -> None:
    first, done = [True], list[str]()

    async def body(context: Context, _: JsonObject) -> JsonObject:
        async def act(name: str) -> Outcome[str]:
            done.append(name)
            if name == "b" and first[0]:
                await asyncio.Event().wait()
            return Outcome(name)

        await context.step("a", lambda: act("a"))
        await context.step("b", lambda: act("b"))
        return {}

    async with a_bus(tmp_path) as bus:
        async with a_machine(store, bus, {"flow": Flow(body)}, grace=0.2) as machine:
            await machine.begin(a_run())
            await until(lambda: "b" in done)
        assert (await row_of(store, "run_1")).status == "pending"
        first[0] = False
        async with a_machine(store, bus, {"flow": Flow(body)}) as machine:
            await machine.is_("run_1", "completed", within=1.5)  # at once, not when the lease has run out
    assert done == ["a", "b", "b"]


async def test_stopping_lets_what_is_nearly_done_end(store: Store, tmp_path: Path) -> None:
    begun = asyncio.Event()

    async def body(context: Context, _: JsonObject) -> JsonObject:
        async def act() -> Outcome[None]:
            begun.set()
            await asyncio.sleep(0.4)
            return Outcome(None)

        await context.step("slow", act)
        return {}

    async with a_bus(tmp_path) as bus:
        async with a_machine(store, bus, {"flow": Flow(body)}) as machine:
            await machine.begin(a_run())
            await begun.wait()
        assert (await row_of(store, "run_1")).status == "completed"


async def test_two_workers_share_the_work_and_record_each_step_once(store: Store, another: Another, tmp_path: Path) -> None:
    by = Counter[str]()

    def flow(worker: str) -> Flow:
        async def body(context: Context, data: JsonObject) -> JsonObject:
            async def act(name: str) -> Outcome[str]:
                by[worker] += 1
                await asyncio.sleep(0.002)
                return Outcome(f"{name}{data['n']}")

            return {"all": [await context.step(name, lambda name=name: act(name)) for name in "abc"]}  # type: ignore[misc]  # bound now

        return Flow(body)

    async with embedded(tmp_path / "nats") as nats, connect(nats.address) as bus, connect(nats.address) as bus_too, another() as too:
        await bus.ensure_streams(max_tasks=1000)
        async with (
            a_machine(store, bus, {"flow": flow("one")}, slots=4) as machine,
            a_machine(too, bus_too, {"flow": flow("two")}, slots=4),
        ):
            await machine.begin(*(a_run(f"run_{n}", data={"n": n}) for n in range(150)))
            assert await machine.all_ended(150) == {"completed": 150}
        for n in range(150):
            assert await steps_of(store, f"run_{n}") == [(name, f"{name}{n}") for name in "abc"]
    assert by.total() == 450
    assert min(by.values()) > 50


async def test_a_database_that_goes_away_under_running_work_only_delays_it(postgres: Callable[[], Postgres], tmp_path: Path) -> None:
    server = postgres()

    async def body(context: Context, data: JsonObject) -> JsonObject:
        for number in range(5):
            await context.step(f"{number}", giving(number))
            await asyncio.sleep(0.05)
        return data

    async with (
        a_store("postgresql", tmp_path, postgres) as store,
        a_bus(tmp_path) as bus,
        a_machine(store, bus, {"flow": Flow(body)}) as machine,
    ):
        await machine.begin(*(a_run(f"run_{n}", data={"n": n}) for n in range(60)))
        await asyncio.sleep(0.2)
        server.stop()
        await asyncio.sleep(1.5)
        server.start()
        assert await machine.all_ended(60, within=40) == {"completed": 60}
        for n in range(60):
            assert await steps_of(store, f"run_{n}") == [(f"{number}", number) for number in range(5)]


async def test_a_full_task_stream_keeps_the_rest_until_there_is_room(tmp_path: Path) -> None:
    flows = {"flow": Flow(one_step)}
    async with (
        a_store("sqlite", tmp_path, _no_server) as store,
        a_bus(tmp_path, max_tasks=10) as bus,
        a_machine(store, bus, flows) as machine,
    ):
        await machine.begin(*(a_run(f"run_{n}", data={"n": n}) for n in range(60)))
        assert await machine.all_ended(60) == {"completed": 60}


def _no_server() -> Postgres:
    raise AssertionError("SQLite needs no server")


async def test_more_than_the_queue_may_hold_is_refused_with_a_time_to_come_again(tmp_path: Path) -> None:
    async with a_store("sqlite", tmp_path, _no_server) as store, a_bus(tmp_path) as bus:
        workflows = Workflows(store, bus, Outbox(store, KEY), slots=1, queue_size=3, limit=timedelta(seconds=5))
        workflows.admit()
        await store.commit(*(workflows.begin(a_run(f"run_{n}")) for n in range(3)))
        await asyncio.sleep(0.01)
        with pytest.raises(Exhausted) as caught:
            workflows.admit()
        assert caught.value.retry_after == 2


async def test_a_step_that_will_not_be_interrupted_keeps_the_process_only_for_a_while(store: Store, tmp_path: Path) -> None:
    entered, interrupted = asyncio.Event(), list[float]()

    async def stubborn() -> Outcome[None]:
        entered.set()
        while len(interrupted) < 2:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                interrupted.append(time.monotonic())
        raise asyncio.CancelledError

    async def body(context: Context, _: JsonObject) -> JsonObject:
        await context.step("stubborn", stubborn)
        return {}

    async with a_bus(tmp_path) as bus:
        async with a_machine(store, bus, {"flow": Flow(body)}, grace=0.1) as machine:
            await machine.begin(a_run(data={"n": 1}))
            await entered.wait()
        first, second = interrupted
        assert 4 < second - first < 10
        async with a_machine(store, bus, {"flow": Flow(one_step)}) as machine:
            await machine.is_("run_1", "completed")


async def test_a_process_that_starts_while_its_database_is_away_works_when_it_is_back(
    postgres: Callable[[], Postgres], tmp_path: Path
) -> None:
    server = postgres()
    url = server.database().replace(str(server.folder), str(tmp_path))
    with a_cable(server.folder / ".s.PGSQL.5432", tmp_path / ".s.PGSQL.5432") as cable, capture_logs() as logs:
        async with opened(url, tmp_path) as store, a_bus(tmp_path) as bus:
            await asyncio.to_thread(cable.set, "cut")
            async with a_machine(store, bus, {"flow": Flow(one_step)}) as machine:
                async with asyncio.timeout(10):
                    await until(lambda: {"cannot_count_runs", "gate_waits"} <= {one["event"] for one in logs})
                await asyncio.to_thread(cable.set, "whole")
                await machine.begin(a_run(data={"n": 1}))
                await machine.is_("run_1", "completed")
