"""What is counted of runs agrees with what became of them."""

import asyncio
from pathlib import Path

from hulk.kernel.durable import Context, Outcome
from hulk.kernel.errors import Refused, Unavailable
from hulk.kernel.flow import Concurrency
from hulk.kernel.flow import Flow as Control
from hulk.kernel.records import JsonObject
from hulk.runtime.store import Store
from hulk.runtime.telemetry import Metrics
from hulk.runtime.workflows.measures import Measures
from support.nats import a_bus
from support.runs import Flow, a_machine, a_run


async def two_steps(context: Context, data: JsonObject) -> JsonObject:
    async def slow() -> Outcome[None]:
        await asyncio.sleep(0.06)
        return Outcome(None)

    await context.step("one", slow)
    if data.get("refuse"):
        raise Refused("no")
    if data.get("break"):
        raise Unavailable("away")
    if data.get("wait"):
        await context.wait("never")
    await context.step("two", slow)
    return {}


async def test_runs_steps_and_waits_are_counted(store: Store, tmp_path: Path) -> None:
    metrics = Metrics()

    def value(name: str, **labels: str) -> float | None:
        return metrics.registry.get_sample_value(name, labels)

    lane = Control(concurrency=Concurrency(key="one", most=1))
    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Flow(two_steps)}, metrics=metrics) as machine:
        await machine.begin(*(a_run(f"run_{n}") for n in range(4)))
        await machine.begin(a_run("run_refused", data={"refuse": True}), a_run("run_broken", data={"break": True}, attempts=1))
        await machine.all_ended(6)
        await machine.begin(*(a_run(f"run_lane{n}", flow=lane, data={"wait": True}) for n in range(3)))
        await machine.is_("run_lane0", "waiting")
        assert machine.workflows.slots == {"default": 8}
        Measures.standing(machine.workflows._measures, await machine.queries.standing())
    assert value("hulk_runs_begun_total", workflow="flow") == 9
    assert [value("hulk_runs_ended_total", workflow="flow", status=status) for status in ("completed", "failed")] == [4, 2]
    assert value("hulk_run_duration_seconds_count", workflow="flow") == 6
    assert value("hulk_step_duration_seconds_count", workflow="flow") == 11
    assert (value("hulk_step_duration_seconds_sum", workflow="flow") or 0) > 10 * 0.06
    assert (value("hulk_queue_wait_seconds_count", queue="default") or 0) >= 7
    assert value("hulk_dead_letters_total", workflow="flow") == 1
    assert value("hulk_dead_letters_waiting") == 1
    assert value("hulk_runs", queue="default", status="held") == 2
    assert value("hulk_runs", queue="default", status="waiting") == 1
