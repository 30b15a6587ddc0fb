"""The gate among many: what a pass costs when very much waits, and several processes at the same queue."""

import asyncio
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, exists, insert, select, update

from hulk.kernel.flow import Concurrency, Flow
from hulk.kernel.time import utc_now
from hulk.runtime.bus.meanwhile import meanwhile
from hulk.runtime.store import Store
from hulk.runtime.workflows import RunQueries
from hulk.runtime.workflows.gate import AGAIN, Gate
from hulk.runtime.workflows.hooks import Hooks
from hulk.runtime.workflows.journal import Journal
from hulk.runtime.workflows.passes import MOST_DUE, Wake
from hulk.runtime.workflows.tables import queue_table, run_table
from support.patience import until, until_found
from support.runs import a_run, row_of
from support.stores import Another

HOUR = timedelta(hours=1)
MANY = 3000
run = run_table.c
_BROAD = re.compile("ix_run_going|SCAN run|Seq Scan on run")


def a_gate(store: Store, *, window: int = 64) -> Gate:
    return Gate(store, lambda *_: None, window=window, weights={})


def journal_of(gate: Gate, wake: Wake = lambda *_: None) -> Journal:
    return Journal(Hooks(wake=wake, direct=gate.direct, went=gate.went, held=gate.held))


async def hold(store: Store, numbers: Sequence[int], **more: Any) -> None:
    """Have runs stand there held, as if they had been begun."""
    now = utc_now()
    usual = {
        "workflow": "flow", "version": "", "queue": "default", "tenant": "acme", "status": "held", "input": {}, "attempts": 5,
        "touched": now, "created": now,
    }  # fmt: skip
    rows = [{**usual, "id": f"run_{number}", **more} for number in numbers]
    await store.commit(lambda tx: tx.execute(insert(run_table), rows).rowcount)


async def end_all(store: Store) -> None:
    """Have another process end all that went to the queue."""
    query = update(run_table).where(run.status == "pending").values(status="completed")
    await store.commit(lambda tx: tx.execute(query).rowcount)


@contextmanager
def asked(store: Store) -> Iterator[list[tuple[str, Any]]]:
    """What is asked of the store."""
    found = list[tuple[str, Any]]()

    def hear(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        found.append((statement, parameters))

    event.listen(store.engine, "before_cursor_execute", hear)
    yield found
    event.remove(store.engine, "before_cursor_execute", hear)


async def plans(store: Store, statements: Sequence[tuple[str, Any]]) -> dict[str, str]:
    """How the store would go about each of these."""
    how = "explain query plan " if store.engine.dialect.name == "sqlite" else "explain "
    wanted = [one for one in statements if "run" in one[0] and not one[0].startswith(("explain", "INSERT"))]
    return await store.read(
        lambda connection: {
            statement: "\n".join(str(row[-1]) for row in connection.exec_driver_sql(how + statement, parameters))
            for statement, parameters in wanted
        }
    )


@pytest.mark.parametrize("many_of", [{"due": None}, {"due": utc_now() + HOUR}], ids=["ready", "delayed"])
async def test_no_pass_goes_through_all_that_are_held(store: Store, many_of: dict[str, Any]) -> None:
    await hold(store, range(MANY), tenant="crowd", **many_of)
    await hold(store, range(MANY, MANY + 3))
    gate = a_gate(store, window=4)
    with asked(store) as statements:
        await gate.let_in("default")
        await gate._look_around()
    found = await plans(store, statements)
    assert any("ix_run_held_due" in plan for plan in found.values())
    counted = "GROUP BY run.queue"  # goes through all of them: the rarer the longer it takes
    broad = {statement: plan for statement, plan in found.items() if _BROAD.search(plan) and counted not in statement}
    assert broad == {}


async def test_who_came_due_is_let_in_by_its_place_among_those_who_never_had_to_wait(store: Store) -> None:
    await hold(store, [1], created=utc_now())
    await hold(store, [2], created=utc_now() - HOUR, due=utc_now() - timedelta(seconds=1))
    await hold(store, [3], created=utc_now() - HOUR, due=utc_now() + HOUR, behind=-5)
    gate = a_gate(store, window=1)
    await gate.let_in("default")
    assert {number: (await row_of(store, f"run_{number}")).status for number in (1, 2, 3)} == {1: "held", 2: "pending", 3: "held"}


async def test_many_that_come_due_at_once_do_so_in_several_passes(store: Store) -> None:
    await hold(store, range(MOST_DUE + 10), due=utc_now() - timedelta(seconds=1))
    gate = a_gate(store, window=10)
    async with meanwhile(gate.run()):
        gate.look("default")
        await until_found(
            lambda: store.read(lambda connection: not connection.execute(select(exists().where(run.due.is_not(None)))).scalar_one())
        )
    assert await RunQueries(store).counts() == {"held": MOST_DUE, "pending": 10}


async def test_a_tenant_whose_runs_end_elsewhere_goes_on_going_before_the_crowd(store: Store) -> None:
    gate = a_gate(store, window=64)
    ranks = list[int]()
    journal = journal_of(gate, lambda task, _: ranks.append(task.rank))
    async with meanwhile(gate.run()):
        for number in range(40):
            await store.commit(journal.begin(a_run(f"run_{number}")))
            await end_all(store)
            await until(lambda: not gate._queues["default"].stale)
    assert ranks == [0] * 40


@pytest.mark.parametrize("kind", ["postgresql"], indirect=True)  # SQLite has one writer
async def test_a_pass_does_not_wait_for_that_of_another_process(store: Store, another: Another) -> None:
    await hold(store, range(3))
    gate, queries = a_gate(store), RunQueries(store)

    async def none_held() -> bool:
        return "held" not in await queries.counts()

    await gate.let_in("mail")  # makes the rows of both queues
    await gate.let_in("default")
    await hold(store, range(3, 6))
    async with another() as too, meanwhile(gate.run()):
        with too.engine.begin() as other:
            other.execute(select(queue_table).where(queue_table.c.name == "default").with_for_update())
            gate.look("default")
            await gate.let_in("default")
            assert await queries.counts() == {"pending": 3, "held": 3}
        await until_found(none_held)
    assert await queries.counts() == {"pending": 6}


async def test_a_process_that_only_begins_runs_does_not_pass_over_the_queue_for_each(store: Store) -> None:
    gate = a_gate(store, window=2)
    journal, passes = journal_of(gate), list[object]()
    async with meanwhile(gate.run()):
        await store.commit(*(journal.begin(a_run(f"run_{number}")) for number in range(8)))
        await until(lambda: gate._queues["default"].vain)
        event.listen(store.engine, "commit", passes.append)
        begun = asyncio.get_running_loop().time()
        for number in range(8, 108):
            await store.commit(journal.begin(a_run(f"run_{number}")))
        seconds = asyncio.get_running_loop().time() - begun
        assert len(passes) - 100 <= seconds / AGAIN + 2


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)  # processes that share a PostgreSQL leave lanes to the gate
async def test_who_is_alone_in_its_lane_goes_straight_to_the_queue_and_nobody_overtakes(store: Store) -> None:
    gate, woken = a_gate(store, window=4), list[str]()
    journal = journal_of(gate, lambda task, _: woken.append(task.run))

    async def begin(*names: str, lane: str = "ana", **more: Any) -> list[str]:
        flow = Flow(concurrency=Concurrency(key=lane))
        await store.commit(*(journal.begin(a_run(name, flow=flow, **more)) for name in names))
        return [(await row_of(store, name)).status for name in names]

    assert await begin("run_1", "run_2") == ["pending", "held"]
    assert await begin("run_3", lane="bia") == ["pending"]
    assert await begin("run_4", tenant="other") == ["pending"]
    await end_all(store)
    assert await begin("run_5") == ["held"]
    await gate.let_in("default")
    assert woken == ["run_1", "run_3", "run_4"]
    assert [(await row_of(store, name)).status for name in ("run_2", "run_5")] == ["pending", "held"]


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
async def test_a_lane_costs_no_more_for_all_that_were_in_it(store: Store) -> None:
    gate = a_gate(store, window=4)
    with asked(store) as statements:
        await store.commit(journal_of(gate).begin(a_run("run_1", flow=Flow(concurrency=Concurrency(key="ana")))))
        await hold(store, [2], lane="ana", lane_most=1)
        await gate.let_in("default")
    found = await plans(store, [one for one in statements if "lane" in one[0]])
    assert [plan for plan in found.values() if "tenant=? AND lane=?" in plan and "ix_run_lane" not in plan] == []
    assert sum("ix_run_lane" in plan for plan in found.values()) == 3
