"""The bus is away while people ask (A13): what they ask is taken and kept, `/ready` says so, and all of it is done when it is back."""

import asyncio
import os
import signal
import subprocess
from pathlib import Path

import pytest

from hulk.runtime.bus import EVENTS, Address, connect
from support.cluster import skill_of
from support.nats_cluster import PASSWORD, USER, a_nats
from support.program import Caller, calling, environment, started, thor

INTENTS = 30
WATER = "Water the plants in the greenhouse"


async def ready(caller: Caller, wanted: int, within: float = 30) -> dict[str, dict[str, object]]:
    """What `/ready` says of the parts once it answers with that status."""
    async with asyncio.timeout(within):
        while True:
            status, body, _ = await caller.call("GET", "/ready")
            if status == wanted:
                checks: dict[str, dict[str, object]] = body["checks"]
                return checks
            await asyncio.sleep(0.05)


async def test_what_is_asked_while_an_external_bus_is_away_is_done_when_it_is_back(tmp_path: Path) -> None:
    skill_of(tmp_path)
    async with a_nats(tmp_path / "bus", servers=1) as nats:
        settings = nats.settings() | {"HULK_SKILLS__FOLDERS": "skills", "HULK_ENGINE__QUEUE_SIZE": str(INTENTS)}
        with started(tmp_path / "data", cwd=tmp_path, env=environment(**settings)) as up:
            async with calling(up, accept_language="en") as caller:
                before = await caller.ask(WATER)
                await caller.ended(before)
                nats.nodes[0].kill()
                checks = await ready(caller, 503)
                assert checks["bus"]["status"] == "failed"
                assert "kept" in str(checks["bus"]["detail"])
                assert {part for part, check in checks.items() if check["status"] == "ok"} == {"store", "workers", "audit", "secrets"}
                for page in ("/console/", "/console/queues"):  # what operators then look at shows it
                    status, body, _ = await caller.call("GET", page)
                    assert (status, "accepted work is kept" in body["text"]) == (200, page == "/console/")
                accepted = [await caller.ask(WATER, key=f"away-{number}") for number in range(INTENTS)]
                full, problem, headers = await caller.call("POST", "/v1/intents", json={"text": WATER})
                assert (full, int(headers["retry-after"]) > 0) == (429, True), problem
                assert "engine.queue_size" in problem["detail"]
                await asyncio.sleep(2)
                assert up.process.poll() is None
                nats.nodes[0].start()
                await ready(caller, 200)
                ends = [await caller.ended(intent) for intent in accepted]
        assert {end["status"] for end in ends} == {"completed"}
        assert thor(tmp_path / "data", "audit", "verify")[0]["whole"] is True
        assert (await told(nats.urls[0], tmp_path)) >= INTENTS + 1


async def told(url: str, folder: Path) -> int:
    """How many intents the stream of events tells the end of."""
    async with connect(Address(urls=(url,), user=USER, password=PASSWORD)) as bus:
        info = await bus.ask(f"STREAM.INFO.{EVENTS}", {"subjects_filter": "hulk.intent.completed"})
    return int(info["state"]["subjects"]["hulk.intent.completed"])


@pytest.mark.parametrize("kills", [pytest.param(1, id="once"), pytest.param(3, id="again and again")])
async def test_what_is_asked_while_the_embedded_bus_dies_is_done_when_it_was_started_again(tmp_path: Path, kills: int) -> None:
    skill_of(tmp_path)
    with started(tmp_path / "data", cwd=tmp_path, env=environment(HULK_SKILLS__FOLDERS="skills")) as up:
        async with calling(up, accept_language="en") as caller:
            accepted = [await caller.ask(WATER)]
            for _ in range(kills):
                os.kill(_child(up.process.pid), signal.SIGKILL)
                accepted += [await caller.ask(WATER) for _ in range(5)]
                await ready(caller, 200)
            ends = [await caller.ended(intent) for intent in accepted]
    assert {end["status"] for end in ends} == {"completed"}


def _child(parent: int) -> int:
    """The nats-server that `parent` looks after."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid=,comm="], capture_output=True, text=True, check=True).stdout
    found = [line.split() for line in listed.splitlines()]
    children = {int(pid) for pid, ppid, *_ in found if int(ppid) == parent}
    return next(int(pid) for pid, ppid, name, *_ in found if name.startswith("nats-server") and {int(pid), int(ppid)} & children)
