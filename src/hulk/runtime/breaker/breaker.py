"""The breaker itself: a state machine over an injected clock, and `call`, which takes an act through it.

    closed ──too many failed or slow──> open ──its time is over, or a probe succeeded──> half_open
       ^                                 ^                                                 │   │
       │                                 └──────── a round of trials failed ───────────────┘   │
       └───────────────────────────────── enough trials succeeded ─────────────────────────────┘

and by hand from anywhere: `isolate` (refuses all), `disable` (lets all through), `reset` (closed, as new).
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias, TypeVar

import structlog

from hulk.kernel.errors import Conflict, Exhausted, NotFound, Refused, Unavailable
from hulk.runtime.breaker.policy import Policy
from hulk.runtime.breaker.window import Counts, Window

log = structlog.get_logger(__name__)

T = TypeVar("T")
State: TypeAlias = Literal["closed", "open", "half_open", "isolated", "disabled"]
Outcome: TypeAlias = Literal["success", "failure", "slow", "ignored", "refused"]
Probe: TypeAlias = Callable[[], Awaitable[object]]
"""Asks a dependency something that costs nothing; raises anything when it is not well."""


class Tripped(Unavailable):
    """The call was not made. `retry_after` is None when only a person can end it."""


class Watcher(Protocol):
    """Whoever is told what breakers do, at once and in the event loop."""

    def changed(self, breaker: "Breaker", before: State) -> None:
        """`breaker` has left the state `before`."""

    def ended(self, name: str, outcome: Outcome) -> None:
        """A call through the breaker of that name has ended, or was refused."""


@dataclass(frozen=True, slots=True)
class Permit:
    """A call that was let through, given back to `finish`. One from an earlier `generation` says nothing about the state now."""

    generation: int
    begun: float


def counts_against(error: BaseException) -> bool:
    """Whether an error says that the dependency is not well: not when it, or we, only refused what was asked."""
    return isinstance(error, Exception) and not isinstance(error, (Refused, NotFound, Conflict, Exhausted))


class Breaker:
    """Keeps callers from a dependency that is not well. For one event loop; `clock` is monotonic, in seconds.

    `counts` says which errors are failures; all others, and cancellations, count neither way."""

    def __init__(
        self,
        name: str,
        policy: Policy | None = None,
        *,
        probe: Probe | None = None,
        counts: Callable[[BaseException], bool] = counts_against,
        watcher: Watcher | None = None,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.name = name
        self.policy = policy or Policy()
        self.state: State = "closed" if self.policy.enabled else "disabled"
        self.since = clock()
        self._probe = probe
        self._counts = counts
        self._watcher = watcher
        self._clock = clock
        self._chance = chance
        self._window = Window(self.policy.window_calls, self.policy.window)
        self._generation = 0
        self._openings = 0  # in a row, without a calm time between
        self._relapses = 0  # how often, of those, after a probe had succeeded
        self._vouched = False  # whether a probe has succeeded since it opened
        self._until = 0.0  # when open: to what moment; half open: when trials that have not ended count as failed
        self._probe_at = 0.0
        self._granted = self._good = self._bad = self._round = 0

    @property
    def counts(self) -> Counts:
        """The calls in the window."""
        return self._window.counts(self._clock())

    @property
    def retry_after(self) -> float | None:
        """Seconds until a call may be let through; None when that is not known."""
        if self.state == "open":
            return max(0.0, self._until - self._clock())
        return self.policy.first_open if self.state == "half_open" else None

    @property
    def refusal(self) -> Tripped | None:
        """What a call would be told now; None when it would be let through, or may be as a trial."""
        self.tick()
        return self._refusal() if self.state in ("open", "isolated") else None

    async def call(self, act: Callable[[], Awaitable[T]], *, failed: Callable[[T], bool] | None = None) -> T:
        """What `act` gives; `failed` says of a result that it is none. Raises `Tripped` without calling, else what `act` raises."""
        permit = self.permit()
        try:
            result = await act()
        except BaseException as error:
            self.finish(permit, "failure" if self._counts(error) else "ignored")
            raise
        self.finish(permit, "failure" if failed is not None and failed(result) else "success")
        return result

    def permit(self) -> Permit:
        """Let a call through, to be given to `finish` when it has ended; raises `Tripped`."""
        self.tick()
        if self.state in ("open", "isolated") or (self.state == "half_open" and not self._grant()):
            self._tell("refused")
            raise self._refusal()
        return Permit(self._generation, self._clock())

    def finish(self, permit: Permit, outcome: Literal["success", "failure", "ignored"]) -> None:
        """A call has ended. One that took longer than `slow_after` was slow, also when it was given up and else counts neither way."""
        now = self._clock()
        slow = now - permit.begun > self.policy.slow_after
        self._tell("slow" if slow and outcome != "failure" else outcome)
        if permit.generation != self._generation:
            return
        if self.state == "half_open":
            self._tried(outcome if not slow else "failure")
        elif self.state == "closed" and (slow or outcome != "ignored"):
            self._window.add(now, failed=outcome == "failure", slow=slow)
            if self._unwell(self._window.counts(now)):
                self._open(now)

    def isolate(self) -> None:
        """Refuse all calls until `reset`."""
        self._enter("isolated")

    def disable(self) -> None:
        """Let all calls through, and count none, until `reset`."""
        self._enter("disabled")

    def reset(self) -> None:
        """Closed, with nothing remembered."""
        self._forget()
        self._enter("closed")

    def tick(self) -> None:
        """Do what the passing of time asks for: half-open an open breaker, end trials that take too long."""
        now = self._clock()
        if self.state == "open" and now >= self._until:
            self._half_open(now)
        elif self.state == "half_open" and now >= self._until:
            self._until = now + self.policy.longest_trial
            self._give_up_on_trials(now)

    def wait(self) -> float | None:
        """Seconds until `tend` has something to do; None when nothing but a call or a person changes the state."""
        if self.state not in ("open", "half_open"):
            return None
        due = self._until if self._probe is None else min(self._until, self._probe_at)
        return max(0.0, due - self._clock())

    async def tend(self) -> bool:
        """Tick, and probe when that is due; whether a probe brought the breaker nearer to closing, so that the next may follow.

        A probe can only help: one that fails changes nothing, so that a broken probe keeps no breaker open."""
        self.tick()
        if self._probe is None or self.state not in ("open", "half_open") or self._clock() < self._probe_at:
            return False
        trial = self.state == "half_open"
        if trial and not self._grant():
            self._probe_after(self._clock())
            return False
        generation, begun = self._generation, self._clock()
        helped = await self._probed(self._probe)
        if generation == self._generation:
            self._learn(trial=trial, helped=helped)
        if not helped:
            self._probe_after(begun)  # not after its end: one that hangs must not make recovery late
        return helped and self.state == "half_open"

    async def _probed(self, probe: Probe) -> bool:
        try:
            async with asyncio.timeout(self.policy.probe_timeout):
                await probe()
        except Exception as error:  # noqa: BLE001  # whatever it is, it says that the dependency was not seen to be well
            log.debug("breaker_probe_failed", breaker=self.name, reason=str(error) or type(error).__name__)
            return False
        return True

    def _learn(self, *, trial: bool, helped: bool) -> None:
        """What a probe has shown. As a `trial` it had the place of a call, which a failed one leaves to another."""
        if helped and not trial:
            self._half_open(self._clock())
            self._grant()
        self._vouched |= helped
        if helped or trial:
            self._tried("success" if helped else "ignored")

    def _probe_after(self, moment: float) -> None:
        self._probe_at = moment + self.policy.probe_seconds(self._relapses, self._chance())

    def _grant(self) -> bool:
        """Take one of the trials of this round, when one is left."""
        left = self._granted < self.policy.trials[self._round]
        self._granted += left
        return left

    def _tried(self, outcome: Literal["success", "failure", "ignored"]) -> None:
        """A trial has ended. One that says nothing leaves its place to another."""
        self._granted -= outcome == "ignored"
        self._good += outcome == "success"
        self._bad += outcome == "failure"
        if outcome != "ignored" and self._good + self._bad == self.policy.trials[self._round]:
            self._judge(self._clock())

    def _judge(self, now: float) -> None:
        """A round is over."""
        if self._good < self.policy.closing_rate * (self._good + self._bad):
            self._open(now)
        elif self._good + self._bad < self.policy.trials[-1]:
            self._round = next(at for at, total in enumerate(self.policy.trials) if total > self._good + self._bad)
        else:
            self._enter("closed")

    def _give_up_on_trials(self, now: float) -> None:
        hanging = self._granted - self._good - self._bad
        if hanging:
            self._generation += 1
            self._bad += hanging
            self._judge(now)

    def _unwell(self, counts: Counts) -> bool:
        policy = self.policy
        if counts.calls < policy.minimum_calls:
            return False
        return counts.failed >= policy.failure_rate * counts.calls or counts.slow >= policy.slow_rate * counts.calls

    def _open(self, now: float) -> None:
        if self.state == "closed" and now - self.since >= self.policy.calm:
            self._forget()
        self._openings += 1
        self._relapses += self._vouched
        self._vouched = False
        self._until = now + self.policy.open_seconds(self._openings, self._chance())
        self._probe_after(now)
        self._enter("open")

    def _forget(self) -> None:
        self._openings, self._relapses, self._vouched = 0, 0, False

    def _half_open(self, now: float) -> None:
        self._granted = self._good = self._bad = self._round = 0
        self._until = now + self.policy.longest_trial
        self._enter("half_open")

    def _enter(self, state: State) -> None:
        before, self.state = self.state, state
        self.since = self._clock()
        self._generation += 1
        self._window.clear()
        if self._watcher is not None and before != state:
            self._watcher.changed(self, before)

    def _tell(self, outcome: Outcome) -> None:
        if self._watcher is not None:
            self._watcher.ended(self.name, outcome)

    def _refusal(self) -> Tripped:
        if self.state == "isolated":
            return Tripped("{name} was cut off by an operator. `thor breakers reset {name}` lets calls through again.", name=self.name)
        wait = self.retry_after or 0.0
        return Tripped(
            "{name} is not asked right now, because too many calls to it failed or were slow. It is tried again within {seconds} s.",
            retry_after=wait, name=self.name, seconds=max(1, round(wait)),
        )  # fmt: skip
