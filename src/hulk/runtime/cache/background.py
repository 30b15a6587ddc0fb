"""Work that outlives the call that began it, and ends with the block."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Background:
    """Tasks under way. They tell their errors themselves."""

    tasks: set["asyncio.Task[None]"] = field(default_factory=set)

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Do `work` meanwhile. A TaskGroup would wrap the errors of the block around it into groups."""
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)


@asynccontextmanager
async def background() -> AsyncIterator[Background]:
    """Where tasks may be begun until the block ends; what still goes on then is cancelled and waited for."""
    made = Background()
    try:
        yield made
    finally:
        for task in (waiting := tuple(made.tasks)):
            task.cancel()
        if waiting:
            await asyncio.wait(waiting)
