"""Waiting for what happens by itself."""

import asyncio
import time
from collections.abc import Callable


async def until(holds: Callable[[], bool], within: float = 20) -> float:
    """Seconds until `holds`; raises `TimeoutError`."""
    begun = time.monotonic()
    async with asyncio.timeout(within):
        while True:
            if holds():
                return time.monotonic() - begun
            await asyncio.sleep(0.01)
