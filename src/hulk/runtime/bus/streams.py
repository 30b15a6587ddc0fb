"""The streams as data: which subjects each takes, what it keeps, and when it refuses more."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from nats.js import api

TASKS = "hulk-engine-tasks"
LIGHT = "hulk-engine-light"
EVENTS = "hulk-engine-events"
SCHEDULES = "hulk-scheduler-queue"
ERRORS = "hulk-errors"

MIB = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """A stream as it should be. A work queue forgets what was acknowledged; the others forget by age and size.

    `when_full="refuse"` makes a publish to a full stream fail (backpressure); `"forget"` drops the oldest instead. A stream
    that refuses cannot have schedules (nats-server 2.15: "message scheduling cannot use discard new").
    """

    name: str
    summary: str
    subjects: tuple[str, ...]
    work_queue: bool = False
    when_full: Literal["refuse", "forget"] = "forget"
    max_bytes: int
    max_age: timedelta | None = None
    schedules: bool = False
    duplicate_window: timedelta = timedelta(minutes=2)


STREAMS: tuple[Stream, ...] = (
    Stream(
        name=TASKS,
        summary="Runs that wait for a worker: hulk.engine.tasks.<queue>.<rank>.<tenant>",
        subjects=("hulk.engine.tasks.>",),
        work_queue=True,
        when_full="refuse",
        max_bytes=1024 * MIB,
    ),
    Stream(
        name=LIGHT,
        summary="Light tasks: hulk.engine.light.<queue>.<rank>.<tenant>",
        subjects=("hulk.engine.light.>",),
        work_queue=True,
        when_full="refuse",
        max_bytes=1024 * MIB,
    ),
    Stream(
        name=EVENTS,
        summary="What happened, as CloudEvents",
        subjects=(
            "hulk.task.created",
            "hulk.task.completed",
            "hulk.task.failed",
            "hulk.intent.>",
            "hulk.ticket.>",
            "hulk.decision.>",
            "hulk.experiment.>",
            "hulk.policies.>",
            "hulk.feedback.>",
            "hulk.plan.>",
            "hulk.run.>",
            "hulk.queue.>",
            "hulk.key.>",
            "hulk.kind.>",
            "hulk.audit.>",
            "hulk.account.>",
            "hulk.session.>",
            "hulk.namespace.>",
            "hulk.tenant.>",
            "hulk.quota.>",
            "hulk.tool.>",
            "hulk.agent.>",
            "hulk.memory.>",
            "hulk.reasoning.>",
            "hulk.channel.>",
            "hulk.budget.>",
            "hulk.rate.>",
            "hulk.schedule.>",
            "hulk.file.>",
            "hulk.cache.>",
            "hulk.breaker.>",
            "hulk.logging.>",
            "hulk.runtime.health",
            "hulk.runtime.breaker",
            "hulk.engine.events.>",
        ),
        max_bytes=512 * MIB,
        max_age=timedelta(days=7),
    ),
    Stream(
        name=SCHEDULES,
        summary="What the server itself will publish later or again and again",
        subjects=("hulk.scheduler.queue.>", "hulk.scheduler.tick"),
        max_bytes=1024 * MIB,
        schedules=True,
    ),
    Stream(
        name=ERRORS,
        summary="Dead letters: work that failed for good, with origin, deliveries, error class and trace",
        subjects=("hulk.errors.>",),
        max_bytes=256 * MIB,
        max_age=timedelta(days=30),
    ),
)

LIFETIMES: Mapping[str, str] = {"hulk.scheduler.tick": "168h"}
"""How long single messages live in a stream whose others have no age: a stream full of old ticks would drop what is scheduled."""


def config(stream: Stream, *, max_tasks: int, replicas: int) -> api.StreamConfig:
    """The stream in the server's words (`duplicate_window` and `max_age` in seconds, -1 for no limit)."""
    return api.StreamConfig(
        name=stream.name,
        description=stream.summary,
        subjects=list(stream.subjects),
        retention=api.RetentionPolicy.WORK_QUEUE if stream.work_queue else api.RetentionPolicy.LIMITS,
        discard=api.DiscardPolicy.NEW if stream.when_full == "refuse" else api.DiscardPolicy.OLD,
        max_msgs=max_tasks if stream.work_queue else -1,
        max_bytes=stream.max_bytes,
        max_age=stream.max_age.total_seconds() if stream.max_age else 0,
        storage=api.StorageType.FILE,
        num_replicas=replicas,
        duplicate_window=stream.duplicate_window.total_seconds(),
        allow_direct=True,
        allow_msg_ttl=True,
        allow_msg_schedules=stream.schedules,
    )


def differs(wanted: api.StreamConfig, actual: api.StreamConfig) -> bool:
    """Whether the server keeps the stream otherwise than wanted; what we do not ask for is the operator's to choose."""
    keys = ("description", "retention", "discard", "max_msgs", "max_bytes", "max_age", "storage", "num_replicas", "duplicate_window")
    flags = ("allow_direct", "allow_msg_ttl", "allow_msg_schedules")
    return (
        set(wanted.subjects or ()) != set(actual.subjects or ())
        or any(getattr(wanted, key) != getattr(actual, key) for key in keys)
        or any(bool(getattr(wanted, flag)) != bool(getattr(actual, flag)) for flag in flags)
    )
