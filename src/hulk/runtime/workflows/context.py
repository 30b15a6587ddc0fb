"""The `Context` of a run being executed: gives recorded steps back, records new ones, lets go to wait."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias, TypeVar, cast

import stamina

from hulk.kernel import ids
from hulk.kernel.durable import ONCE, Act, Change, Ended, Outcome, Retry, Started
from hulk.kernel.errors import Cancelled, Conflict, HulkError, Refused, Unavailable, permanent, retold, told
from hulk.kernel.flow import OPEN, Concurrency, Flow
from hulk.kernel.records import Json, JsonObject
from hulk.kernel.text import Text
from hulk.kernel.time import from_iso, iso
from hulk.runtime.store import Store
from hulk.runtime.telemetry import span
from hulk.runtime.workflows.journal import Fenced, Journal, Recorded, Taken, Waiting
from hulk.runtime.workflows.payloads import require_kept
from hulk.runtime.workflows.queries import ends

T = TypeVar("T")
FAILED = "failed"
"""The name of the step that records why a body failed, so that it fails the same way when executed again to compensate."""
SHORT = timedelta(seconds=1)
"""Sleeps shorter than this keep the worker."""
FAN = 500
"""The most runs that one step begins."""

_AT: ContextVar[int | str] = ContextVar("step", default=0)
"""The index or name of the step being executed; steps that are done at once each see their own."""
Record: TypeAlias = Callable[[Taken, int, str, Json, Sequence[Change[Any]], datetime], Change[Fenced | None]]
"""How the journal keeps a step (`Journal.record`, `Journal.finish`)."""
NAMED = "@"
"""What the names of steps begin with that are known by name (`RunContext.named`)."""


class LetGo(BaseException):
    """The run waits: its body is left, to be executed again when it is woken. Not an `Exception`, so that no body catches it."""


class Overtaken(BaseException):
    """Another worker holds the run now: nothing this one does counts any more."""


class NeedsAttention(Conflict):
    """The body does not follow its journal: another step stands where this one wants to be recorded."""

    code = "needs_attention"


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
        self._named = {step.name: index for index, step in self._steps.items() if step.name.startswith(NAMED)}
        self._next = 0
        self._undoing = False
        self.cancelled = bool(taken.run.cancelling)
        """Whether somebody called the run off."""
        self.ended = False
        """Whether the run has ended with its last step (`end`)."""
        self.failures = int(taken.run.failures)
        """How often the run has failed since it last got on."""
        self._undo: list[tuple[str, Act[Any]]] = []

    @property
    def run_id(self) -> str:
        """The run's id."""
        return str(self._taken.run.id)

    @property
    def tenant(self) -> str:
        """Whose run it is."""
        return str(self._taken.run.tenant)

    @property
    def workflow(self) -> str:
        """What kind of run it is."""
        return str(self._taken.run.workflow)

    @property
    def key(self) -> str:
        """The idempotency key of the step being executed."""
        return f"{self.run_id}/{_AT.get()}"

    def recorded(self, name: str) -> bool:
        """Whether the step of that name (`named`) is recorded."""
        return self._named.get(NAMED + name) in self._steps

    @property
    def failure(self) -> HulkError | None:
        """Why the body has failed for good before, if it has: its compensations are under way."""
        return next((retold(step.value) for step in self._steps.values() if step.name == FAILED), None)

    async def step(
        self,
        name: str,
        act: Act[T],
        *,
        retry: Retry = ONCE,
        timeout: timedelta | None = None,
        commit: Literal["group", "now"] = "group",  # noqa: ARG002  # every record is on disk before it is acted on; see ADR 0005
    ) -> T:
        """Do `act` and record its value, or give the recorded one (`kernel.durable.Context.step`)."""
        index, recorded = self._advance(name)
        if recorded is not None:
            return cast("T", recorded.value)
        return await self._did(index, name, act, retry, timeout)

    async def named(self, name: str, act: Act[T], *, retry: Retry = ONCE, timeout: timedelta | None = None) -> T:
        """Do `act` as a step that is known by its name, which is its key too and unique in the run, and not by its place: for
        steps that are begun in no order that the body could promise. Once recorded, gives the recorded value."""
        name = NAMED + name
        index = self._named.get(name)
        if index is not None and index in self._steps:
            return cast("T", self._steps[index].value)
        self._require_going_on()
        if index is None:
            index = self._named[name] = 1 + max(self._next - 1, *self._named.values(), *self._steps, -1)
        return await self._did(index, name, act, retry, timeout, key=name)

    async def end(self, name: str, act: Act[JsonObject], *, retry: Retry = ONCE, timeout: timedelta | None = None) -> JsonObject:
        """Do the last step, and end the run with its value (`kernel.durable.Context.end`)."""
        index, recorded = self._advance(name)
        if recorded is not None:
            return cast("JsonObject", recorded.value)
        result = await self._did(index, name, act, retry, timeout, record=self._journal.finish)
        self.ended = True
        return result

    async def _did(
        self, index: int, name: str, act: Act[T], retry: Retry, timeout: timedelta | None, key: str = "", record: Record | None = None
    ) -> T:
        """Do the step at that index, and record it."""
        _AT.set(key or index)
        began = self._journal.clock()
        with span(f"step {name}", hulk_step_key=self.key):
            outcome = await self._done(name, act, retry, timeout or self._limit)
        value = cast("Json", outcome.value)
        require_kept(Text("The value of the step “{name}”", name=name), value)
        await self._write((record or self._journal.record)(self._taken, index, name, value, outcome.changes, began))
        self._steps[index] = Recorded(name, value)
        self._journal.hooks.stepped(self.workflow, (self._journal.clock() - began).total_seconds())
        self.failures = 0
        return outcome.value

    async def parallel(
        self, steps: Mapping[str, Act[Any]], *, most: int | None = None, retry: Retry = ONCE, timeout: timedelta | None = None
    ) -> dict[str, Any]:
        """Do several steps at once (`kernel.durable.Context.parallel`)."""
        places = {name: self._advance(name) for name in steps}  # in the order given, whichever ends first
        free = asyncio.Semaphore(most or max(len(steps), 1))

        async def one(name: str, index: int, recorded: Recorded | None) -> Any:
            if recorded is not None:
                return recorded.value
            async with free:
                return await self._did(index, name, steps[name], retry, timeout)

        return dict(zip(steps, await _all([one(name, *place) for name, place in places.items()]), strict=True))

    async def child(self, name: str, workflow: str, data: JsonObject) -> Json:
        """Begin a run and wait for its result (`kernel.durable.Context.child`)."""
        (end,) = await self.fan(name, workflow, [data])
        if end.error is not None:
            raise retold(end.error)
        return end.result

    async def fan(self, name: str, workflow: str, data: Sequence[JsonObject], *, most: int | None = None) -> list[Ended]:
        """Begin runs and wait for all of them (`kernel.durable.Context.fan`)."""
        runs = [ids.derived("run", self.run_id, name, str(place)) for place in range(len(data))]
        flow = Flow(concurrency=Concurrency(key=f"{self.run_id}/{name}", most=most)) if most else OPEN
        for at in range(0, len(runs), FAN):
            some = [self._child(run, name, workflow, one, flow) for run, one in zip(runs[at : at + FAN], data[at : at + FAN], strict=True)]
            await self.step(f"begin:{name}/{at}", lambda some=some: _begun(self._journal, some))  # type: ignore[misc]  # bound now
        await self._gathered(name)
        return await self._store.read(lambda connection: ends(connection, self.run_id, name, runs))

    def _child(self, run: str, fan: str, workflow: str, data: JsonObject, flow: Flow) -> Started:
        mine = self._taken.run
        return Started(
            workflow=workflow, data=data, tenant=self.tenant, id=run, intent=mine.intent, parent=self.run_id, fan=fan, trace=mine.trace,
            queue=mine.queue, flow=flow, cause=self.run_id, namespace=mine.namespace,
        )  # fmt: skip

    async def _gathered(self, fan: str) -> None:
        """Go on when every run of the fan has ended; until then let go of the worker."""
        index, recorded = self._advance(f"all:{fan}")
        if recorded is not None:
            return
        got: Recorded | Waiting = await self._write(self._journal.gather(self.run_id, self._taken.epoch, index, fan))
        if isinstance(got, Waiting):
            raise LetGo
        self._steps[index] = got

    async def sleep(self, name: str, duration: timedelta) -> None:
        """Let go of the worker for `duration`."""
        until = from_iso(await self.step(f"sleep:{name}", lambda: self._later(duration)))
        left = until - self._journal.clock()
        if left <= timedelta(0):
            return
        if left < SHORT:
            await asyncio.sleep(left.total_seconds())
            return
        await self._write(self._journal.sleep(self.run_id, self._taken.epoch, until))
        raise LetGo

    async def wait(self, name: str, timeout: timedelta | None = None) -> Json:
        """The payload of the next signal of that name; None when `timeout` passes first."""
        due = None if timeout is None else from_iso(await self.step(f"until:{name}", lambda: self._later(timeout)))
        index, recorded = self._advance(f"wait:{name}")
        if recorded is not None:
            return cast("Json", recorded.value)
        got: Recorded | Waiting = await self._write(self._journal.receive(self.run_id, self._taken.epoch, index, name, due))
        if isinstance(got, Waiting):
            raise LetGo
        self._steps[index] = got
        return cast("Json", got.value)

    async def _later(self, duration: timedelta) -> Outcome[str]:
        return Outcome(iso(self._journal.clock() + duration))

    def compensate(self, name: str, act: Act[Any]) -> None:
        """Have `act` run as a step if the run fails or is cancelled after this point."""
        self._undo.append((name, act))

    async def undo(self, error: HulkError) -> None:
        """Run the compensations, last first, each as a recorded step. Does nothing when there are none."""
        if not self._undo:
            return
        self._undoing = True
        if self.cancelled:  # in the middle of a step: whether that was recorded is known to the journal only
            (steps,) = await self._store.commit(self._journal.steps(self.run_id))
            self._steps = dict(steps)
        last = max(self._steps, default=-1)
        self._next = next((index for index, step in self._steps.items() if step.name == FAILED), last + 1)
        await self.step(FAILED, lambda: _failure(error))
        while self._undo:
            name, act = self._undo.pop()
            await self.step(f"undo:{name}", act, retry=Retry())

    def _advance(self, name: str) -> tuple[int, Recorded | None]:
        """The next step's index, with its record when there is one; fails as the journal says it failed."""
        if name.startswith(NAMED):
            raise Refused("“{name}” cannot be the name of a step: it may not begin with {mark}.", name=name, mark=NAMED)
        while self._named and self._next in self._named.values():
            self._next += 1
        index = self._next
        self._next += 1
        recorded = self._steps.get(index)
        if recorded is not None and recorded.name == name:
            return index, recorded
        if not self._undoing:
            self._require_going_on()
        if recorded is None:
            return index, None
        raise NeedsAttention(
            "Run {run} has step {index} recorded as “{recorded}”, and its code now wants “{name}” there. Deploy the code it began with.",
            run=self.run_id, index=index, recorded=recorded.name, name=name,
        )  # fmt: skip

    def _require_going_on(self) -> None:
        """Raises what ended the body before, or that it was called off: nothing new is done then but to undo."""
        if self.failure is not None:
            raise self.failure
        if self.cancelled:
            raise Cancelled("The run was cancelled.")

    async def _done(self, name: str, act: Act[T], retry: Retry, limit: timedelta) -> Outcome[T]:
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


async def _all(acts: Sequence[Any]) -> list[Any]:
    """What all give, once all have ended; the first failure when there are any. Cancelling this cancels them."""
    failures: list[BaseException] = []

    async def one(act: Awaitable[Any]) -> Any:
        try:
            return await act
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001  # raised below, when all have ended
            failures.append(error)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(act)) for act in acts]
    if failures:
        raise next((error for error in failures if not isinstance(error, Exception)), failures[0])
    return [task.result() for task in tasks]


async def _begun(journal: Journal, runs: Sequence[Started]) -> Outcome[int]:
    return Outcome(len(runs), [journal.begin(run) for run in runs])


async def _within(name: str, act: Act[T], limit: timedelta) -> Outcome[T]:
    clock = asyncio.timeout(limit.total_seconds())
    try:
        async with clock:
            return await act()
    except TimeoutError as error:
        if not clock.expired():  # it is the act's own
            raise
        raise Unavailable("The step “{name}” did not end within {seconds} s.", name=name, seconds=limit.total_seconds()) from error


async def _failure(error: HulkError) -> Outcome[dict[str, object]]:
    return Outcome(told(error))
