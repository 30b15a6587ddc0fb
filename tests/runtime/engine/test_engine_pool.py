"""A pool over a real bus: what cannot be a task, handlers that fail, a bus that dies; and how many slots it has."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hulk.runtime.bus import TASKS, Bus, connect, embedded
from hulk.runtime.bus.meanwhile import meanwhile
from hulk.runtime.engine import Dispatcher, HandBack, Lease, Pool, Scale, Settled, Task, Verdict, subject, wake_ups
from hulk.runtime.engine.scaling import SHRINK_SECONDS
from support.nats import a_bus
from support.patience import until


def a_task(run: str) -> Task:
    return Task(run=run, wake=1, queue="default", tenant="acme")


async def publish(bus: Bus, *runs: str) -> None:
    for run in runs:
        await bus.publish(subject(a_task(run)), a_task(run).encoded(), {})


async def waiting(bus: Bus) -> int:
    """How many tasks the stream holds."""
    return int((await bus.ask(f"STREAM.INFO.{TASKS}"))["state"]["messages"])


@dataclass(slots=True)
class Handled:
    """A handler that does with each delivery what `verdicts` says, then settles it."""

    verdicts: list[Verdict | Exception] = field(default_factory=list)
    deliveries: list[tuple[str, int]] = field(default_factory=list)

    async def __call__(self, lease: Lease[Task]) -> Verdict:
        self.deliveries.append((lease.task.run, lease.message.num_delivered))
        verdict = self.verdicts.pop(0) if self.verdicts else Settled()
        if isinstance(verdict, Exception):
            raise verdict
        return verdict

    async def are(self, count: int) -> None:
        """Wait until there were that many deliveries."""
        async with asyncio.timeout(20):
            while len(self.deliveries) < count:  # noqa: ASYNC110  # nobody tells
                await asyncio.sleep(0.02)


@asynccontextmanager
async def a_pool(bus: Bus, handled: Handled) -> AsyncIterator[Pool[Task]]:
    """A pool of two slots at work."""
    pool = Pool(bus, wake_ups("default"), Scale.fixed(2), handled)
    async with meanwhile(pool.run()):
        yield pool


async def emptied(bus: Bus) -> None:
    async with asyncio.timeout(20):
        while await waiting(bus):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_what_is_no_task_is_thrown_away_and_holds_up_nobody(tmp_path: Path) -> None:
    handled = Handled()
    async with a_bus(tmp_path) as bus, a_pool(bus, handled):
        for rubbish in (b"not JSON", b"[]", b'{"run": "run_1"}', b'{"run": "r", "wake": "x", "queue": "default", "tenant": "acme"}'):
            await bus.publish(subject(a_task("rubbish")), rubbish, {})
        await publish(bus, "run_1")
        await emptied(bus)
    assert handled.deliveries == [("run_1", 1)]


@pytest.mark.parametrize(
    ("verdict", "least"),
    [
        pytest.param(HandBack(), 0.0, id="handed back"),
        pytest.param(ValueError("a bug of the handler"), 1.0, id="fails: a second later"),
    ],
)
async def test_a_task_that_was_not_dealt_with_is_delivered_again(tmp_path: Path, verdict: Verdict | Exception, least: float) -> None:
    handled = Handled([verdict])
    async with a_bus(tmp_path) as bus, a_pool(bus, handled):
        await publish(bus, "run_1")
        begun = asyncio.get_running_loop().time()
        await handled.are(2)
        assert asyncio.get_running_loop().time() - begun >= least
        await emptied(bus)
    assert handled.deliveries == [("run_1", 1), ("run_1", 2)]


async def test_a_pool_goes_on_when_the_bus_was_away(tmp_path: Path) -> None:
    handled = Handled()
    async with embedded(tmp_path / "nats") as server, connect(server.address) as bus:
        await bus.ensure_streams(max_tasks=1000)
        async with a_pool(bus, handled):
            await publish(bus, "run_1")
            await handled.are(1)
            os.kill(server.pid, signal.SIGKILL)
            for connected in (False, True):
                async with asyncio.timeout(20):
                    while bus.connected is not connected:  # noqa: ASYNC110  # nobody tells
                        await asyncio.sleep(0.01)
            await publish(bus, "run_2")
            async with asyncio.timeout(20):
                while ("run_2", 1) not in handled.deliveries:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)


async def test_wake_ups_that_were_not_sent_yet_are_sent_at_the_end(tmp_path: Path) -> None:
    async with a_bus(tmp_path) as bus:
        dispatcher = Dispatcher(bus)
        for number in range(100):
            dispatcher.wake(a_task(f"run_{number}"))
        await dispatcher.flush()
        assert (dispatcher.waiting, await waiting(bus)) == (0, 100)


@dataclass(slots=True)
class Looks:
    """A scale between 4 and 10 slots, looked at every second with a processor that is used by `load`."""

    load: float = 0.1
    now: float = 0.0
    scale: Scale = field(init=False)

    def __post_init__(self) -> None:
        self.scale = Scale(4, 10, clock=lambda: self.now, cpu=lambda: self.now * self.load)

    def look(self, busy: int, *waits: float) -> int:
        """The slots after another second in which tasks waited that long."""
        self.now += 1
        for wait in waits:
            self.scale.waited(wait)
        self.scale.adjust(busy)
        return self.scale.slots


def test_slots_are_added_by_a_quarter_while_tasks_wait_for_them() -> None:
    looks = Looks()
    assert [looks.look(looks.scale.slots, 0.5) for _ in range(6)] == [5, 6, 7, 8, 10, 10]


@pytest.mark.parametrize(
    ("load", "busy", "wait"),
    [
        pytest.param(0.9, 4, 0.5, id="the processor is what they wait for"),
        pytest.param(0.1, 3, 0.5, id="a slot is free"),
        pytest.param(0.1, 4, 0.01, id="they hardly wait"),
    ],
)
def test_slots_are_not_added_for_nothing(load: float, busy: int, wait: float) -> None:
    assert Looks(load).look(busy, wait) == 4


def test_slots_that_stand_empty_for_long_are_taken_away_down_to_what_is_configured() -> None:
    looks = Looks()
    while looks.look(looks.scale.slots, 0.5) < 10:
        pass
    idle = [looks.look(0) for _ in range(int(SHRINK_SECONDS) * 5)]
    assert sorted(set(idle), reverse=True) == [10, 8, 6, 5, 4]
    assert idle.index(8) == SHRINK_SECONDS
    assert idle[-1] == 4


def test_slots_in_use_are_not_taken_away() -> None:
    looks = Looks()
    while looks.look(looks.scale.slots, 0.5) < 10:
        pass
    for _ in range(3):
        assert {looks.look(0) for _ in range(int(SHRINK_SECONDS) - 1)} == {10}
        assert looks.look(6, 0.0) == 10


async def test_a_crowd_leaves_as_many_slots_free_as_others_have_just_used_and_one_more(tmp_path: Path) -> None:
    running, go_on = Counter[int](), asyncio.Event()

    async def hold(lease: Lease[Task]) -> Verdict:
        running[lease.rank] += 1
        await go_on.wait()
        return Settled()

    async def begun(rank: int, count: int) -> None:
        await until(lambda: running[rank] == count)

    async with a_bus(tmp_path) as bus:
        pool = Pool(bus, wake_ups("default"), Scale.fixed(8), hold)
        async with meanwhile(pool.run()):
            await publish_crowd(bus, "a", 1)
            await begun(1, 1)
            await publish(bus, *(f"run_few{number}" for number in range(3)))
            await begun(0, 3)
            await publish_crowd(bus, "b", 20)
            await begun(1, 4)
            await publish(bus, "run_few3")
            await begun(0, 4)
            assert (running[1], pool.busy) == (4, 8)
            go_on.set()
            await begun(1, 21)


async def publish_crowd(bus: Bus, name: str, count: int) -> None:
    for number in range(count):
        task = Task(run=f"run_{name}{number}", wake=1, queue="default", tenant="crowd", rank=1)
        await bus.publish(subject(task), task.encoded(), {})
