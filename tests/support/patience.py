"""Waiting for what happens by itself."""

import asyncio
import time
from collections.abc import Awaitable, Callable


async def until(holds: Callable[[], bool], within: float = 60) -> float:
    """Seconds until `holds`; raises `TimeoutError`."""

    async def found() -> bool:
        return holds()

    return await until_found(found, within)


async def until_found(holds: Callable[[], Awaitable[bool]], within: float = 60) -> float:
    """Seconds until who asks finds that it `holds`; raises `TimeoutError`."""
    begun = time.monotonic()
    async with asyncio.timeout(within):
        while True:
            if await holds():
                return time.monotonic() - begun
            await asyncio.sleep(0.01)
