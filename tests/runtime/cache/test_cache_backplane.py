"""Invalidation between processes over a real nats-server, and what is done when a word may have been missed."""

import asyncio
import json
import os
import signal
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hulk.runtime.bus import Address, Bus, connect, embedded
from hulk.runtime.cache import Cache, Caches, Policy, running
from hulk.runtime.cache.backplane import SUBJECT, Backplane, Word
from support.cacher import KEYS
from support.caches import Counting
from support.patience import until, until_found

TESTS = Path(__file__).parents[2]
POLICY = Policy(ttl=3600, fail_safe=3600)


@asynccontextmanager
async def two(address: Address) -> AsyncIterator[tuple[Bus, Caches, Caches]]:
    """Two processes' caches that hear each other."""
    async with (
        connect(address) as bus,
        connect(address) as another,
        running(100, bus=bus) as first,
        running(100, bus=another) as second,
    ):
        await asyncio.sleep(0.2)  # each has heard the other's first beat
        yield bus, first, second


def numbers(caches: Caches) -> Cache[int]:
    return caches.named("numbers", policy=POLICY)


ACTS: dict[str, Callable[[Cache[int]], Awaitable[None]]] = {
    "remove": lambda cache: cache.remove("a"),
    "expire": lambda cache: cache.expire("a"),
    "tag": lambda cache: cache.remove_by_tag("t"),
    "clear": lambda cache: cache.clear(),
    "set": lambda cache: cache.set("a", 42),
}


@pytest.mark.parametrize("act", ACTS)
async def test_what_one_process_does_the_other_knows(tmp_path: Path, act: str) -> None:
    async with embedded(tmp_path) as server, two(server.address) as (_, one, other):
        here, there = numbers(one), numbers(other)
        await there.get_or_make("a", Counting(), tags=["t"])
        await there.get_or_make("b", Counting())
        await ACTS[act](here)
        await until_found(lambda: _gone(there, "a"), within=10)
        assert await there.get("b") == (None if act == "clear" else 1)
        assert await here.get("a") == (42 if act == "set" else None)


async def _gone(cache: Cache[int], key: str) -> bool:
    return await cache.get(key) is None


async def test_invalidation_reaches_another_process_within_100_ms(tmp_path: Path) -> None:
    async with embedded(tmp_path / "nats") as server:
        address = server.address
        command = [sys.executable, "-m", "support.cacher", str(tmp_path), address.urls[0], address.user or "", address.password or ""]
        process = await asyncio.create_subprocess_exec(*command, cwd=TESTS, stdout=asyncio.subprocess.PIPE)
        assert process.stdout is not None
        try:
            async with connect(address) as bus, running(100, bus=bus) as caches:
                cache: Cache[str] = caches.named("shared")
                assert await process.stdout.readline() == b"held\n"
                waits = []
                for key in KEYS:
                    begun = time.time()
                    await (cache.remove(key) if int(key[1:]) % 2 else cache.remove_by_tag(key))
                    name, at = (await asyncio.wait_for(process.stdout.readline(), 10)).decode().split()
                    assert name == key
                    waits.append(1000 * (float(at) - begun))
        finally:
            process.send_signal(signal.SIGTERM)
            await process.wait()
    print(f"invalidation: median {statistics.median(waits):.1f} ms, worst {max(waits):.1f} ms")
    assert statistics.quantiles(waits, n=20)[-1] < 100, waits


async def test_what_was_said_while_the_bus_was_away_is_said_when_it_is_back_and_nothing_old_is_trusted(tmp_path: Path) -> None:
    async with embedded(tmp_path) as server, two(server.address) as (bus, one, other):
        here, there = numbers(one), numbers(other)
        for key in "ab":
            await there.get_or_make(key, Counting())
        server_gone = asyncio.get_running_loop().time()
        os.kill(server.pid, signal.SIGKILL)
        await until(lambda: not bus.connected, within=10)
        await here.remove("a")
        assert len(one.parts.levels.recovery.waiting) == 1
        assert await there.get("a") == 1  # nobody could tell it
        await until_found(lambda: _gone(there, "b"), within=10)
        await until_found(lambda: _gone(there, "a"), within=10)
        assert await there.get_or_make("b", failing) == 1  # not removed: it may still stand in
        await until(lambda: not one.parts.levels.recovery.waiting, within=10)
        newer = Counting()
        newer.calls = 1
        assert await there.get_or_make("a", newer) == 2
        assert asyncio.get_running_loop().time() - server_gone < 20


async def failing(_: object) -> int:
    raise LookupError("away")


async def test_who_has_missed_a_word_trusts_nothing_older(tmp_path: Path) -> None:
    heard: list[Word] = []
    missed: list[int] = []
    async with (
        embedded(tmp_path) as server,
        connect(server.address) as bus,
        connect(server.address) as another,
        Backplane(bus, heard.append, lambda: missed.append(1)).listening(),
    ):

        async def say(**body: object) -> None:
            await another.notify(SUBJECT, json.dumps({"by": "somebody", **body}).encode())

        await until(lambda: len(missed) == 1, within=10)  # from now on it hears
        missed.clear()
        await say(what="beat", count=0)
        await say(what="drop", name="x::a", at=5, count=1)
        await say(what="beat", count=1)
        await until(lambda: len(heard) == 1, within=10)
        assert not missed
        await say(what="beat", count=2)  # the second word was lost
        await until(lambda: len(missed) == 1, within=10)
        await say(what="drop", name="x::b", at=6, count=4)  # and the third
        await until(lambda: len(heard) == 2, within=10)
        assert len(missed) == 2
        await another.notify(SUBJECT, b"rubbish")
        await say(what="drop", name="x::c", at=7, count=5)
        await until(lambda: len(heard) == 3, within=10)
        assert len(missed) == 2


async def test_a_process_does_not_hear_itself(tmp_path: Path) -> None:
    async with embedded(tmp_path) as server, connect(server.address) as bus, running(10, bus=bus) as caches:
        cache = numbers(caches)
        await asyncio.sleep(0.2)  # it hears
        await cache.set("a", 1)
        await cache.set("b", 2)
        await asyncio.sleep(0.2)
        assert [await cache.get(key) for key in "ab"] == [1, 2]
