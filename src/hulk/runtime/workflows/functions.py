"""Workflows from functions, async or plain.

    def review(context: Blocking, data: JsonObject) -> JsonObject:
        report = context.step("read", lambda: read(data["path"]))      # gives the report
        answer = context.wait("approved", timeout=timedelta(days=3))
        return {"report": report, "approved": answer}

    workflows.register("review", workflow(review))

A plain body runs in a thread of its own, and so does each of its acts; what it asks of its context is done on the event loop,
by the coroutine that waits for the body, so that a plain body is cancelled, suspended and executed again as an async one is.
Nobody can end a thread from outside: one that was cancelled goes on to its next call of the context, which raises; until then
it writes nothing, since only its context does.
"""

import asyncio
import contextlib
import contextvars
import inspect
import queue
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeAlias, TypeVar, cast, overload

from hulk.kernel.durable import ONCE, Act, Change, Context, Ended, Outcome, Retry, Started, Workflow
from hulk.kernel.errors import HulkError
from hulk.kernel.records import Json, JsonObject

T = TypeVar("T")
PARALLEL = 32
"""How many plain acts are done at once when it is not said: each takes a thread."""

PlainAct: TypeAlias = Callable[[], T | Outcome[T]]
"""What a step of a plain body does. It gives its value, or an `Outcome` when changes are to commit with it."""


class Blocking:
    """`kernel.durable.Context` for a plain body: the same promises, by methods that block."""

    def __init__(self, context: Context, ask: Callable[[Callable[[], Awaitable[Any]]], Any]) -> None:
        self._context = context
        self._ask = ask

    @property
    def run_id(self) -> str:
        """The run's id (`run_…`)."""
        return self._context.run_id

    @property
    def tenant(self) -> str:
        """Whose run it is."""
        return self._context.tenant

    @property
    def key(self) -> str:
        """The idempotency key of the step being executed, `run_…/3`: pass it to every side effect."""
        return self._context.key

    @overload
    def step(self, name: str, act: Callable[[], Outcome[T]], *, retry: Retry = ..., timeout: timedelta | None = ...) -> T: ...
    @overload
    def step(self, name: str, act: Callable[[], T], *, retry: Retry = ..., timeout: timedelta | None = ...) -> T: ...
    def step(self, name: str, act: PlainAct[T], *, retry: Retry = ONCE, timeout: timedelta | None = None) -> T:
        """Do `act` and record its value with its changes, or give the recorded one.

        An act that takes longer than `timeout` is given up, although its thread goes on."""
        return cast("T", self._ask(lambda: self._context.step(name, _act(act), retry=retry, timeout=timeout)))

    def end(self, name: str, act: PlainAct[JsonObject], *, retry: Retry = ONCE, timeout: timedelta | None = None) -> JsonObject:
        """Do `act` as the last step, and end the run with its value in the transaction that records it. Return what it gives."""
        result: JsonObject = self._ask(lambda: self._context.end(name, _act(act), retry=retry, timeout=timeout))
        return result

    def parallel(
        self, steps: Mapping[str, PlainAct[Any]], *, most: int | None = None, retry: Retry = ONCE, timeout: timedelta | None = None
    ) -> dict[str, Any]:
        """Do several steps at once, `most` (32) at a time; give their values by name."""
        acts = {name: _act(act) for name, act in steps.items()}
        found: dict[str, Any] = self._ask(lambda: self._context.parallel(acts, most=most or PARALLEL, retry=retry, timeout=timeout))
        return found

    def child(self, name: str, workflow: str, data: JsonObject) -> Json:
        """Begin a run of `workflow` and wait for its result, letting go of the worker; raises why it failed."""
        return cast("Json", self._ask(lambda: self._context.child(name, workflow, data)))

    def fan(self, name: str, workflow: str, data: Sequence[JsonObject], *, most: int | None = None) -> list[Ended]:
        """Begin a run of `workflow` for each of `data`, `most` at once, and wait until all have ended, however they did."""
        ends: list[Ended] = self._ask(lambda: self._context.fan(name, workflow, data, most=most))
        return ends

    def sleep(self, name: str, duration: timedelta) -> None:
        """Let go of the worker for `duration`; the run goes on after it, in any process."""
        self._ask(lambda: self._context.sleep(name, duration))

    def wait(self, name: str, timeout: timedelta | None = None) -> Json:
        """The payload of the next signal of that name; None when `timeout` passes first."""
        return cast("Json", self._ask(lambda: self._context.wait(name, timeout)))

    def compensate(self, name: str, act: PlainAct[Any]) -> None:
        """Have `act` run as a step, in reverse order of these calls, if the run fails or is cancelled after this point."""
        self._context.compensate(name, _act(act))


Body: TypeAlias = Callable[[Context, JsonObject], Awaitable[JsonObject]] | Callable[[Blocking, JsonObject], JsonObject]
Changes: TypeAlias = Sequence[Change[Any]]


def _nothing_failed(_: Started, __: HulkError) -> Changes:
    return ()


def _nothing_revived(_: Started) -> Changes:
    return ()


def workflow(
    function: Body,
    *,
    failed: Callable[[Started, HulkError], Changes] = _nothing_failed,
    revived: Callable[[Started], Changes] = _nothing_revived,
) -> Workflow:
    """A workflow whose body is `function`: a coroutine function of a `Context`, or a plain one of a `Blocking`, and the data.

    `failed` and `revived` give the changes that `kernel.durable.Workflow` speaks of; none by default."""
    if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, "__call__", None)):  # noqa: B004
        return _Function(cast("Callable[[Context, JsonObject], Awaitable[JsonObject]]", function), failed, revived)
    plain = cast("Callable[[Blocking, JsonObject], JsonObject]", function)
    return _Function(lambda context, data: _executed(plain, context, data), failed, revived)


@dataclass(frozen=True, slots=True)
class _Function:
    """`kernel.durable.Workflow` from its parts."""

    body: Callable[[Context, JsonObject], Awaitable[JsonObject]]
    when_failed: Callable[[Started, HulkError], Changes]
    when_revived: Callable[[Started], Changes]

    async def __call__(self, context: Context, data: JsonObject) -> JsonObject:
        return await self.body(context, data)

    def failed(self, run: Started, error: HulkError) -> Changes:
        return self.when_failed(run, error)

    def revived(self, run: Started) -> Changes:
        return self.when_revived(run)


# ---- threads


@dataclass(slots=True)
class _Answer:
    """What a call of the context gave or raised."""

    value: Any = None
    error: BaseException | None = None

    def open(self) -> Any:
        if self.error is not None:
            raise self.error
        return self.value


@dataclass(frozen=True, slots=True)
class _Asked:
    """A call of the context that a body waits for in its thread."""

    make: Callable[[], Awaitable[Any]]
    answers: "queue.SimpleQueue[_Answer]"


class _Line:
    """Between a body in its thread and the coroutine that answers it on the loop: one call at a time, since the body blocks."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.calls: asyncio.Queue[_Asked | _Answer] = asyncio.Queue()
        self._left: BaseException | None = None

    def ask(self, make: Callable[[], Awaitable[Any]]) -> Any:
        """In the thread: what the coroutine of `make` gives on the loop; raises what ended the run here once it was left."""
        answers = queue.SimpleQueue[_Answer]()
        if not self.tell(_Asked(make, answers)):
            raise asyncio.CancelledError("the event loop has ended")
        return answers.get().open()

    def tell(self, what: _Asked | _Answer) -> bool:
        """In the thread: say it to the loop; whether that is still there."""
        try:
            self._loop.call_soon_threadsafe(self._arrived, what)
        except RuntimeError:
            return False
        return True

    def _arrived(self, what: _Asked | _Answer) -> None:
        if self._left is None:
            self.calls.put_nowait(what)
        elif isinstance(what, _Asked):
            what.answers.put(_Answer(error=self._left))

    def leave(self, error: BaseException) -> None:
        """On the loop: nobody answers any more; what is asked from now on, or was just now, raises that."""
        self._left = error
        while not self.calls.empty():
            self._arrived(self.calls.get_nowait())


async def _executed(body: Callable[[Blocking, JsonObject], JsonObject], context: Context, data: JsonObject) -> JsonObject:
    """Run `body` in a thread, and do here what it asks of its context."""
    line = _Line(asyncio.get_running_loop())

    def work() -> None:
        line.tell(_outcome(lambda: body(Blocking(context, line.ask), data)))

    _begin_thread(work, f"body {context.run_id}")
    try:
        while isinstance(call := await line.calls.get(), _Asked):
            call.answers.put(await _answered(call, line))
    except BaseException as error:
        line.leave(error)
        raise
    return cast("JsonObject", call.open())


async def _answered(call: _Asked, line: _Line) -> _Answer:
    """What the call gives, or the error that the body may deal with. Whatever ends the run here is told to the body, and raised."""
    try:
        return _Answer(await call.make())
    except Exception as error:  # noqa: BLE001  # the body's to deal with
        return _Answer(error=error)
    except BaseException as error:
        line.leave(error)
        call.answers.put(_Answer(error=error))
        raise


def _act(act: PlainAct[T]) -> Act[T]:
    async def done() -> Outcome[T]:
        value = await _threaded(act)
        return value if isinstance(value, Outcome) else Outcome(value)

    return done


async def _threaded(function: Callable[[], T]) -> T:
    """What `function` gives in a thread of its own. Not the loop's executor: its few threads would be taken by those who wait for one."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[_Answer] = loop.create_future()

    def settle(outcome: _Answer) -> None:
        if not answer.done():
            answer.set_result(outcome)

    def work() -> None:
        outcome = _outcome(function)
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
            loop.call_soon_threadsafe(settle, outcome)

    _begin_thread(work, "act")
    return cast("T", (await answer).open())


def _outcome(function: Callable[[], Any]) -> _Answer:
    try:
        return _Answer(function())
    except (SystemExit, KeyboardInterrupt, StopIteration) as error:  # these would end the loop, or the coroutine that waits
        return _Answer(error=_mistaken(error))
    except BaseException as error:  # noqa: BLE001  # raised again where it is waited for
        return _Answer(error=error)


def _mistaken(error: BaseException) -> RuntimeError:
    mistake = RuntimeError(f"a workflow may not raise {type(error).__name__}: raise Refused to fail for good")
    mistake.__cause__ = error
    return mistake


def _begin_thread(work: Callable[[], None], name: str) -> None:
    """A daemon, so that one that hangs does not keep the process from ending; it sees the context variables of its maker."""
    threading.Thread(target=contextvars.copy_context().run, args=(work,), name=name, daemon=True).start()
