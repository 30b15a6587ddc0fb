"""Spark's tools against a real standalone cluster of Spark 4.3 and its history server."""

from collections.abc import Iterator

import pytest

from hulk.kernel.errors import NotFound, Refused
from hulk.modules.tools.adapters.backends.spark import Job, Spark
from support.backends import ABOUT, ask, data, until
from support.spark import Cluster, cluster, installed

pytestmark = [pytest.mark.long, pytest.mark.skipif(installed() is None, reason="no Spark is installed: see support.spark")]
_PROGRAM = """
import sys, time
from pyspark.sql import SparkSession

session = SparkSession.builder.appName("tills").getOrCreate()
print(session.range(1000).selectExpr("sum(id)").collect())
time.sleep(float(sys.argv[1]))
session.stop()
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    python = installed()
    assert python is not None
    with cluster(python, tmp_path_factory.mktemp("spark")) as started:
        yield started


@pytest.fixture
def spark(running: Cluster) -> Spark:
    (running.home / "tills.py").write_text(_PROGRAM)
    properties = {"spark.eventLog.enabled": "true", "spark.eventLog.dir": running.events, "spark.executor.memory": "600m"}
    properties |= {"spark.driver.memory": "600m", "spark.cores.max": "1", "spark.driver.cores": "1"}
    job = Job(name="tills", resource=str(running.home / "tills.py"), properties=properties)
    return Spark("sp", ABOUT, history=running.history, master=running.master, jobs=(job,), version="4.3.0")


async def test_a_program_is_submitted_and_read_to_its_end(spark: Spark) -> None:
    named = {"submission": (await data(spark, "submit", program="tills", arguments=["0"]))["submission"]}
    ended = await until(lambda: data(spark, "status", **named), lambda found: found["state"] in ("FINISHED", "FAILED", "ERROR"))
    assert ended["state"] == "FINISHED"
    found = await until(lambda: data(spark, "list_applications", status="completed"), lambda found: found["applications"])
    (application,) = found["applications"]
    assert application["name"] == "tills"
    of = {"application": application["id"]}
    (job, *_) = (await data(spark, "list_jobs", **of))["jobs"]
    assert (job["status"], job["numFailedTasks"]) == ("SUCCEEDED", 0)
    assert {one["status"] for one in (await data(spark, "list_stages", **of))["stages"]} <= {"COMPLETE", "SKIPPED"}
    assert {one["id"] for one in (await data(spark, "list_executors", **of))["executors"]} >= {"driver"}


async def test_a_program_that_runs_is_ended(spark: Spark) -> None:
    named = {"submission": (await data(spark, "submit", program="tills", arguments=["600"]))["submission"]}
    await until(lambda: data(spark, "status", **named), lambda found: found["state"] == "RUNNING")
    await ask(spark, "kill", **named)
    await until(lambda: data(spark, "status", **named), lambda found: found["state"] == "KILLED")


async def test_what_spark_does_not_know_is_not_there(spark: Spark) -> None:
    with pytest.raises((NotFound, Refused)):
        await ask(spark, "status", submission="driver-20200101000000-0001")
    with pytest.raises(NotFound):
        await ask(spark, "list_jobs", application="app-none")
