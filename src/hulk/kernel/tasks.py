"""Light tasks: work that is cheap to do twice, kept by the bus alone.

A durable run (`kernel.durable`) is recorded step by step and has a history; a light task is one message, executed at least once,
of which nothing is left when it is done. It costs a tenth. Take it for what may happen twice and is soon forgotten: to warm a
cache, to send on a reading, to fetch a page.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeAlias

from hulk.kernel.durable import Retry
from hulk.kernel.records import JsonObject

LIMIT = timedelta(minutes=1)
"""How long a light task may take when its handler was registered without a limit of its own."""
TRIES = Retry()


@dataclass(frozen=True, slots=True, kw_only=True)
class LightTask:
    """A task as its handler gets it. `attempt` counts how often it was handed to a worker, from 1; a worker that was killed counts too."""

    id: str
    name: str
    data: JsonObject
    tenant: str
    attempt: int = 1
    trace: str | None = None


Handle: TypeAlias = Callable[[LightTask], Awaitable[object]]
"""What executes the tasks of a name. What it raises has the task tried again, except `Refused`, `NotFound` and the like: they end it."""


class Tasks(Protocol):
    """Sends light tasks, and says who executes them."""

    def register(self, name: str, handle: Handle, *, retry: Retry = TRIES, limit: timedelta = LIMIT) -> None:
        """Execute tasks of that name in this process. Raises `Conflict` for a name that is taken."""

    async def send(
        self, name: str, data: JsonObject, *, tenant: str, key: str = "", at: datetime | None = None, urgent: bool = False
    ) -> str:
        """Have the task executed, by any process that has its handler; the bus has it when this returns its id (`tsk_…`).

        With a `key` the same task sent again within two minutes is one task. `at`: not before then. `urgent` ones go first.
        Raises `Refused` for data that is no JSON, `TooLarge`, `Exhausted` when too many wait, `Unavailable` when the bus is away."""
