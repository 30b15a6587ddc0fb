"""`hulk worker`: what it needs to start, what it says of itself, how it stops; files that are not where it looks."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from hulk.apps.cluster import require_cluster, require_consistent
from hulk.apps.settings import SECTIONS
from hulk.kernel.errors import Refused
from hulk.runtime.config import load
from support.cluster import a_cluster
from support.postgres import Postgres
from support.program import calling, environment, launch, run, thor, until_ready
from support.worlds import sales

PG = "postgresql://hulk@db/hulk"
BUS = "nats://n1:4222"


@pytest.mark.parametrize(
    ("settings", "missing"),
    [
        pytest.param({}, ["nats.urls", "store.url", "audit.key"], id="nothing is set"),
        pytest.param({"nats.urls": BUS, "audit.key": "k"}, ["SQLite"], id="SQLite in the folder"),
        pytest.param({"nats.urls": BUS, "audit.key": "k", "store.url": "sqlite:////srv/hulk.db"}, ["SQLite"], id="SQLite elsewhere"),
        pytest.param({"store.url": PG, "audit.key": "k"}, ["embedded NATS server"], id="embedded bus"),
        pytest.param({"nats.urls": BUS, "store.url": PG}, ["audit.key"], id="a key of its own"),
        pytest.param({"nats.urls": BUS, "store.url": PG, "audit.key": "k", "engine.queues": "[]"}, ["engine.queues"], id="no queue"),
    ],
)
def test_a_worker_that_could_not_share_its_work_is_refused_naming_what_is_missing(settings: dict[str, str], missing: list[str]) -> None:
    with pytest.raises(Refused) as refused:
        require_cluster(load(SECTIONS, overrides=settings))
    for word in missing:
        assert word in str(refused.value)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        pytest.param({"engine.queues": "[]"}, "executes nothing", id="nobody would work"),
        pytest.param({"nats.replicas": 3}, "embedded server is one", id="replicas of one server"),
    ],
)
def test_a_hulk_whose_settings_contradict_each_other_is_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(Refused, match=message):
        require_consistent(load(SECTIONS, overrides=settings))


def test_an_accepting_process_without_queues_is_fine_in_a_cluster() -> None:
    require_consistent(load(SECTIONS, overrides={"engine.queues": "[]", "nats.urls": BUS, "store.url": PG, "nats.replicas": 3}))


def test_the_command_says_why_it_does_not_start(tmp_path: Path) -> None:
    done = run("hulk", "worker", "--data", str(tmp_path / "data"), cwd=tmp_path)
    assert done.returncode == 2
    assert "SQLite in a folder belongs to one process" in done.stderr


async def test_a_worker_serves_its_state_and_nothing_else_and_stops_in_order(tmp_path: Path, postgres: Callable[[], Postgres]) -> None:
    async with a_cluster(tmp_path, postgres().database(), workers=0, servers=1) as cluster:
        options = ("--queues", "default,reports", "--slots", "3")
        worker = until_ready(launch("worker", tmp_path / "worker", *options, cwd=tmp_path, env=cluster.environment))
        async with calling(worker, accept_language="en") as caller:
            status, ready, _ = await caller.call("GET", "/ready")
            assert (status, ready["checks"]["workers"]) == (200, {"status": "ok", "slots": 6, "busy": 0, "queues": ["default", "reports"]})
            assert (await caller.call("GET", "/health"))[0] == 200
            assert "hulk_workers_busy" in (await caller.call("GET", "/metrics"))[1]["text"]
            assert (await caller.call("POST", "/v1/intents", json={"text": "x"}))[0] == 404
        assert thor(tmp_path / "worker", "status")["url"] == worker.url
        async with calling(cluster.up) as caller:
            intent = await caller.ask("Water the plants in the greenhouse")
            assert (await caller.ended(intent))["status"] == "completed"
        assert worker.stop() == 0
        assert not (tmp_path / "worker" / "worker.json").exists()


async def test_a_worker_with_another_audit_key_is_refused(tmp_path: Path, postgres: Callable[[], Postgres]) -> None:
    async with a_cluster(tmp_path, postgres().database(), workers=0, servers=1) as cluster:
        async with calling(cluster.up) as caller:
            await caller.ask("Water the plants in the greenhouse")
        env = {**cluster.environment, "HULK_AUDIT__KEY": "another"}
        done = await asyncio.to_thread(run, "hulk", "worker", "--data", str(tmp_path / "other"), cwd=tmp_path, env=env)
    assert done.returncode == 2
    assert "audit.key" in done.stderr


async def test_a_file_that_a_worker_cannot_see_is_waited_for_and_not_given_up(tmp_path: Path, postgres: Callable[[], Postgres]) -> None:
    async with a_cluster(tmp_path, postgres().database(), workers=0, servers=1) as cluster, calling(cluster.up) as caller:
        content = sales(tmp_path / "sales.csv", days=30).read_bytes()
        _, sent, _ = await caller.call("POST", "/v1/files", data=content)
        source = {"kind": "file", "blob": sent["blob"], "name": "sales.csv"}
        intent = await caller.ask("Describe this file and point out its problems", [source])
        kept = tmp_path / "blobs" / sent["blob"][:2] / sent["blob"]
        away = kept.rename(tmp_path / "away")  # as on a machine where the shared folder is not mounted
        worker = until_ready(cluster.worker("worker"))
        async with asyncio.timeout(60):
            while "is not in" not in worker.said():  # noqa: ASYNC110  # what is watched is another process
                await asyncio.sleep(0.05)
        _, view, _ = await caller.call("GET", f"/v1/intents/{intent}")
        assert view["status"] not in ("completed", "failed")
        away.rename(kept)
        assert (await caller.ended(intent, within=90))["status"] == "completed"


def test_environment_gives_lists_and_mappings(tmp_path: Path) -> None:
    env = {"HULK_ENGINE__QUEUES": "a,b", "HULK_ENGINE__WEIGHTS": '{"acme": 3}', "HULK_ENGINE__WORKERS": "3"}
    engine = load(SECTIONS, environ=env).engine
    assert (engine.queues, dict(engine.weights), engine.slots, engine.most_slots) == (("a", "b"), {"acme": 3}, 3, 12)
    done = run("thor", "config", "check", "--json", cwd=tmp_path, env=environment(**env))
    assert {one["key"]: one["value"] for one in json.loads(done.stdout)}["engine.weights"] == '{"acme": 3}'


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        pytest.param({"engine.queues": ["a.b"]}, "engine.queues", id="a queue that is no word of a subject"),
        pytest.param({"engine.weights": {"acme": 0}}, "engine.weights.acme", id="a weight of nothing"),
        pytest.param({"engine.weights": "3"}, "engine.weights", id="weights of nobody"),
        pytest.param({"nats.replicas": 7}, "nats.replicas", id="too many replicas"),
    ],
)
def test_wrong_settings_of_a_cluster_are_named(settings: dict[str, object], named: str) -> None:
    with pytest.raises(Refused, match=named):
        load(SECTIONS, overrides=settings)
