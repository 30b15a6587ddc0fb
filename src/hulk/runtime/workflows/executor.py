"""What a worker does with a wake-up: take the run, execute its body, and write how it went."""

import asyncio
import contextlib
import random
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeAlias

import structlog
from sqlalchemy import Row

from hulk.kernel.durable import Change, Workflow, backoff
from hulk.kernel.errors import Cancelled, HulkError, Refused, Unavailable, blamed, permanent, told
from hulk.kernel.events import Event
from hulk.kernel.records import JsonObject
from hulk.kernel.text import Text
from hulk.runtime.engine import ELSEWHERE, FIRST, HandBack, Lease, Left, Settled, Task, Verdict, delivery_of
from hulk.runtime.outbox import Outbox
from hulk.runtime.store import Store, Trouble
from hulk.runtime.telemetry import span
from hulk.runtime.workflows.beginning import retry_of
from hulk.runtime.workflows.context import LetGo, NeedsAttention, Overtaken, RunContext
from hulk.runtime.workflows.holding import Hold
from hulk.runtime.workflows.journal import Fenced, Journal, Taken, fresh
from hulk.runtime.workflows.payloads import require_kept
from hulk.runtime.workflows.registry import Registry
from hulk.runtime.workflows.steering import started

log = structlog.get_logger(__name__)

MOST_TAKES = 10
"""A run that was begun this often without recording anything new is taken to kill its process, and is not begun again."""
STORE_AWAY = timedelta(seconds=1)
EARLY = 0.5
"""Seconds after which a run shows for the first time that it is worked on; most have ended by then."""


@dataclass(slots=True)
class Body:
    """A run's body being executed in this process."""

    task: "asyncio.Task[Any] | None"
    context: RunContext
    stoppable: bool = False
    touch_at: float = field(default_factory=lambda: asyncio.get_running_loop().time() + EARLY)
    """When to show next, in the loop's seconds, that the run is worked on."""

    def call_off(self) -> None:
        """Leave off at once, unless what is done is already the undoing."""
        self.context.cancelled = True
        if self.stoppable and self.task is not None:
            self.stoppable = False
            self.task.cancel()

    async def until_called_off(self, workflow: Workflow, data: JsonObject) -> JsonObject:
        """The body's result; raises `Cancelled` when it was called off meanwhile."""
        self.stoppable = True
        try:
            return await workflow(self.context, data)
        except asyncio.CancelledError:
            # Not swallowed: `call_off` is who cancelled, and unless somebody else did too the task goes on to undo.
            if self.stoppable or self.task is None or self.task.uncancel():
                raise
            raise Cancelled("The run was cancelled.") from None
        finally:
            self.stoppable = False


Chain: TypeAlias = Callable[[str, str | None, JsonObject], Mapping[str, str]]
"""The ids that a run of that workflow, intent and input stands for, by what they are of (`ticket`, `plan`)."""


def nothing_more(_workflow: str, _intent: str | None, _data: JsonObject) -> Mapping[str, str]:
    """No further ids."""
    return {}


@dataclass(frozen=True, slots=True)
class Executor:
    """Executes runs. `limit` is how long a step may take when it does not say so itself."""

    store: Store
    journal: Journal
    outbox: Outbox
    workflows: Registry
    limit: timedelta
    held: dict[Hold, "Body"] = field(default_factory=dict)
    """The runs held now."""
    chain: Chain = nothing_more
    """Which further ids a run stands for, to be told in its logs and spans."""
    strange: Counter[str] = field(default_factory=Counter)
    """How often a run was handed back because its workflow is not here, by the workflow's name."""

    async def __call__(self, lease: Lease[Task]) -> Verdict:
        """Execute the run that this wake-up is for (`engine.Handler`)."""
        try:
            taken = await self._taken(lease)
        except Unavailable:
            return HandBack(STORE_AWAY)
        if taken is None:
            return Settled()
        hold = (lease.task.run, lease.epoch)
        body = self.held[hold] = Body(asyncio.current_task(), RunContext(self.store, self.journal, taken, self.limit))
        try:
            return await self._execute(taken, body)
        except asyncio.CancelledError:
            await self._release(taken)
            raise
        finally:
            del self.held[hold]

    async def _taken(self, lease: Lease[Task]) -> Taken | None:
        run = await self.store.look_up(fresh, lease.task.run) if delivery_of(lease.epoch) == FIRST else None
        if run is not None:
            return Taken(run, lease.epoch, {})
        taken: Taken | None = (await self.store.commit(self.journal.take(lease.task, lease.epoch)))[0]
        return taken

    def cancel(self, run: str) -> None:
        """Have the body of that run leave off, if it is executed here: it was called off."""
        for (held, _), body in list(self.held.items()):
            if held == run:
                body.call_off()

    async def _release(self, taken: Taken) -> None:
        with contextlib.suppress(Unavailable):  # then it stays running, until its lease runs out
            await self._write(self.journal.release(taken.run, taken.epoch))

    async def _execute(self, taken: Taken, body: Body) -> Verdict:
        run = taken.run
        told = {"run": run.id, **({} if run.intent is None else {"intent": run.intent}), **self.chain(run.workflow, run.intent, run.input)}
        with (
            structlog.contextvars.bound_contextvars(**told, tenant=run.tenant),
            span(f"run {run.workflow}", run.trace, **{f"hulk.{name}.id": id_ for name, id_ in told.items()}, **{"hulk.tenant": run.tenant}),
        ):
            try:
                return await self._body(taken, body) if self._knows(taken) else await self._leave(taken)
            except LetGo:
                return Settled()
            except Overtaken:
                log.info("run_overtaken")
                return Left()
            except Trouble as error:  # our own store's, which is not the run's failure
                log.warning("run_waits_for_store", reason=str(error))
                await self._release(taken)
                return HandBack(STORE_AWAY)
            except Unavailable as error:  # a compensation's
                log.warning("run_waits_for_store", reason=str(error))
                return HandBack(STORE_AWAY)

    def _knows(self, taken: Taken) -> bool:
        """Whether the workflow is here, or was looked for long enough. The deliveries of a wake-up are the lower part of the epoch."""
        known = self.workflows.get(taken.run.workflow, taken.run.version) is not None
        return known or (delivery_of(taken.epoch) & 0xFFFF) > ELSEWHERE.attempts

    async def _leave(self, taken: Taken) -> Verdict:
        """Hand the run back, unharmed, for a worker that has its workflow."""
        run = taken.run
        self.strange[run.workflow] += 1
        log.warning("run_of_unknown_workflow", workflow=run.workflow, again_seconds=ELSEWHERE.first.total_seconds())
        due = self.journal.clock() + ELSEWHERE.first
        got = await self._write(self.journal.retry(run.id, taken.epoch, run.failures, due, told(_unknown(run))))
        return Left() if isinstance(got, Fenced) else HandBack(ELSEWHERE.first)

    async def _body(self, taken: Taken, body: Body) -> Verdict:
        workflow = self.workflows.get(taken.run.workflow, taken.run.version)
        try:
            result = await body.until_called_off(_fit(workflow, taken.run), taken.run.input)
            require_kept(Text("The result of the workflow “{name}”", name=taken.run.workflow), result)
        except Trouble:
            raise
        except Exception as error:  # noqa: BLE001  # whatever a body raises is the run's failure, and is written down as such
            return await self._went_wrong(taken, workflow, body.context, error)
        if body.context.ended:
            return Settled()
        return self._settled(await self._write(self.journal.complete(taken.run, taken.epoch, result)))

    async def _went_wrong(self, taken: Taken, workflow: Workflow | None, context: RunContext, error: Exception) -> Verdict:
        failures = context.failures + 1
        final = permanent(error) or context.failure is not None or failures >= taken.run.attempts
        log.log(20 if permanent(error) else 30, "run_failed", workflow=taken.run.workflow, final=final, error=_brief(error))
        if not final:
            return await self._again(taken, failures, error)
        known = context.failure or _known(error)
        if isinstance(error, NeedsAttention):
            return self._settled(await self._write(self.journal.park(taken.run.id, taken.epoch, told(known))))
        if not isinstance(error, _Poison):
            await context.undo(known)
        dead = not permanent(error) or isinstance(error, _Poison | _Unknown)
        changes = list(workflow.failed(started(taken.run), known)) if workflow else []
        if dead:
            changes.append(self.outbox.append(_dead_letter(taken.run, failures, error)))
        return self._settled(await self._write(self.journal.fail(taken.run, taken.epoch, told(known), changes, dead=dead)))

    async def _again(self, taken: Taken, failures: int, error: Exception) -> Verdict:
        delay = backoff(retry_of(taken.run), failures - 1, random.random())  # noqa: S311  # jitter, not a secret
        asked = getattr(error, "retry_after", None)
        delay = max(delay, timedelta(seconds=asked)) if asked else delay
        got = await self._write(self.journal.retry(taken.run.id, taken.epoch, failures, self.journal.clock() + delay, told(_known(error))))
        return Left() if isinstance(got, Fenced) else HandBack(delay)

    async def _write(self, change: Change[Any]) -> Any:
        return (await self.store.commit(change))[0]

    def _settled(self, got: Fenced | None) -> Verdict:
        if isinstance(got, Fenced):
            raise Overtaken
        return Settled()


def _fit(workflow: Workflow | None, run: Row[Any]) -> Workflow:
    """The run's body, if it may be executed."""
    if workflow is None:
        raise _unknown(run)
    if run.takes > MOST_TAKES:
        raise _Poison("The run was begun {times} times without getting on; it may be what ends its process.", times=run.takes)
    return workflow


def _unknown(run: Row[Any]) -> HulkError:
    return _Unknown("This Hulk has no workflow “{name}”: it was begun by another version.", name=run.workflow)


class _Unknown(Refused):
    """No worker that had the run knows its workflow."""


class _Poison(Refused):
    """The run seems to end the process that executes it."""


def _known(error: Exception) -> HulkError:
    """The error as Hulk tells it: a bug is told by its kind only, its details are in the log."""
    if isinstance(error, HulkError):
        return error
    return HulkError("Something went wrong inside Hulk ({kind}). The log of this run says more.", kind=type(error).__name__)


def _brief(error: Exception) -> str:
    """For the log: our own errors in a line, a bug with its traceback."""
    return str(error) if isinstance(error, HulkError) else "".join(traceback.format_exception(error))


def _dead_letter(run: Row[Any], failures: int, error: Exception) -> Event:
    """What goes to `hulk.errors.<queue>`: where it came from, how often it was tried, what kind of error ended it."""
    data: JsonObject = {
        "run": run.id, "workflow": run.workflow, "queue": run.queue, "failures": failures, "takes": run.takes,
        **blamed(error),
    }  # fmt: skip
    return Event(
        type=f"hulk.errors.{run.queue}.v1", subject=run.id, tenant=run.tenant, actor="hulk", data=data, intent=run.intent, trace=run.trace
    )


async def keep(executor: Executor, every: timedelta, overtaken: Callable[[str, int], None]) -> None:
    """Show, every so often, that the held runs are worked on; tell `overtaken(run, epoch)` of those lost to another, and
    leave off with those that were called off."""
    while True:
        await asyncio.sleep(EARLY)
        now = asyncio.get_running_loop().time()
        due = [(hold, body) for hold, body in executor.held.items() if body.touch_at <= now]
        if not due:
            continue
        try:
            (touched,) = await executor.store.commit(executor.journal.touch([hold for hold, _ in due]))
        except Unavailable as error:
            log.warning("cannot_touch_runs", reason=str(error))
            continue
        for _, body in due:
            body.touch_at = now + every.total_seconds()
        for run, epoch in touched.lost:
            overtaken(run, epoch)
        for run in touched.cancelling:
            executor.cancel(run)
