"""Spark's tools against a twin; against a real standalone cluster in test_tools_backend_spark_real.py."""

from collections.abc import Iterator

import pytest

from hulk.kernel.errors import NotFound, Refused
from hulk.modules.tools.adapters.backends.spark import Job, Spark, submission
from hulk.modules.tools.ports import Uncertain
from support.backends import ABOUT, ask, data
from support.twins.systems import System, system

APPLICATION = "app-20261120100000-0002"
JOBS = (
    Job(name="sales", resource="s3a://jobs/sales.jar", main_class="acme.Sales", properties={"spark.executor.memory": "1g"}),
    Job(name="tidy", resource="file:/jobs/tidy.py"),
)


@pytest.fixture(scope="module")
def running() -> Iterator[System]:
    with system("spark") as twin:
        yield twin


@pytest.fixture
def twin(running: System) -> System:
    running.reset()
    return running


def spark(twin: System) -> Spark:
    return Spark("sp", ABOUT, history=twin.url, master=twin.url, jobs=JOBS, token=lambda: "right")


async def test_applications_are_listed_newest_first(twin: System) -> None:
    found = (await data(spark(twin), "list_applications", status="running"))["applications"]
    assert [(one["id"], one["attempts"][0]["completed"]) for one in found] == [(APPLICATION, False)]
    output = await ask(spark(twin), "list_applications", most=1)
    assert output.cut == "There are more than 1."
    assert twin.seen()[0]["headers"]["authorization"] == "Bearer right"


async def test_what_an_application_did_is_told_in_short(twin: System) -> None:
    sp = spark(twin)
    twin.be(jobs=80)
    jobs = await ask(sp, "list_jobs", application=APPLICATION, status="succeeded")
    assert jobs.cut == "Only 50 of 80 are shown."
    (stage,) = (await data(sp, "list_stages", application=APPLICATION))["stages"]
    assert len(stage["failureReason"]) == 200
    assert "details" not in stage
    (executor,) = (await data(sp, "list_executors", application=APPLICATION))["executors"]
    assert (executor["id"], executor["totalGCTime"], "executorLogs" in executor) == ("driver", 12, False)
    with pytest.raises(NotFound):
        await ask(sp, "list_jobs", application="app-none")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_program_is_for_the_master_that_is_asked_over_tls_or_not(scheme: str) -> None:
    body = submission(JOBS[0], (), f"{scheme}://spark.example:6066", "4.0.0")
    assert body["sparkProperties"]["spark.master"] == "spark://spark.example:6066"


@pytest.mark.parametrize(
    ("program", "resource", "main", "arguments"),
    [
        pytest.param("sales", "s3a://jobs/sales.jar", "acme.Sales", ["monday"], id="a jar"),
        pytest.param("tidy", "", "org.apache.spark.deploy.SparkSubmit", ["file:/jobs/tidy.py", "monday"], id="Python"),
    ],
)
async def test_a_named_program_is_submitted_watched_and_ended(
    twin: System, program: str, resource: str, main: str, arguments: list[str]
) -> None:
    sp = spark(twin)
    assert [one["name"] for one in (await data(sp, "list_programs"))["programs"]] == ["sales", "tidy"]
    submitted = await data(sp, "submit", program=program, arguments=["monday"])
    (sent,) = [one["body"] for one in twin.seen()]
    assert (sent["appResource"], sent["mainClass"], sent["appArgs"]) == (resource, main, arguments)
    assert sent["sparkProperties"]["spark.master"] == twin.url.replace("http", "spark")
    named = {"submission": submitted["submission"]}
    assert (await data(sp, "status", **named))["state"] == "RUNNING"
    await ask(sp, "kill", **named)
    assert (await data(sp, "status", **named))["state"] == "KILLED"
    with pytest.raises(NotFound, match="already finished"):
        await ask(sp, "kill", **named)


async def test_nothing_else_is_submitted(twin: System) -> None:
    with pytest.raises(NotFound, match=r"There is no program “rm” among those that may be submitted \(sales, tidy\)"):
        await ask(spark(twin), "submit", program="rm")
    with pytest.raises(NotFound, match="no such program"):
        await ask(spark(twin), "status", submission="driver-1")
    assert [one["path"] for one in twin.seen()] == ["/v1/submissions/status/driver-1"]


async def test_a_master_that_does_not_take_it_says_why_though_it_answers_200(twin: System) -> None:
    twin.be(standby=True)
    with pytest.raises(Refused, match="STANDBY"):
        await ask(spark(twin), "submit", program="sales")


async def test_a_submission_whose_answer_is_lost_is_uncertain_and_not_repeated(twin: System) -> None:
    twin.upset("lost")
    with pytest.raises(Uncertain):
        await ask(spark(twin), "submit", program="sales")
    assert len(twin.seen()) == 1


async def test_without_programs_there_is_nothing_but_reading(twin: System) -> None:
    tools = await Spark("sp", ABOUT, history=twin.url, master=twin.url).tools()
    assert all(one.effect == "read" for one in tools)
    effects = {one.name: one.effect for one in await spark(twin).tools() if one.writes}
    assert effects == {"sp.submit": "write", "sp.kill": "destroy"}
