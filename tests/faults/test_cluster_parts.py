"""Each part of a cluster dies in turn: how long until work goes on (docs/cluster.md has the table)."""

import asyncio
import shutil
import signal
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest

from hulk.runtime.bus import TASKS
from support.cluster import Cluster, a_cluster
from support.postgres import Postgres, a_postgres
from support.program import Caller, calling, launch, until_ready

WATER = "Water the plants in the greenhouse"


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_work_goes_on_whichever_part_dies(tmp_path: Path) -> None:
    with a_postgres() as postgres:
        async with a_cluster(tmp_path, postgres.database()) as cluster:
            async with calling(cluster.up, accept_language="en") as caller:
                took = {"nothing dies": await _done(caller)}
                took["a worker"] = await _worker(cluster, caller)
                took["the leader of the task stream"] = await _leader(cluster, caller)
                took["a follower"] = await _follower(cluster, caller)
                took["two of three NATS servers, for 5 s"] = await _majority(cluster, caller)
                took["PostgreSQL, for 3 s"] = await _store(caller, postgres)
            took["the process that takes intents"] = await _server(cluster)
    for part, seconds in took.items():
        print(f"{part}: {seconds:.1f} s")
    assert max(took.values()) < 30


async def _done(caller: Caller, count: int = 4) -> float:
    """Ask and wait for the ends; gives the seconds."""
    begun = time.monotonic()
    intents = [await caller.ask(WATER) for _ in range(count)]
    assert {(await caller.ended(intent))["status"] for intent in intents} == {"completed"}
    return time.monotonic() - begun


async def _worker(cluster: Cluster, caller: Caller) -> float:
    intents = [await caller.ask(WATER) for _ in range(8)]
    await asyncio.sleep(0.3)
    cluster.workers[0].kill()
    begun = time.monotonic()
    assert {(await caller.ended(intent))["status"] for intent in intents} == {"completed"}
    return time.monotonic() - begun


async def _leader(cluster: Cluster, caller: Caller) -> float:
    leader = await cluster.nats.leader(TASKS)
    leader.kill()
    seconds = await _done(caller)
    leader.start()
    await _until(lambda: cluster.nats.in_step(TASKS))
    return seconds


async def _follower(cluster: Cluster, caller: Caller) -> float:
    leader = await cluster.nats.leader(TASKS)
    follower = next(node for node in cluster.nats.nodes if node is not leader)
    follower.kill()
    seconds = await _done(caller)
    shutil.rmtree(follower.folder / "store")  # a new machine of the same name: what it kept is copied from the others
    follower.start()
    await _until(lambda: cluster.nats.in_step(TASKS))
    return seconds


async def _majority(cluster: Cluster, caller: Caller) -> float:
    """Seconds from their return; what is asked meanwhile is taken."""
    for node in cluster.nats.nodes[:2]:
        node.kill()
    intents = [await caller.ask(WATER) for _ in range(4)]
    await asyncio.sleep(5)
    for node in cluster.nats.nodes[:2]:
        node.start()
    begun = time.monotonic()
    assert {(await caller.ended(intent))["status"] for intent in intents} == {"completed"}
    seconds = time.monotonic() - begun
    await _until(lambda: cluster.nats.in_step(TASKS))
    return seconds


async def _store(caller: Caller, postgres: Postgres) -> float:
    """Seconds from its return; what is asked meanwhile is refused as something to be asked again."""
    intents = [await caller.ask(WATER) for _ in range(4)]
    await asyncio.to_thread(postgres.stop, signal.SIGQUIT)
    status, problem, _ = await caller.call("POST", "/v1/intents", json={"text": WATER})
    assert status == 503, problem
    await asyncio.sleep(3)
    postgres.launch()
    await asyncio.to_thread(postgres.until_answers)
    begun = time.monotonic()
    await _until(lambda: _answers(caller))
    assert {(await caller.ended(intent))["status"] for intent in intents} == {"completed"}
    await _done(caller)
    return time.monotonic() - begun


async def _server(cluster: Cluster) -> float:
    """Seconds until a new one on the same data folder takes intents; workers need none to go on."""
    cluster.up.kill()
    begun = time.monotonic()
    env = {**cluster.environment, "HULK_ENGINE__QUEUES": "[]"}
    cluster.server = until_ready(launch("up", cluster.folder / "up", cwd=cluster.folder, env=env))
    async with calling(cluster.up) as caller:
        await _done(caller)
    return time.monotonic() - begun


async def _answers(caller: Caller) -> bool:
    try:
        return (await caller.call("GET", "/v1/intents"))[0] == 200
    except aiohttp.ClientError:
        return False


async def _until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await holds():  # noqa: ASYNC110  # what is watched are other processes
            await asyncio.sleep(0.1)
