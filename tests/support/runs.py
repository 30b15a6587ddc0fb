"""Workflows under test: bodies from plain functions, a machine over a real bus, and a queue in memory whose order the test decides."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from hulk.kernel.durable import Change, Context, Outcome, Retry, Started, Workflow
from hulk.kernel.errors import HulkError
from hulk.kernel.records import Json, JsonObject
from hulk.kernel.time import utc_now
from hulk.runtime.bus import Bus, Message
from hulk.runtime.engine import HandBack, Lease, Task, Verdict
from hulk.runtime.outbox import Outbox
from hulk.runtime.store import Store
from hulk.runtime.workflows import ENDED, Run, RunQueries, Workflows
from hulk.runtime.workflows.executor import Executor
from hulk.runtime.workflows.hooks import Hooks
from hulk.runtime.workflows.journal import Journal
from hulk.runtime.workflows.registry import Registry
from hulk.runtime.workflows.tables import run_table, step_table

KEY = b"test"
Body = Callable[[Context, JsonObject], Awaitable[JsonObject]]


def no_changes(_: Started, __: HulkError) -> Sequence[Change[Any]]:
    """What becomes true when a run fails: nothing more."""
    return []


@dataclass(frozen=True, slots=True)
class Flow:
    """A workflow made of a function."""

    body: Body
    when_failed: Callable[[Started, HulkError], Sequence[Change[Any]]] = no_changes

    async def __call__(self, context: Context, data: JsonObject) -> JsonObject:
        """Run the body."""
        return await self.body(context, data)

    def failed(self, run: Started, error: HulkError) -> Sequence[Change[Any]]:
        """As was given."""
        return self.when_failed(run, error)

    def revived(self, _: Started) -> Sequence[Change[Any]]:
        """Nothing more."""
        return []


def giving(value: Json, *changes: Change[Any]) -> Callable[[], Awaitable[Outcome[Any]]]:
    """A step that does nothing but give that value, with those changes."""

    async def act() -> Outcome[Any]:
        return Outcome(value, changes)

    return act


def a_run(run_id: str = "run_1", workflow: str = "flow", *, attempts: int = 5, tenant: str = "acme", **more: Any) -> Started:
    """A run to begin."""
    return Started(workflow=workflow, data=more.pop("data", {}), tenant=tenant, id=run_id, retry=Retry(attempts=attempts), **more)


async def steps_of(store: Store, run: str) -> list[tuple[str, Any]]:
    """The recorded steps of a run: name and value, in order."""
    query = select(step_table.c.name, step_table.c.value).where(step_table.c.run == run).order_by(step_table.c.position)
    return await store.read(lambda connection: [(row.name, row.value) for row in connection.execute(query)])


async def row_of(store: Store, run: str) -> Any:
    """The run's row."""
    return await store.read(lambda connection: connection.execute(select(run_table).where(run_table.c.id == run)).one())


class Nowhere:
    """The link of messages that came over no bus."""

    connected = True

    async def tell(self, subject: str, data: bytes, reply: str = "") -> None:
        """To nobody."""

    async def ask(self, subject: str, body: Mapping[str, Any] | None = None, *, within: float = 5.0) -> JsonObject:
        """Nobody answers."""
        raise AssertionError(f"nobody answers {subject} {body} within {within}")

    async def restore_streams(self) -> None:
        """There are none."""


@dataclass(slots=True)
class Hand:
    """Executes runs by hand: wake-ups stand in `queue` until the test has them executed, in the order it likes."""

    store: Store
    workflows: dict[str, Workflow] = field(default_factory=dict)
    limit: timedelta = timedelta(seconds=20)
    queue: deque[tuple[Task, datetime | None]] = field(default_factory=deque)
    told: list[tuple[str, str, str]] = field(default_factory=list)
    deliveries: dict[str, int] = field(default_factory=dict)
    ahead: timedelta = timedelta(0)
    """How far this clock goes ahead of the machine's."""

    def now(self) -> datetime:
        """The time, as the journal has it too."""
        return utc_now() + self.ahead

    @property
    def journal(self) -> Journal:
        """The journal that puts its wake-ups here."""
        return Journal(Hooks(wake=lambda task, at: self.queue.append((task, at)), tell=lambda *what: self.told.append(what)), self.now)

    @property
    def executor(self) -> Executor:
        """An executor, as one worker process has it."""
        registry = Registry()
        for name, flow in self.workflows.items():
            registry.add(name, flow)
        return Executor(self.store, self.journal, Outbox(self.store, KEY), registry, self.limit)

    def lease(self, task: Task) -> Lease[Task]:
        """The next delivery of that task."""
        self.deliveries[task.id] = self.deliveries.get(task.id, 0) + 1
        return Lease.of(task, Message("", b"", {}, self.deliveries[task.id], 1, 0.0, Nowhere(), ""))

    async def begin(self, run: Started) -> bool:
        """Begin a run; whether it is new."""
        (new,) = await self.store.commit(self.journal.begin(run))
        return bool(new)

    async def execute(self, task: Task, executor: Executor | None = None) -> Verdict:
        """Deliver the task to a worker."""
        return await (executor or self.executor)(self.lease(task))

    async def one(self) -> Verdict:
        """Execute the oldest wake-up, whatever its time, as a worker would: what is handed back is queued again."""
        task, at = self.queue.popleft()
        verdict = await self.execute(task)
        if isinstance(verdict, HandBack):
            self.queue.append((task, at))
        return verdict

    async def drain(self, most: int = 100) -> None:
        """Execute wake-ups until there are none whose time has come."""
        for _ in range(most):
            due = [one for one in self.queue if one[1] is None or one[1] <= self.now()]
            if not due:
                return
            self.queue.remove(due[0])
            self.queue.appendleft(due[0])
            await self.one()
        raise AssertionError(f"still not done after {most} wake-ups")

    async def run(self, body: Body, run: Started | None = None, **more: Any) -> Any:
        """Begin a run of that body and execute it to where it ends or waits; give its row."""
        self.workflows["flow"] = Flow(body, **more)
        await self.begin(run or a_run())
        await self.drain()
        return await row_of(self.store, (run or a_run()).id)


@dataclass(frozen=True, slots=True)
class Machine:
    """Workflows at work over a bus."""

    store: Store
    workflows: Workflows
    queries: RunQueries

    async def begin(self, *runs: Started) -> list[bool]:
        """Begin runs; which of them are new."""
        return await self.store.commit(*(self.workflows.begin(run) for run in runs))

    async def is_(self, run: str, *statuses: str, within: float = 15.0) -> Run:
        """The run, once it is in one of those statuses."""
        deadline = time.monotonic() + within
        while True:
            found, _ = await self.queries.run(run)
            if found.status in statuses:
                return found
            assert time.monotonic() < deadline, f"{run} is {found.status} after {within} s: {found}"
            await asyncio.sleep(0.02)

    async def all_ended(self, count: int, within: float = 120.0) -> dict[str, int]:
        """How many runs ended how, once that many have."""
        deadline = time.monotonic() + within
        while True:
            counts = await self.queries.counts()
            if sum(counts.get(status, 0) for status in ENDED) >= count:
                return counts
            assert time.monotonic() < deadline, f"after {within} s: {counts}"
            await asyncio.sleep(0.02)


@asynccontextmanager
async def a_machine(
    store: Store, bus: Bus, flows: Mapping[str, Flow], *, slots: int = 8, sole: bool = False, grace: float = 5.0, limit: float = 20.0,
    **more: Any,
) -> AsyncIterator[Machine]:  # fmt: skip
    """Workflows over that store and bus, at work until the block ends."""
    workflows = Workflows(store, bus, Outbox(store, KEY), slots=slots, queue_size=10_000, limit=timedelta(seconds=limit), **more)
    for name, flow in flows.items():
        workflows.register(name, flow)
    async with workflows.working(sole=sole, grace=timedelta(seconds=grace)):
        yield Machine(store, workflows, RunQueries(store))
