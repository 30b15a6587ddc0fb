"""Who is let in when: limits by key, priority, tenants side by side, queues that are paused."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from hulk.kernel.durable import Context, Outcome
from hulk.kernel.errors import Exhausted, Refused
from hulk.kernel.flow import Concurrency, Debounce, Flow, Rate, Singleton
from hulk.kernel.records import JsonObject
from hulk.kernel.time import utc_now
from hulk.runtime.store import Store
from hulk.runtime.workflows.tables import flow_table, run_table
from support.nats import a_bus
from support.runs import Flow as Body
from support.runs import a_machine, a_run, giving, row_of

HOUR = timedelta(hours=1)


async def quick(context: Context, data: JsonObject) -> JsonObject:
    return {"n": await context.step("one", giving(data.get("n")))}


class Counting:
    """A workflow that counts how many of its runs are executed at once, and in which order they began."""

    def __init__(self, seconds: float = 0.02) -> None:
        self.seconds = seconds
        self.now = self.most = 0
        self.begun: list[str] = []

    async def __call__(self, context: Context, _: JsonObject) -> JsonObject:
        async def act() -> Outcome[None]:
            self.begun.append(context.run_id)
            self.now += 1
            self.most = max(self.most, self.now)
            await asyncio.sleep(self.seconds)
            self.now -= 1
            return Outcome(None)

        await context.step("work", act)
        return {}


async def test_of_a_concurrency_key_no_more_run_at_once(store: Store, tmp_path: Path) -> None:
    body = Counting()
    flow = Flow(concurrency=Concurrency(key="db", most=2))
    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Body(body)}) as machine:
        await machine.begin(*(a_run(f"run_{n}", flow=flow) for n in range(12)))
        assert await machine.all_ended(12) == {"completed": 12}
    assert body.most == 2


async def test_a_full_key_keeps_no_other_waiting(store: Store, tmp_path: Path) -> None:
    async def waiting(context: Context, _: JsonObject) -> JsonObject:
        await context.wait("never")
        return {}

    one = Flow(concurrency=Concurrency(key="one"))
    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"wait": Body(waiting), "flow": Body(quick)}) as machine:
        await machine.begin(*(a_run(f"run_w{n:03}", "wait", flow=one) for n in range(300)))
        await machine.begin(a_run("run_other", flow=Flow(concurrency=Concurrency(key="two"))), a_run("run_plain"))
        await machine.is_("run_other", "completed")
        await machine.is_("run_plain", "completed")
        await machine.is_("run_w000", "waiting")
        assert (await row_of(store, "run_w001")).status == "held"


async def test_a_key_is_a_tenants_own(store: Store, tmp_path: Path) -> None:
    async def waiting(context: Context, _: JsonObject) -> JsonObject:
        await context.wait("never")
        return {}

    flow = Flow(concurrency=Concurrency(key="one"))
    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Body(waiting)}) as machine:
        await machine.begin(a_run("run_1", tenant="acme", flow=flow), a_run("run_2", tenant="other", flow=flow))
        await machine.is_("run_1", "waiting")
        await machine.is_("run_2", "waiting")


async def test_throttled_runs_begin_one_after_the_other(store: Store, tmp_path: Path) -> None:
    flow = Flow(throttle=Rate(key="mail", most=10, period=timedelta(seconds=1), burst=2))
    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Body(quick)}) as machine:
        start = utc_now()
        await machine.begin(*(a_run(f"run_{n}", flow=flow) for n in range(6)))
        assert await machine.all_ended(6) == {"completed": 6}
        ends = sorted([(await row_of(store, f"run_{n}")).ended for n in range(6)])
    for n, moment in enumerate(ends):
        assert (moment - start).total_seconds() >= 0.1 * (n - 1) - 0.001


async def test_over_its_rate_a_run_is_refused_with_when_to_come_back(store: Store, tmp_path: Path) -> None:
    flow = Flow(rate=Rate(key="api", most=2, period=HOUR, burst=2))
    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Body(quick)}) as machine:
        await machine.begin(a_run("run_1", flow=flow))
        await machine.begin(a_run("run_2", flow=flow))
        with pytest.raises(Exhausted, match=r"“api” may begin 2 times in 3600\.0 s") as refused:
            await machine.begin(a_run("run_3", flow=flow))
        assert refused.value.retry_after == pytest.approx(1800, abs=5)
        await machine.begin(a_run("run_1", flow=flow))  # begun already: costs nothing
        assert await machine.all_ended(2) == {"completed": 2}


async def test_of_what_is_asked_again_and_again_one_begins_with_the_newest_input(store: Store, tmp_path: Path) -> None:
    flow = Flow(debounce=Debounce(key="sync", period=timedelta(seconds=0.3)))
    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Body(quick)}) as machine:
        for n in range(5):
            await machine.begin(a_run(f"run_{n}", data={"n": n}, flow=flow))
            await asyncio.sleep(0.05)
        row = await machine.is_("run_0", "completed")
        assert (await row_of(store, "run_0")).result == {"n": 4}
        assert row.ended is not None
        assert row.ended - row.created >= timedelta(seconds=0.5)
        assert await machine.queries.counts() == {"completed": 1}
        await machine.begin(a_run("run_later", data={"n": 9}, flow=flow))
        await machine.is_("run_later", "completed")


async def test_what_never_stops_being_asked_begins_at_its_latest(store: Store, tmp_path: Path) -> None:
    flow = Flow(debounce=Debounce(key="sync", period=timedelta(seconds=0.3), most=timedelta(seconds=0.6)))
    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Body(quick)}) as machine:
        for n in range(16):
            await machine.begin(a_run(f"run_{n}", data={"n": n}, flow=flow))
            await asyncio.sleep(0.05)
        assert (await machine.is_("run_0", "completed")).status == "completed"


@pytest.mark.parametrize(("mode", "first", "second"), [("skip", "waiting", None), ("cancel", "cancelled", "waiting")])
async def test_of_a_singleton_one_is_not_ended(store: Store, tmp_path: Path, mode: Any, first: str, second: str | None) -> None:
    async def waiting(context: Context, _: JsonObject) -> JsonObject:
        await context.wait("go")
        return {}

    flow = Flow(singleton=Singleton(key="deploy", mode=mode))
    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Body(waiting)}) as machine:
        assert await machine.begin(a_run("run_1", flow=flow)) == [True]
        await machine.is_("run_1", "waiting")
        assert await machine.begin(a_run("run_2", flow=flow)) == [second is not None]
        await machine.is_("run_1", first)
        if second:
            await machine.is_("run_2", second)


async def test_a_singleton_that_has_ended_frees_its_key(store: Store, tmp_path: Path) -> None:
    flow = Flow(singleton=Singleton(key="deploy"))
    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Body(quick)}) as machine:
        for n in range(3):
            assert await machine.begin(a_run(f"run_{n}", flow=flow)) == [True]
            await machine.is_(f"run_{n}", "completed")
    assert await store.read(lambda connection: connection.execute(select(flow_table)).all()) == []


async def test_a_delayed_run_begins_at_its_time(store: Store, tmp_path: Path) -> None:
    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Body(quick)}) as machine:
        await machine.begin(a_run("run_1", after=timedelta(seconds=0.7)), a_run("run_far", after=HOUR))
        row = await machine.is_("run_1", "completed")
        assert row.ended is not None
        late = row.ended - row.created - timedelta(seconds=0.7)
        assert timedelta(0) <= late
        assert (await row_of(store, "run_far")).status == "held"


async def test_of_one_tenant_higher_priority_goes_first(store: Store, tmp_path: Path) -> None:
    body = Counting(0.005)
    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Body(body)}, slots=1) as machine:
        await store.commit(machine.workflows.steering.pause("default", "test", ""))
        await machine.begin(*(a_run(f"run_{n}", flow=Flow(priority=n % 3)) for n in range(9)))
        await store.commit(machine.workflows.steering.resume("default", "test"))
        assert await machine.all_ended(9) == {"completed": 9}
    assert [int(run[4:]) % 3 for run in body.begun] == [2, 2, 2, 1, 1, 1, 0, 0, 0]


async def test_a_tenant_with_little_to_do_does_not_wait_for_one_with_much(store: Store, tmp_path: Path) -> None:
    body = Counting(0.01)
    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Body(body)}, slots=2) as machine:
        await machine.begin(*(a_run(f"run_a{n:04}", tenant="much") for n in range(600)))
        await asyncio.sleep(0.3)
        await machine.begin(a_run("run_b", tenant="little"))
        await machine.is_("run_b", "completed")
        place = body.begun.index("run_b")
        assert place < 300, f"{place} of the other tenant's runs went before"
        await machine.all_ended(601)


async def test_tenants_with_much_to_do_share_by_weight(store: Store, tmp_path: Path) -> None:
    body = Counting(0.002)
    weights = {"big": 3, "small": 1}
    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Body(body)}, slots=2, weights=weights) as machine:
        await store.commit(machine.workflows.steering.pause("default", "test", ""))
        await machine.begin(*(a_run(f"run_{tenant}{n:03}", tenant=tenant) for tenant in weights for n in range(200)))
        await store.commit(machine.workflows.steering.resume("default", "test"))
        await machine.all_ended(400)
    early = body.begun[:200]
    share = sum("big" in run for run in early) / len(early)
    assert 0.6 < share < 0.9


async def test_of_a_paused_queue_nothing_begins_until_it_goes_on(store: Store, tmp_path: Path) -> None:
    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Body(quick)}) as machine:
        await store.commit(machine.workflows.steering.pause("default", "ana", "moving the database"))
        await machine.begin(*(a_run(f"run_{n}") for n in range(20)))
        await asyncio.sleep(1)
        assert await machine.queries.counts() == {"held": 20}
        await store.commit(machine.workflows.steering.resume("default", "ana"))
        assert await machine.all_ended(20) == {"completed": 20}


async def test_one_queue_may_be_paused_and_another_not(store: Store, tmp_path: Path) -> None:
    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Body(quick)}, queues=("default", "mail")) as machine:
        await store.commit(machine.workflows.steering.pause("mail", "ana", ""))
        await machine.begin(a_run("run_1"), a_run("run_2", queue="mail"))
        await machine.is_("run_1", "completed")
        assert (await row_of(store, "run_2")).status in ("held", "pending")
        await store.commit(machine.workflows.steering.resume("mail", "ana"))
        await machine.is_("run_2", "completed")


async def test_a_thousand_runs_that_wait_in_the_store_are_all_executed_once(store: Store, tmp_path: Path) -> None:
    done = list[str]()

    async def body(context: Context, _: JsonObject) -> JsonObject:
        done.append(context.run_id)
        return {}

    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Body(body)}, slots=2) as machine:
        await machine.begin(*(a_run(f"run_{n}", tenant=f"t{n % 7}") for n in range(1000)))
        held = await store.read(lambda connection: connection.execute(select(run_table.c.id).where(run_table.c.status == "held")).all())
        assert len(held) > 500
        assert await machine.all_ended(1000) == {"completed": 1000}
    assert sorted(done) == sorted(f"run_{n}" for n in range(1000))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        pytest.param(lambda: Flow(priority=101), "priority 101 is not between -100 and 100", id="priority"),
        pytest.param(lambda: Flow(concurrency=Concurrency(key="k", most=0)), "limit of 0 for “k”", id="concurrency"),
        pytest.param(lambda: Flow(rate=Rate(key="k", most=0, period=HOUR)), "limit of 0 for “k”", id="rate"),
        pytest.param(lambda: Flow(throttle=Rate(key="k", most=1, period=timedelta(0))), "rate for “k” needs a period", id="period"),
        pytest.param(lambda: Flow(rate=Rate(key="k", most=1, period=HOUR, burst=0)), "burst of at least 1", id="burst"),
    ],
)
def test_flow_that_makes_no_sense_is_refused(make: Callable[[], Flow], words: str) -> None:
    with pytest.raises(Refused, match=words):
        make()


async def test_many_full_keys_one_after_the_other_keep_none_waiting_for_ever(store: Store, tmp_path: Path) -> None:
    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Body(quick)}, slots=1) as machine:
        keyed = [a_run(f"run_{key:02}_{n:02}", flow=Flow(concurrency=Concurrency(key=f"{key:02}"))) for key in range(12) for n in range(20)]
        await machine.begin(*keyed)
        assert await machine.all_ended(240) == {"completed": 240}


async def test_what_is_asked_again_once_it_runs_begins_anew(store: Store, tmp_path: Path) -> None:
    async def waiting(context: Context, _: JsonObject) -> JsonObject:
        await context.wait("go")
        return {}

    flow = Flow(debounce=Debounce(key="sync", period=timedelta(seconds=0.1)))
    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Body(waiting)}) as machine:
        for name in ("run_1", "run_2"):
            assert await machine.begin(a_run(name, flow=flow)) == [True]
            await machine.is_(name, "waiting")
