"""Waiting, signals, sleeping, children: in every order, on both databases."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hulk.kernel.durable import Change, Context
from hulk.kernel.errors import Refused
from hulk.kernel.records import JsonObject
from hulk.kernel.time import utc_now
from hulk.runtime.engine import Task
from hulk.runtime.store import Store
from hulk.runtime.workflows.executor import Executor
from hulk.runtime.workflows.queries.runs import run_of
from support.runs import Flow, Hand, a_run, giving, row_of, steps_of
from support.stores import Another


@pytest.fixture
def hand(store: Store) -> Hand:
    """Delivers wake-ups by hand."""
    return Hand(store)


def signal(hand: Hand, number: int, name: str = "go", run: str = "run_1") -> Change[None]:
    return hand.journal.signal(run, name, number, key=f"key-{number}")


async def twice(context: Context, _: JsonObject) -> JsonObject:
    return {"got": [await context.wait("go"), await context.wait("go")]}


async def test_a_signal_left_before_the_run_waits_is_there_when_it_does(hand: Hand) -> None:
    hand.workflows["flow"] = Flow(twice)
    await hand.begin(a_run())
    await hand.store.commit(signal(hand, 1), signal(hand, 2))
    await hand.drain()
    assert (await row_of(hand.store, "run_1")).result == {"got": [1, 2]}


async def test_a_signal_left_while_the_run_waits_wakes_it(hand: Hand) -> None:
    assert (await hand.run(twice)).status == "waiting"
    assert not hand.queue
    await hand.store.commit(signal(hand, 1))
    await hand.drain()
    assert (await row_of(hand.store, "run_1")).status == "waiting"
    await hand.store.commit(signal(hand, 2))
    await hand.drain()
    assert (await row_of(hand.store, "run_1")).result == {"got": [1, 2]}
    assert await steps_of(hand.store, "run_1") == [("wait:go", 1), ("wait:go", 2)]


async def test_a_run_that_waits_tells_for_which_signal(hand: Hand) -> None:
    async def awaited() -> tuple[str, str | None]:
        run = run_of(await row_of(hand.store, "run_1"))
        return run.status, run.awaits

    async def body(context: Context, _: JsonObject) -> JsonObject:
        await context.wait("go")
        await context.sleep("rest", timedelta(hours=1))
        return {}

    await hand.run(body)
    assert await awaited() == ("waiting", "go")
    await hand.store.commit(signal(hand, 1))
    assert await awaited() == ("pending", None)
    await hand.drain()
    assert await awaited() == ("waiting", None)


async def test_a_signal_is_left_once_for_its_key(hand: Hand) -> None:
    await hand.run(twice)
    for _ in range(3):
        await hand.store.commit(signal(hand, 1))
        await hand.drain()
    assert await steps_of(hand.store, "run_1") == [("wait:go", 1)]


async def test_a_signal_of_another_name_is_kept_for_later(hand: Hand) -> None:
    async def body(context: Context, _: JsonObject) -> JsonObject:
        return {"first": await context.wait("first"), "second": await context.wait("second")}

    await hand.run(body)
    await hand.store.commit(signal(hand, 2, "second"))
    await hand.drain()
    assert (await row_of(hand.store, "run_1")).status == "waiting"
    await hand.store.commit(signal(hand, 1, "first"))
    await hand.drain()
    assert (await row_of(hand.store, "run_1")).result == {"first": 1, "second": 2}


@pytest.mark.parametrize("run", ["run_unknown", "run_1"])
async def test_a_signal_for_a_run_that_is_ended_or_unknown_is_let_go(hand: Hand, run: str) -> None:
    async def body(_: Context, __: JsonObject) -> JsonObject:
        raise Refused("no")

    await hand.run(body)
    await hand.store.commit(signal(hand, 1, run=run))
    assert not hand.queue


async def test_waiting_ends_without_a_payload_when_its_time_is_over(hand: Hand) -> None:
    async def body(context: Context, _: JsonObject) -> JsonObject:
        return {"got": await context.wait("go", timeout=timedelta(minutes=2))}

    await hand.run(body)
    ((task, at),) = hand.queue
    assert at is not None
    await hand.execute(task)  # too early
    assert (await row_of(hand.store, "run_1")).status == "waiting"
    hand.ahead += timedelta(minutes=2)
    await hand.drain()
    assert (await row_of(hand.store, "run_1")).result == {"got": None}
    await hand.store.commit(signal(hand, 1))
    assert not hand.queue


async def test_a_signal_in_time_beats_the_end_of_waiting(hand: Hand) -> None:
    async def body(context: Context, _: JsonObject) -> JsonObject:
        return {"got": await context.wait("go", timeout=timedelta(seconds=30)), "then": await context.step("then", giving(1))}

    await hand.run(body)
    ((timer, _),) = hand.queue
    hand.queue.clear()
    await hand.store.commit(signal(hand, 5))
    await hand.drain()
    assert (await row_of(hand.store, "run_1")).result == {"got": 5, "then": 1}
    await hand.execute(timer)
    assert len(await steps_of(hand.store, "run_1")) == 3


async def test_a_long_sleep_lets_go_of_the_worker_and_goes_on_at_its_time(hand: Hand) -> None:
    async def body(context: Context, _: JsonObject) -> JsonObject:
        await context.step("before", giving(1))
        await context.sleep("nap", timedelta(minutes=2))
        await context.step("after", giving(2))
        return {}

    begun = utc_now()
    row = await hand.run(body)
    assert row.status == "waiting"
    assert timedelta(0) <= row.due - begun - timedelta(minutes=2) < timedelta(minutes=1)
    ((_, at),) = hand.queue
    assert at == row.due
    await hand.drain()
    assert (await row_of(hand.store, "run_1")).status == "waiting"
    hand.ahead += timedelta(minutes=2)
    await hand.drain()
    assert (await row_of(hand.store, "run_1")).status == "completed"


async def test_a_signal_in_a_sleep_does_not_cut_it_short_nor_make_it_longer(hand: Hand) -> None:
    async def body(context: Context, _: JsonObject) -> JsonObject:
        await context.sleep("nap", timedelta(seconds=30))
        return {"got": await context.wait("go")}

    due = (await hand.run(body)).due
    await hand.store.commit(signal(hand, 1))
    await hand.drain()
    row = await row_of(hand.store, "run_1")
    assert (row.status, row.due) == ("waiting", due)


async def test_a_short_sleep_keeps_the_worker(hand: Hand) -> None:
    async def body(context: Context, _: JsonObject) -> JsonObject:
        await context.sleep("nap", timedelta(seconds=0.05))
        return {}

    assert (await hand.run(body)).status == "completed"


async def test_a_run_tells_its_parent_how_it_ended(hand: Hand) -> None:
    async def child(_: Context, data: JsonObject) -> JsonObject:
        if data["n"] == 2:
            raise Refused("not {n}", n=2)
        return {"n": data["n"]}

    async def parent(context: Context, _: JsonObject) -> JsonObject:
        kids = [a_run(f"run_kid{n}", "child", data={"n": n}, parent=context.run_id) for n in range(4)]
        await context.step("begin", giving(None, *(hand.journal.begin(kid) for kid in kids)))
        heard = [await context.wait("child") for _ in kids]
        return {"heard": sorted(heard, key=lambda one: one["run"])}

    hand.workflows["child"] = Flow(child)
    heard = (await hand.run(parent)).result["heard"]
    assert [(one["run"], one["status"], one["result"]) for one in heard] == [
        ("run_kid0", "completed", {"n": 0}), ("run_kid1", "completed", {"n": 1}),
        ("run_kid2", "failed", None), ("run_kid3", "completed", {"n": 3}),
    ]  # fmt: skip
    assert heard[2]["error"]["code"] == "refused"


SCHEDULES = st.lists(st.sampled_from(["signal", "run", "crash", "again", "sweep"]), max_size=25)
RUNS = count()


@dataclass(slots=True)
class Interleaved:
    """A run that waits for some signals, and what may happen to it."""

    hand: Hand
    run: str
    wanted: int
    left: int = 0
    old: list[Task] = field(default_factory=list)

    async def signal(self) -> None:
        """The next signal is left, if there are more."""
        if self.left < self.wanted:
            await self.hand.store.commit(signal(self.hand, self.left, run=self.run))
            self.left += 1

    async def execute(self) -> None:
        """A worker executes the oldest wake-up."""
        if self.hand.queue:
            self.old.append(self.hand.queue[0][0])
            await self.hand.one()

    async def crash(self) -> None:
        """The oldest wake-up is taken by a worker that is never heard of again; it stays to be delivered to another."""
        if self.hand.queue:
            task, _ = self.hand.queue[0]
            await self.hand.store.commit(self.hand.journal.take(task, self.hand.lease(task).epoch))

    async def again(self) -> None:
        """A wake-up that was dealt with comes once more."""
        if self.old:
            await self.hand.execute(self.old[-1])

    async def sweep(self) -> None:
        """A sweep, in a minute's time."""
        later = utc_now() + timedelta(minutes=1)
        await self.hand.store.commit(self.hand.journal.revive(idle=later, late=later, lost=later, ahead=later))


@settings(max_examples=60)
@given(schedule=SCHEDULES, wanted=st.integers(1, 4))
async def test_every_signal_is_received_once_in_order_however_things_interleave(store: Store, schedule: list[str], wanted: int) -> None:
    """Signals, executions, crashes, duplicates of wake-ups and sweeps in any order; then all is let run to its end."""

    async def body(context: Context, _: JsonObject) -> JsonObject:
        return {"got": [await context.wait("go") for _ in range(wanted)]}

    it = Interleaved(Hand(store, {"flow": Flow(body)}), f"run_p{next(RUNS)}", wanted)
    acts = {"signal": it.signal, "run": it.execute, "crash": it.crash, "again": it.again, "sweep": it.sweep}
    await it.hand.begin(a_run(it.run))
    for act in (*schedule, *["signal"] * wanted):
        await acts[act]()
    await it.hand.drain()
    row = await row_of(store, it.run)
    assert (row.status, row.result) == ("completed", {"got": list(range(wanted))})
    assert await steps_of(store, it.run) == [("wait:go", number) for number in range(wanted)]


async def test_signals_and_takers_of_two_processes_at_once_lose_nothing(store: Store, another: Another) -> None:
    """Two processes execute and signal the same runs at the same time, and hold them twice now and then."""
    runs, wanted = [f"run_{number}" for number in range(12)], 5

    async def body(context: Context, _: JsonObject) -> JsonObject:
        return {"got": sorted([await context.wait("go") for _ in range(wanted)])}

    async with another() as other:
        hands = [Hand(one, {"flow": Flow(body)}) for one in (store, other)]
        hands[1].queue, hands[1].deliveries = hands[0].queue, hands[0].deliveries
        await store.commit(*(hands[0].journal.begin(a_run(run)) for run in runs))
        async with asyncio.TaskGroup() as group:
            for number in range(wanted):
                for run in runs:
                    group.create_task(_signal(hands[number % 2], number, run))
            for hand in hands:
                group.create_task(_work(hand, hand.executor))
        for run in runs:
            row = await row_of(store, run)
            assert (row.status, row.result) == ("completed", {"got": list(range(wanted))})
            assert sorted(await steps_of(store, run)) == [("wait:go", number) for number in range(wanted)]


async def _signal(hand: Hand, number: int, run: str) -> None:
    await asyncio.sleep(number * 0.03)
    await hand.store.commit(signal(hand, number, run=run))


async def _work(hand: Hand, executor: Executor) -> None:
    """Take wake-ups, each delivered twice at the same time, until none come any more."""
    quiet = 0
    while quiet < 30:
        quiet += 1
        while hand.queue:
            quiet, (task, _) = 0, hand.queue.popleft()
            verdicts = list[Any]()
            async with asyncio.TaskGroup() as group:
                for lease in (hand.lease(task), hand.lease(task)):
                    verdicts.append(group.create_task(executor(lease)))
        await asyncio.sleep(0.02)
