"""The `Context` of a run being executed: gives recorded steps back, records new ones, lets go to wait."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Literal, TypeVar, cast

import stamina

from hulk.kernel.durable import ONCE, Change, Outcome, Retry
from hulk.kernel.errors import Conflict, HulkError, NotFound, Refused, Unavailable, retold, told
from hulk.kernel.records import Json
from hulk.kernel.time import from_iso, iso, utc_now
from hulk.runtime.store import Store
from hulk.runtime.telemetry import span
from hulk.runtime.workflows.journal import Fenced, Journal, Recorded, Taken, Waiting

T = TypeVar("T")
FAILED = "failed"
"""The name of the step that records why a body failed, so that it fails the same way when executed again to compensate."""
SHORT = timedelta(seconds=1)
"""Sleeps shorter than this keep the worker."""


class LetGo(BaseException):
    """The run waits: its body is left, to be executed again when it is woken. Not an `Exception`, so that no body catches it."""


class Overtaken(BaseException):
    """Another worker holds the run now: nothing this one does counts any more."""


class NeedsAttention(Conflict):
    """The body does not follow its journal: another step stands where this one wants to be recorded."""

    code = "needs_attention"


def permanent(error: Exception) -> bool:
    """Whether trying again is no use."""
    return isinstance(error, (Refused, NotFound, Conflict))


def passing(error: BaseException) -> bool:
    """Whether trying again may work. stamina asks it of every `BaseException`, so also of being cancelled."""
    return isinstance(error, Exception) and not permanent(error)


class RunContext:
    """`kernel.durable.Context` over the journal."""

    def __init__(self, store: Store, journal: Journal, taken: Taken, limit: timedelta) -> None:
        self._store = store
        self._journal = journal
        self._taken = taken
        self._steps = dict(taken.steps)
        self._limit = limit
        self._next = 0
        self._at = 0
        self.failures = int(taken.run.failures)
        """How often the run has failed since it last got on."""
        self._undo: list[tuple[str, Callable[[], Awaitable[Outcome[Any]]]]] = []

    @property
    def run_id(self) -> str:
        """The run's id."""
        return str(self._taken.run.id)

    @property
    def tenant(self) -> str:
        """Whose run it is."""
        return str(self._taken.run.tenant)

    @property
    def key(self) -> str:
        """The idempotency key of the step being executed."""
        return f"{self.run_id}/{self._at}"

    @property
    def failure(self) -> HulkError | None:
        """Why the body has failed for good before, if it has: its compensations are under way."""
        return next((retold(step.value) for step in self._steps.values() if step.name == FAILED), None)

    async def step(
        self,
        name: str,
        act: Callable[[], Awaitable[Outcome[T]]],
        *,
        retry: Retry = ONCE,
        timeout: timedelta | None = None,
        commit: Literal["group", "now"] = "group",  # noqa: ARG002  # every record is on disk before it is acted on; see ADR 0005
    ) -> T:
        """Do `act` and record its value, or give the recorded one (`kernel.durable.Context.step`)."""
        index, recorded = self._advance(name)
        if recorded is not None:
            return cast("T", recorded.value)
        with span(f"step {name}", hulk_step_key=self.key):
            outcome = await self._done(name, act, retry, timeout or self._limit)
        value = cast("Json", outcome.value)
        await self._write(self._journal.record(self.run_id, self._taken.epoch, index, name, value, outcome.changes))
        self._steps[index] = Recorded(name, value)
        self.failures = 0
        return outcome.value

    async def sleep(self, name: str, duration: timedelta) -> None:
        """Let go of the worker for `duration`."""
        until = from_iso(await self.step(f"sleep:{name}", lambda: _later(duration)))
        left = until - utc_now()
        if left <= timedelta(0):
            return
        if left < SHORT:
            await asyncio.sleep(left.total_seconds())
            return
        await self._write(self._journal.sleep(self.run_id, self._taken.epoch, until))
        raise LetGo

    async def wait(self, name: str, timeout: timedelta | None = None) -> Json:
        """The payload of the next signal of that name; None when `timeout` passes first."""
        due = None if timeout is None else from_iso(await self.step(f"until:{name}", lambda: _later(timeout)))
        index, recorded = self._advance(f"wait:{name}")
        if recorded is not None:
            return cast("Json", recorded.value)
        got: Recorded | Waiting = await self._write(self._journal.receive(self.run_id, self._taken.epoch, index, name, due))
        if isinstance(got, Waiting):
            raise LetGo
        self._steps[index] = got
        return cast("Json", got.value)

    def compensate(self, name: str, act: Callable[[], Awaitable[Outcome[Any]]]) -> None:
        """Have `act` run as a step if the run fails after this point."""
        self._undo.append((name, act))

    async def undo(self, error: HulkError) -> None:
        """Run the compensations, last first, each as a recorded step. Does nothing when there are none."""
        if not self._undo:
            return
        last = max(self._steps, default=-1)
        self._next = next((index for index, step in self._steps.items() if step.name == FAILED), last + 1)
        await self.step(FAILED, lambda: _failure(error))
        while self._undo:
            name, act = self._undo.pop()
            await self.step(f"undo:{name}", act, retry=Retry())

    def _advance(self, name: str) -> tuple[int, Recorded | None]:
        """The next step's index, with its record when there is one; fails as the journal says it failed."""
        index = self._at = self._next
        self._next += 1
        recorded = self._steps.get(index)
        if recorded is None or recorded.name == name:
            return index, recorded
        if recorded.name == FAILED:
            raise retold(recorded.value)
        raise NeedsAttention(
            "Run {run} has step {index} recorded as “{recorded}”, and its code now wants “{name}” there. Deploy the code it began with.",
            run=self.run_id, index=index, recorded=recorded.name, name=name,
        )  # fmt: skip

    async def _done(self, name: str, act: Callable[[], Awaitable[Outcome[T]]], retry: Retry, limit: timedelta) -> Outcome[T]:
        if retry.attempts == 1:
            return await _within(name, act, limit)
        retrying = stamina.retry_context(
            on=passing, attempts=retry.attempts, timeout=None, wait_initial=retry.first.total_seconds(),
            wait_max=retry.most.total_seconds(), wait_exp_base=retry.factor, wait_jitter=retry.first.total_seconds(),
        )  # fmt: skip
        async for attempt in retrying:
            with attempt:
                return await _within(name, act, limit)
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def _write(self, change: Change[T | Fenced]) -> T:
        """Commit what only the run's holder may; raises `Overtaken` when that is another by now."""
        got: T | Fenced = (await self._store.commit(change))[0]
        if isinstance(got, Fenced):
            raise Overtaken
        return got


async def _within(name: str, act: Callable[[], Awaitable[T]], limit: timedelta) -> T:
    clock = asyncio.timeout(limit.total_seconds())
    try:
        async with clock:
            return await act()
    except TimeoutError as error:
        if not clock.expired():  # it is the act's own
            raise
        raise Unavailable("The step “{name}” did not end within {seconds} s.", name=name, seconds=limit.total_seconds()) from error


async def _later(duration: timedelta) -> Outcome[str]:
    return Outcome(iso(utc_now() + duration))


async def _failure(error: HulkError) -> Outcome[dict[str, object]]:
    return Outcome(told(error))
