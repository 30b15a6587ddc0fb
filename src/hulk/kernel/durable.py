"""Durability as use cases see it: a run is a body of recorded steps that survives its process.

A run's body may be executed again from its start after a crash; every step that was recorded then returns its
recorded value at once. So a body does its work only inside steps, and names them in a fixed order:

    async def review(context: Context, data: JsonObject) -> JsonObject:
        report = await context.step("read", lambda: read(data["path"]))     # gives Outcome(report)
        await context.step("open", lambda: opened(report))                  # gives Outcome(None, [tickets.open(…)])
        answer = await context.wait("approved")
        return {"approved": answer}
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Generic, Literal, Protocol, TypeAlias, TypeVar

from hulk.kernel.errors import HulkError
from hulk.kernel.flow import OPEN, Flow
from hulk.kernel.records import Json, JsonObject
from hulk.kernel.tenancy import DEFAULT_NAMESPACE

T = TypeVar("T")

Transaction: TypeAlias = Any
"""What a change is applied to. Any, because the kernel knows no store: only adapters look inside."""

Change: TypeAlias = Callable[[Transaction], T]
"""Something that an adapter will write when the transaction it is part of is committed; gives what it found out.

A change may be applied more than once before it commits, so it touches nothing but its transaction."""


def followed(change: Change[T], by: Callable[[T], Sequence[Change[Any]]]) -> Change[T]:
    """`change`, and in the same transaction what its result leads to."""

    def both(tx: Transaction) -> T:
        found = change(tx)
        for follow in by(found):
            follow(tx)
        return found

    return both


class Commit(Protocol):
    """Applies changes, all or none."""

    async def __call__(self, *changes: Change[Any]) -> list[Any]:
        """Commit `changes` in order in one transaction; give their results. Raises `Unavailable` when the store is away or full."""


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """A step's value with the changes that must commit in the same transaction as its record: exactly once, together."""

    value: T
    changes: Sequence[Change[Any]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """How a step or run is tried again after `Unavailable` or an unexpected error. Waits grow by `factor` up to `most`, fully jittered."""

    attempts: int = 5
    first: timedelta = timedelta(seconds=0.2)
    factor: float = 2.0
    most: timedelta = timedelta(seconds=20)


ONCE = Retry(attempts=1)


def backoff(retry: Retry, failures: int, chance: float) -> timedelta:
    """How long to wait before the next try after that many failures: exponential with full jitter, `chance` in [0, 1)
    (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/), never less than a tenth of the whole."""
    whole = min(retry.most, retry.first * retry.factor**failures)
    return whole * (0.1 + 0.9 * chance)


Act: TypeAlias = Callable[[], Awaitable[Outcome[T]]]
"""What a step does."""


def plain(function: Callable[..., T], *arguments: Any) -> Act[T]:
    """A step's act from a plain function, which is called in a thread and so does not hold up the event loop."""

    async def act() -> Outcome[T]:
        return Outcome(await asyncio.to_thread(function, *arguments))

    return act


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a child run ended: its result when `completed`, else why not (`kernel.errors.told`)."""

    run: str
    status: Literal["completed", "failed", "cancelled"]
    result: Json = None
    error: JsonObject | None = None


class Context(Protocol):
    """What a run's body is given. All methods raise `asyncio.CancelledError` when the run was taken over or cancelled."""

    @property
    def run_id(self) -> str:
        """The run's id (`run_…`)."""

    @property
    def tenant(self) -> str:
        """Whose run it is."""

    @property
    def key(self) -> str:
        """The idempotency key of the step being executed, `run_…/3`: pass it to every side effect."""

    async def step(
        self,
        name: str,
        act: Act[T],
        *,
        retry: Retry = ONCE,
        timeout: timedelta | None = None,
        commit: Literal["group", "now"] = "group",
    ) -> T:
        """Do `act`, record its value (JSON data) and commit its changes with the record; when it is recorded already, give
        the recorded value without doing anything.

        `commit="now"` waits for this record alone to be on disk before going on; `"group"` waits with others.
        """

    async def end(self, name: str, act: Act[JsonObject], *, retry: Retry = ONCE, timeout: timedelta | None = None) -> JsonObject:
        """Do `act` as the last step, whose value is the run's result: the run ends in the transaction that records it, which spares
        one. Return what it gives; no step may follow."""

    async def parallel(
        self, steps: Mapping[str, Act[Any]], *, most: int | None = None, retry: Retry = ONCE, timeout: timedelta | None = None
    ) -> dict[str, Any]:
        """Do several steps at once, `most` at a time; give their values by name. When some fail, the others still end and are
        recorded, then the first failure is raised."""

    async def child(self, name: str, workflow: str, data: JsonObject) -> Json:
        """Begin a run of `workflow` and wait for its result, letting go of the worker; raises why it failed."""

    async def fan(self, name: str, workflow: str, data: Sequence[JsonObject], *, most: int | None = None) -> list[Ended]:
        """Begin a run of `workflow` for each of `data`, `most` at once, and wait until all have ended, however they did.

        Gives their ends in the order of `data`; thousands are fine, since this run is woken once, at the last end."""

    async def sleep(self, name: str, duration: timedelta) -> None:
        """Let go of the worker for `duration`; the run goes on after it, in any process."""

    async def wait(self, name: str, timeout: timedelta | None = None) -> Json:
        """The payload of the next signal of that name; lets go of the worker until it comes. None when `timeout` passes first."""

    def compensate(self, name: str, act: Act[Any]) -> None:
        """Have `act` run as a step, in reverse order of these calls, if the run fails or is cancelled after this point."""


class Workflow(Protocol):
    """The body of a kind of run, and what becomes true when a run of it fails for good."""

    async def __call__(self, context: Context, data: JsonObject) -> JsonObject:
        """Run to the end; give the result. Raise `Refused`, `NotFound` or `Conflict` to fail for good, `Unavailable` to be tried again."""

    def failed(self, run: "Started", error: HulkError) -> Sequence[Change[Any]]:
        """The changes to commit together with the run's failure or cancellation, for example telling who waits for it."""

    def revived(self, run: "Started") -> Sequence[Change[Any]]:
        """The changes to commit together with a failed run's beginning to run again, which undo what `failed` made true."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A run as it is begun.

    `parent` is the run to be told of its end: by a signal "child", or, when it belongs to a `fan`, once all of that have ended.
    `trace` is a W3C traceparent, `intent` the chain the run stands in, `cause` the event or run that led to it. It begins
    `after` a delay, as `flow` lets it. `attributes` are what it can be found by. `version` names the body that it keeps to its
    end; empty is the newest known where it is begun. `namespace` is that of the work it does.
    """

    workflow: str
    data: JsonObject
    tenant: str
    id: str
    intent: str | None = None
    parent: str | None = None
    trace: str | None = None
    queue: str = "default"
    retry: Retry = field(default_factory=Retry)
    fan: str | None = None
    cause: str | None = None
    after: timedelta = timedelta(0)
    flow: Flow = OPEN
    attributes: Mapping[str, str] = field(default_factory=dict)
    version: str = ""
    namespace: str = DEFAULT_NAMESPACE


class Runs(Protocol):
    """Starting runs and talking to them, as changes that commit with whatever caused them."""

    def begin(self, run: Started) -> Change[bool]:
        """Begin `run`; False when a run of that id was begun already, or its flow lets it take another's place or none.

        It is executed after the commit. Committing raises `Exhausted` when its rate is used up."""

    def signal(self, run_id: str, name: str, payload: Json, *, key: str) -> Change[None]:
        """Leave a signal for the run, once per `key`, and wake it."""
