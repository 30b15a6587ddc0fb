"""A cluster that loses a worker and the leader of its task stream in the middle of its work: every intent still ends, once."""

import asyncio
import json
import os
import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from hulk.runtime.bus import TASKS
from support.cluster import Cluster, a_cluster, marks
from support.postgres import Postgres
from support.program import Caller, calling, thor
from support.worlds import repository

INTENTS = 60
ROUNDS = max(1, int(os.environ.get("HULK_TEST_SEEDS", "1")) // 10)
"""How often all of it is done: once in `make test`, more in `make test-faults`."""
QUESTIONS = ("Water the plants in the greenhouse", "Which files changed most in the last 30 days?")


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("seed", range(ROUNDS))
async def test_all_intents_end_once_though_a_worker_and_the_leader_of_the_queue_are_killed(
    tmp_path: Path, postgres: Callable[[], Postgres], seed: int
) -> None:
    repository(tmp_path / "shop")
    chance = random.Random(seed)
    begun = time.monotonic()
    async with a_cluster(tmp_path, postgres().database()) as cluster, calling(cluster.up) as caller:
        started = time.monotonic()
        async with asyncio.TaskGroup() as group:
            asking = group.create_task(_asked(caller))
            await _some_done(caller, chance.randrange(3, 15))
            cluster.workers[0].kill()
            leader = await cluster.nats.leader(TASKS)
            leader.kill()
            killed = time.monotonic()
        intents = asking.result()
        ends = [await caller.ended(intent, within=120) for intent in intents]
        done = time.monotonic()
        leader.start()
        await _settled(cluster)
        assert Counter(end["status"] for end in ends) == {"completed": INTENTS}, [end for end in ends if end["status"] == "failed"][:2]
        _checked(cluster, intents)
        assert marks(cluster) >= INTENTS * 3 // 4
        assert thor(tmp_path / "up", "audit", "verify", env=cluster.environment)[0]["whole"] is True
        assert [process.stop() for process in (cluster.up, cluster.workers[1])] == [0, 0]
    print(f"started in {started - begun:.1f} s, killed after {killed - started:.1f} s, all done {done - killed:.1f} s later")


async def _asked(caller: Caller) -> list[str]:
    """Post the intents, each fourth about the repository; gives their ids."""
    intents = list[str]()
    for number in range(INTENTS):
        about, sources = (QUESTIONS[0], []) if number % 4 else (QUESTIONS[1], [{"kind": "repository", "path": "shop"}])
        intents.append(await caller.ask(about, sources, key=f"intent-{number}"))
        await asyncio.sleep(0.05)
    return intents


async def _some_done(caller: Caller, count: int) -> None:
    async with asyncio.timeout(60):
        while True:
            _, body, _ = await caller.call("GET", "/v1/intents?status=completed&limit=500")
            if len(body["intents"]) >= count:
                return
            await asyncio.sleep(0.1)


async def _settled(cluster: Cluster) -> None:
    """Wait until all that the trail has to tell was told, and the stream's three servers agree again."""
    async with asyncio.timeout(60):
        while _rows(cluster, "select count(*) from outbox") != [(0,)] or not await cluster.nats.in_step(TASKS):  # noqa: ASYNC110
            await asyncio.sleep(0.1)


def _rows(cluster: Cluster, query: str) -> list[Any]:
    with psycopg.connect(cluster.store) as connection:
        return connection.execute(query.encode()).fetchall()


def _checked(cluster: Cluster, intents: list[str]) -> None:
    """What the store says: each intent and each ticket ended once, no step stands twice, nothing is left, nothing is dead."""
    assert {intent for intent, _ in _rows(cluster, "select id, 1 from intent")} == set(intents)
    completions = _rows(cluster, "select subject, count(*) from event where type = 'hulk.intent.completed.v1' group by 1")
    assert dict(completions) == dict.fromkeys(intents, 1)
    tickets = _rows(cluster, "select subject, count(*) from event where type = 'hulk.ticket.completed.v1' group by 1")
    worked = _rows(cluster, "select id from ticket where owner = 'run' and status = 'completed'")
    assert dict(tickets) == dict.fromkeys((name for (name,) in worked), 1)
    assert _rows(cluster, "select run, position from step group by 1, 2 having count(*) > 1") == []
    assert _rows(cluster, "select id, status from run where status <> 'completed'") == []
    assert [json.loads(error) for (error,) in _rows(cluster, "select error from run where dead")] == []
