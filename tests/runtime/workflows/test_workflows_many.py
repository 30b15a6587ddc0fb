"""Several steps at once, child runs, and fans of them."""

import asyncio
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hulk.kernel.durable import Context, Outcome
from hulk.kernel.errors import Refused, Unavailable
from hulk.kernel.records import JsonObject
from hulk.runtime.store import Store
from support.nats import a_bus
from support.runs import Flow, Hand, a_machine, a_run, giving, row_of, steps_of


async def test_steps_done_at_once_are_recorded_in_the_order_they_were_given(store: Store) -> None:
    async def slow(seconds: float, value: str) -> Outcome[str]:
        await asyncio.sleep(seconds)
        return Outcome(value)

    async def body(context: Context, _: JsonObject) -> JsonObject:
        acts = {"a": lambda: slow(0.03, "A"), "b": lambda: slow(0.0, "B"), "c": lambda: slow(0.01, "C")}
        return await context.parallel(acts)

    row = await Hand(store).run(body)
    assert (row.status, row.result) == ("completed", {"a": "A", "b": "B", "c": "C"})
    assert await steps_of(store, "run_1") == [("a", "A"), ("b", "B"), ("c", "C")]


async def test_steps_done_at_once_each_have_their_own_idempotency_key(store: Store) -> None:
    async def body(context: Context, _: JsonObject) -> JsonObject:
        async def keyed() -> Outcome[str]:
            await asyncio.sleep(0)
            return Outcome(context.key)

        return await context.parallel(dict.fromkeys("abc", keyed))

    assert (await Hand(store).run(body)).result == {"a": "run_1/0", "b": "run_1/1", "c": "run_1/2"}


async def test_no_more_steps_are_done_at_once_than_asked_for(store: Store) -> None:
    now, most = 0, 0

    async def act() -> Outcome[None]:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.001)
        now -= 1
        return Outcome(None)

    async def body(context: Context, _: JsonObject) -> JsonObject:
        await context.parallel({f"s{n}": act for n in range(20)}, most=3)
        return {}

    assert (await Hand(store).run(body)).status == "completed"
    assert most == 3


async def test_when_one_of_many_fails_the_others_are_recorded_and_not_done_again(store: Store) -> None:
    tries = Counter[str]()

    def act(name: str) -> Any:
        async def done() -> Outcome[str]:
            tries[name] += 1
            if name == "b" and tries[name] == 1:
                raise Unavailable("not yet")
            return Outcome(name)

        return done

    async def body(context: Context, _: JsonObject) -> JsonObject:
        return await context.parallel({name: act(name) for name in "abc"})

    assert (await Hand(store).run(body)).result == {"a": "a", "b": "b", "c": "c"}
    assert tries == {"a": 1, "b": 2, "c": 1}


async def test_when_one_of_many_fails_for_good_what_the_others_did_is_undone(store: Store) -> None:
    undone = list[str]()

    async def fails() -> Outcome[None]:
        raise Refused("never")

    async def body(context: Context, _: JsonObject) -> JsonObject:
        async def undo() -> Outcome[None]:
            undone.append("a")
            return Outcome(None)

        context.compensate("a", undo)
        return await context.parallel({"a": giving(1), "b": fails, "c": giving(3)})

    assert (await Hand(store).run(body)).status == "failed"
    assert undone == ["a"]
    assert [name for name, _ in await steps_of(store, "run_1")] == ["a", "c", "failed", "undo:a"]


async def doubled(context: Context, data: JsonObject) -> JsonObject:
    if data["n"] == 13:
        raise Refused("13 brings bad luck")
    return {"n": await context.step("double", giving(2 * data["n"]))}


async def test_a_child_gives_its_result_to_its_parent(store: Store, tmp_path: Path) -> None:
    async def body(context: Context, data: JsonObject) -> JsonObject:
        return {"child": await context.child("twice", "double", data)}

    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Flow(body), "double": Flow(doubled)}) as machine:
        await machine.begin(a_run(data={"n": 4}))
        await machine.is_("run_1", "completed")
        assert (await row_of(store, "run_1")).result == {"child": {"n": 8}}


async def test_why_a_child_failed_is_raised_in_its_parent(store: Store, tmp_path: Path) -> None:
    async def body(context: Context, data: JsonObject) -> JsonObject:
        try:
            await context.child("twice", "double", data)
        except Refused as error:
            return {"heard": str(error)}
        return {}

    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Flow(body), "double": Flow(doubled)}) as machine:
        await machine.begin(a_run(data={"n": 13}))
        await machine.is_("run_1", "completed")
        assert (await row_of(store, "run_1")).result == {"heard": "13 brings bad luck"}


@pytest.mark.parametrize("most", [None, 3])
async def test_a_fan_waits_for_all_however_they_end(store: Store, tmp_path: Path, most: int | None) -> None:
    async def body(context: Context, _: JsonObject) -> JsonObject:
        ends = await context.fan("all", "double", [{"n": n} for n in range(40)], most=most)
        results: list[Any] = [end.result for end in ends]
        return {"results": [one and one["n"] for one in results], "failed": [end.run for end in ends if end.status == "failed"]}

    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Flow(body), "double": Flow(doubled)}) as machine:
        await machine.begin(a_run())
        await machine.is_("run_1", "completed")
        result = (await row_of(store, "run_1")).result
        assert result["results"] == [None if n == 13 else 2 * n for n in range(40)]
        assert len(result["failed"]) == 1


async def test_the_runs_of_a_fan_are_no_more_at_once_than_asked_for(store: Store, tmp_path: Path) -> None:
    now, most = 0, 0

    async def child(context: Context, _: JsonObject) -> JsonObject:
        async def act() -> Outcome[None]:
            nonlocal now, most
            now += 1
            most = max(most, now)
            await asyncio.sleep(0.01)
            now -= 1
            return Outcome(None)

        await context.step("work", act)
        return {}

    async def body(context: Context, _: JsonObject) -> JsonObject:
        return {"ended": len(await context.fan("all", "child", [{}] * 12, most=2))}

    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Flow(body), "child": Flow(child)}) as machine:
        await machine.begin(a_run())
        await machine.is_("run_1", "completed")
    assert most == 2


async def test_a_fan_of_two_thousand_wakes_its_parent_once(store: Store, tmp_path: Path) -> None:
    async def body(context: Context, _: JsonObject) -> JsonObject:
        return {"ended": len(await context.fan("all", "double", [{"n": 1}] * 2000))}

    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Flow(body), "double": Flow(doubled)}) as machine:
        await machine.begin(a_run())
        await machine.is_("run_1", "completed", within=60)
        row = await row_of(store, "run_1")
    assert row.result == {"ended": 2000}
    assert row.wake == 3  # begun, put to wait, woken


async def test_a_fan_of_none_is_over_at_once(store: Store) -> None:
    async def body(context: Context, _: JsonObject) -> JsonObject:
        return {"ended": await context.fan("all", "double", [])}

    assert (await Hand(store).run(body)).result == {"ended": []}


async def test_a_plain_function_is_done_in_a_thread_of_its_own(store: Store) -> None:
    import threading

    from hulk.kernel.durable import plain

    async def body(context: Context, _: JsonObject) -> JsonObject:
        return {"thread": await context.step("plain", plain(lambda: threading.current_thread() is threading.main_thread()))}

    assert (await Hand(store, limit=timedelta(seconds=5)).run(body)).result == {"thread": False}
