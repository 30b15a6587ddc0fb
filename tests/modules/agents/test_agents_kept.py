"""What every place for tasks and for accounts promises."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hulk.kernel.errors import Exhausted, NotFound, Refused, told
from hulk.kernel.tenancy import everywhere
from hulk.modules.agents.adapters.memory import MemoryAccounts, MemoryTasks
from hulk.modules.agents.adapters.sql import SqlAccounts, SqlTasks
from hulk.modules.agents.domain.account import Account
from hulk.modules.agents.domain.plan import Block, Ledger, Plan
from hulk.modules.agents.domain.task import Made, Task, Tried, Tries
from hulk.modules.agents.domain.timing import Wait
from hulk.modules.agents.ports import Accounts, Ending, Hold, Tasks, WantedTasks
from hulk.runtime.store import Store
from support.plans import step
from support.postgres import Postgres
from support.stores import KINDS, Place, a_place

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
EVERYWHERE = ("memory", *KINDS)


@pytest.fixture(params=EVERYWHERE)
async def tasks(request: pytest.FixtureRequest, tmp_path: Path, postgres: Callable[[], Postgres]) -> AsyncIterator[Place[Tasks]]:
    """An empty one of each kind."""
    over: Callable[[Store], Tasks] = SqlTasks
    memory: Tasks = MemoryTasks()
    async with a_place(request.param, tmp_path, postgres, memory, over) as place:
        yield place


@pytest.fixture(params=EVERYWHERE)
async def accounts(request: pytest.FixtureRequest, tmp_path: Path, postgres: Callable[[], Postgres]) -> AsyncIterator[Place[Accounts]]:
    """An empty one of each kind."""
    over: Callable[[Store], Accounts] = SqlAccounts
    memory: Accounts = MemoryAccounts()
    async with a_place(request.param, tmp_path, postgres, memory, over) as place:
        yield place


def a_task(id_: str = "tsk_1", **more: Any) -> Task:
    """A task that Ana gave."""
    given: dict[str, Any] = {
        "id": id_, "tenant": "acme", "agent": "buyer", "actor": "person:ana", "grants": everywhere("operator"), "text": "compre pão",
        "language": "pt", "run": f"run_{id_}", "at": NOON, "parameters": {"item": "pão", "valor": 5.5, "nada": None}, "intent": "int_1",
        "playbook": "buy", "namespace": "sales", **more,
    }  # fmt: skip
    return Task(**given)


PLAN = Plan(
    agent="buyer", origin="split", version=2, ledger=Ledger(facts=("há uma loja",)), answer=(Block(text={"pt": "${a.x}"}, needs=("a",)),),
    nodes=(step("a", output={"type": "object"}, seconds=1.5, goal={"pt": "é"}), step("b", "a", optional=True, p0=True)),
)  # fmt: skip


async def test_a_task_is_kept_as_it_is_and_once(tasks: Place[Tasks]) -> None:
    assert await tasks.commit(tasks.adapter.add(a_task())) == [True]
    assert await tasks.commit(tasks.adapter.add(a_task(text="outra coisa"))) == [False]
    assert await tasks.elsewhere[0].get("tsk_1") == a_task()


async def test_one_that_is_not_there_is_not_found(tasks: Place[Tasks]) -> None:
    with pytest.raises(NotFound, match="tsk_9"):
        await tasks.adapter.get("tsk_9")
    assert await tasks.adapter.steps("tsk_9") == {}


async def test_its_plan_is_kept_whole(tasks: Place[Tasks]) -> None:
    await tasks.commit(tasks.adapter.add(a_task()))
    await tasks.commit(tasks.adapter.planned("tsk_1", PLAN))
    assert (await tasks.elsewhere[0].get("tsk_1")).plan == PLAN


async def test_a_step_has_come_to_what_it_came_to_last(tasks: Place[Tasks]) -> None:
    made = Made(
        task="tsk_1", key="a", status="done", version=2, run="run_2", output={"x": [1, None, "é"]}, sources=("tcl_1",), calls=("tcl_1",),
        model="twin", p0=True, limited=True, left_out=3, at=NOON,
    )  # fmt: skip
    failed = Made(task="tsk_1", key="b", status="failed", error=dict(told(Refused("Não."))))
    await tasks.commit(tasks.adapter.made(replace(made, status="running", output=None)), tasks.adapter.made(failed))
    await tasks.commit(tasks.adapter.made(made))
    assert await tasks.elsewhere[0].steps("tsk_1") == {"a": made, "b": failed}


async def test_what_a_step_has_tried_is_known_while_it_is_under_way_and_when_it_fails(tasks: Place[Tasks]) -> None:
    running = Made(task="tsk_1", key="a", status="running", run="run_2")
    tries = Tries(task="tsk_1", key="a", run="run_2", first=0, tried=(Tried(tool="x", status="asked"), Tried(tool="y", status="asked")))
    done = replace(tries, first=1, tried=(Tried(tool="y", status="done"),), calls=("tcl_1",), model="twin", p0=True)
    await tasks.commit(tasks.adapter.made(running), tasks.adapter.tried(tries), tasks.adapter.tried(done))
    await tasks.commit(tasks.adapter.tried(replace(tries, run="run_1")), tasks.adapter.tried(replace(tries, key="other")))
    known = replace(running, tried=(tries.tried[0], done.tried[0]), calls=("tcl_1",), model="twin", p0=True)
    assert await tasks.elsewhere[0].steps("tsk_1") == {"a": known}
    await tasks.commit(tasks.adapter.made(replace(running, status="failed")), tasks.adapter.tried(tries))
    assert await tasks.elsewhere[0].steps("tsk_1") == {"a": replace(known, status="failed")}


async def test_what_has_ended_stays_as_it_ended(tasks: Place[Tasks]) -> None:
    ending = Ending(state="completed", at=NOON, answer="pronto", p0=True, limited=True)
    late = Ending(state="failed", at=NOON, error=dict(told(Refused("Não."))))
    await tasks.commit(tasks.adapter.add(a_task()))
    assert await tasks.commit(tasks.adapter.end("tsk_1", ending), tasks.adapter.end("tsk_1", late)) == [True, False]
    assert await tasks.commit(tasks.adapter.end("tsk_9", ending)) == [False]
    await tasks.commit(tasks.adapter.planned("tsk_1", PLAN))
    assert await tasks.elsewhere[0].get("tsk_1") == a_task(state="completed", ended=NOON, answer="pronto", p0=True, limited=True)


async def test_those_that_are_meant_are_found_newest_first_without_their_plans(tasks: Place[Tasks]) -> None:
    made = [
        a_task(f"tsk_{n}", at=NOON + timedelta(seconds=n // 2), actor=f"person:{n % 2}", agent="ab"[n == 3], intent=f"int_{n // 4}")
        for n in range(5)
    ]
    await tasks.commit(*(tasks.adapter.add(one) for one in made), tasks.adapter.add(a_task("tsk_other", tenant="other")))
    await tasks.commit(tasks.adapter.planned("tsk_0", PLAN), tasks.adapter.end("tsk_1", Ending(state="failed", at=NOON)))

    async def found(**wanted: Any) -> list[str]:
        tasks_ = await tasks.elsewhere[0].find(WantedTasks(tenant="acme", **wanted))
        assert [one.plan for one in tasks_] == [None] * len(tasks_)
        return [one.id for one in tasks_]

    assert await found() == ["tsk_4", "tsk_2", "tsk_3", "tsk_0", "tsk_1"]
    assert await found(most=2) == ["tsk_4", "tsk_2"]
    assert await found(before="tsk_2") == ["tsk_3", "tsk_0", "tsk_1"]
    assert await found(actor="person:1") == ["tsk_3", "tsk_1"]
    assert await found(agent="b") == ["tsk_3"]
    assert await found(intent="int_1") == ["tsk_4"]
    assert await found(state="failed") == ["tsk_1"]
    assert await found(before="tsk_2", state="running", most=1) == ["tsk_3"]
    assert await found(before="tsk_unknown") == []


def a_hold(id_: str = "h1", key: str = "run_a", tokens: int = 400, cost: str = "0.5", **more: Any) -> Hold:
    """Set aside for a question."""
    return Hold(id=id_, task="tsk_1", key=key, tokens=tokens, cost=Decimal(cost), **more)


async def opened(place: Place[Accounts], tokens: int = 1000, cost: str | None = "1.5") -> None:
    """With these caps."""
    account = Account(most_tokens=tokens, most_cost=None if cost is None else Decimal(cost))
    await place.commit(place.adapter.open("tsk_1", account))


async def used(place: Place[Accounts]) -> tuple[int, Decimal]:
    """As another process sees it."""
    account = await place.elsewhere[0].of("tsk_1")
    assert account is not None
    return account.tokens, account.cost


async def test_an_account_is_there_once_opened_and_opening_again_changes_only_its_caps(accounts: Place[Accounts]) -> None:
    assert await accounts.adapter.of("tsk_1") is None
    await opened(accounts)
    await accounts.commit(accounts.adapter.hold(a_hold()))
    await opened(accounts, 2000, None)
    assert await accounts.elsewhere[0].of("tsk_1") == Account(most_tokens=2000, most_cost=None, tokens=400, cost=Decimal("0.5"))


async def test_what_is_set_aside_counts_once_and_what_it_took_takes_its_place_once(accounts: Place[Accounts]) -> None:
    await opened(accounts)
    for _ in range(2):
        assert await accounts.commit(accounts.adapter.hold(a_hold())) == [None]
        assert await used(accounts) == (400, Decimal("0.5"))
    for _ in range(2):
        await accounts.commit(accounts.adapter.settle("h1", 150, Decimal("0.123456")))
        assert await used(accounts) == (150, Decimal("0.123456"))
    assert await accounts.commit(accounts.adapter.hold(a_hold())) == [None], "the same one, which is settled"
    await accounts.commit(accounts.adapter.settle("unknown", 1, Decimal(1)))
    assert await used(accounts) == (150, Decimal("0.123456"))


@pytest.mark.parametrize("more", [{"tokens": 601}, {"cost": "1.01"}], ids=["tokens", "cost"])
async def test_when_there_is_not_enough_nothing_is_set_aside(accounts: Place[Accounts], more: dict[str, Any]) -> None:
    await opened(accounts)
    await accounts.commit(accounts.adapter.hold(a_hold()))
    [refusal] = await accounts.commit(accounts.adapter.hold(a_hold("h2", **more)))
    assert isinstance(refusal, Exhausted)
    assert await used(accounts) == (400, Decimal("0.5"))


async def test_a_step_takes_no_more_than_its_own_cap(accounts: Place[Accounts]) -> None:
    await opened(accounts)
    await accounts.commit(accounts.adapter.hold(a_hold(most=500)), accounts.adapter.settle("h1", 300, Decimal("0.1")))
    [refusal] = await accounts.commit(accounts.adapter.hold(a_hold("h2", tokens=201, most=500)))
    assert isinstance(refusal, Refused)
    assert "has 200 left" in str(refusal)
    assert await accounts.commit(accounts.adapter.hold(a_hold("h3", tokens=200, most=500))) == [None]
    assert await accounts.commit(accounts.adapter.hold(a_hold("h4", key="run_b", tokens=400, cost="0", most=500))) == [None], "another's"
    assert await used(accounts) == (900, Decimal("0.6"))


async def test_what_is_assumed_stays_counted_whatever_is_told_later(accounts: Place[Accounts]) -> None:
    await opened(accounts)
    await accounts.commit(accounts.adapter.hold(a_hold()), accounts.adapter.hold(a_hold("h2", key="run_b", tokens=100, cost="0.1")))
    await accounts.commit(accounts.adapter.assume("tsk_1", "run_a"), accounts.adapter.assume("tsk_1", "run_unknown"))
    await accounts.commit(accounts.adapter.settle("h1", 0, Decimal(0)), accounts.adapter.settle("h2", 50, Decimal("0.05")))
    assert await used(accounts) == (450, Decimal("0.55"))


async def test_of_many_that_ask_at_once_in_two_processes_no_more_are_let_than_there_is_room_for(accounts: Place[Accounts]) -> None:
    await opened(accounts, 1000, None)
    other, commit = accounts.elsewhere

    async def asking(number: int) -> Any:
        adapter, do = (accounts.adapter, accounts.commit) if number % 2 else (other, commit)
        [refusal] = await do(adapter.hold(a_hold(f"h{number}", key=f"run_{number % 3}", tokens=90, cost="0")))
        if refusal is None and number % 4 == 0:
            await do(adapter.settle(f"h{number}", 90, Decimal(0)))
        return refusal

    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(asking(number)) for number in range(24)]
    assert sum(one.result() is None for one in asked) == 11
    assert await used(accounts) == (990, Decimal(0))


async def test_waits_are_kept_until_they_end_and_end_once(tasks: Place[Tasks]) -> None:
    later, last = NOON + timedelta(hours=1), NOON + timedelta(hours=2)
    await tasks.commit(
        tasks.adapter.wait("tsk_1", "run_a", NOON), tasks.adapter.wait("tsk_1", "run_b", NOON), tasks.adapter.wait("tsk_2", "run_a", NOON)
    )
    await tasks.commit(tasks.adapter.waited("tsk_1", "run_a", later))
    await tasks.commit(tasks.adapter.waited("tsk_1", "run_a", last))
    found = sorted(await tasks.elsewhere[0].waits("tsk_1"), key=lambda one: str(one.until))
    assert found == [Wait(NOON, later), Wait(NOON)]
    assert await tasks.adapter.waits("tsk_2") == [Wait(NOON)]
