"""Looking after a child process while it lives, and when it must end."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from typing import Any


async def looks(process: asyncio.subprocess.Process, every: float) -> AsyncGenerator[None]:
    """Once every so many seconds, until the process has ended. There is one wait for that: those that are given up after a time-out
    are kept by asyncio until the process ends, half a kilobyte each."""
    ended = asyncio.get_running_loop().create_task(process.wait())
    try:
        while not (await asyncio.wait([ended], timeout=every))[0]:
            yield
    finally:
        ended.cancel()
        await asyncio.wait([ended])


async def unhindered(act: Coroutine[Any, Any, None]) -> None:
    """Do it to the end, also when we are called off meanwhile, however often: that is told afterwards."""
    task = asyncio.get_running_loop().create_task(act)
    called_off: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            called_off = error
    if called_off is not None:
        raise called_off
    task.result()
