"""Light tasks over JetStream (`kernel.tasks`): the message is the task, and nothing else is kept of it."""

import asyncio
import contextlib
import json
import random
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from prometheus_client import Counter, Histogram

from hulk.kernel import ids
from hulk.kernel.durable import Retry, backoff
from hulk.kernel.errors import Conflict, HulkError, Refused, Unavailable, blamed, permanent
from hulk.kernel.events import Event
from hulk.kernel.records import JsonObject
from hulk.kernel.tasks import LIMIT, TRIES, Handle, LightTask
from hulk.kernel.time import utc_now
from hulk.runtime.bus import LIGHT, Bus, Message, forward_due, publish_at, to_message
from hulk.runtime.engine.lease import Lease
from hulk.runtime.engine.pool import Pool
from hulk.runtime.engine.scaling import Scale
from hulk.runtime.engine.source import Source
from hulk.runtime.engine.task import ELSEWHERE, HandBack, Settled, Verdict, carried
from hulk.runtime.telemetry import SECONDS, Metrics, current_traceparent, span

log = structlog.get_logger(__name__)

SUBJECT = "hulk.engine.light"
STRANGE = "hulk-strange"
"""The header that counts."""
AWAY = timedelta(seconds=1)


def encoded(task: LightTask) -> bytes:
    """The message's body. Raises `Refused` when the data is no JSON."""
    body = {"id": task.id, "name": task.name, "tenant": task.tenant, "data": task.data}
    try:
        return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise Refused(
            "The data of the task “{name}” is no JSON ({reason}): give null, true or false, numbers, texts, lists and objects of them.",
            name=task.name, reason=str(error),
        ) from error  # fmt: skip


def decoded(message: Message) -> LightTask:
    """The reverse; raises `ValueError`, `KeyError` or `TypeError` when it is no task."""
    body, trace = json.loads(message.data), message.headers.get("traceparent")
    return LightTask(id=body["id"], name=body["name"], data=body["data"], tenant=body["tenant"], attempt=message.num_delivered, trace=trace)


@dataclass(frozen=True, slots=True)
class _Known:
    """Who executes the tasks of a name, and what is counted of it."""

    handle: Handle
    retry: Retry
    limit: float
    completed: Counter
    failed: Counter
    seconds: Histogram


class LightTasks:
    """The light tasks of one process (`kernel.tasks.Tasks`)."""

    def __init__(self, bus: Bus, scale: Scale, metrics: Metrics, *, queue: str = "default", elsewhere: Retry = ELSEWHERE) -> None:
        self._bus = bus
        self._queue = queue
        self._elsewhere = elsewhere
        self._known: dict[str, _Known] = {}
        self._ended = metrics.counter("hulk_tasks_ended", "Light tasks ended, by name and status.", ["task", "status"])
        self._seconds = metrics.histogram("hulk_task_duration_seconds", "How long one try of a light task took.", ["task"], SECONDS)
        self._pool = Pool(bus, Source(LIGHT, f"{SUBJECT}.{queue}", f"light-{queue}", decoded), scale, self._handled)

    @property
    def busy(self) -> int:
        """How many tasks are being executed in this process."""
        return self._pool.busy

    def register(self, name: str, handle: Handle, *, retry: Retry = TRIES, limit: timedelta = LIMIT) -> None:
        """Execute tasks of that name in this process. Raises `Conflict` for a name that is taken."""
        if name in self._known:
            raise Conflict("The tasks named “{name}” have a handler already: give this one another name.", name=name)
        ended, seconds = self._ended, self._seconds.labels(name)
        self._known[name] = _Known(
            handle, retry, limit.total_seconds(), ended.labels(name, "completed"), ended.labels(name, "failed"), seconds
        )

    async def send(
        self, name: str, data: JsonObject, *, tenant: str, key: str = "", at: datetime | None = None, urgent: bool = False
    ) -> str:
        """Have the task executed; see `kernel.tasks.Tasks.send`."""
        task = LightTask(id=ids.derived("tsk", tenant, name, key) if key else ids.new("tsk"), name=name, data=data, tenant=tenant)
        subject = f"{SUBJECT}.{self._queue}.{0 if urgent else 1}.{tenant}"
        headers = carried(tenant, current_traceparent())
        if at is None:
            await self._bus.publish(subject, encoded(task), headers, task.id)
        else:
            await publish_at(self._bus, at, subject, encoded(task), headers, key=task.id)
        return task.id

    @contextlib.asynccontextmanager
    async def working(self, grace: timedelta) -> AsyncIterator[None]:
        """Execute tasks until left; let those under way end within `grace`, and hand back the rest."""
        async with asyncio.TaskGroup() as group:
            forwarding, running = group.create_task(forward_due(self._bus)), group.create_task(self._pool.run())
            try:
                yield
            finally:
                self._pool.stop()
                _, late = await asyncio.wait([running], timeout=grace.total_seconds())
                if late:
                    self._pool.interrupt()
                forwarding.cancel()

    async def _handled(self, lease: Lease[LightTask]) -> Verdict:
        task = lease.task
        if (known := self._known.get(task.name)) is None:
            return await self._strange(lease)
        begun = time.perf_counter()
        with structlog.contextvars.bound_contextvars(task=task.id, tenant=task.tenant), span(f"task {task.name}", task.trace):
            try:
                _require_tries(task, known.retry)
                async with asyncio.timeout(known.limit):
                    await known.handle(task)
            except Exception as error:  # noqa: BLE001  # whatever a handler raises is the task's failure
                return await self._went_wrong(task, known, error)
            finally:
                known.seconds.observe(time.perf_counter() - begun)
        known.completed.inc()
        return Settled()

    async def _went_wrong(self, task: LightTask, known: _Known, error: Exception) -> Verdict:
        final = permanent(error) or task.attempt >= known.retry.attempts
        log.warning(
            "task_failed", name=task.name, attempt=task.attempt, final=final, exc_info=None if isinstance(error, HulkError) else error
        )
        if not final:
            delay = backoff(known.retry, task.attempt - 1, random.random())  # noqa: S311  # jitter, not a secret
            return HandBack(max(delay, timedelta(seconds=getattr(error, "retry_after", None) or 0)))
        known.failed.inc()
        return await self._buried(task, error)

    async def _strange(self, lease: Lease[LightTask]) -> Verdict:
        """Send a task on, to come back later: a worker that has its handler may get it then. Its tries count anew."""
        task, message = lease.task, lease.message
        times = int(message.headers.get(STRANGE, 0)) + 1
        log.warning("task_of_unknown_name", name=task.name, times=times)
        if times > self._elsewhere.attempts:
            return await self._buried(task, Refused("No worker knows tasks named “{name}”.", name=task.name))
        headers = carried(task.tenant, task.trace) | {STRANGE: str(times)}
        try:
            await publish_at(self._bus, utc_now() + self._elsewhere.first, message.subject, message.data, headers, key=f"{task.id}-{times}")
        except Unavailable:
            return HandBack(AWAY)
        return Settled()

    async def _buried(self, task: LightTask, error: Exception) -> Verdict:
        """Put the task among the dead letters, with all that it takes to send it again."""
        subject, headers, data = to_message(_dead_letter(task, error))
        try:
            await self._bus.publish(subject, data, headers, f"{task.id}:dead")
        except Unavailable:
            return HandBack(AWAY)
        return Settled()


def _require_tries(task: LightTask, retry: Retry) -> None:
    """Raises `Refused` when the task was handed out too often: whoever had it last did not come back."""
    if task.attempt > retry.attempts:
        raise Refused("The task was begun {times} times and never ended; it may be what ends its process.", times=task.attempt - 1)


def _dead_letter(task: LightTask, error: Exception) -> Event:
    """What goes to `hulk.errors.light`."""
    data: JsonObject = {"name": task.name, "data": task.data, "deliveries": task.attempt, **blamed(error)}
    return Event(type="hulk.errors.light.v1", subject=task.id, tenant=task.tenant, actor="hulk", data=data, trace=task.trace)
