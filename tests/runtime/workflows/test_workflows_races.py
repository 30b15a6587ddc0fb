"""Races that the simulation has found or that were thought of, each by hand and step by step."""

import asyncio

import pytest
from sqlalchemy import event, select

from hulk.kernel.durable import Context, Outcome
from hulk.kernel.flow import Concurrency, Flow, Singleton
from hulk.kernel.records import JsonObject
from hulk.runtime.bus import Message
from hulk.runtime.bus.meanwhile import meanwhile
from hulk.runtime.engine import Lease, Task
from hulk.runtime.store import Store
from hulk.runtime.store.trouble import Away
from hulk.runtime.workflows.gate import Gate
from hulk.runtime.workflows.journal import fresh
from hulk.runtime.workflows.tables import run_table
from support.runs import Flow as Body
from support.runs import Hand, Nowhere, a_run, giving, row_of, steps_of
from support.stores import Another


def delivered(task: Task, times: int) -> Lease[Task]:
    """A delivery of that task with that count, which a killed server may give twice (nats-server 2.15 writes counts down late)."""
    return Lease.of(task, Message("", b"", {}, times, 1, 0.0, Nowhere(), ""))


async def test_of_two_workers_with_the_same_delivery_one_executes_the_run(store: Store) -> None:
    async def body(context: Context, _: JsonObject) -> JsonObject:
        heard = await context.wait("go")
        await both_read.wait()
        await context.step("after", giving(heard))
        return {}

    both_read = asyncio.Event()
    hand = Hand(store, {"flow": Body(body)})
    await hand.begin(a_run())
    await store.commit(hand.journal.signal("run_1", "go", 1, key="k"))
    task, _ = hand.queue.popleft()
    one, two = delivered(task, 1), delivered(task, 1)
    journal = hand.journal
    assert await store.look_up(fresh, task.run) is not None  # by both
    await store.commit(journal.receive("run_1", one.epoch, 0, "go", None))
    await store.commit(journal.receive("run_1", two.epoch, 0, "go", None))
    assert (await row_of(store, "run_1")).status == "running"  # and not waiting for what the other has received


async def test_a_run_of_its_own_is_not_kept_waiting_by_many_full_keys(store: Store) -> None:
    queue = list[Task]()
    hand = Hand(store)
    gate = Gate(store, lambda task, _: queue.append(task), window=2, weights={})
    for key in range(20):
        for n in range(3):
            await hand.begin(a_run(f"run_{key:02}_{n}", flow=Flow(concurrency=Concurrency(key=f"{key}"), priority=1)))
    for _ in range(20):  # one of each key is let in, and waits for something
        await gate.let_in("default")
        await store.commit(
            lambda tx: tx.execute(run_table.update().where(run_table.c.status == "pending").values(status="waiting")).rowcount
        )
    await hand.begin(a_run("run_other", flow=Flow(concurrency=Concurrency(key="other"))))
    await gate.let_in("default")
    assert (await row_of(store, "run_other")).status == "pending"


async def test_a_full_key_does_not_keep_the_gate_busy(store: Store) -> None:
    hand, passes = Hand(store), list[object]()
    gate = Gate(store, lambda *_: None, window=1000, weights={})
    for number in range(3):
        await hand.begin(a_run(f"run_{number}", flow=Flow(concurrency=Concurrency(key="one"))))
    await gate.let_in("default")
    event.listen(store.engine, "commit", passes.append)
    async with meanwhile(gate.run()):
        gate.look("default")
        await asyncio.sleep(0.4)
    assert 1 <= len(passes) <= 3


async def test_a_run_that_ends_after_a_pass_that_saw_nothing_of_its_tenant_leaves_it_its_whole_share(store: Store) -> None:
    gate = Gate(store, lambda *_: None, window=64, weights={})
    assert gate.direct(a_run("run_1")) == 0
    await gate.let_in("default")  # the run has ended in the store, and the word of it is still on its way
    gate.ended("default", "acme")
    assert [gate.direct(a_run(f"run_{number}")) for number in range(2, 5)] == [0, 0, 0]


async def test_beginning_an_ended_run_again_does_not_cancel_who_holds_its_key_now(store: Store) -> None:
    async def waiting(context: Context, _: JsonObject) -> JsonObject:
        await context.wait("go")
        return {}

    flow = Flow(singleton=Singleton(key="deploy", mode="cancel"))
    hand = Hand(store, {"flow": Body(waiting)})
    for run in ("run_1", "run_2"):
        assert await hand.begin(a_run(run, flow=flow))
        await hand.drain()
    assert (await row_of(store, "run_1")).status == "cancelled"
    assert await hand.begin(a_run("run_1", flow=flow)) is False
    await hand.drain()
    assert (await row_of(store, "run_2")).status == "waiting"


async def test_children_that_a_run_began_while_it_was_called_off_are_called_off_too(store: Store) -> None:
    cancelled = asyncio.Event()

    async def slow() -> Outcome[None]:
        await store.commit(hand.journal.cancel("run_1"))  # before the body of another process can hear of it
        cancelled.set()
        return Outcome(None, [hand.journal.begin(a_run("run_child", "child", parent="run_1"))])

    async def parent(context: Context, _: JsonObject) -> JsonObject:
        await context.step("before", giving(None))
        await context.step("begin", slow)
        await context.wait("child")
        return {}

    async def child(context: Context, _: JsonObject) -> JsonObject:
        await context.wait("go")
        return {}

    hand = Hand(store, {"flow": Body(parent), "child": Body(child)})
    await hand.begin(a_run())
    await hand.drain()
    assert cancelled.is_set()
    assert (await row_of(store, "run_1")).status == "cancelled"
    assert (await row_of(store, "run_child")).status == "cancelled"


@pytest.mark.parametrize("kind", ["postgresql"], indirect=True)  # SQLite has one writer
async def test_a_key_that_two_queues_share_is_not_let_in_twice_at_once(store: Store, another: Another) -> None:
    flow = Flow(concurrency=Concurrency(key="db"))
    hand = Hand(store)
    async with another() as too:
        gates = [Gate(one, lambda *_: None, window=8, weights={}) for one in (store, too)]
        for gate in gates:
            for queue in ("default", "mail"):
                await gate.let_in(queue)
        for n in range(15):
            await hand.begin(a_run(f"run_a{n}", flow=flow))
            await hand.begin(a_run(f"run_b{n}", queue="mail", flow=flow))
            async with asyncio.TaskGroup() as group:
                group.create_task(gates[0].let_in("default"))
                group.create_task(gates[1].let_in("mail"))
            rows = await store.read(lambda c: c.execute(select(run_table.c.id).where(run_table.c.status == "pending")).all())
            assert len(rows) == 1
            await store.commit(
                lambda tx: (
                    tx.execute(run_table.update().where(run_table.c.status.in_(("pending", "held"))).values(status="completed")).rowcount
                )
            )


async def test_trouble_of_our_own_store_is_no_failure_of_the_run(store: Store) -> None:
    troubled = list[int]()

    async def body(context: Context, _: JsonObject) -> JsonObject:
        def away(_: object) -> None:
            if len(troubled) < 12:
                troubled.append(1)
                raise Away("The database is not available right now: cut.")

        async def act() -> Outcome[str]:
            return Outcome("done", [away])

        return {"n": await context.step("one", act)}

    hand = Hand(store, {"flow": Body(body)})
    await hand.begin(a_run(attempts=1))
    for _ in range(15):
        if hand.queue:
            await hand.one()
    row = await row_of(store, "run_1")
    assert (row.status, row.failures) == ("completed", 0)
    assert await steps_of(store, "run_1") == [("one", "done")]
