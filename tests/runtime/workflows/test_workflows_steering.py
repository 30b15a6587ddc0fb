"""What people do to runs: cancel, replay, fork, resolve, discard."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from hulk.kernel.durable import Change, Context, Outcome, Started
from hulk.kernel.errors import Conflict, HulkError, NotFound, Refused, Unavailable
from hulk.kernel.flow import Concurrency
from hulk.kernel.flow import Flow as Flowing
from hulk.kernel.records import JsonObject
from hulk.runtime.language import voice
from hulk.runtime.outbox import Outbox
from hulk.runtime.outbox.tables import event_table
from hulk.runtime.store import Store
from hulk.runtime.workflows import Elsewhere, Hooks, Journal, RunQueries, Search, Steering
from support.nats import a_bus
from support.runs import KEY, Flow, Machine, a_machine, a_run, giving, row_of, steps_of


class Deploying:
    """A workflow that reserves, then waits, then works; undoes what it reserved when it does not end well."""

    def __init__(self) -> None:
        self.reserved = 0
        self.entered = asyncio.Event()

    async def __call__(self, context: Context, data: JsonObject) -> JsonObject:
        await context.step("reserve", self.reserve)
        context.compensate("reserve", self.release)
        if data.get("waits"):
            await context.wait("approved")
        await context.step("work", self.work)
        return {"done": True}

    async def reserve(self) -> Outcome[None]:
        self.reserved += 1
        return Outcome(None)

    async def release(self) -> Outcome[None]:
        self.reserved -= 1
        return Outcome(None)

    async def work(self) -> Outcome[None]:
        self.entered.set()
        await asyncio.sleep(30)
        return Outcome(None)


async def events_of(store: Store, run: str) -> list[tuple[str, str]]:
    """What was told of a run, and who did it."""
    query = select(event_table.c.type, event_table.c.actor).where(event_table.c.subject == run).order_by(event_table.c.sequence)
    return await store.read(lambda connection: [(row.type, row.actor) for row in connection.execute(query)])


async def do(machine: Machine, change: Change[Any]) -> Any:
    return (await machine.store.commit(change))[0]


async def test_a_run_cancelled_in_the_middle_of_a_step_leaves_off_and_undoes(store: Store, tmp_path: Path) -> None:
    body = Deploying()
    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Flow(body)}) as machine:
        await machine.begin(a_run())
        await asyncio.wait_for(body.entered.wait(), 10)
        assert await do(machine, machine.workflows.steering.cancel("run_1", "ana")) == ["run_1"]
        run = await machine.is_("run_1", "cancelled", within=5)
        assert run.error is not None
        assert run.error["code"] == "cancelled"
    assert body.reserved == 0
    assert [name for name, _ in await steps_of(store, "run_1")] == ["reserve", "failed", "undo:reserve"]
    assert ("hulk.run.cancelled.v1", "ana") in await events_of(store, "run_1")


async def test_a_run_that_waits_is_cancelled_at_once(store: Store, tmp_path: Path) -> None:
    body = Deploying()
    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Flow(body)}) as machine:
        await machine.begin(a_run(data={"waits": True}))
        await machine.is_("run_1", "waiting")
        await do(machine, machine.workflows.steering.cancel("run_1", "ana"))
        await machine.is_("run_1", "cancelled", within=5)
    assert body.reserved == 0


async def test_a_run_executed_elsewhere_is_cancelled_by_a_notice(store: Store, tmp_path: Path) -> None:
    body = Deploying()
    async with (
        a_bus(tmp_path) as bus,
        a_machine(store, bus, {"flow": Flow(body)}) as machine,
        a_machine(store, bus, {}, queues=("none",)) as elsewhere,
    ):
        await machine.begin(a_run())
        await asyncio.wait_for(body.entered.wait(), 10)
        await do(elsewhere, elsewhere.workflows.steering.cancel("run_1", "ana"))
        await machine.is_("run_1", "cancelled", within=5)


async def test_a_run_is_cancelled_with_all_it_has_begun(store: Store, tmp_path: Path) -> None:
    async def parent(context: Context, _: JsonObject) -> JsonObject:
        return {"ends": [end.status for end in await context.fan("all", "child", [{"waits": True}] * 3)]}

    child = Deploying()
    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Flow(parent), "child": Flow(child)}) as machine:
        await machine.begin(a_run())
        await machine.is_("run_1", "waiting")
        while (await machine.queries.counts()).get("waiting") != 4:  # noqa: ASYNC110  # what is watched tells nobody
            await asyncio.sleep(0.02)
        assert len(await do(machine, machine.workflows.steering.cancel("run_1", "ana"))) == 4
        await machine.is_("run_1", "cancelled", within=5)
        await machine.all_ended(4)
        assert await machine.queries.counts() == {"cancelled": 4}
    assert child.reserved == 0


async def test_what_was_done_is_undone_last_first(store: Store, tmp_path: Path) -> None:
    undone = list[str]()

    async def body(context: Context, _: JsonObject) -> JsonObject:
        for name in "ab":
            await context.step(name, giving(1))

            async def undo(name: str = name) -> Outcome[None]:
                undone.append(name)
                return Outcome(None)

            context.compensate(name, undo)
        await context.wait("never")
        return {}

    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Flow(body)}) as machine:
        await machine.begin(a_run())
        await machine.is_("run_1", "waiting")
        await do(machine, machine.workflows.steering.cancel("run_1", "ana"))
        await machine.is_("run_1", "cancelled", within=5)
    assert undone == ["b", "a"]


class Flaky:
    """A workflow whose second step fails until it is told to work."""

    def __init__(self, error: HulkError) -> None:
        self.error = error
        self.works = False
        self.first = 0

    async def __call__(self, context: Context, data: JsonObject) -> JsonObject:
        await context.step("first", self.count)
        await context.step("second", self.maybe)
        return {"data": data}

    async def count(self) -> Outcome[int]:
        self.first += 1
        return Outcome(self.first)

    async def maybe(self) -> Outcome[None]:
        if not self.works:
            raise self.error
        return Outcome(None)


@pytest.mark.parametrize("error", [Refused("no"), Unavailable("away")])
async def test_a_failed_run_is_replayed_from_where_it_stopped(store: Store, tmp_path: Path, error: HulkError) -> None:
    body = Flaky(error)
    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Flow(body)}) as machine:
        await machine.begin(a_run(attempts=1))
        await machine.is_("run_1", "failed")
        dead = await machine.queries.dead_letters()
        assert [letter.run.id for letter in dead] == (["run_1"] if isinstance(error, Unavailable) else [])
        body.works = True
        assert await do(machine, machine.workflows.steering.replay("run_1", "ana")) == ["run_1"]
        await machine.is_("run_1", "completed")
        assert await machine.queries.dead_letters() == []
    assert body.first == 1
    assert ("hulk.run.replayed.v1", "ana") in await events_of(store, "run_1")


async def test_a_run_is_replayed_from_a_step_with_other_data(store: Store, tmp_path: Path) -> None:
    body = Flaky(Refused("no"))
    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Flow(body)}) as machine:
        await machine.begin(a_run(data={"n": 1}))
        await machine.is_("run_1", "failed")
        body.works = True
        await do(machine, machine.workflows.steering.replay("run_1", "ana", index=0, data={"n": 2}))
        await machine.is_("run_1", "completed")
        assert (await row_of(store, "run_1")).result == {"data": {"n": 2}}
    assert body.first == 2


async def test_a_run_whose_steps_were_undone_does_all_of_them_again(store: Store, tmp_path: Path) -> None:
    done = list[str]()
    works = False

    async def body(context: Context, _: JsonObject) -> JsonObject:
        async def reserve() -> Outcome[None]:
            done.append("reserve")
            return Outcome(None)

        async def release() -> Outcome[None]:
            done.append("release")
            return Outcome(None)

        async def work() -> Outcome[None]:
            if not works:
                raise Refused("no")
            return Outcome(None)

        await context.step("reserve", reserve)
        context.compensate("reserve", release)
        await context.step("work", work)
        return {}

    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Flow(body)}) as machine:
        await machine.begin(a_run())
        await machine.is_("run_1", "failed")
        works = True
        await do(machine, machine.workflows.steering.replay("run_1", "ana"))
        await machine.is_("run_1", "completed")
    assert done == ["reserve", "release", "reserve"]


@pytest.mark.parametrize("fanned", [False, True])
async def test_a_parent_that_failed_because_of_a_child_goes_on_when_that_is_replayed(store: Store, tmp_path: Path, fanned: bool) -> None:
    child = Flaky(Unavailable("away"))

    async def parent(context: Context, _: JsonObject) -> JsonObject:
        if fanned:
            return {"child": await context.child("one", "child", {"n": 1})}
        begun = Started(
            workflow="child", data={"n": 1}, tenant=context.tenant, id="run_child", parent=context.run_id, retry=a_run(attempts=1).retry
        )
        await context.step("begin", giving(None, machine.workflows.begin(begun)))
        heard: Any = await context.wait("child")
        if heard["status"] != "completed":
            raise Refused("the child failed")
        return {"child": heard["result"]}

    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Flow(parent), "child": Flow(child)}) as machine:
        await machine.begin(a_run(attempts=1))
        await machine.is_("run_1", "failed", within=30)
        (letter,) = [one for one in await machine.queries.dead_letters() if one.run.workflow == "child"]
        child.works = True
        assert set(await do(machine, machine.workflows.steering.replay(letter.run.id, "ana"))) == {letter.run.id, "run_1"}
        await machine.is_("run_1", "completed")
        assert (await row_of(store, "run_1")).result == {"child": {"data": {"n": 1}}}


async def test_a_run_is_copied_from_a_step_on(store: Store, tmp_path: Path) -> None:
    body = Flaky(Refused("no"))
    body.works = True
    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Flow(body)}) as machine:
        await machine.begin(a_run(data={"n": 1}))
        await machine.is_("run_1", "completed")
        assert await do(machine, machine.workflows.steering.fork("run_1", "run_2", "ana", index=1, data={"n": 2})) == "run_2"
        await machine.is_("run_2", "completed")
    assert body.first == 1  # the copy has the record of it
    assert (await row_of(store, "run_2")).result == {"data": {"n": 2}}
    assert (await row_of(store, "run_1")).result == {"data": {"n": 1}}
    assert (await row_of(store, "run_2")).origin == "run_1"


async def test_a_run_tied_to_what_it_works_for_is_not_copied(store: Store, tmp_path: Path) -> None:
    async with a_bus(tmp_path) as bus, a_machine(store, bus, {}) as machine:
        machine.workflows.register("tied", Flow(Deploying()), forkable=False)
        await machine.begin(a_run(workflow="tied"))
        with pytest.raises(Refused, match="Runs of “tied” are tied to what they work for"):
            await do(machine, machine.workflows.steering.fork("run_1", "run_2", "ana", index=0))


async def test_a_run_whose_code_changed_is_set_aside_and_resolved(store: Store, tmp_path: Path) -> None:
    async def before(context: Context, _: JsonObject) -> JsonObject:
        await context.step("old", giving(1))
        await context.wait("go")
        return {}

    async def after(context: Context, _: JsonObject) -> JsonObject:
        await context.step("new", giving(2))
        return {"new": True}

    async with a_bus(tmp_path) as bus:
        async with a_machine(store, bus, {"flow": Flow(before)}) as machine:
            await machine.begin(a_run("run_1"), a_run("run_2"), a_run("run_3"))
            for n in (1, 2, 3):
                await machine.is_(f"run_{n}", "waiting")
        async with a_machine(store, bus, {"flow": Flow(after)}) as machine:
            await store.commit(*(machine.workflows.signal(f"run_{n}", "go", None, key="k") for n in (1, 2)))
            for n in (1, 2):
                assert (await machine.is_(f"run_{n}", "needs_attention")).status == "needs_attention"
            steering = machine.workflows.steering
            await do(machine, steering.resolve("run_1", "ana", index=0))
            await do(machine, steering.resolve("run_2", "ana", index=None))
            await machine.is_("run_1", "completed")
            await machine.is_("run_2", "cancelled")
            with pytest.raises(Conflict, match="run_3 is waiting; only one that needs attention"):
                await do(machine, steering.resolve("run_3", "ana", index=0))


async def test_a_running_version_goes_on_beside_a_newer_one(store: Store, tmp_path: Path) -> None:
    async def one(context: Context, _: JsonObject) -> JsonObject:
        await context.wait("go")
        return {"version": 1}

    async def two(_: Context, __: JsonObject) -> JsonObject:
        return {"version": 2}

    async with a_bus(tmp_path) as bus, a_machine(store, bus, {}) as machine:
        machine.workflows.register("flow", Flow(one), version="1")
        await machine.begin(a_run("run_1"))
        await machine.is_("run_1", "waiting")
        machine.workflows.register("flow", Flow(two), version="2")
        await machine.begin(a_run("run_2"))
        await store.commit(machine.workflows.signal("run_1", "go", None, key="k"))
        for n in (1, 2):
            await machine.is_(f"run_{n}", "completed")
            assert (await row_of(store, f"run_{n}")).result == {"version": n}


async def test_a_discarded_dead_letter_stays_failed(store: Store, tmp_path: Path) -> None:
    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Flow(Flaky(Unavailable("away")))}) as machine:
        await machine.begin(a_run(attempts=1))
        await machine.is_("run_1", "failed")
        await do(machine, machine.workflows.steering.discard("run_1", "ana"))
        assert await RunQueries(store).dead_letters() == []
        with pytest.raises(Conflict, match="run_1 is no dead letter"):
            await do(machine, machine.workflows.steering.discard("run_1", "ana"))


@pytest.mark.parametrize("act", ["cancel", "replay", "discard"])
async def test_what_is_not_there_is_told(store: Store, tmp_path: Path, act: str) -> None:
    async with a_bus(tmp_path) as bus, a_machine(store, bus, {}) as machine:
        with pytest.raises(NotFound, match=r"There is no run run_404"):
            await do(machine, getattr(machine.workflows.steering, act)("run_404", "ana"))


async def test_only_what_failed_is_replayed_and_only_what_has_not_ended_cancelled(store: Store, tmp_path: Path) -> None:
    async def body(_: Context, __: JsonObject) -> JsonObject:
        return {}

    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Flow(body)}) as machine:
        await machine.begin(a_run())
        await machine.is_("run_1", "completed")
        with pytest.raises(Conflict, match="run_1 is completed; only one that failed is executed again") as refused:
            await do(machine, machine.workflows.steering.replay("run_1", "ana"))
        assert voice("pt").say(refused.value.text) == "A execução run_1 terminou com êxito; só uma que falhou é executada de novo."
        with pytest.raises(Conflict, match="run_1 has ended"):
            await do(machine, machine.workflows.steering.cancel("run_1", "ana"))
        with pytest.raises(Refused, match="there is no step 7"):
            await do(machine, machine.workflows.steering.fork("run_1", "run_2", "ana", index=7))


@pytest.mark.parametrize("order", [("run_a", "run_b"), ("run_b", "run_a")], ids=["as they failed", "the other way round"])
async def test_a_parent_of_several_that_failed_hears_of_all_their_new_ends(store: Store, tmp_path: Path, order: tuple[str, str]) -> None:
    child = Flaky(Refused("no"))

    async def parent(context: Context, _: JsonObject) -> JsonObject:
        for name in ("run_a", "run_b"):
            begun = Started(workflow="child", data={"n": name}, tenant=context.tenant, id=name, parent=context.run_id)
            await context.step(f"begin {name}", giving(None, machine.workflows.begin(begun)))
        heard: list[Any] = [await context.wait("child") for _ in range(2)]
        if any(one["status"] != "completed" for one in heard):
            raise Refused("a child failed")
        return {"heard": sorted(one["run"] for one in heard)}

    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Flow(parent), "child": Flow(child)}) as machine:
        await machine.begin(a_run())
        await machine.is_("run_1", "failed")
        child.works = True
        for name in order:
            await do(machine, machine.workflows.steering.replay(name, "ana"))
            await machine.is_(name, "completed")
        await machine.is_("run_1", "completed")
        assert (await row_of(store, "run_1")).result == {"heard": ["run_a", "run_b"]}


async def test_a_parent_that_ended_well_without_a_child_is_left_alone(store: Store, tmp_path: Path) -> None:
    child = Flaky(Refused("no"))

    async def parent(context: Context, _: JsonObject) -> JsonObject:
        return {"ends": [end.status for end in await context.fan("some", "child", [{}])]}

    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Flow(parent), "child": Flow(child)}) as machine:
        await machine.begin(a_run())
        await machine.is_("run_1", "completed")
        child.works = True
        (name,) = [run.id for run in (await machine.queries.search(Search(parent="run_1"))).runs]
        assert await do(machine, machine.workflows.steering.replay(name, "ana")) == [name]
        await machine.is_(name, "completed")
        assert (await row_of(store, "run_1")).result == {"ends": ["failed"]}


async def test_a_run_tied_to_what_it_works_for_takes_no_other_data(store: Store, tmp_path: Path) -> None:
    async with a_bus(tmp_path) as bus, a_machine(store, bus, {}) as machine:
        machine.workflows.register("tied", Flow(Flaky(Refused("no"))), forkable=False)
        await machine.begin(a_run(workflow="tied"))
        await machine.is_("run_1", "failed")
        with pytest.raises(Refused, match="take no other data"):
            await do(machine, machine.workflows.steering.replay("run_1", "ana", data={"n": 2}))


# ---- from where no worker is


def beside(store: Store, reopened: list[str] | None = None) -> Steering:
    """Steering as `thor` has it: nobody to tell, no bodies, only what the runs' going on makes true again."""

    def reopens(run: Started) -> list[Change[Any]]:
        return [lambda _: (reopened if reopened is not None else []).append(run.id)]

    return Steering(Journal(Hooks()), Elsewhere({"flow": reopens}, bound={"tied"}), Outbox(store, KEY))


async def test_a_run_that_waits_is_cancelled_from_beside_within_a_moment(store: Store, tmp_path: Path) -> None:
    body = Deploying()
    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Flow(body)}) as machine:
        await machine.begin(a_run(data={"waits": True}))
        await machine.is_("run_1", "waiting")
        assert await do(machine, beside(store).cancel("run_1", "thor")) == ["run_1"]
        await machine.is_("run_1", "cancelled", within=3)
    assert body.reserved == 0


async def test_a_run_being_executed_is_cancelled_from_beside(store: Store, tmp_path: Path) -> None:
    body = Deploying()
    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Flow(body)}) as machine:
        await machine.begin(a_run())
        await asyncio.wait_for(body.entered.wait(), 10)
        await do(machine, beside(store).cancel("run_1", "thor"))
        await machine.is_("run_1", "cancelled", within=8)
    assert body.reserved == 0


async def test_what_was_called_off_undoes_though_its_lane_is_full(store: Store, tmp_path: Path) -> None:
    body = Deploying()
    flow = Flowing(concurrency=Concurrency(key="one"))
    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Flow(body)}) as machine:
        await machine.begin(a_run(data={"waits": True}, flow=flow))
        await machine.is_("run_1", "waiting")
        await machine.begin(a_run("run_2", data={"waits": True}, flow=flow))
        await do(machine, beside(store).cancel("run_1", "thor"))
        await machine.is_("run_1", "cancelled", within=3)
        await machine.is_("run_2", "waiting")


async def test_a_failed_run_is_replayed_and_a_run_copied_from_beside(store: Store, tmp_path: Path) -> None:
    body, reopened = Flaky(Refused("no")), list[str]()
    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Flow(body)}) as machine:
        await machine.begin(a_run())
        await machine.is_("run_1", "failed")
        body.works = True
        await do(machine, beside(store, reopened).replay("run_1", "thor"))
        await machine.is_("run_1", "completed", within=3)
        await do(machine, beside(store).fork("run_1", "run_2", "thor", index=1))
        await machine.is_("run_2", "completed", within=3)
    assert reopened == ["run_1"]
    assert body.first == 1


async def test_what_was_steered_while_no_worker_was_there_goes_on_when_one_comes(store: Store, tmp_path: Path) -> None:
    body = Flaky(Refused("no"))
    async with a_bus(tmp_path) as bus:
        async with a_machine(store, bus, {"flow": Flow(body)}) as machine:
            await machine.begin(a_run())
            await machine.is_("run_1", "failed")
        body.works = True
        await store.commit(beside(store).replay("run_1", "thor"))
        async with a_machine(store, bus, {"flow": Flow(body)}) as machine:
            await machine.is_("run_1", "completed", within=5)


async def test_a_run_cancelled_while_it_does_several_steps_leaves_off_with_all(store: Store, tmp_path: Path) -> None:
    left, entered = list[str](), asyncio.Event()

    async def long() -> Outcome[None]:
        entered.set()
        try:
            await asyncio.sleep(30)
        finally:
            left.append("left")
        return Outcome(None)

    async def body(context: Context, _: JsonObject) -> JsonObject:
        return await context.parallel(dict.fromkeys("abc", long))

    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Flow(body)}) as machine:
        await machine.begin(a_run())
        await entered.wait()
        await do(machine, machine.workflows.steering.cancel("run_1", "ana"))
        await machine.is_("run_1", "cancelled", within=5)
    assert left == ["left"] * 3
    assert await steps_of(store, "run_1") == []
