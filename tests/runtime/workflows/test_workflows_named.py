"""Steps known by name: begun in any order, found again all the same, beside steps that are known by their place."""

import asyncio
import random
from collections import Counter
from typing import Any

import pytest

from hulk.kernel.durable import Context, Outcome
from hulk.kernel.errors import Unavailable
from hulk.kernel.records import JsonObject
from hulk.runtime.store import Store
from hulk.runtime.workflows.context import RunContext
from support.runs import Hand, a_run, giving, steps_of


@pytest.mark.parametrize("seed", range(8))
async def test_steps_known_by_name_are_found_again_in_whatever_order_they_are_begun(store: Store, seed: int) -> None:
    chance, done, keys = random.Random(seed), Counter[str](), set[str]()

    async def body(context: Context, _: JsonObject) -> JsonObject:
        assert isinstance(context, RunContext)

        async def act(name: str) -> Outcome[str]:
            keys.add(context.key)
            await asyncio.sleep(chance.random() / 100)
            if chance.random() < 0.2:
                raise Unavailable("now and then", retry_after=0)
            done[name] += 1
            return Outcome(f"did {name}")

        async def named(name: str) -> str:
            await asyncio.sleep(chance.random() / 100)
            return await context.named(name, lambda: act(name))

        found: list[Any] = []
        for turn in range(3):
            found.append(await context.step(f"before {turn}", giving(turn)))
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(_quiet(named(f"{turn}.{n}"))) for n in range(4)]
            found += [task.result() for task in tasks]
            if None in found:
                raise Unavailable("executed again", retry_after=0)
        found.append(await context.step("last", giving("end")))
        return {"found": found}

    row = await Hand(store).run(body, a_run(attempts=50))
    wanted = [one for turn in range(3) for one in (turn, *(f"did {turn}.{n}" for n in range(4)))]
    assert row.result == {"found": [*wanted, "end"]}
    assert set(done.values()) == {1}
    assert keys <= {f"run_1/@{turn}.{n}" for turn in range(3) for n in range(4)}


async def _quiet(act: Any) -> Any:
    try:
        return await act
    except Unavailable:
        return None


async def test_a_step_known_by_its_place_may_not_look_like_one_known_by_name(store: Store) -> None:
    row = await Hand(store).run(lambda context, _: context.step("@one", giving({})))
    assert (row.status, row.error["text"]["values"]["name"]) == ("failed", "@one")
    assert await steps_of(store, "run_1") == []
