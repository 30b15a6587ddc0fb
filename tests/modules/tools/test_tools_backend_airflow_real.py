"""Airflow's tools against a real Airflow 3.3."""

from collections.abc import Iterator
from typing import Any

import pytest

from hulk.kernel.errors import NotFound, Refused
from hulk.modules.tools.adapters.backends.airflow import Airflow
from support.airflow import PASSWORD, airflow, installed
from support.backends import ABOUT, ask, data, until, words

pytestmark = [pytest.mark.long, pytest.mark.skipif(installed() is None, reason="no Airflow is installed: see support.airflow")]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    program = installed()
    assert program is not None
    with airflow(program, tmp_path_factory.mktemp("airflow")) as url:
        yield url


@pytest.fixture
def backend(url: str) -> Airflow:
    return Airflow("af", ABOUT, url=url, dags=("sales_*",), user="hulk", password=lambda: PASSWORD)


@pytest.fixture
async def run(backend: Airflow) -> Any:
    await until(lambda: data(backend, "list_dags"), lambda found: found["dags"])
    return await data(backend, "trigger_run", dag="sales_daily", conf={"day": "monday"}, note="asked by Maria", key="one")


async def test_a_run_is_started_once_and_read_to_its_end(backend: Airflow, run: Any) -> None:
    again = await data(backend, "trigger_run", dag="sales_daily", conf={"day": "monday"}, key="one")
    assert (again["dag_run_id"], again["already_started"]) == (run["dag_run_id"], True)
    named = {"dag": "sales_daily", "run": run["dag_run_id"]}
    ended = await until(lambda: data(backend, "get_run", **named), lambda found: found["state"] in ("success", "failed"))
    assert (ended["state"], ended["conf"], ended["note"]) == ("success", {"day": "monday"}, "asked by Maria")
    assert [(one["task_id"], one["state"]) for one in ended["tasks"]] == [("load", "success")]
    assert "read 3 files" in words(await ask(backend, "get_log", task="load", **named))
    (listed,) = (await data(backend, "list_runs", dag="sales_daily", state="success"))["runs"]
    assert listed["dag_run_id"] == run["dag_run_id"]


async def test_only_dags_that_may_be_used_are_there(backend: Airflow, run: Any) -> None:
    assert [one["dag_id"] for one in (await data(backend, "list_dags"))["dags"]] == [run["dag_id"]]


async def test_what_airflow_refuses_is_told(backend: Airflow, run: Any, url: str) -> None:
    with pytest.raises(NotFound, match="was not found"):
        await ask(backend, "get_run", dag=run["dag_id"], run="none")
    stranger = Airflow("af", ABOUT, url=url, dags=("*",), user="hulk", password=lambda: "wrong")
    with pytest.raises(Refused, match="refuses the key"):
        await ask(stranger, "list_dags")
