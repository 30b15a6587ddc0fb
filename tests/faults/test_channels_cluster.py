"""Channels in a cluster: what a process was sending when it died, another sends in its place, long before anybody gives it up."""

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import psycopg
import pytest

from hulk.modules.channels.domain import HELD
from support.barrage.sides import Hook
from support.barrage.sides.hook import listening
from support.nats_cluster import a_nats
from support.patience import until
from support.postgres import Postgres
from support.program import Up, environment, launch, until_ready


@asynccontextmanager
async def a_pair(folder: Path, store: str, hook: Hook) -> AsyncIterator[list[Up]]:
    """Two processes that share everything."""
    (folder / "hulk.yaml").write_text(json.dumps({"channels": {"webhook": [hook.section[1]]}, "grpc": {"port": 0}}))
    async with a_nats(folder / "bus", servers=1) as nats:
        own = {"HULK_STORE__URL": store, "HULK_AUDIT__KEY": "the same for all", "HULK_BLOBS__PATH": str(folder / "blobs")}
        ups = [launch("up", folder / name, cwd=folder, env=environment(**nats.settings(), **own)) for name in ("one", "two")]
        try:
            yield [await asyncio.to_thread(until_ready, up) for up in ups]
        finally:
            for up in ups:
                if up.process.poll() is None:
                    up.kill()


def sender(store: str, ups: list[Up]) -> int:
    """Which of them is sending something."""
    with psycopg.connect(store) as connection:
        [(holder,)] = connection.execute("select holder from channel_message where state = 'sending'").fetchall()
    [place] = [place for place, up in enumerate(ups) if str(up.process.pid) in str(holder).split(":")]
    return place


@pytest.mark.long
async def test_what_a_process_was_sending_when_it_died_another_sends(tmp_path: Path, postgres: Callable[[], Postgres]) -> None:
    store = postgres().database()
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        hook = await stack.enter_async_context(listening(Hook("", session, random.Random(1), again=0.0)))
        ups = await stack.enter_async_context(a_pair(tmp_path, store, hook))
        hook.url = f"{ups[0].url}/v1/hooks/hook"
        first = await hook.say(1)
        await until(lambda: first in hook.got, within=60)
        hook.free.clear()
        held = await hook.say(2)
        await until(lambda: bool(hook.held), within=60)
        dying = sender(store, ups)
        killed = time.monotonic()
        ups[dying].kill()
        await until(lambda: hook.held[0].transport is None)
        hook.free.set()
        hook.url = f"{ups[1 - dying].url}/v1/hooks/hook"
        later = await hook.say(3)
        await until(lambda: later in hook.at, within=60)
        seconds = {"sent by another": hook.at[later] - killed}
        await until(lambda: held in hook.at, within=60)
        seconds["sent in its place"] = hook.at[held] - killed
    print({what: round(one, 1) for what, one in seconds.items()})
    assert [len(hook.got[one]) for one in (first, held, later)] == [1, 1, 1]
    assert max(seconds.values()) < HELD.total_seconds() / 2
