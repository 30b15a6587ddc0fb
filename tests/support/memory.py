"""Durability without a store, a bus or a process: changes applied at once, a trail in a list, runs executed one after the other.

`Desk` keeps the promises of `kernel.durable` that a test of use cases needs; tests/runtime/workflows/test_durable.py holds it to the
same suite as the real machine."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal, TypeVar, cast

from hulk.kernel.durable import ONCE, Act, Change, Commit, Ended, Outcome, Retry, Started, Workflow
from hulk.kernel.errors import Conflict, HulkError, NotFound, Refused, Unavailable, told
from hulk.kernel.events import Event
from hulk.kernel.records import Json, JsonObject

T = TypeVar("T")


async def at_once(*changes: Change[Any]) -> list[Any]:
    """A `Commit` for changes that live in memory. They are not undone when a later one fails."""
    return [change(None) for change in changes]


async def away(*_: Change[Any]) -> list[Any]:
    """A `Commit` whose store is away."""
    raise Unavailable("The store is away.")


@dataclass
class Told:
    """A `Trail` that keeps events in a list."""

    events: list[Event] = field(default_factory=list)

    def append(self, *events: Event) -> Change[None]:
        """See `Trail`."""
        return lambda _: self.events.extend(events)

    @property
    def types(self) -> list[str]:
        """The types of what happened, in order."""
        return [event.type for event in self.events]


class LetGo(BaseException):
    """The run waits for a signal: its body is left, to be executed again from its start."""


@dataclass
class Run:
    """A run with what is recorded of it."""

    begun: Started
    status: Literal["pending", "waiting", "completed", "failed"] = "pending"
    steps: list[tuple[str, Any]] = field(default_factory=list)
    signals: dict[str, tuple[str, Json]] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    failures: int = 0
    result: Json = None
    error: JsonObject | None = None


@dataclass
class MemoryContext:
    """`kernel.durable.Context` over a `Run`: gives recorded steps back, records new ones."""

    run: Run
    commit: Commit = at_once
    next: int = 0
    at: int = 0

    @property
    def run_id(self) -> str:
        """See `Context`."""
        return self.run.begun.id

    @property
    def tenant(self) -> str:
        """See `Context`."""
        return self.run.begun.tenant

    @property
    def key(self) -> str:
        """See `Context`."""
        return f"{self.run_id}/{self.at}"

    async def step(
        self,
        name: str,
        act: Callable[[], Awaitable[Outcome[T]]],
        *,
        retry: Retry = ONCE,  # an act under test fails or does not
        timeout: timedelta | None = None,
        commit: Literal["group", "now"] = "group",
    ) -> T:
        """See `Context`."""
        index = self._advance(name)
        if index < len(self.run.steps):
            return cast("T", self.run.steps[index][1])
        outcome = await act()
        record = json.loads(json.dumps(outcome.value, allow_nan=False))
        await self.commit(*outcome.changes)
        self.run.steps.append((name, record))
        return outcome.value

    async def end(self, name: str, act: Act[JsonObject], *, retry: Retry = ONCE, timeout: timedelta | None = None) -> JsonObject:
        """See `Context`. The run ends when its body has returned."""
        return await self.step(name, act, retry=retry, timeout=timeout)

    async def parallel(
        self, steps: Mapping[str, Act[Any]], *, most: int | None = None, retry: Retry = ONCE, timeout: timedelta | None = None
    ) -> dict[str, Any]:
        """One after the other."""
        return {name: await self.step(name, act, retry=retry, timeout=timeout) for name, act in steps.items()}

    async def child(self, name: str, workflow: str, data: JsonObject) -> Json:
        """Not needed so far."""
        raise NotImplementedError(f"{name}: {workflow} {data}")

    async def fan(self, name: str, workflow: str, data: Sequence[JsonObject], *, most: int | None = None) -> list[Ended]:
        """Not needed so far."""
        raise NotImplementedError(f"{name}: {workflow} {data}")

    async def sleep(self, name: str, duration: timedelta) -> None:
        """Not needed so far."""
        raise NotImplementedError(f"{name}: {duration}")

    async def wait(self, name: str, timeout: timedelta | None = None) -> Json:  # signals are there or never come
        """See `Context`."""
        index = self._advance(f"wait:{name}")
        if index < len(self.run.steps):
            return cast("Json", self.run.steps[index][1])
        key = next((key for key, (kind, _) in self.run.signals.items() if kind == name and key not in self.run.seen), None)
        if key is None:
            raise LetGo
        self.run.seen.add(key)
        self.run.steps.append((f"wait:{name}", self.run.signals[key][1]))
        return self.run.signals[key][1]

    def compensate(self, name: str, act: Callable[[], Awaitable[Outcome[Any]]]) -> None:
        """Not needed so far."""
        raise NotImplementedError(f"{name}: {act}")

    def _advance(self, name: str) -> int:
        index = self.at = self.next
        self.next += 1
        if index < len(self.run.steps) and self.run.steps[index][0] != name:
            raise Conflict("Step {index} is recorded as “{recorded}”.", index=index, recorded=self.run.steps[index][0])
        return index


@dataclass
class Desk:
    """`kernel.durable.Runs` in memory, and what executes them: `drain` until none can get on."""

    workflows: dict[str, Workflow] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    commit: Commit = at_once
    """Another one when use cases write to a real store while their runs are kept here."""

    def begin(self, run: Started) -> Change[bool]:
        """See `Runs`."""

        def change(_: Any) -> bool:
            new = run.id not in self.runs
            self.runs.setdefault(run.id, Run(run))
            return new

        return change

    def signal(self, run_id: str, name: str, payload: Json, *, key: str) -> Change[None]:
        """See `Runs`."""

        def change(_: Any) -> None:
            run = self.runs.get(run_id)
            if run is None or run.status in ("completed", "failed"):
                return
            new = key not in run.signals
            run.signals.setdefault(key, (name, payload))
            run.status = "pending" if new else run.status

        return change

    async def drain(self, most: int = 1000) -> None:
        """Execute runs, the oldest first, until all are ended or wait."""
        for _ in range(most):
            run = next((one for one in self.runs.values() if one.status == "pending"), None)
            if run is None:
                return
            await self._execute(run)
        raise AssertionError(f"still not done after {most} executions")

    async def _execute(self, run: Run) -> None:
        workflow = self.workflows[run.begun.workflow]
        try:
            run.result = await workflow(MemoryContext(run, self.commit), run.begun.data)
        except LetGo:
            run.status = "waiting"
        except HulkError as error:
            run.failures += 1
            if isinstance(error, (Refused, NotFound, Conflict)) or run.failures >= run.begun.retry.attempts:
                await self.commit(*workflow.failed(run.begun, error))
                run.error = told(error)
                await self._ended(run, "failed")
        else:
            await self._ended(run, "completed")

    async def _ended(self, run: Run, status: Literal["completed", "failed"]) -> None:
        run.status = status
        if run.begun.parent:
            payload: Mapping[str, Any] = {"run": run.begun.id, "status": status, "result": run.result, "error": run.error}
            await at_once(self.signal(run.begun.parent, "child", payload, key=run.begun.id))
