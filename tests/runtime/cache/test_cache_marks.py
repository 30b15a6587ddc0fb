"""Stamps and marks: time that only grows, and memory that stays bounded without forgetting a removal."""

import asyncio
import time

import pytest

from hulk.runtime.cache import Cache, Policy, running
from hulk.runtime.cache.backplane import Word
from hulk.runtime.cache.guard import LevelAway
from hulk.runtime.cache.marks import AHEAD, MOST, Marks, Stamps
from hulk.runtime.cache.recovery import MOST as MOST_WAITING
from hulk.runtime.cache.recovery import Recovery
from support.caches import Counting, Hand, MemoryShared


def test_stamps_only_grow_also_when_the_clock_stands_or_goes_back() -> None:
    clock = Hand()
    stamps = Stamps(clock)
    first = [stamps.next() for _ in range(3)]
    clock.at -= 100
    assert sorted({*first, stamps.next(), stamps.next()}) == [first[0] + step for step in range(5)]


def test_a_stamp_follows_what_was_heard_unless_it_is_absurdly_far_ahead() -> None:
    clock = Hand()
    stamps = Stamps(clock)
    now = stamps.next()
    stamps.heard(now + 5_000_000)
    assert stamps.next() == now + 5_000_001
    stamps.heard(now + 2 * AHEAD)
    assert stamps.next() == now + 5_000_002


def test_of_too_many_marks_the_oldest_void_everything_of_their_time() -> None:
    marks = Marks()
    for number in range(MOST + 10):
        marks.mark(f"c::t{number}", 1000 + number)
    assert len(marks.all()) == MOST
    assert marks.void(1000, ["c::t0"])
    assert marks.void(1009, ["other"])  # what was forgotten holds for all
    assert not marks.void(1010, ["other"])
    assert not marks.void(1000 + MOST + 20, ["c::t5"])


def test_of_too_many_drops_the_oldest_hold_for_every_key_of_their_time() -> None:
    marks = Marks()
    for number in range(MOST + 10):
        marks.drop(f"k{number}", 1000 + number)
    assert [marks.dropped(key, 1000) for key in ("k0", "other", f"k{MOST}")] == [True, True, True]
    assert [marks.dropped(key, 1010) for key in ("k9", "other", f"k{MOST}")] == [False, False, True]


async def test_what_was_removed_while_it_was_made_is_not_kept_however_much_else_was_removed() -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    async def slow(_: object) -> int:
        begun.set()
        await go.wait()
        return 1

    async with running(10) as caches, asyncio.TaskGroup() as group:
        cache: Cache[int] = caches.named("numbers", policy=Policy(ttl=60))
        task = group.create_task(cache.get_or_make("a", slow))
        await begun.wait()
        await cache.remove("a")
        for number in range(MOST + 10):
            await cache.remove(f"k{number}")
        go.set()
        assert await task == 1
        assert await cache.get("a") is None


class Hoarse:
    """A voice that nobody hears until `heard` is a list."""

    def __init__(self) -> None:
        self.heard: list[Word] | None = None

    async def say(self, word: Word) -> None:
        if self.heard is None:
            raise LevelAway("bus")
        self.heard.append(word)


async def test_of_too_many_removals_that_nobody_was_told_of_the_oldest_empty_their_cache() -> None:
    shared, voice = MemoryShared(time.time), Hoarse()
    async with running(10, shared) as one, running(10, shared) as other:
        cache: Cache[int] = one.named("numbers", policy=Policy(ttl=60))
        one.parts.levels.voice = voice
        await cache.set("k0", 1)
        shared.away = True
        for number in range(MOST_WAITING + 50):
            await cache.remove(f"k{number}")
        assert one.waiting <= MOST_WAITING
        shared.away, voice.heard = False, []
        one.parts.levels.guards["l2"].breaker.reset()
        await one.parts.levels.recovery.replay()
        assert one.waiting == 0
        assert "numbers" in {word.name for word in voice.heard if word.what == "mark"}
        there: Cache[int] = other.named("numbers", policy=Policy(ttl=60))
        assert await there.get("k0") is None


def test_a_mark_never_goes_back() -> None:
    marks = Marks()
    marks.mark("c", 10)
    epoch = marks.epoch
    marks.mark("c", 5)
    assert (marks.void(7, ["c"]), marks.epoch) == (True, epoch)


async def test_of_too_many_acts_that_wait_the_oldest_become_one_that_empties_their_cache() -> None:
    done: list[str] = []
    away = True

    def act(name: str) -> object:
        async def doing() -> None:
            if away:
                raise LevelAway("l2")
            done.append(name)

        return doing

    recovery = Recovery(lambda channel, cache: act(f"{channel} {cache}"))  # type: ignore[arg-type, return-value]
    for number in range(MOST_WAITING + 50):
        await recovery.do("l2", f"c:t:{number}", act(str(number)))  # type: ignore[arg-type]
    assert len(recovery.waiting) <= MOST_WAITING
    away = False
    await recovery.replay()
    assert not recovery.waiting
    assert "l2 c" in done
    assert len(done) == len(set(done))


async def test_what_may_be_out_of_date_is_checked_in_the_shared_level_before_it_is_made_anew() -> None:
    factory = Counting()
    async with running(10, MemoryShared(time.time)) as caches:
        cache: Cache[int] = caches.named("numbers", policy=Policy(ttl=60))
        await cache.get_or_make("a", factory)
        caches.parts.missed()
        assert await cache.get_or_make("a", factory) == 1
        assert (factory.calls, caches.told()[0]["l2"]) == (1, 1)


async def test_without_a_shared_level_what_may_be_out_of_date_is_made_anew() -> None:
    factory = Counting()
    async with running(10) as caches:
        cache: Cache[int] = caches.named("numbers", policy=Policy(ttl=60))
        await cache.get_or_make("a", factory)
        caches.parts.missed()
        assert await cache.get_or_make("a", factory) == 2


@pytest.mark.parametrize("name", ["", "Upper", "a:b", "taken"])
async def test_a_cache_has_a_plain_name_of_its_own(name: str) -> None:
    async with running(10) as caches:
        caches.named("taken")
        with pytest.raises(ValueError, match="cache name"):
            caches.named(name)


async def test_a_value_that_cannot_be_written_is_told_to_who_asks() -> None:
    async with running(10, MemoryShared(time.time)) as caches:
        cache: Cache[object] = caches.named("things")

        async def thing(_: object) -> object:
            return object()

        with pytest.raises(TypeError, match="not JSON serializable"):
            await cache.get_or_make("a", thing)


async def test_what_another_level_has_and_nobody_understands_is_a_miss() -> None:
    shared = MemoryShared(time.time)
    await shared.put("numbers::a", b"%016d" % 5 + b"rubbish\nmore", time.time() + 60)
    async with running(10, shared) as caches:
        cache: Cache[int] = caches.named("numbers", policy=Policy(ttl=60))
        assert await cache.get_or_make("a", Counting()) == 1
