"""Looking after a child process while it lives."""

import asyncio
from collections.abc import AsyncGenerator


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
