"""Keeping to the time of a task, in whatever process its steps are done."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from hulk.kernel.durable import Change
from hulk.kernel.errors import Cancelled
from hulk.kernel.time import Clock
from hulk.modules.agents.domain.task import ENDED, SAID_STATES
from hulk.modules.agents.domain.timing import Time, left, over
from hulk.modules.agents.ports import Tasks

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class KeepTime:
    """What is left of a task's time, when it stands still, whether it has ended."""

    tasks: Tasks
    clock: Clock

    async def require_open(self, task: str) -> None:
        """Raises `Cancelled` when the task has ended: nothing is done for it any more, whoever has its runs executed again."""
        if (now := await self.tasks.get(task)).state in ENDED:
            raise Cancelled("The task {task} has ended ({state}).", task=task, state=SAID_STATES[now.state])

    async def left(self, task: str, time: Time) -> timedelta:
        """More than nothing. Raises `Refused` when it is over."""
        found = left(time, await self.tasks.waits(task), self.clock())
        if found <= timedelta(0):
            raise over(time)
        return found

    async def within(self, task: str, time: Time, act: Callable[[], Awaitable[T]]) -> T:
        """Do it in what is left. Raises `Refused` when it is over, before or meanwhile."""
        limit = asyncio.timeout((await self.left(task, time)).total_seconds())
        try:
            async with limit:
                return await act()
        except TimeoutError as late:
            if not limit.expired():  # somebody else's
                raise
            raise over(time) from late

    def stops(self, task: str, run: str) -> Change[None]:
        """A person is waited for in that run."""
        return self.tasks.wait(task, run, self.clock())

    def goes_on(self, task: str, run: str) -> Change[None]:
        """And no longer, if one was."""
        return self.tasks.waited(task, run, self.clock())
