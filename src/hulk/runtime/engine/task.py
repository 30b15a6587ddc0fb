"""A task on the bus, and what its handler says of it when done."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from hulk.kernel.durable import Retry
from hulk.runtime.bus import TASKS, Message
from hulk.runtime.engine.source import Source

SUBJECT = "hulk.engine.tasks"
ELSEWHERE = Retry(attempts=240, first=timedelta(seconds=15), factor=1)
"""How work that nobody here knows waits for a worker that does, an hour in all: while a cluster is upgraded, the newer ones do.
That is longer than an upgrade takes, and short enough that somebody still waits for it when it is given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A wake-up of a run: `wake` counts them, so that a late copy of an older one is known for what it is.

    Those of `rank` 0 go before those of `rank` 1, which are of a tenant of whom more waits."""

    run: str
    wake: int
    queue: str
    tenant: str
    trace: str | None = None
    rank: int = 0

    @property
    def id(self) -> str:
        """The message id that makes publishing it twice harmless (within the stream's duplicate window)."""
        return f"{self.run}:{self.wake}"

    def encoded(self) -> bytes:
        """The message's body."""
        return json.dumps({"run": self.run, "wake": self.wake, "queue": self.queue, "tenant": self.tenant}).encode()

    def headers(self) -> dict[str, str]:
        """The message's headers: the W3C trace context it belongs to and the tenant."""
        return carried(self.tenant, self.trace)

    @classmethod
    def decoded(cls, message: Message) -> "Task":
        """The reverse; raises `ValueError`, `KeyError` or `TypeError` when it is no task."""
        data, trace = json.loads(message.data), message.headers.get("traceparent")
        return cls(run=data["run"], wake=int(data["wake"]), queue=data["queue"], tenant=data["tenant"], trace=trace)


def carried(tenant: str, trace: str | None) -> dict[str, str]:
    """The headers of a message that carries work: whose it is, and the W3C trace context it belongs to."""
    return {"hulk-tenant": tenant} | ({"traceparent": trace} if trace else {})


def wake_ups(queue: str) -> Source[Task]:
    """Where the wake-ups of the queue's runs come from."""
    return Source(TASKS, f"{SUBJECT}.{queue}", f"engine-{queue}", Task.decoded)


def subject(task: Task) -> str:
    """Where a task is published: `hulk.engine.tasks.<queue>.<rank>.<tenant>`."""
    return f"{SUBJECT}.{task.queue}.{task.rank}.{task.tenant}"


@dataclass(frozen=True, slots=True)
class Settled:
    """The task is dealt with, or was somebody else's: acknowledge it."""


@dataclass(frozen=True, slots=True)
class HandBack:
    """Deliver the task again, to anyone, after `delay`."""

    delay: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Left:
    """Another worker has the task now: neither acknowledge it nor hand it back, for both would take it from that one."""


Verdict: TypeAlias = Settled | HandBack | Left
