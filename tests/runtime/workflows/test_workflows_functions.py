"""Workflows from plain functions, in what differs from async ones: threads, cancelling, timeouts, and what they raise."""

import asyncio
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from hulk.kernel.durable import Outcome, Retry
from hulk.kernel.errors import Refused, Unavailable
from hulk.kernel.records import JsonObject
from hulk.runtime.outbox import event_table
from hulk.runtime.store import Store
from hulk.runtime.workflows import Blocking, workflow
from support.nats import a_bus
from support.runs import Hand, a_machine, a_run, row_of, steps_of


async def run(store: Store, function: Any, **more: Any) -> Any:
    """The row of a run of that plain function, executed until it ends or waits."""
    hand = Hand(store, {"flow": workflow(function)}, **more)
    await hand.begin(a_run(attempts=2))
    await hand.drain()
    return await row_of(store, "run_1")


async def test_a_plain_function_does_its_steps_in_threads_and_the_loop_goes_on(store: Store) -> None:
    threads = set[int]()
    loop = threading.get_ident()

    def act() -> int:
        threads.add(threading.get_ident())
        time.sleep(0.15)
        return len(threads)

    def body(context: Blocking, data: JsonObject) -> JsonObject:
        threads.add(threading.get_ident())
        return {"n": context.step("slow", act), "key": context.step("key", lambda: context.key), "tenant": context.tenant}

    ticks = 0

    async def ticking() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.01)
            ticks += 1

    async with asyncio.TaskGroup() as group:
        clock = group.create_task(ticking())
        row = await run(store, body)
        clock.cancel()
    assert row.result == {"n": 2, "key": "run_1/1", "tenant": "acme"}
    assert loop not in threads
    assert ticks > 8


async def test_a_plain_act_may_give_changes_with_its_value(store: Store) -> None:
    seen = list[str]()

    def body(context: Blocking, _: JsonObject) -> JsonObject:
        return {"value": context.step("one", lambda: Outcome(1, [lambda _: seen.append("applied")]))}

    assert (await run(store, body)).result == {"value": 1}
    assert seen == ["applied"]


async def test_parallel_plain_acts_are_done_at_once(store: Store) -> None:
    barrier = threading.Barrier(5, timeout=5)

    def act() -> str:
        barrier.wait()
        return "met"

    def body(context: Blocking, _: JsonObject) -> JsonObject:
        return context.parallel({f"s{n}": act for n in range(5)})

    assert (await run(store, body)).result == {f"s{n}": "met" for n in range(5)}


async def test_a_plain_act_that_takes_too_long_is_given_up(store: Store) -> None:
    over = threading.Event()

    def body(context: Blocking, _: JsonObject) -> JsonObject:
        try:
            context.step("slow", lambda: over.wait(5), timeout=timedelta(seconds=0.05))
        except Unavailable:
            return {"gave_up": context.step("instead", lambda: True)}
        return {}

    try:
        assert (await run(store, body)).result == {"gave_up": True}
    finally:
        over.set()


async def test_a_plain_step_is_tried_again_as_asked(store: Store) -> None:
    tries = list[int]()

    def act() -> int:
        tries.append(1)
        if len(tries) < 3:
            raise Unavailable("not yet")
        return len(tries)

    def body(context: Blocking, _: JsonObject) -> JsonObject:
        return {"tries": context.step("flaky", act, retry=Retry(attempts=3, first=timedelta(0)))}

    assert (await run(store, body)).result == {"tries": 3}


async def test_a_plain_function_that_waits_leaves_its_thread_and_undoes_nothing_twice(store: Store) -> None:
    done, left = list[str](), threading.Event()

    def body(context: Blocking, _: JsonObject) -> JsonObject:
        try:
            context.step("first", lambda: done.append("first"))
            heard = context.wait("go")
            return {"heard": heard}
        finally:
            left.set()

    hand = Hand(store, {"flow": workflow(body)})
    await hand.begin(a_run())
    await hand.drain()
    assert (await row_of(store, "run_1")).status == "waiting"
    assert await asyncio.to_thread(left.wait, 5)
    await store.commit(hand.journal.signal("run_1", "go", "on", key="k"))
    await hand.drain()
    assert (await row_of(store, "run_1")).result == {"heard": "on"}
    assert done == ["first"]


def _ends(context: Blocking, _: JsonObject) -> JsonObject:
    context.step("x", lambda: sys.exit(1))
    return {}


def _leaves(_: Blocking, __: JsonObject) -> JsonObject:
    raise KeyboardInterrupt


def _stops(_: Blocking, __: JsonObject) -> JsonObject:
    raise StopIteration


@pytest.mark.parametrize("body", [_ends, _leaves, _stops])
async def test_what_would_end_the_process_ends_the_run(store: Store, body: Any) -> None:
    row = await run(store, body)
    assert "RuntimeError" in str(row.error)


async def test_an_async_act_of_a_plain_function_is_told_of(store: Store) -> None:
    async def act() -> int:
        return 1

    def body(context: Blocking, _: JsonObject) -> JsonObject:
        waiting: Any = act()
        try:
            return {"n": context.step("x", lambda: waiting)}
        finally:
            waiting.close()

    row = await run(store, body)
    assert row.status == "failed"
    assert row.error["code"] == "refused"
    assert row.error["text"]["values"]["fix"]["msgid"] == "It was not awaited: the act must give its value."


async def test_a_plain_function_is_cancelled_at_its_next_call_and_undone(store: Store, tmp_path: Path) -> None:
    entered, over, seen = threading.Event(), threading.Event(), list[str]()

    def act() -> None:
        entered.set()
        over.wait(5)

    def body(context: Blocking, _: JsonObject) -> JsonObject:
        context.step("reserve", lambda: seen.append("reserved"))
        context.compensate("reserve", lambda: seen.append("released"))
        try:
            context.step("work", act)
        except Exception:
            seen.append("never")  # being cancelled is no `Exception`
            raise
        seen.append("never")
        return {}

    flows: Any = {"flow": workflow(body)}
    async with a_bus(tmp_path) as bus, a_machine(store, bus, flows) as machine:
        await machine.begin(a_run())
        assert await asyncio.to_thread(entered.wait, 10)
        await store.commit(machine.workflows.steering.cancel("run_1", "ana"))
        await machine.is_("run_1", "cancelled", within=5)
        over.set()
    assert seen == ["reserved", "released"]
    assert [name for name, _ in await steps_of(store, "run_1")] == ["reserve", "failed", "undo:reserve"]


async def test_plain_functions_have_children_and_fans_and_sleep(store: Store, tmp_path: Path) -> None:
    def parent(context: Blocking, _: JsonObject) -> JsonObject:
        context.sleep("nap", timedelta(seconds=1.05))
        one = context.child("one", "child", {"n": 1})
        ends = context.fan("all", "child", [{"n": n} for n in range(5)], most=2)
        return {"one": one, "all": [end.result for end in ends]}

    def child(context: Blocking, data: JsonObject) -> JsonObject:
        return {"n": context.step("double", lambda: 2 * data["n"])}

    flows: Any = {"flow": workflow(parent), "child": workflow(child)}
    async with a_bus(tmp_path) as bus, a_machine(store, bus, flows, slots=2) as machine:
        await machine.begin(a_run())
        await machine.is_("run_1", "completed")
    assert (await row_of(store, "run_1")).result == {"one": {"n": 2}, "all": [{"n": 2 * n} for n in range(5)]}


async def test_more_plain_functions_than_the_loop_has_threads_get_done(store: Store, tmp_path: Path) -> None:
    def body(context: Blocking, data: JsonObject) -> JsonObject:
        return {"n": [context.step(f"{n}", lambda: data["n"]) for n in range(3)]}

    flows: Any = {"flow": workflow(body)}
    async with a_bus(tmp_path) as bus, a_machine(store, bus, flows, slots=64) as machine:
        await machine.begin(*(a_run(f"run_{n}", data={"n": n}) for n in range(100)))
        assert await machine.all_ended(100) == {"completed": 100}


async def test_what_becomes_true_with_a_failure_is_given_with_the_function(store: Store) -> None:
    seen = list[str]()

    def body(_: Blocking, __: JsonObject) -> JsonObject:
        raise Refused("no")

    def failed(run: Any, error: Exception) -> Any:
        return [lambda _: seen.append(f"{run.id}: {error}")]

    hand = Hand(store, {"flow": workflow(body, failed=failed)})
    await hand.begin(a_run())
    await hand.drain()
    assert seen == ["run_1: no"]
    assert await store.read(lambda connection: connection.execute(select(event_table.c.type)).all()) == []


async def test_what_becomes_true_with_a_replay_is_given_with_the_function(store: Store, tmp_path: Path) -> None:
    works, seen = False, list[str]()

    def body(_: Blocking, __: JsonObject) -> JsonObject:
        if not works:
            raise Refused("no")
        return {}

    def revived(run: Any) -> Any:
        return [lambda _: seen.append(run.id)]

    flows: Any = {"told": workflow(body, revived=revived), "quiet": workflow(body)}
    async with a_bus(tmp_path) as bus, a_machine(store, bus, flows) as machine:
        await machine.begin(a_run("run_1", "told"), a_run("run_2", "quiet"))
        for run_id in ("run_1", "run_2"):
            await machine.is_(run_id, "failed")
            works = True
            await store.commit(machine.workflows.steering.replay(run_id, "ana"))
            await machine.is_(run_id, "completed")
            works = False
    assert seen == ["run_1"]


class Left:
    """A plain body that computes, asks its context for a step, and keeps what that gave or raised."""

    def __init__(self) -> None:
        self.entered, self.go, self.over = threading.Event(), threading.Event(), threading.Event()
        self.end: BaseException | None = None

    def __call__(self, context: Blocking, _: JsonObject) -> JsonObject:
        self.entered.set()
        self.go.wait(10)
        try:
            context.step("never", lambda: 1)
        except BaseException as error:
            self.end = error
            raise
        finally:
            self.over.set()
        return {}

    async def executed(self) -> "asyncio.Task[Any]":
        """The coroutine that answers the body, once that computes."""
        context: Any = SimpleNamespace(run_id="run_1")  # nobody gets as far as to ask it
        task: asyncio.Task[Any] = asyncio.get_running_loop().create_task(workflow(self)(context, {}))
        assert await asyncio.to_thread(self.entered.wait, 10)
        return task


async def _cancelled(task: "asyncio.Task[Any]") -> None:
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


async def test_a_plain_body_that_was_left_learns_so_when_it_asks() -> None:
    body = Left()
    await _cancelled(await body.executed())
    body.go.set()
    assert await asyncio.to_thread(body.over.wait, 10)
    assert isinstance(body.end, asyncio.CancelledError)


async def test_a_plain_body_that_asked_just_before_it_was_left_learns_so() -> None:
    body = Left()
    task = await body.executed()
    body.go.set()
    time.sleep(0.3)  # noqa: ASYNC251  # so that it has asked, and the loop has not heard of it
    await _cancelled(task)
    assert await asyncio.to_thread(body.over.wait, 10)
    assert isinstance(body.end, asyncio.CancelledError)


def test_a_plain_body_that_outlives_its_event_loop_learns_so_when_it_asks() -> None:
    body = Left()

    async def leave() -> None:
        await _cancelled(await body.executed())

    asyncio.run(leave())
    body.go.set()
    assert body.over.wait(10)
    assert isinstance(body.end, asyncio.CancelledError)
