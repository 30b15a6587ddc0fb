"""Airflow's tools against a twin that Airflow's own client judges; against a real Airflow in test_tools_backend_airflow_real.py."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from hulk.kernel.errors import NotFound, Refused
from hulk.modules.tools.adapters.backends.airflow import MOST_LOG, Airflow
from hulk.modules.tools.ports import Uncertain
from support.backends import ABOUT, ask, data, without_waiting, words
from support.twins.systems import System, system


@pytest.fixture(scope="module")
def running() -> Iterator[System]:
    with system("airflow") as twin:
        yield twin


@pytest.fixture
def twin(running: System) -> System:
    running.reset()
    return running


def airflow(twin: System, **more: Any) -> Airflow:
    given: dict[str, Any] = {"user": "hulk", "password": lambda: "right", **more}
    return Airflow("af", ABOUT, url=twin.url, dags=("sales_*",), **given)


async def test_only_dags_that_may_be_used_are_there(twin: System) -> None:
    af = airflow(twin)
    assert [one["dag_id"] for one in (await data(af, "list_dags"))["dags"]] == ["sales_daily", "sales_weekly"]
    run = {"run": "sched-1"}
    acts: list[tuple[str, Any]] = [("list_runs", {}), ("get_run", run), ("trigger_run", {}), ("get_log", {**run, "task": "x"})]
    for act, more in acts:
        with pytest.raises(NotFound, match=r"There is no DAG “payroll” among those that may be used \(sales_\*\)"):
            await ask(af, act, dag="payroll", **more)
    assert not any("payroll" in one["path"] for one in twin.seen())


@pytest.mark.parametrize(
    ("others", "found", "requests", "cut"),
    [pytest.param(350, 2, 4, False, id="behind others"), pytest.param(2000, 0, 10, True, id="behind more than are looked at")],
)
async def test_dags_are_looked_for_page_by_page_up_to_a_bound(twin: System, others: int, found: int, requests: int, cut: bool) -> None:
    twin.be(others=others)
    output = await ask(airflow(twin), "list_dags")
    assert output.data is not None
    assert len(output.data["dags"]) == found
    assert (sum(one["path"] == "/api/v2/dags" for one in twin.seen()), bool(output.cut)) == (requests, cut)


async def test_a_run_is_read_with_its_tasks_and_a_tasks_log(twin: System) -> None:
    af = airflow(twin)
    run = await data(af, "get_run", dag="sales_daily", run="sched-1")
    assert [(one["task_id"], one["state"]) for one in run["tasks"]] == [("load", "success")]
    assert run["url"] == f"{twin.url}/dags/sales_daily/runs/sched-1"
    log = words(await ask(af, "get_log", dag="sales_daily", run="sched-1", task="load"))
    assert log.splitlines()[1] == "2026-11-20T10:00:00Z info Read 3 files"


async def test_of_a_long_log_the_end_is_told(twin: System) -> None:
    twin.be(log=10_000)
    output = await ask(airflow(twin), "get_log", dag="sales_daily", run="sched-1", task="load")
    assert len(words(output)) == MOST_LOG
    assert words(output).endswith("line 9999")
    assert f"last {MOST_LOG}" in output.cut


async def test_the_same_call_starts_one_run_and_another_call_another(twin: System) -> None:
    af = airflow(twin)
    first = await data(af, "trigger_run", dag="sales_daily", conf={"day": "2026-11-20"}, key="one")
    again = await data(af, "trigger_run", dag="sales_daily", conf={"day": "2026-11-20"}, key="one")
    other = await data(af, "trigger_run", dag="sales_daily", key="two")
    assert (first["already_started"], again["already_started"], other["already_started"]) == (False, True, False)
    assert first["dag_run_id"] == again["dag_run_id"] != other["dag_run_id"]
    assert first["conf"] == {"day": "2026-11-20"}
    assert len((await data(af, "list_runs", dag="sales_daily"))["runs"]) == 3


@pytest.mark.parametrize("fault", ["lost", "502 after all", "cut", "hung up"])
async def test_a_start_whose_answer_is_lost_is_found_again_and_not_made_twice(twin: System, fault: str) -> None:
    twin.upset(fault, skip="/token")
    with without_waiting(attempts=2):
        run = await data(airflow(twin), "trigger_run", dag="sales_daily")
    assert run["already_started"] == (fault in ("lost", "502 after all"))
    assert len((await data(airflow(twin), "list_runs", dag="sales_daily"))["runs"]) == 2


async def test_a_start_that_stays_unknown_is_uncertain(twin: System) -> None:
    twin.upset("lost", times=9, skip="/token")
    with pytest.raises(Uncertain), without_waiting(attempts=2):
        await ask(airflow(twin), "trigger_run", dag="sales_daily")


async def test_one_token_serves_until_it_is_refused(twin: System) -> None:
    af = airflow(twin)

    def given() -> int:
        return sum(one["path"] == "/auth/token" for one in twin.seen())

    await asyncio.gather(*(ask(af, "list_dags") for _ in range(5)))  # noqa: TID251  # callers at once
    assert given() == 1
    twin.be(forget=True)
    await ask(af, "list_dags")
    assert given() == 2


async def test_a_new_password_is_used_at_once(twin: System) -> None:
    passwords = ["right", "newer"]
    af = airflow(twin, password=lambda: passwords[0])
    await ask(af, "list_dags")
    twin.be(password="newer", forget=True)  # a twin's
    with pytest.raises(Refused, match="refuses the key"):
        await ask(af, "list_dags")
    del passwords[0]
    await ask(af, "list_dags")


async def test_a_token_that_lasts_needs_no_password(twin: System) -> None:
    await ask(airflow(twin, token=lambda: "right", user="", password=str), "list_dags")
    assert [one["path"] for one in twin.seen()] == ["/api/v2/dags"]


async def test_the_twin_speaks_as_airflows_own_models_have_it(twin: System) -> None:
    """apache-airflow-client is made from Airflow's OpenAPI description; its models refuse what does not fit."""
    kit = pytest.importorskip("airflow_client.client", reason="judges the twin")
    with kit.ApiClient(kit.Configuration(host=twin.url, access_token="right")) as client:  # a twin's
        dags, runs, tasks = kit.DAGApi(client), kit.DagRunApi(client), kit.TaskInstanceApi(client)
        assert (await asyncio.to_thread(dags.get_dags)).total_entries == 3
        assert (await asyncio.to_thread(runs.get_dag_runs, "payroll")).dag_runs[0].state == "success"
        body = kit.TriggerDAGRunPostBody(dag_run_id="x", logical_date=None)
        assert (await asyncio.to_thread(runs.trigger_dag_run, "payroll", body)).dag_run_id == "x"
        with pytest.raises(kit.ApiException) as failed:
            await asyncio.to_thread(runs.trigger_dag_run, "payroll", body)
        assert failed.value.status == 409
        assert (await asyncio.to_thread(tasks.get_task_instances, "payroll", "x")).task_instances[0].state == "success"
        log = await asyncio.to_thread(tasks.get_log, "payroll", "x", "load", 1)
        assert log.content.actual_instance
