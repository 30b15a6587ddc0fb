"""kill -9 of the whole program at seeded moments of the three skills: nothing accepted is lost, nothing is done twice on record."""

import asyncio
import json
import os
import random
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest

from support.program import Caller, calling, start, thor
from support.worlds import repository, sales, sensors

MOMENTS = int(os.environ.get("HULK_TEST_SEEDS", "8"))
LONGEST = 2.5
"""Seconds after the first question within which the kill falls; the three take about that long together."""


@pytest.mark.timeout(7200)
async def test_every_accepted_intent_ends_once_whenever_the_program_is_killed(tmp_path: Path) -> None:
    world = tmp_path / "world"
    repository(world / "shop")
    sales(world / "vendas.csv", days=120)
    sensors(world / "sensors.jsonl", hours=24 * 14)
    data = tmp_path / "data"
    chance = random.Random(20261121)
    accepted: list[str] = []
    for moment in (chance.uniform(0, LONGEST) for _ in range(MOMENTS)):
        await _killed(data, world, moment, accepted)
    up = start(data, cwd=world)
    async with calling(up) as caller:
        _, kept, _ = await caller.call("GET", "/v1/intents?limit=500")
        ends = [await caller.ended(intent["intent_id"]) for intent in kept["intents"]]
    assert up.stop() == 0
    assert set(accepted) <= {end["intent_id"] for end in ends}
    assert len(accepted) >= MOMENTS
    assert [end["answer"] for end in ends if end["status"] != "completed"] == []
    _checked(data)
    assert thor(data, "audit", "verify")[0]["whole"] is True


async def _killed(data: Path, world: Path, moment: float, accepted: list[str]) -> None:
    """Start, wait for what an earlier kill left, ask all three, and kill at that moment."""
    up = start(data, cwd=world)
    try:
        async with calling(up) as caller:
            for intent in accepted[-3:]:
                await caller.ended(intent)
            begun = time.monotonic()
            async with asyncio.TaskGroup() as group:
                group.create_task(_asked(caller, accepted))
                await asyncio.sleep(max(0.0, moment - (time.monotonic() - begun)))
                up.kill()
    finally:
        if up.process.poll() is None:
            up.kill()


async def _asked(caller: Caller, accepted: list[str]) -> None:
    """Ask for the three skills; what was answered with 202 before the kill counts as accepted."""
    for text, source in (
        ("Quais arquivos mais mudaram nos últimos 30 dias? Abra um ticket de revisão para os 3 primeiros.", ("repository", "shop")),
        ("Descreva este arquivo e aponte os problemas", ("file", "vendas.csv")),
        ("Encontre anomalias em cada série deste arquivo", ("file", "sensors.jsonl")),
    ):
        try:
            accepted.append(await caller.ask(text, [{"kind": source[0], "path": source[1]}]))
        except aiohttp.ClientError:  # killed before it could answer: kept or not, it must not be half done
            return


def _checked(data: Path) -> None:
    """What the store says after all the kills."""
    with closing(sqlite3.connect(data / "hulk.db")) as store:
        completions = store.execute(
            "select subject, count(*) from event where type = 'hulk.ticket.completed.v1' group by subject"
        ).fetchall()
        worked = store.execute("select id from ticket where owner = 'run' and status = 'completed'").fetchall()
        intents = store.execute(
            "select count(*) from event where type = 'hulk.intent.completed.v1' group by subject having count(*) > 1"
        ).fetchall()
        unended = store.execute("select id, status from run where status not in ('completed', 'failed')").fetchall()
        dead = store.execute("select error from run where dead").fetchall()
        unsent = store.execute("select count(*) from outbox").fetchone()
    assert {subject for subject, _ in completions} == {name for (name,) in worked}
    assert {count for _, count in completions} == {1}
    assert intents == []
    assert unended == []
    assert [json.loads(error) for (error,) in dead] == []
    assert unsent == (0,)
