"""What `kernel.durable` promises a body, of the real machine on both databases and of the one in memory that use cases are tested on."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hulk.kernel.durable import Context, Outcome, Retry, Started
from hulk.kernel.errors import NotFound, Refused, Unavailable
from hulk.kernel.records import JsonObject
from hulk.runtime.workflows import workflow
from support.memory import Desk, at_once
from support.plain import in_threads
from support.postgres import Postgres
from support.runs import Body, Flow, Hand, giving, row_of, steps_of
from support.stores import KINDS, a_store


@dataclass
class Machine:
    """Something that executes runs of the workflow `flow` (and `child`)."""

    begin: Callable[[Started], Awaitable[bool]]
    signal: Callable[..., Awaitable[Any]]
    drain: Callable[[], Awaitable[None]]
    status: Callable[[str], Awaitable[str]]
    steps: Callable[[str], Awaitable[list[tuple[str, Any]]]]
    workflows: dict[str, Any]
    function: Callable[..., Any] = Flow
    seen: list[str] = field(default_factory=list)

    async def run(self, body: Body, *, attempts: int = 5, **more: Any) -> str:
        """The status of a run of that body, once it is ended or waits."""
        self.workflows["flow"] = self.function(body, **more)
        await self.begin(a_run(attempts=attempts))
        await self.drain()
        return await self.status("run_1")


def a_run(name: str = "run_1", workflow: str = "flow", *, attempts: int = 5, **more: Any) -> Started:
    return Started(workflow=workflow, data={}, tenant="acme", id=name, retry=Retry(attempts=attempts), **more)


def in_memory(function: Callable[..., Any]) -> Machine:
    desk = Desk()

    async def begin(run: Started) -> bool:
        return bool((await at_once(desk.begin(run)))[0])

    async def signal(run: str, name: str, payload: Any, key: str) -> None:
        await at_once(desk.signal(run, name, payload, key=key))

    async def status(run: str) -> str:
        return desk.runs[run].status

    async def steps(run: str) -> list[tuple[str, Any]]:
        return desk.runs[run].steps

    return Machine(begin, signal, desk.drain, status, steps, desk.workflows, function)


def of_function(body: Body, **more: Any) -> Any:
    """The body as an async function."""

    async def awaited(context: Context, data: JsonObject) -> JsonObject:
        return await body(context, data)

    return workflow(awaited, **_renamed(more))


def of_plain_function(body: Body, **more: Any) -> Any:
    """The body as a plain function, in a thread."""
    return in_threads(body, **_renamed(more))


def _renamed(more: dict[str, Any]) -> dict[str, Any]:
    return {"failed": more["when_failed"]} if more else {}


WAYS: dict[str, Callable[..., Any]] = {"object": Flow, "function": of_function, "plain-function": of_plain_function}


@pytest.fixture(params=WAYS)
def function(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Each way to write a workflow."""
    return WAYS[request.param]


@pytest.fixture(params=["memory", *KINDS])
async def machine(
    request: pytest.FixtureRequest, function: Callable[..., Any], tmp_path: Path, postgres: Callable[[], Postgres]
) -> AsyncIterator[Machine]:
    """Each machine in turn."""
    if request.param == "memory":
        yield in_memory(function)
        return
    async with a_store(request.param, tmp_path, postgres) as store:
        hand = Hand(store)

        async def signal(run: str, name: str, payload: Any, key: str) -> None:
            await store.commit(hand.journal.signal(run, name, payload, key=key))

        async def status(run: str) -> str:
            return str((await row_of(store, run)).status)

        yield Machine(hand.begin, signal, hand.drain, status, lambda run: steps_of(store, run), hand.workflows, function)


async def test_steps_are_recorded_in_order_with_their_keys(machine: Machine) -> None:
    keys = list[str]()

    async def act(context: Context) -> Outcome[str]:
        keys.append(context.key)
        return Outcome(context.tenant)

    async def body(context: Context, _: JsonObject) -> JsonObject:
        for name in ("a", "b", "a"):
            await context.step(name, lambda: act(context))
        return {"done": context.run_id}

    assert await machine.run(body) == "completed"
    assert await machine.steps("run_1") == [("a", "acme"), ("b", "acme"), ("a", "acme")]
    assert keys == ["run_1/0", "run_1/1", "run_1/2"]


async def test_a_run_ends_with_its_last_step(machine: Machine) -> None:
    async def body(context: Context, _: JsonObject) -> JsonObject:
        await context.step("first", giving(1))
        return await context.end("last", giving({"by": context.run_id}))

    assert await machine.run(body) == "completed"
    assert await machine.steps("run_1") == [("first", 1), ("last", {"by": "run_1"})]


async def test_a_run_is_begun_once(machine: Machine) -> None:
    machine.workflows["flow"] = machine.function(lambda context, _: context.step("x", giving(1)))
    assert [await machine.begin(a_run()), await machine.begin(a_run())] == [True, False]
    await machine.drain()
    assert await machine.begin(a_run()) is False
    assert await machine.steps("run_1") == [("x", 1)]


async def test_a_body_that_waited_gets_recorded_values_again_and_does_nothing_twice(machine: Machine) -> None:
    done = list[str]()

    async def act(name: str) -> Outcome[dict[str, Any]]:
        done.append(name)
        return Outcome({"name": name}, [lambda _: machine.seen.append(name)])

    async def body(context: Context, _: JsonObject) -> JsonObject:
        first = await context.step("first", lambda: act("first"))
        heard = await context.wait("go")
        return await context.step("second", lambda: act(f"{first['name']} {heard}"))

    assert await machine.run(body) == "waiting"
    assert machine.seen == ["first"]
    await machine.signal("run_1", "go", "on", key="k")
    await machine.drain()
    assert await machine.status("run_1") == "completed"
    assert done == machine.seen == ["first", "first on"]
    assert [name for name, _ in await machine.steps("run_1")] == ["first", "wait:go", "second"]


async def test_signals_come_in_order_once_per_key_and_only_of_their_name(machine: Machine) -> None:
    async def body(context: Context, _: JsonObject) -> JsonObject:
        return {"heard": [await context.wait("go") for _ in range(3)]}

    assert await machine.run(body) == "waiting"
    for name, payload, key in (("go", 1, "a"), ("other", 9, "b"), ("go", 1, "a"), ("go", None, "c")):
        await machine.signal("run_1", name, payload, key=key)
        await machine.drain()
    assert await machine.status("run_1") == "waiting"
    await machine.signal("run_1", "go", {"x": 3}, key="d")
    await machine.drain()
    assert await machine.status("run_1") == "completed"
    assert [value for _, value in await machine.steps("run_1")] == [1, None, {"x": 3}]


async def test_a_signal_for_nobody_is_let_go(machine: Machine) -> None:
    await machine.signal("run_404", "go", 1, key="a")
    assert await machine.run(lambda context, _: context.step("x", giving({}))) == "completed"
    await machine.signal("run_1", "go", 1, key="a")
    await machine.drain()
    assert await machine.status("run_1") == "completed"


@pytest.mark.parametrize("error", [Refused("no"), NotFound("no")])
async def test_a_body_that_fails_for_good_fails_once_with_its_changes(machine: Machine, error: Exception) -> None:
    tries = list[int]()

    async def body(context: Context, _: JsonObject) -> JsonObject:
        tries.append(1)
        await context.step("x", giving(1))
        raise error

    changes = [lambda _: machine.seen.append("failed")]
    assert await machine.run(body, when_failed=lambda _, error: changes if str(error) == "no" else []) == "failed"
    assert (len(tries), machine.seen) == (1, ["failed"])


async def test_a_step_that_fails_has_no_record_and_no_changes(machine: Machine) -> None:
    async def act() -> Outcome[int]:
        raise Refused("no")

    async def body(context: Context, _: JsonObject) -> JsonObject:
        await context.step("x", giving(1))
        return {"never": await context.step("y", act)}

    assert await machine.run(body) == "failed"
    assert await machine.steps("run_1") == [("x", 1)]


async def test_what_is_not_available_is_tried_as_often_as_allowed(machine: Machine) -> None:
    tries = list[int]()

    async def body(_: Context, __: JsonObject) -> JsonObject:
        tries.append(1)
        raise Unavailable("later")

    assert await machine.run(body, attempts=1) == "failed"
    assert len(tries) == 1


async def test_a_parent_hears_how_its_children_ended(machine: Machine) -> None:
    async def body(context: Context, _: JsonObject) -> JsonObject:
        return {"heard": [await context.wait("child") for _ in range(2)]}

    async def child(context: Context, _: JsonObject) -> JsonObject:
        if context.run_id == "run_bad":
            raise Refused("no {x}", x=1)
        return {"n": 1}

    machine.workflows["child"] = machine.function(child)
    assert await machine.run(body) == "waiting"
    for name in ("run_good", "run_bad"):
        await machine.begin(a_run(name, "child", parent="run_1"))
        await machine.drain()
    assert await machine.status("run_1") == "completed"
    problem = {"code": "refused", "text": {"msgid": "no {x}", "values": {"x": 1}}}
    assert [value for _, value in await machine.steps("run_1")] == [
        {"run": "run_good", "status": "completed", "result": {"n": 1}, "error": None},
        {"run": "run_bad", "status": "failed", "result": None, "error": problem},
    ]
