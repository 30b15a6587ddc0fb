"""Light tasks: executed at least once, tried again, given up with all it takes to send them anew; over a real bus."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hulk.kernel.durable import Retry
from hulk.kernel.errors import Conflict, Refused, TooLarge, Unavailable
from hulk.kernel.tasks import Handle, LightTask, Tasks
from hulk.kernel.time import utc_now
from hulk.runtime.bus import ERRORS, LIGHT, Bus
from hulk.runtime.engine import LightTasks, Scale
from hulk.runtime.telemetry import Metrics, current_traceparent, span
from support.nats import a_bus
from support.patience import until

QUICK = Retry(attempts=3, first=timedelta(milliseconds=10))


@pytest.fixture
async def bus(tmp_path: Path) -> AsyncIterator[Bus]:
    async with a_bus(tmp_path) as made:
        yield made


@asynccontextmanager
async def working(
    bus: Bus, *, slots: int = 8, grace: float = 5, metrics: Metrics | None = None, **handlers: Handle
) -> AsyncIterator[Tasks]:
    tasks = LightTasks(bus, Scale.fixed(slots), metrics or Metrics())
    for name, handle in handlers.items():
        tasks.register(name, handle, retry=QUICK, limit=timedelta(seconds=2))
    async with tasks.working(timedelta(seconds=grace)):
        yield tasks


class Noted:
    """A handler that notes what it was given, after failing as often as it has errors."""

    def __init__(self, *errors: Exception) -> None:
        self.got: list[LightTask] = []
        self._errors: Iterator[Exception] = iter(errors)

    async def __call__(self, task: LightTask) -> None:
        self.got.append(task)
        if error := next(self._errors, None):
            raise error


async def stored(bus: Bus, stream: str) -> int:
    return int((await bus.ask(f"STREAM.INFO.{stream}"))["state"]["messages"])


async def holds(bus: Bus, stream: str, count: int) -> None:
    """Wait until the stream holds that many messages."""
    async with asyncio.timeout(10):
        while await stored(bus, stream) != count:  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.02)


async def dead(bus: Bus) -> Any:
    """The one dead letter, once it is there."""
    await holds(bus, ERRORS, 1)
    async with bus.pull(ERRORS, "test", ["hulk.errors.>"], ack_wait=5, max_ack_pending=10) as pull:
        (message,) = await pull.fetch(10, 1)
        await message.ack()
    assert message.headers["ce-type"] == "hulk.errors.light.v1"
    return json.loads(message.data)


async def test_a_task_is_executed_and_nothing_is_left_of_it(bus: Bus) -> None:
    noted = Noted()
    async with working(bus, warm=noted) as tasks:
        with span("caller"):
            trace = current_traceparent()
            sent = await tasks.send("warm", {"page": "início", "n": [1, None]}, tenant="acme")
        await until(lambda: len(noted.got) == 1)
        await holds(bus, LIGHT, 0)
    (task,) = noted.got
    assert (task.id, task.name, task.data, task.tenant, task.attempt) == (sent, "warm", {"page": "início", "n": [1, None]}, "acme", 1)
    assert (task.trace or "").split("-")[1] == (trace or "").split("-")[1]


async def test_thousands_are_each_executed_once_when_nothing_goes_wrong(bus: Bus) -> None:
    noted = Noted()
    async with working(bus, slots=32, warm=noted) as tasks:
        async with asyncio.TaskGroup() as group:
            for number in range(2000):
                group.create_task(tasks.send("warm", {"number": number}, tenant=f"t{number % 3}"))
        await until(lambda: len(noted.got) >= 2000, within=30)
        await holds(bus, LIGHT, 0)
    assert sorted(task.data["number"] for task in noted.got) == list(range(2000))


async def test_the_same_key_is_one_task_and_another_tenant_has_keys_of_its_own(bus: Bus) -> None:
    noted = Noted()
    tasks = LightTasks(bus, Scale.fixed(1), Metrics())
    ids = {await tasks.send("warm", {}, tenant=tenant, key="page 1") for tenant in ("acme", "acme", "other")}
    assert (len(ids), await stored(bus, LIGHT)) == (2, 2)
    async with working(bus, warm=noted):
        await until(lambda: len(noted.got) == 2)


async def test_a_task_that_fails_is_tried_again(bus: Bus) -> None:
    noted, metrics = Noted(Unavailable("Not now."), ValueError("a bug")), Metrics()
    async with working(bus, metrics=metrics, warm=noted) as tasks:
        await tasks.send("warm", {}, tenant="acme")
        await until(lambda: len(noted.got) == 3)
        await holds(bus, LIGHT, 0)
    assert [task.attempt for task in noted.got] == [1, 2, 3]
    counted = metrics.registry.get_sample_value
    assert counted("hulk_tasks_ended_total", {"task": "warm", "status": "completed"}) == 1
    assert counted("hulk_tasks_ended_total", {"task": "warm", "status": "failed"}) == 0
    assert counted("hulk_task_duration_seconds_count", {"task": "warm"}) == 3


@pytest.mark.parametrize(
    ("errors", "deliveries", "text"),
    [
        pytest.param([Unavailable("Not now.")] * 3, 3, "Not now.", id="tried as often as it may be"),
        pytest.param([ValueError("secret")] * 3, 3, "ValueError", id="a bug is told by its kind"),
        pytest.param([Refused("Never.")], 1, "Never.", id="no use trying again"),
    ],
)
async def test_a_task_that_is_given_up_is_a_dead_letter(bus: Bus, errors: list[Exception], deliveries: int, text: str) -> None:
    noted = Noted(*errors)
    async with working(bus, warm=noted) as tasks:
        await tasks.send("warm", {"page": 1}, tenant="acme")
        letter = await dead(bus)
        await holds(bus, LIGHT, 0)
    assert (letter["name"], letter["data"], letter["deliveries"], letter["text"]) == ("warm", {"page": 1}, deliveries, text)


async def test_a_task_that_takes_too_long_is_ended(bus: Bus) -> None:
    async def hang(_: LightTask) -> None:
        await asyncio.Event().wait()

    tasks = LightTasks(bus, Scale.fixed(1), Metrics())
    tasks.register("hang", hang, retry=Retry(attempts=1), limit=timedelta(seconds=0.1))
    async with tasks.working(timedelta(seconds=1)):
        await tasks.send("hang", {}, tenant="acme")
        assert (await dead(bus))["error"] == "TimeoutError"


async def test_a_task_that_ends_its_worker_each_time_is_given_up_unexecuted(bus: Bus) -> None:
    tasks = LightTasks(bus, Scale.fixed(1), Metrics())
    await tasks.send("warm", {}, tenant="acme")
    async with bus.pull(LIGHT, "light-default-1", ["hulk.engine.light.default.1.>"], ack_wait=2, max_ack_pending=-1) as pull:
        for _ in range(QUICK.attempts):  # a worker that takes it and does not come back
            (message,) = await pull.fetch(1, 5)
            await message.nak()
    noted = Noted()
    async with working(bus, warm=noted):
        letter = await dead(bus)
    assert (noted.got, "may be what ends its process" in letter["text"]) == ([], True)


async def test_what_is_under_way_at_the_end_is_finished_or_handed_back(bus: Bus) -> None:
    begun, ended, go_on = list[str](), list[str](), asyncio.Event()

    async def work(task: LightTask) -> None:
        begun.append(task.id)
        await (asyncio.sleep(0.1) if task.data["quick"] else go_on.wait())
        ended.append(task.id)

    async with working(bus, grace=0.5, work=work) as tasks:
        quick, slow = [await tasks.send("work", {"quick": quick}, tenant="acme") for quick in (True, False)]
        await until(lambda: len(begun) == 2)
    assert (ended, await stored(bus, LIGHT)) == ([quick], 1)
    go_on.set()
    async with working(bus, work=work):
        await until(lambda: ended == [quick, slow])


async def test_a_task_waits_for_its_moment(bus: Bus) -> None:
    noted = Noted()
    async with working(bus, warm=noted) as tasks:
        moment = utc_now() + timedelta(seconds=1)
        sent = await tasks.send("warm", {}, tenant="acme", at=moment)
        await until(lambda: len(noted.got) == 1)
        assert (utc_now() >= moment, noted.got[0].id) == (True, sent)


async def test_urgent_tasks_go_first(bus: Bus) -> None:
    order = list[int]()

    async def work(task: LightTask) -> None:
        order.append(task.data["number"])
        await asyncio.sleep(0.01)

    tasks = LightTasks(bus, Scale.fixed(1), Metrics())
    for number in range(20):
        await tasks.send("work", {"number": number}, tenant="acme", urgent=number >= 10)
    async with working(bus, slots=1, work=work):
        await until(lambda: len(order) == 20)
    assert sum(number >= 10 for number in order[:10]) >= 7


async def test_a_task_unknown_here_is_left_to_those_who_know_it(bus: Bus) -> None:
    old = LightTasks(bus, Scale.fixed(1), Metrics(), elsewhere=Retry(attempts=100, first=timedelta(seconds=0.1)))
    async with old.working(timedelta(seconds=1)):
        await old.send("new", {}, tenant="acme")
        await holds(bus, LIGHT, 0)  # put off
    noted = Noted(Unavailable("Not now."))
    async with working(bus, new=noted):
        await until(lambda: len(noted.got) == 2)
    assert [task.attempt for task in noted.got] == [1, 2]  # whoever did not know it took none of its tries


async def test_a_task_that_nobody_knows_is_given_up_at_last(bus: Bus) -> None:
    tasks = LightTasks(bus, Scale.fixed(1), Metrics(), elsewhere=Retry(attempts=2, first=timedelta(seconds=0.1)))
    async with tasks.working(timedelta(seconds=1)):
        await tasks.send("gone", {}, tenant="acme")
        assert (await dead(bus))["text"] == "No worker knows tasks named “gone”."


@pytest.mark.parametrize(
    ("data", "error", "text"),
    [
        pytest.param({"when": utc_now()}, Refused, "is no JSON", id="a type JSON has not"),
        pytest.param({"x": float("nan")}, Refused, "is no JSON", id="no number"),
        pytest.param({"x": "y" * (9 << 20)}, TooLarge, "more than the bus takes", id="too much"),
    ],
)
async def test_what_cannot_be_sent_is_refused_with_why(bus: Bus, data: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        await LightTasks(bus, Scale.fixed(1), Metrics()).send("warm", data, tenant="acme")
    assert await stored(bus, LIGHT) == 0


async def test_a_name_has_one_handler(bus: Bus) -> None:
    tasks = LightTasks(bus, Scale.fixed(1), Metrics())
    tasks.register("warm", Noted())
    with pytest.raises(Conflict, match="have a handler already"):
        tasks.register("warm", Noted())
