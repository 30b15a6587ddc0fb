"""L3: warm after a restart, bounded, and no trouble when it is damaged, full or cannot be written."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from hulk.runtime.cache import Cache, Caches, Policy, opened
from hulk.runtime.cache.disk import FILE, DiskLevel
from hulk.runtime.cache.entry import stamped
from hulk.runtime.cache.guard import LevelAway
from hulk.runtime.config import CacheSettings
from support.caches import Counting, Hand
from support.disks import a_small_disk, full

POLICY = Policy(ttl=3600, jitter=0)


@asynccontextmanager
async def cached(folder: Path, l1_size: int = 5000) -> AsyncIterator[tuple[Caches, Cache[int]]]:
    async with opened(CacheSettings(l1_size=l1_size), folder) as caches:
        yield caches, caches.named("numbers", policy=POLICY)


async def test_a_restart_is_warm(tmp_path: Path) -> None:
    factory = Counting()
    async with cached(tmp_path) as (_, cache):
        for number in range(50):
            await cache.get_or_make(f"k{number}", factory)
    async with cached(tmp_path) as (caches, cache):
        assert [await cache.get_or_make(f"k{number}", factory) for number in range(50)] == list(range(1, 51))
        assert (factory.calls, caches.told()[0]["l3"]) == (50, 50)


async def test_what_was_pushed_out_of_memory_is_found_on_the_disk(tmp_path: Path) -> None:
    factory = Counting()
    async with cached(tmp_path, l1_size=5) as (caches, cache):
        for _ in range(2):
            for number in range(20):
                await cache.get_or_make(f"k{number}", factory)
        assert factory.calls == 20
        assert caches.told()[0]["evicted"] > 20


async def test_what_was_removed_stays_removed_after_a_restart(tmp_path: Path) -> None:
    async with cached(tmp_path) as (_, cache):
        for key in "abc":
            await cache.set(key, 1, tags=[key])
        await cache.of("acme").set("d", 1)
    async with cached(tmp_path) as (_, cache):
        await cache.remove("a")
        await cache.remove_by_tag("b")
        await cache.of("acme").clear()
    async with cached(tmp_path) as (_, cache):
        assert [await cache.get(key) for key in "abc"] == [None, None, 1]
        assert await cache.of("acme").get("d") is None


async def test_what_was_removed_stays_removed_when_the_process_is_killed(tmp_path: Path) -> None:
    level = DiskLevel(tmp_path / FILE, 10**6)
    level.put("a", stamped(1), 4e9)
    await level.write()
    level.forget("a")
    await level.write()  # what `remove` waits for
    with sqlite3.connect(tmp_path / FILE) as file:  # as another process would find it
        assert file.execute("select count(*) from entry").fetchone() == (0,)
    file.close()
    await level.close()


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda _: b"not a database" * 500, id="rubbish"),
        pytest.param(lambda data: data[:100] + os.urandom(len(data) - 100), id="all pages"),
        pytest.param(lambda data: data[: len(data) // 2], id="truncated"),
    ],
)
async def test_a_damaged_file_is_set_aside_and_a_new_one_begun(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    factory = Counting()
    async with cached(tmp_path) as (_, cache):
        for number in range(200):
            await cache.get_or_make(f"k{number}", factory)
    file = tmp_path / FILE
    file.write_bytes(damage(file.read_bytes()))
    with capture_logs() as logs:
        async with cached(tmp_path) as (_, cache):
            values = [await cache.get_or_make(f"k{number}", factory) for number in range(200)]
    assert sorted(set(values)) == sorted(values)
    assert [one["log_level"] for one in logs if one["event"] == "cache_file_damaged"] == ["warning"]
    assert (tmp_path / "cache.damaged.db").exists()
    before = factory.calls
    async with cached(tmp_path) as (_, cache):
        assert [await cache.get_or_make(f"k{number}", factory) for number in range(200)] == values
    assert factory.calls == before


async def test_a_value_with_a_flipped_bit_is_not_given(tmp_path: Path) -> None:
    async with cached(tmp_path) as (_, cache):
        await cache.set("a", 123456)
    file = tmp_path / FILE
    file.write_bytes(file.read_bytes().replace(b"\n123456", b"\n123457"))
    with capture_logs() as logs:
        async with cached(tmp_path) as (_, cache):
            assert await cache.get("a") is None
    assert "cache_entry_damaged" in [one["event"] for one in logs]


async def test_the_file_stays_within_its_size_and_keeps_what_was_used_last(tmp_path: Path) -> None:
    clock = Hand()
    level = DiskLevel(tmp_path / FILE, 1_000_000, clock)
    for number in range(400):
        clock.at += 1
        level.put(f"k{number}", stamped(number) + bytes(10_000), clock.at + 10_000)
        assert await level.get("k0") is not None
        await level.write()
    assert await level.get("k399") is not None
    assert await level.get("k1") is None
    assert level.evicted > 250
    await level.close()
    assert (tmp_path / FILE).stat().st_size < 1_300_000


async def test_what_has_expired_makes_room_first(tmp_path: Path) -> None:
    clock = Hand()
    level = DiskLevel(tmp_path / FILE, 10**6, clock)
    level.put("a", stamped(1), clock.at + 5)
    await level.write()
    clock.at += 10
    level.put("b", stamped(1), clock.at + 5)
    await level.write()
    with sqlite3.connect(tmp_path / FILE) as file:
        assert file.execute("select key from entry").fetchall() == [("b",)]
    file.close()
    await level.close()


async def test_a_folder_that_cannot_be_written_costs_only_the_disk(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    async with cached(tmp_path / "file" / "cache") as (caches, cache):
        assert await cache.get_or_make("a", Counting()) == 1
        await cache.remove("a")
        assert await cache.get_or_make("a", Counting()) == 1
        assert caches.levels() == {"l3": False}


async def test_a_full_disk_costs_only_the_disk_and_what_was_removed_does_not_come_back(tmp_path: Path) -> None:
    texts: Cache[str]
    with a_small_disk(tmp_path / "small", 4) as small, ExitStack() as filled:
        async with opened(CacheSettings(), small) as caches:
            texts = caches.named("texts", policy=POLICY)
            await texts.set("a", "old")
            await caches.parts.levels.guards["l3"].ask(_disk(caches).write)
            filled.enter_context(full(small))
            for number in range(50):
                await texts.set(f"k{number}", "x" * 10_000)
            await texts.remove("a")
            assert await texts.get("k49") == "x" * 10_000
            assert await texts.get("a") is None
        async with opened(CacheSettings(), small) as caches:
            texts = caches.named("texts", policy=POLICY)
            assert await texts.get("a") is None
            filled.close()
            await asyncio.sleep(1.2)
            await texts.set("b", "new")
        async with opened(CacheSettings(), small) as caches:
            texts = caches.named("texts", policy=POLICY)
            assert [await texts.get(key) for key in "ab"] == [None, "new"]


def _disk(caches: Caches) -> DiskLevel:
    disk = caches.parts.levels.disk
    assert isinstance(disk, DiskLevel)
    return disk


async def test_a_file_damaged_while_it_is_open_is_set_aside_and_a_new_one_begun(tmp_path: Path) -> None:
    level = DiskLevel(tmp_path / FILE, 10**8)
    for number in range(800):
        level.put(f"k{number}", stamped(number) + bytes(10_000), 4e9)
    await level.write()
    with sqlite3.connect(tmp_path / FILE) as other:
        other.execute("pragma wal_checkpoint(truncate)")
    other.close()
    with (tmp_path / FILE).open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom((tmp_path / FILE).stat().st_size - 4096))
    with capture_logs() as logs:
        for number in range(800):
            with suppress(LevelAway):
                assert await level.get(f"k{number}") is None or number > 0
    assert "cache_file_damaged" in [one["event"] for one in logs]
    level.put("a", stamped(1) + b"new", 4e9)
    await level.write()
    assert await level.get("a") == stamped(1) + b"new"
    await level.close()
    assert (tmp_path / "cache.damaged.db").exists()


async def test_a_file_that_cannot_be_opened_costs_only_the_disk(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    async with cached(tmp_path) as (caches, cache):
        assert await cache.get_or_make("a", Counting()) == 1
        assert await cache.get("a") == 1
        assert caches.levels() == {"l3": False}
    assert (tmp_path / FILE).is_dir()


async def test_a_size_in_which_nothing_fits_keeps_nothing(tmp_path: Path) -> None:
    level = DiskLevel(tmp_path / FILE, 1)
    level.put("a", stamped(1), 4e9)
    await level.write()
    assert await level.get("a") is None
    assert level.evicted == 1
    await level.close()
