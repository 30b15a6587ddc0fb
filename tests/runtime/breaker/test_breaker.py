"""The state machine: each transition by name, then thousands of histories against a small reference model."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from hulk.kernel.errors import Conflict, Exhausted, Forbidden, HulkError, NotFound, Refused, Unavailable
from hulk.runtime.breaker import Breaker, Permit, Policy, Tripped, counts_against
from hulk.runtime.breaker.window import Window

POLICY = Policy(minimum_calls=4, window_calls=10, window=10, slow_after=2, first_open=0.4, longest_open=3, calm=20, longest_trial=5)
Ended = Literal["success", "failure", "ignored"]


def times(count: int, outcome: Ended) -> list[Ended]:
    return [outcome] * count


class Clock:
    """Moved by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Scene:
    """A breaker without jitter, and its clock."""

    def __init__(self, policy: Policy = POLICY, probe: Callable[[], Awaitable[object]] | None = None) -> None:
        self.clock = Clock()
        self.breaker = Breaker("http:example.com", policy, probe=probe, clock=self.clock, chance=lambda: 0.5)

    @property
    def state(self) -> str:
        return self.breaker.state

    def ends(self, *outcomes: Ended, takes: float = 0.0) -> None:
        for outcome in outcomes:
            permit = self.breaker.permit()
            self.clock.now += takes
            self.breaker.finish(permit, outcome)

    def opened(self) -> "Scene":
        self.ends(*times(self.breaker.policy.minimum_calls, "failure"))
        assert self.state == "open"
        return self

    def half_opened(self) -> "Scene":
        self.clock.now += self.opened().breaker.retry_after or 0
        self.breaker.tick()
        assert self.state == "half_open"
        return self


@pytest.mark.parametrize(
    ("outcomes", "state"),
    [
        pytest.param(["failure"] * 3, "closed", id="too few calls say nothing"),
        pytest.param(["failure"] * 4, "open", id="all failed"),
        pytest.param(["success", "success", "failure", "failure"], "open", id="half failed"),
        pytest.param(["success"] * 3 + ["failure"] * 2, "closed", id="less than half failed"),
        pytest.param(["ignored"] * 20, "closed", id="what says nothing counts neither way"),
    ],
)
def test_it_opens_at_the_failure_rate(outcomes: list[Ended], state: str) -> None:
    scene = Scene()
    scene.ends(*outcomes)
    assert scene.state == state


def test_it_opens_when_calls_are_slow() -> None:
    scene = Scene()
    scene.ends(*times(4, "success"), takes=2.1)
    assert scene.state == "open"


def test_failures_that_are_too_old_do_not_count() -> None:
    scene = Scene()
    scene.ends("failure", "failure", "failure", takes=5)
    assert scene.breaker.counts.calls == 2
    assert scene.state == "closed"


def test_while_open_calls_are_refused_with_the_time_to_wait() -> None:
    scene = Scene().opened()
    with pytest.raises(Tripped, match=r"http:example\.com is not asked right now") as refusal:
        scene.breaker.permit()
    assert isinstance(refusal.value, Unavailable)
    assert refusal.value.retry_after == pytest.approx(0.4)


def test_half_open_lets_one_call_through_then_a_second_then_two() -> None:
    scene = Scene().half_opened()
    for size in (1, 1, 2):
        permits = [scene.breaker.permit() for _ in range(size)]
        with pytest.raises(Tripped):
            scene.breaker.permit()
        for permit in permits:
            scene.breaker.finish(permit, "success")
    assert scene.state == "closed"
    assert scene.breaker.counts.calls == 0


def test_one_failed_trial_of_four_is_forgiven_the_first_is_not() -> None:
    scene = Scene().half_opened()
    scene.ends("success", "success", "failure", "success")
    assert scene.state == "closed"
    scene = Scene().half_opened()
    scene.ends("failure")
    assert scene.state == "open"


def test_the_open_time_doubles_to_its_limit_and_is_short_again_after_a_calm_time() -> None:
    scene = Scene().opened()
    waits = []
    for _ in range(5):
        waits.append(scene.breaker.retry_after)
        scene.clock.now += scene.breaker.retry_after or 0
        scene.ends("failure")
    assert waits == pytest.approx([0.4, 0.8, 1.6, 3, 3])
    scene.clock.now += 3
    scene.ends("success", "success", "success", "success")
    assert scene.state == "closed"
    scene.opened()
    assert scene.breaker.retry_after == pytest.approx(3), "closed for too short a time"
    scene.clock.now += 3
    scene.ends("success", "success", "success", "success")
    scene.clock.now += 20
    assert scene.opened().breaker.retry_after == pytest.approx(0.4)


def test_a_trial_that_never_ends_is_taken_for_failed() -> None:
    scene = Scene().half_opened()
    hanging = scene.breaker.permit()
    scene.clock.now += 5
    scene.breaker.tick()
    assert scene.state == "open"
    scene.breaker.finish(hanging, "success")
    assert scene.state == "open"


def test_a_half_open_breaker_that_nobody_asks_stays_as_it_is() -> None:
    scene = Scene().half_opened()
    for _ in range(10):
        scene.clock.now += 60
        scene.breaker.tick()
    scene.ends("success", "success", "success", "success")
    assert scene.state == "closed"


def test_calls_from_before_say_nothing_about_a_later_state() -> None:
    scene = Scene()
    old = [scene.breaker.permit() for _ in range(3)]
    scene.half_opened()
    for permit in old:
        scene.breaker.finish(permit, "failure")
    assert scene.state == "half_open"


def test_by_hand_it_is_cut_off_let_through_and_begun_anew() -> None:
    scene = Scene()
    scene.breaker.isolate()
    scene.clock.now += 10_000
    with pytest.raises(Tripped, match=r"thor breakers reset http:example\.com") as refusal:
        scene.breaker.permit()
    assert refusal.value.retry_after is None
    scene.breaker.disable()
    scene.ends(*times(50, "failure"))
    assert scene.state == "disabled"
    scene.breaker.reset()
    assert scene.state == "closed"
    assert scene.opened().breaker.retry_after == pytest.approx(0.4)


def test_one_that_the_settings_switch_off_lets_all_through() -> None:
    scene = Scene(Policy(enabled=False))
    scene.ends(*times(50, "failure"))
    assert scene.state == "disabled"


@pytest.mark.parametrize(
    ("error", "counts"),
    [
        pytest.param(Unavailable("x"), True, id="unavailable"),
        pytest.param(TimeoutError(), True, id="timeout"),
        pytest.param(KeyError("bug"), True, id="unexpected"),
        pytest.param(Refused("x"), False, id="refused"),
        pytest.param(Forbidden("x"), False, id="forbidden"),
        pytest.param(NotFound("x"), False, id="not found"),
        pytest.param(Conflict("x"), False, id="conflict"),
        pytest.param(Exhausted("x"), False, id="the caller's own limit"),
        pytest.param(asyncio.CancelledError(), False, id="cancelled"),
    ],
)
def test_which_errors_count(error: BaseException, counts: bool) -> None:
    assert counts_against(error) is counts


async def test_a_call_gives_what_the_act_gives_and_raises_what_it_raises() -> None:
    breaker = Breaker("a", POLICY)

    async def seven() -> int:
        return 7

    async def broken() -> int:
        raise HulkError("broken")

    assert await breaker.call(seven) == 7
    for _ in range(3):
        with pytest.raises(HulkError, match="broken"):
            await breaker.call(broken)
    with pytest.raises(Tripped):
        await breaker.call(seven)


async def test_a_result_can_be_a_failure() -> None:
    breaker = Breaker("a", POLICY)

    async def status() -> int:
        return 503

    for _ in range(4):
        assert await breaker.call(status, failed=lambda code: code >= 500) == 503
    assert breaker.state == "open"


async def test_who_gives_up_on_a_call_says_nothing_about_it_unless_it_was_slow() -> None:
    breaker = Breaker("a", Policy(minimum_calls=1, slow_after=0.05))
    for seconds, state in ((0.0, "closed"), (0.1, "open")):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(seconds):
                await breaker.call(lambda: asyncio.sleep(60))
        assert breaker.state == state


async def test_of_a_thousand_at_once_a_half_open_breaker_lets_one_through() -> None:
    scene = Scene().half_opened()
    let_through, most = 0, 0

    async def act() -> None:
        nonlocal let_through, most
        let_through += 1
        most = max(most, let_through)
        await asyncio.sleep(0.01)

    async def ask() -> None:
        try:
            await scene.breaker.call(act)
        except Tripped:
            return

    for expected in (1, 1, 2, 1000):
        let_through = 0
        async with asyncio.TaskGroup() as group:
            for _ in range(1000):
                group.create_task(ask())
        assert let_through == expected


# Probes ------------------------------------------------------------------------------------------------------------------------


class Dependency:
    """Something to probe."""

    def __init__(self) -> None:
        self.well = False
        self.asked = 0

    async def probe(self) -> None:
        self.asked += 1
        if not self.well:
            raise Unavailable("down")


async def recovered(scene: Scene) -> None:
    """Tend it until it is closed, as `Breakers` does."""
    while (wait := scene.breaker.wait()) is not None:
        scene.clock.now += wait
        while await scene.breaker.tend():
            pass


async def test_probes_close_it_in_four_without_any_call() -> None:
    dependency = Dependency()
    scene = Scene(probe=dependency.probe).opened()
    dependency.well = True
    await recovered(scene)
    assert (scene.state, dependency.asked) == ("closed", 4)


async def test_a_probe_that_fails_neither_prolongs_nor_takes_a_trial() -> None:
    scene = Scene(probe=Dependency().probe).half_opened()
    for _ in range(50):
        scene.clock.now += 0.5
        assert await scene.breaker.tend() is False
    scene.ends("success", "success", "success", "success")
    assert scene.state == "closed"


async def test_a_probe_does_not_take_the_place_of_a_call_under_way() -> None:
    dependency = Dependency()
    dependency.well = True
    scene = Scene(probe=dependency.probe).half_opened()
    permit = scene.breaker.permit()
    scene.clock.now += 1
    assert await scene.breaker.tend() is False
    assert dependency.asked == 0
    scene.breaker.finish(permit, "failure")
    assert scene.state == "open"


async def test_a_probe_that_was_wrong_is_asked_ever_less() -> None:
    dependency = Dependency()
    dependency.well = True
    scene = Scene(probe=dependency.probe)
    waits = []
    for _ in range(5):
        scene.opened()
        begun = scene.clock.now
        await recovered(scene)
        waits.append(scene.clock.now - begun)
    assert waits[:2] == pytest.approx([0.5, 1.0])
    assert waits == sorted(waits)
    assert waits[-1] >= 3


# Laws --------------------------------------------------------------------------------------------------------------------------


@given(st.integers(1, 60), st.floats(0, 1, exclude_max=True))
def test_the_open_time_is_within_its_jitter(openings: int, chance: float) -> None:
    policy = Policy()
    plain = min(30.0, 0.4 * 2 ** (openings - 1))
    assert 0.5 * plain <= policy.open_seconds(openings, chance) <= 1.5 * plain


@given(st.lists(st.tuples(st.floats(0, 4), st.booleans(), st.booleans()), max_size=200), st.integers(1, 20))
def test_the_window_holds_the_last_calls_that_are_young_enough(calls: list[tuple[float, bool, bool]], most: int) -> None:
    window, now, all_ = Window(most, 10), 0.0, []
    for pause, failed, slow in calls:
        now += pause
        window.add(now, failed=failed, slow=slow)
        all_.append((now, failed, slow))
        young = [one for one in all_ if one[0] > now - 10][-most:]
        counts = window.counts(now)
        assert (counts.calls, counts.failed, counts.slow) == (len(young), sum(one[1] for one in young), sum(one[2] for one in young))


class Histories(RuleBasedStateMachine):
    """Any order of calls, outcomes, pauses, probes and hands, beside a model that keeps whole lists and no counters."""

    @initialize()
    def begin(self) -> None:
        self.clock = Clock()
        self.dependency = Dependency()
        self.breaker = Breaker("a", POLICY, probe=self.dependency.probe, clock=self.clock, chance=random.Random(1).random)
        self.flying: list[Permit] = []
        self.closed: list[tuple[float, bool, bool]] = []
        self.trials: list[str] = []

    @rule()
    def ask(self) -> None:
        self.settle()
        before = self.breaker.state
        left = POLICY.trials[self.breaker._round] - len(self.trials)
        if before in ("open", "isolated") or (before == "half_open" and not left):
            with pytest.raises(Tripped) as refusal:
                self.breaker.permit()
            assert (refusal.value.retry_after is None) == (before == "isolated")
            return
        self.flying.append(self.breaker.permit())
        if before == "half_open":
            self.trials.append("flying")

    @precondition(lambda self: self.flying)
    @rule(outcome=st.sampled_from(["success", "failure", "ignored"]), which=st.integers(0, 50))
    def end(self, outcome: Any, which: int) -> None:
        self.settle()
        permit = self.flying.pop(which % len(self.flying))
        current = permit.generation == self.breaker._generation
        slow = self.clock.now - permit.begun > POLICY.slow_after
        state = self.breaker.state
        self.breaker.finish(permit, outcome)
        if not current:
            assert self.breaker.state == state
        elif state == "closed":
            self.count(outcome, slow=slow)
        elif state == "half_open":
            self.tried("failure" if slow else outcome)

    def count(self, outcome: str, *, slow: bool) -> None:
        if outcome == "ignored" and not slow:
            return
        now = self.clock.now
        self.closed = [one for one in [*self.closed, (now, outcome == "failure", slow)] if one[0] > now - POLICY.window][
            -POLICY.window_calls :
        ]
        calls = len(self.closed)
        share = max(
            sum(one[1] for one in self.closed) / calls / POLICY.failure_rate, sum(one[2] for one in self.closed) / calls / POLICY.slow_rate
        )
        self.expect("open" if calls >= POLICY.minimum_calls and share >= 1 else "closed")

    def tried(self, outcome: str) -> None:
        self.trials.remove("flying")
        if outcome != "ignored":
            self.trials.append(outcome)
        ended = [one for one in self.trials if one != "flying"]
        if outcome == "ignored" or len(ended) not in POLICY.trials:
            self.expect("half_open")
        elif ended.count("success") < POLICY.closing_rate * len(ended):
            self.expect("open")
        else:
            self.expect("closed" if len(ended) == POLICY.trials[-1] else "half_open")

    def expect(self, state: str) -> None:
        assert self.breaker.state == state
        if state != "half_open":
            self.trials = []
        if state != "closed":
            self.closed = []

    def settle(self) -> None:
        """Let time do its part; from then on the model follows."""
        before = self.breaker.state
        self.breaker.tick()
        if before == "half_open" and self.breaker._granted == len([one for one in self.trials if one != "flying"]):
            self.trials = [one for one in self.trials if one != "flying"]
        hung = before == "half_open" and self.breaker.state != before
        if hung or before != self.breaker.state:
            assert (before, self.breaker.state) in {("open", "half_open"), ("half_open", "open"), ("half_open", "closed")}
            self.trials, self.closed = [], []

    @rule(seconds=st.floats(0, 8))
    def wait(self, seconds: float) -> None:
        self.clock.now += seconds
        self.settle()

    @rule(well=st.booleans())
    def probe(self, well: bool) -> None:
        self.settle()
        self.dependency.well = well
        before, ended = self.breaker.state, self.dependency.asked
        asyncio.run(self.breaker.tend())
        asked = self.dependency.asked - ended
        if before in ("closed", "isolated", "disabled"):
            assert asked == 0
        if asked and well:
            self.trials = [*([] if before == "open" else self.trials), "success"]
            good = [one for one in self.trials if one != "flying"]
            done = len(good) in POLICY.trials
            failing = good.count("success") < POLICY.closing_rate * len(good)
            self.expect(("open" if failing else "closed" if len(good) == POLICY.trials[-1] else "half_open") if done else "half_open")
        else:
            assert self.breaker.state == before

    @rule(to=st.sampled_from(["isolate", "disable", "reset"]))
    def by_hand(self, to: str) -> None:
        getattr(self.breaker, to)()
        self.trials, self.closed = [], []
        assert self.breaker.state == {"isolate": "isolated", "disable": "disabled", "reset": "closed"}[to]

    @invariant()
    def never_more_trials_than_the_last_round(self) -> None:
        assert len(self.trials) <= POLICY.trials[-1]

    @invariant()
    def never_stuck(self) -> None:
        wait = self.breaker.wait()
        assert (wait is not None) == (self.breaker.state in ("open", "half_open"))
        assert wait is None or wait <= max(1.5 * POLICY.longest_open, POLICY.longest_trial)


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)
