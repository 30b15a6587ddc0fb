"""All breakers of a process: names, settings, metrics, and how soon they take up what has healed."""

import asyncio
import random
import statistics
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hulk.kernel.errors import NotFound, Refused, Unavailable
from hulk.runtime.breaker import Breakers, Change, Tripped, policy
from hulk.runtime.config import BreakerOverride, BreakerSettings, load
from hulk.runtime.telemetry import Metrics
from support.virtual import virtually


async def refused() -> None:
    raise Unavailable("down")


async def fine() -> None:
    return


async def failing(breakers: Breakers, name: str, times: int = 5) -> None:
    for _ in range(times):
        with pytest.raises(Unavailable):
            await breakers.of(name).call(refused)


# Names and settings ------------------------------------------------------------------------------------------------------------


async def test_one_breaker_for_each_name() -> None:
    breakers = Breakers()
    await failing(breakers, "http:a")
    await breakers.of("http:b").call(fine)
    assert [(one.name, one.state) for one in breakers] == [("http:a", "open"), ("http:b", "closed")]
    assert breakers.find("http:a") is breakers.of("http:a")
    with pytest.raises(NotFound, match=r"no breaker http:c.*http:a, http:b"):
        breakers.find("http:c")


async def test_the_longest_unused_closed_ones_are_forgotten_with_their_metrics() -> None:
    metrics = Metrics()
    breakers = Breakers(metrics=metrics, most=3)
    await failing(breakers, "open")
    for name in ("a", "b", "c", "a", "d"):
        await breakers.of(name).call(fine)
    assert [one.name for one in breakers] == ["a", "d", "open"]
    assert 'name="b"' not in metrics.render().decode()


def test_overrides_change_what_they_name_for_the_names_that_fit() -> None:
    section = BreakerSettings(
        minimum_calls=7,
        overrides=(
            BreakerOverride(name="model:*", failure_rate=0.2),
            BreakerOverride(name="model:slow", slow_after=timedelta(minutes=2)),
        ),
    )
    assert (policy(section, "http:a").failure_rate, policy(section, "http:a").minimum_calls) == (0.5, 7)
    assert (policy(section, "model:x").failure_rate, policy(section, "model:x").minimum_calls) == (0.2, 7)
    assert (policy(section, "model:slow").failure_rate, policy(section, "model:slow").slow_after) == (0.2, 120.0)
    own = {"minimum_calls": 3, "failure_rate": 0.1}
    assert (policy(section, "cache:l2", own).failure_rate, policy(section, "cache:l2", own).minimum_calls) == (0.1, 3)
    assert (policy(section, "model:x", own).failure_rate, policy(section, "model:x", own).minimum_calls) == (0.2, 3)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param({"breaker.failure_rate": "1.5"}, "must be at most 1", id="rate above one"),
        pytest.param({"breaker.window": "0s"}, "must be more than", id="empty window"),
        pytest.param({"breaker.overrides": '[{"failure_rate": 0.1}]'}, "required", id="override without a name"),
        pytest.param({"breaker.overrides": '[{"name": "a", "failurerate": 0.1}]'}, "failure_rate", id="misspelt"),
    ],
)
def test_wrong_settings_are_named(options: dict[str, object], words: str) -> None:
    with pytest.raises(Refused, match=words):
        load({}, None, {}, options)


async def test_states_and_calls_are_counted() -> None:
    metrics, changes = Metrics(), list[Change]()
    breakers = Breakers(metrics=metrics, told=changes.append)
    await breakers.of("a").call(fine)
    await failing(breakers, "a", 4)
    with pytest.raises(Tripped):
        await breakers.of("a").call(fine)
    written = metrics.render().decode()
    for line in (
        'hulk_breaker_calls_total{name="a",outcome="success"} 1.0',
        'hulk_breaker_calls_total{name="a",outcome="failure"} 4.0',
        'hulk_breaker_calls_total{name="a",outcome="refused"} 1.0',
        'hulk_breaker_state{name="a",state="open"} 1.0',
        'hulk_breaker_state{name="a",state="closed"} 0.0',
    ):
        assert line in written
    assert changes == [Change(name="a", before="closed", state="open")]


# Recovery, on virtual time -----------------------------------------------------------------------------------------------------


@dataclass
class Outage:
    """A dependency that is away until `heals`, and what is asked of it. A call takes `takes`; while away it is refused or hangs."""

    heals: float
    takes: float
    hangs: bool
    asked: list[float] = field(default_factory=list)

    async def ask(self) -> None:
        now = asyncio.get_running_loop().time
        self.asked.append(now())
        if now() < self.heals:
            await asyncio.sleep(3600 if self.hangs else self.takes)
            raise Unavailable("down")
        await asyncio.sleep(self.takes)


@dataclass(frozen=True)
class Recovery:
    """Seconds from the healing until the first call was let through, and until closed; how much was asked in the first 500 ms."""

    usable: float
    closed: float
    asked: int


async def recovery(outage: Outage, seed: int, *, traffic: bool) -> Recovery:
    """One outage from its first failure to its end, with a call every 50 ms or with none but the first five."""
    loop = asyncio.get_running_loop()
    changes: list[tuple[float, Change]] = []
    breakers = Breakers(told=lambda change: changes.append((loop.time(), change)), clock=loop.time, chance=random.Random(seed).random)
    async with breakers.working():
        breaker = breakers.of("a", outage.ask)
        await failing(breakers, "a")
        while breaker.state != "closed":
            await asyncio.sleep(0.05)
            if traffic:
                await _try(breakers, outage)
    usable = max(outage.heals, max(at for at, change in changes if change.state == "half_open"))
    asked = [at for at in outage.asked if outage.heals <= at < min(outage.heals + 0.5, changes[-1][0])]
    return Recovery(usable - outage.heals, changes[-1][0] - outage.heals, len(asked))


async def _try(breakers: Breakers, outage: Outage) -> None:
    """A call whose caller waits 100 ms at most."""
    try:
        async with asyncio.timeout(0.1):
            await breakers.of("a").call(outage.ask)
    except (Unavailable, TimeoutError):
        return


def many(hangs: bool, takes: float, traffic: bool) -> list[Recovery]:
    async def all_() -> list[Recovery]:
        chance = random.Random(7)
        loop = asyncio.get_running_loop()
        return [await recovery(Outage(loop.time() + chance.uniform(0.3, 90), takes, hangs), seed, traffic=traffic) for seed in range(150)]

    return virtually(all_)


def shares(seconds: list[float]) -> dict[str, float]:
    """Of sorted values: the median, the 99th percentile, the largest."""
    return {"p50": statistics.median(seconds), "p99": seconds[int(0.99 * len(seconds))], "most": seconds[-1]}


@pytest.mark.parametrize("traffic", [pytest.param(False, id="nobody asks"), pytest.param(True, id="asked 20 times a second")])
@pytest.mark.parametrize(
    ("hangs", "takes"),
    [
        pytest.param(False, 0.002, id="refuses, near"),
        pytest.param(False, 0.08, id="refuses, far"),
        pytest.param(True, 0.002, id="hangs, near"),
        pytest.param(True, 0.08, id="hangs, far"),
    ],
)
def test_what_has_healed_is_taken_up_in_time_and_gently(hangs: bool, takes: float, traffic: bool) -> None:
    found = many(hangs, takes, traffic)
    closed = sorted(one.closed for one in found)
    measured = ", ".join(f"{name} {value:.3f}" for name, value in shares(closed).items())
    print(f"closed after: {measured} s; asked at most {max(one.asked for one in found)} times in the first 500 ms")
    assert shares(closed)["p50"] < 0.8
    assert shares(closed)["p99"] < 2
    assert statistics.median(one.usable for one in found) < 0.8
    assert max(one.asked for one in found) <= 4


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0.01, 60), st.floats(0, 20)), min_size=1, max_size=6), st.booleans(), st.integers(0, 9999))
def test_none_stays_stuck_whatever_the_outages(phases: list[tuple[float, float]], hangs: bool, seed: int) -> None:
    """Away and well in turn, as long as it likes: two seconds after it is well for good, it is closed."""

    async def story() -> None:
        loop = asyncio.get_running_loop()
        breakers = Breakers(clock=loop.time, chance=random.Random(seed).random)
        async with breakers.working():
            for away, well in phases:
                outage = Outage(loop.time() + away, 0.01, hangs)
                breaker = breakers.of("a")
                breaker._probe = outage.ask
                while loop.time() < outage.heals:
                    await _try(breakers, outage)
                    await asyncio.sleep(0.2)
                await asyncio.sleep(well)
            # a probe that was right each time, but the dependency fell again: it is asked less often, 30 s at most
            await asyncio.sleep(2 if len(phases) == 1 else 46)
            assert breakers.of("a").state == "closed"

    virtually(story)


def test_without_a_probe_the_next_call_tries_once_the_open_time_is_over() -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        breakers = Breakers(clock=loop.time, chance=lambda: 0.5)
        async with breakers.working():
            await failing(breakers, "a")
            await asyncio.sleep(0.41)
            assert breakers.of("a").state == "half_open", "without any call"
            for _ in range(4):
                await breakers.of("a").call(fine)
            assert breakers.of("a").state == "closed"

    virtually(story)


@pytest.mark.parametrize("act", ["isolate", "disable", "reset"])
def test_a_hand_ends_the_probing(act: str) -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        outage = Outage(1e9, 0.01, hangs=True)
        breakers = Breakers(clock=loop.time)
        async with breakers.working():
            breakers.of("a", outage.ask)
            await failing(breakers, "a")
            await asyncio.sleep(5.3)
            getattr(breakers.of("a"), act)()
            asked = len(outage.asked)
            await asyncio.sleep(100)
            assert len(outage.asked) == asked > 3

    virtually(story)


def test_it_opens_again_after_a_reset_and_is_probed_again() -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        outage = Outage(12.0, 0.01, hangs=False)
        breakers = Breakers(clock=loop.time)
        async with breakers.working():
            breakers.of("a", outage.ask)
            for _ in range(3):
                await failing(breakers, "a")
                await asyncio.sleep(3)
                breakers.of("a").reset()
            await failing(breakers, "a")
            await asyncio.sleep(5)
            assert breakers.of("a").state == "closed"

    virtually(story)


async def test_nothing_is_left_running_at_the_end() -> None:
    async with Breakers().working() as breakers:
        breakers.of("a", refused)
        await failing(breakers, "a")
        assert len(asyncio.all_tasks()) == 2
    assert len(asyncio.all_tasks()) == 1


async def test_a_probe_that_is_broken_ends_nothing() -> None:
    async def broken() -> None:
        raise KeyError("a bug")

    async with Breakers(BreakerSettings.model_validate({"first_open": "10ms", "probe_every": "10ms"})).working() as breakers:
        breakers.of("a", broken)
        await failing(breakers, "a")
        await asyncio.sleep(0.1)
        for _ in range(4):
            await breakers.of("a").call(fine)
        assert breakers.of("a").state == "closed"
