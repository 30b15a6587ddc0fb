"""What a caller gets: one factory for many, stale values when it fails or is slow, values made early, nothing after a removal."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

import pytest
from structlog.testing import capture_logs

from hulk.kernel.errors import HulkError, NotFound, Refused, Unavailable
from hulk.runtime.cache import Cache, Caches, Made, Policy, Stale, running
from hulk.runtime.cache.guard import LevelAway
from hulk.runtime.telemetry import Metrics
from support.caches import Counting, Hand, MemoryShared

TTL = Policy(ttl=10, jitter=0)
SAFE = Policy(ttl=10, jitter=0, fail_safe=100, throttle=2)


@pytest.fixture
def clock() -> Hand:
    return Hand()


@pytest.fixture
async def caches(clock: Hand) -> AsyncIterator[Caches]:
    async with running(1000, now=clock, chance=lambda: 0.5) as made:
        yield made


@pytest.fixture
def numbers(caches: Caches) -> Cache[int]:
    return caches.named("numbers", policy=TTL)


def told(caches: Caches, name: str = "numbers") -> dict[str, float]:
    return next(one for one in caches.told() if one["name"] == name)


def numbers_of(caches: Caches) -> Cache[int]:
    return caches.named("numbers", policy=Policy(ttl=1000, jitter=0))


async def settled() -> None:
    """Let what was begun in the background end; nothing in these tests waits for anything outside."""
    for _ in range(50):
        await asyncio.sleep(0)


async def test_a_value_is_made_once_and_again_when_it_has_expired(numbers: Cache[int], clock: Hand) -> None:
    factory = Counting()
    assert [await numbers.get_or_make("a", factory) for _ in range(3)] == [1, 1, 1]
    clock.at += 10
    assert await numbers.get_or_make("a", factory) == 2


async def test_a_thousand_who_miss_at_once_call_the_factory_once(numbers: Cache[int], caches: Caches) -> None:
    counting = Counting()

    async def slow(stale: Stale[int] | None) -> int:
        await asyncio.sleep(0.01)
        return await counting(stale)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(numbers.get_or_make("a", slow)) for _ in range(1000)]
    assert {task.result() for task in tasks} == {1}
    assert (counting.calls, told(caches)["misses"]) == (1, 1)


async def test_all_who_wait_are_told_the_error_and_the_next_tries_again(numbers: Cache[int]) -> None:
    factory = Counting()
    factory.error = Unavailable("Away.")
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_error(numbers, factory)) for _ in range(10)]
    assert [str(task.result()) for task in tasks] == ["Away."] * 10
    factory.error = None
    assert await numbers.get_or_make("a", factory) == 2


async def _error(cache: Cache[int], factory: Counting) -> HulkError:
    with pytest.raises(HulkError) as caught:
        await cache.get_or_make("a", factory)
    return caught.value


async def test_the_factory_goes_on_when_the_caller_gives_up(numbers: Cache[int]) -> None:
    begun = asyncio.Event()

    async def slow(_: object) -> int:
        begun.set()
        await asyncio.sleep(0.02)
        return 7

    async with asyncio.TaskGroup() as group:
        caller = group.create_task(numbers.get_or_make("a", slow))
        await begun.wait()
        caller.cancel()
    assert await numbers.get_or_make("a", Counting()) == 7


async def test_a_stale_value_stands_in_while_the_factory_fails_and_is_not_asked_each_time(caches: Caches, clock: Hand) -> None:
    numbers: Cache[int] = caches.named("numbers", policy=SAFE)
    factory = Counting()
    await numbers.get_or_make("a", factory)
    factory.error = Unavailable("Away.")
    clock.at += 10
    assert [await numbers.get_or_make("a", factory) for _ in range(5)] == [1] * 5
    assert factory.calls == 2
    clock.at += SAFE.throttle
    assert await numbers.get_or_make("a", factory) == 1
    assert (factory.calls, told(caches)["stale"]) == (3, 2)
    clock.at += SAFE.fail_safe
    with pytest.raises(Unavailable):
        await numbers.get_or_make("a", factory)


@pytest.mark.parametrize("error", [pytest.param(NotFound("Gone."), id="not found"), pytest.param(Refused("No."), id="refused")])
async def test_nothing_stands_in_for_what_is_an_answer(caches: Caches, clock: Hand, error: HulkError) -> None:
    numbers: Cache[int] = caches.named("numbers", policy=SAFE)
    factory = Counting()
    await numbers.get_or_make("a", factory)
    factory.error = error
    clock.at += 10
    with pytest.raises(type(error)):
        await numbers.get_or_make("a", factory)


async def test_nothing_stands_in_for_what_was_removed(caches: Caches) -> None:
    numbers: Cache[int] = caches.named("numbers", policy=SAFE)
    factory = Counting()
    await numbers.get_or_make("a", factory)
    factory.error = Unavailable("Away.")
    await numbers.remove("a")
    with pytest.raises(Unavailable):
        await numbers.get_or_make("a", factory)


async def test_what_is_expired_by_hand_is_made_anew_and_may_stand_in(caches: Caches) -> None:
    numbers: Cache[int] = caches.named("numbers", policy=SAFE)
    factory = Counting()
    await numbers.get_or_make("a", factory)
    await numbers.expire("a")
    assert await numbers.get("a") is None
    assert await numbers.get_or_make("a", factory) == 2
    factory.error = Unavailable("Away.")
    await numbers.expire("a")
    assert await numbers.get_or_make("a", factory) == 2


async def test_a_stale_value_stands_in_while_the_factory_is_slow_and_the_new_one_comes_later(caches: Caches, clock: Hand) -> None:
    numbers: Cache[int] = caches.named("numbers", policy=Policy(ttl=10, jitter=0, fail_safe=100, soft_timeout=0.01))
    await numbers.get_or_make("a", Counting())
    go = asyncio.Event()

    async def slow(_: object) -> int:
        await go.wait()
        return 2

    clock.at += 10
    assert await numbers.get_or_make("a", slow) == 1
    go.set()
    await settled()
    assert await numbers.get("a") == 2


async def test_without_a_stale_value_a_slow_factory_is_waited_for(caches: Caches) -> None:
    numbers: Cache[int] = caches.named("numbers", policy=Policy(soft_timeout=0.001, fail_safe=100))

    async def slow(_: object) -> int:
        await asyncio.sleep(0.02)
        return 5

    assert await numbers.get_or_make("a", slow) == 5


async def test_after_the_hard_timeout_the_factory_is_cancelled_and_the_caller_told(caches: Caches) -> None:
    numbers: Cache[int] = caches.named("numbers", policy=Policy(hard_timeout=0.01))
    ended = asyncio.Event()

    async def endless(_: object) -> int:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()
        return 1

    with pytest.raises(Unavailable, match=r"numbers waited 0\.01 s"):
        await numbers.get_or_make("a", endless)
    assert ended.is_set()


async def test_a_factorys_own_timeout_is_its_own(numbers: Cache[int]) -> None:
    async def own(_: object) -> int:
        raise TimeoutError("the source")

    with pytest.raises(TimeoutError, match="the source"):
        await numbers.get_or_make("a", own)


async def test_a_value_near_its_end_is_made_anew_while_it_is_still_served(caches: Caches, clock: Hand) -> None:
    numbers: Cache[int] = caches.named("numbers", policy=Policy(ttl=10, jitter=0, eager=0.8))
    factory = Counting()
    await numbers.get_or_make("a", factory)
    clock.at += 7.9
    assert await numbers.get_or_make("a", factory) == 1
    await settled()
    assert factory.calls == 1
    clock.at += 0.2
    assert [await numbers.get_or_make("a", factory) for _ in range(3)] == [1, 1, 1]
    await settled()
    assert (await numbers.get_or_make("a", factory), factory.calls) == (2, 2)


async def test_an_early_factory_that_fails_is_not_asked_each_time(caches: Caches, clock: Hand) -> None:
    numbers: Cache[int] = caches.named("numbers", policy=Policy(ttl=10, jitter=0, eager=0.5, throttle=2))
    factory = Counting()
    await numbers.get_or_make("a", factory)
    factory.error = Unavailable("Away.")
    clock.at += 6
    for _ in range(5):
        assert await numbers.get_or_make("a", factory) == 1
        await settled()
    assert factory.calls == 2
    clock.at += 4
    with pytest.raises(Unavailable):
        await numbers.get_or_make("a", factory)


@pytest.mark.parametrize(
    ("policy", "chance", "seconds"),
    [
        pytest.param(Policy(ttl=100, jitter=0.2), 0.0, 100.0, id="none taken off"),
        pytest.param(Policy(ttl=100, jitter=0.2), 0.5, 90.0, id="half of the most"),
        pytest.param(Policy(ttl=100, jitter=0), 0.9, 100.0, id="no jitter"),
    ],
)
def test_jitter_takes_a_share_of_the_ttl_off(policy: Policy, chance: float, seconds: float) -> None:
    assert policy.life("value", None, chance) == pytest.approx(seconds)


def giving(answer: Made[int | None]) -> Callable[[object], Awaitable[Made[int | None]]]:
    async def factory(_: object) -> Made[int | None]:
        return answer

    return factory


@pytest.mark.parametrize(
    ("made", "policy", "kept"),
    [
        pytest.param(Made(1), TTL, (True, False), id="the policy's ttl"),
        pytest.param(Made(1, ttl=100), TTL, (True, True), id="a longer one of the factory"),
        pytest.param(Made(1, ttl=0), TTL, (False, False), id="not to be kept"),
        pytest.param(Made(None), TTL, (False, False), id="nothing is not kept"),
        pytest.param(Made(None), Policy(ttl=100, jitter=0, negative=10), (True, False), id="nothing is kept as long as is said"),
    ],
)
async def test_how_long_a_value_is_kept(
    caches: Caches, clock: Hand, made: Made[int | None], policy: Policy, kept: tuple[bool, bool]
) -> None:
    cache: Cache[int | None] = caches.named("numbers", policy=policy)
    assert await cache.get_or_make("a", giving(made)) == made.value
    calls = []
    for seconds in (5, 20):
        clock.at += seconds
        before = told(caches)["misses"]
        await cache.get_or_make("a", giving(made), policy=policy)
        calls.append(told(caches)["misses"] == before)
        clock.at -= seconds if seconds == 5 else 0
    assert tuple(calls) == kept


async def test_a_factory_sees_what_it_replaces_and_may_keep_it(caches: Caches, clock: Hand) -> None:
    texts: Cache[str] = caches.named("texts", policy=SAFE)
    seen: list[Stale[str] | None] = []

    async def conditional(stale: Stale[str] | None) -> Made[str]:
        seen.append(stale)
        return Made(stale.value if stale else "body", etag='"1"')

    await texts.get_or_make("a", conditional)
    clock.at += 11
    assert await texts.get_or_make("a", conditional) == "body"
    assert seen == [None, Stale("body", '"1"')]


async def test_a_tag_removes_what_has_it_and_nothing_else(numbers: Cache[int], clock: Hand) -> None:
    factory = Counting()
    await numbers.get_or_make("a", factory, tags=["odd", "small"])
    await numbers.get_or_make("b", factory, tags=["small"])
    await numbers.get_or_make("c", factory)
    await numbers.remove_by_tag("odd")
    assert [await numbers.get(key) for key in "abc"] == [None, 2, 3]
    await numbers.remove_by_tag("small")
    assert [await numbers.get(key) for key in "abc"] == [None, None, 3]
    await numbers.clear()
    assert await numbers.get("c") is None
    assert clock.at == Hand().at  # all at one moment: the order counts, not the clock


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(("a", "b:c"), ("a:b", "c"), id="a colon in the tenant"),
        pytest.param(("", "a:k"), ("a", "k"), id="no tenant"),
        pytest.param(("a%3A", "k"), ("a:", "k"), id="what looks quoted"),
    ],
)
async def test_tenants_never_share_a_key(numbers: Cache[int], first: tuple[str, str], second: tuple[str, str]) -> None:
    await numbers.of(first[0]).set(first[1], 1)
    assert await numbers.of(second[0]).get(second[1]) is None


async def test_a_tenants_tags_and_clear_are_its_own(numbers: Cache[int]) -> None:
    for number, tenant in enumerate(["", "acme", "other"]):
        await numbers.of(tenant).set("k", number, tags=["t"])
    await numbers.of("acme").remove_by_tag("t")
    assert [await numbers.of(tenant).get("k") for tenant in ("", "acme", "other")] == [0, None, 2]
    await numbers.of("other").clear()
    assert [await numbers.of(tenant).get("k") for tenant in ("", "acme", "other")] == [0, None, None]
    await numbers.of("acme").set("k", 5)
    await numbers.clear()
    assert [await numbers.of(tenant).get("k") for tenant in ("", "acme", "other")] == [None, None, None]


REMOVALS = {
    "remove": lambda cache: cache.remove("a"),
    "tag": lambda cache: cache.remove_by_tag("t"),
    "clear": lambda cache: cache.clear(),
    "set": lambda cache: cache.set("a", 42),
}


@pytest.mark.parametrize("act", REMOVALS)
async def test_what_was_begun_before_a_removal_is_not_kept_after_it(numbers: Cache[int], act: str) -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    async def old(_: object) -> int:
        begun.set()
        await go.wait()
        return 1

    async with asyncio.TaskGroup() as group:
        early = group.create_task(numbers.get_or_make("a", old, tags=["t"]))
        await begun.wait()
        await REMOVALS[act](numbers)
        later = Counting()
        later.calls = 99
        fresh = await numbers.get_or_make("a", later, tags=["t"])
        go.set()
    assert early.result() == 1
    assert fresh == (42 if act == "set" else 100)
    await settled()
    assert await numbers.get("a") == fresh


async def test_two_processes_take_turns_over_the_shared_level(clock: Hand) -> None:
    shared, counting = MemoryShared(clock), Counting()

    async def slow(stale: object) -> int:
        await asyncio.sleep(0.05)
        return await counting(stale)

    async with running(10, shared, now=clock) as one, running(10, shared, now=clock) as other:
        first, second = numbers_of(one), numbers_of(other)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(cache.get_or_make("a", slow)) for cache in (first, second)]
        assert [task.result() for task in tasks] == [1, 1]
    assert counting.calls == 1


async def test_a_value_made_too_late_does_not_replace_a_newer_one(clock: Hand) -> None:
    shared = MemoryShared(clock)
    begun, go = asyncio.Event(), asyncio.Event()

    async def late(_: object) -> int:
        begun.set()
        await go.wait()
        return 1

    async with running(10, shared, now=clock) as one, running(10, shared, now=clock) as other:
        first, second = numbers_of(one), numbers_of(other)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(first.get_or_make("a", late, policy=Policy(ttl=1000, hard_timeout=None)))
            await begun.wait()
            clock.at += 100  # its turn has ended
            newer = Counting()
            newer.calls = 8
            assert await second.get_or_make("a", newer) == 9
            go.set()
        assert task.result() == 1
        async with running(10, shared, now=clock) as third:
            assert await numbers_of(third).get("a") == 9


async def test_what_a_cache_does_is_told_as_metrics(clock: Hand) -> None:
    metrics, shared = Metrics(), MemoryShared(clock)
    async with running(2, shared, now=clock) as caches:
        caches.measure(metrics)
        cache: Cache[int] = caches.named("numbers", policy=SAFE)
        factory = Counting()
        for key in "abca":
            await cache.get_or_make(key, factory)
        await cache.get_or_make("a", factory)
        factory.error = Unavailable("Away.")
        clock.at += 11
        await cache.get_or_make("a", factory)
        shared.away = True
        await cache.remove("a")
        lines = metrics.render().decode().splitlines()
    assert {line for line in lines if line.startswith("hulk_cache") and "seconds" not in line and "created" not in line} == {
        'hulk_cache_hits_total{cache="numbers",level="l1"} 1.0',
        'hulk_cache_hits_total{cache="numbers",level="l2"} 1.0',
        'hulk_cache_hits_total{cache="numbers",level="l3"} 0.0',
        'hulk_cache_misses_total{cache="numbers"} 4.0',
        'hulk_cache_stale_total{cache="numbers"} 1.0',
        'hulk_cache_factory_total{cache="numbers",outcome="made"} 3.0',
        'hulk_cache_factory_total{cache="numbers",outcome="failed"} 1.0',
        'hulk_cache_evictions_total{cache="numbers"} 2.0',
        "hulk_cache_entries 1.0",
        'hulk_cache_level_up{level="l2"} 0.0',
        "hulk_cache_recovery_waiting 1.0",
    }


async def test_a_value_set_for_no_time_takes_the_old_one_away(numbers: Cache[int]) -> None:
    await numbers.set("a", 1)
    await numbers.set("a", 2, policy=Policy(ttl=0))
    assert await numbers.get("a") is None


async def test_what_replaces_a_stale_value_and_is_not_to_be_kept_takes_it_away(caches: Caches, clock: Hand) -> None:
    cache: Cache[int] = caches.named("numbers", policy=SAFE)
    factory = Counting()
    await cache.get_or_make("a", factory)
    clock.at += 20

    async def fleeting(_: object) -> Made[int]:
        return Made(7, ttl=0)

    assert await cache.get_or_make("a", fleeting) == 7
    factory.error = Unavailable("Away.")
    with pytest.raises(Unavailable):
        await cache.get_or_make("a", factory)


async def test_what_is_being_made_when_the_caches_end_is_cancelled(clock: Hand) -> None:
    left = asyncio.Event()

    async def hangs(_: object) -> int:
        try:
            await asyncio.Event().wait()
        finally:
            left.set()
        return 1

    async with asyncio.TaskGroup() as group:
        async with running(10, now=clock) as made:
            task = group.create_task(numbers_of(made).get_or_make("a", hangs))
            await settled()
        assert left.is_set()
        with pytest.raises(asyncio.CancelledError):
            await task


class Faulty(MemoryShared):
    """A shared level with a bug, or that is away for some acts only."""

    def __init__(self, clock: Hand, *, put: Exception | None = None, marks: Exception | None = None) -> None:
        super().__init__(clock)
        self.put_error, self.marks_error = put, marks

    async def put(self, key: str, data: bytes, until: float) -> None:
        if self.put_error:
            raise self.put_error
        await super().put(key, data, until)

    async def marks(self, names: Iterable[str]) -> dict[str, int]:
        if self.marks_error:
            raise self.marks_error
        return await super().marks(names)


async def test_who_asked_has_the_value_though_it_could_not_be_kept(clock: Hand) -> None:
    with capture_logs() as logs:
        async with running(10, Faulty(clock, put=ZeroDivisionError()), now=clock) as made:
            cache = numbers_of(made)
            assert await cache.get_or_make("a", Counting()) == 1
            await settled()
            assert await cache.get("a") == 1
    assert [one["event"] for one in logs] == ["cache_not_kept"]


async def test_a_cache_that_is_not_there_is_told_with_those_that_are(caches: Caches, numbers: Cache[int]) -> None:
    assert caches.find("numbers") is numbers
    with pytest.raises(NotFound, match="There is no cache letters; there are: numbers"):
        caches.find("letters")


async def test_what_the_shared_level_has_is_given_though_its_marks_cannot_be_asked(clock: Hand) -> None:
    shared = Faulty(clock, marks=LevelAway("marks"))
    async with running(10, shared, now=clock) as one, running(10, shared, now=clock) as other:
        await numbers_of(one).get_or_make("a", Counting())
        assert await numbers_of(other).get("a") == 1


async def test_a_value_set_after_that_of_a_clock_ahead_replaces_it(clock: Hand) -> None:
    ahead, shared = Hand(clock.at + 30), MemoryShared(clock)
    async with running(10, shared, now=ahead) as one, running(10, shared, now=clock) as other, running(10, shared, now=clock) as third:
        await numbers_of(one).set("a", 1)
        await numbers_of(other).set("a", 2)
        assert await numbers_of(third).get("a") == 2


async def test_what_was_removed_while_a_level_was_asked_for_it_is_not_given(clock: Hand) -> None:
    asked, go = asyncio.Event(), asyncio.Event()

    class Slow(MemoryShared):
        async def get(self, key: str) -> bytes | None:
            found = await super().get(key)
            asked.set()
            await go.wait()
            return found

    shared = Slow(clock)
    async with running(10, shared, now=clock) as one, running(10, shared, now=clock) as other:
        await numbers_of(one).set("a", 1)
        cache = numbers_of(other)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(cache.get("a"))
            await asked.wait()
            await cache.remove("a")
            go.set()
        assert task.result() is None


async def test_what_the_shared_level_was_not_told_to_be_void_is_not_taken_from_it(clock: Hand) -> None:
    shared = MemoryShared(clock)
    async with running(10, shared, now=clock) as one, running(10, shared, now=clock) as other:
        await numbers_of(one).set("a", 1, tags=["t"])
        cache = numbers_of(other)
        shared.away = True
        await cache.remove_by_tag("t")
        shared.away = False
        assert await cache.get("a") is None
        await other.parts.levels.recovery.replay()
        async with running(10, shared, now=clock) as third:
            assert await numbers_of(third).get("a") is None


@pytest.mark.parametrize(
    "eager", [pytest.param(0.5, id="early: the old one is served"), pytest.param(None, id="none: waited for, then made")]
)
async def test_while_it_is_anothers_turn(clock: Hand, eager: float | None) -> None:
    shared, counting = MemoryShared(clock), Counting()
    async with running(10, shared, now=clock) as made:
        cache: Cache[int] = made.named("numbers", policy=Policy(ttl=10, jitter=0, eager=eager, hard_timeout=0.1))
        assert await cache.get_or_make("a", counting) == 1
        assert await shared.take("numbers::a", 1000) is not None
        clock.at += 6 if eager else 11
        assert await cache.get_or_make("a", counting) == (1 if eager else 2)
        await settled()
    assert counting.calls == (1 if eager else 2)


async def test_what_was_removed_is_not_brought_back_by_expiring_it(clock: Hand) -> None:
    shared = MemoryShared(clock)
    async with running(10, shared, now=clock) as one, running(10, shared, now=clock) as other:
        cache = numbers_of(one)
        await cache.set("a", 1)
        await cache.remove("a")
        await cache.expire("a")
        assert await numbers_of(other).get("a") is None
