"""Looking after children."""

import asyncio
import gc
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

from hulk.runtime.children import looks

LOOKS = 200


@asynccontextmanager
async def a_child() -> AsyncIterator[asyncio.subprocess.Process]:
    """One that lives until it is killed."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", "import time; time.sleep(600)")
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def futures() -> int:
    """How many of them there are."""
    gc.collect()
    return sum(isinstance(one, asyncio.Future) for one in gc.get_objects())


async def test_one_looks_until_the_child_has_ended() -> None:
    async with a_child() as process:
        seen = 0
        async for _ in looks(process, 0.001):
            seen += 1
            if seen == 3:
                process.kill()
        assert seen >= 3
        assert process.returncode == -9


async def test_looking_for_long_leaves_nothing_behind() -> None:
    async with a_child() as process, aclosing(looks(process, 0.001)) as looking:
        await anext(looking)
        before = futures()
        for _ in range(LOOKS):
            await anext(looking)
        assert futures() - before < LOOKS / 10


async def test_who_stops_looking_leaves_the_child_alone() -> None:
    async with a_child() as process:
        async with aclosing(looks(process, 0.001)) as looking:
            await anext(looking)
        assert process.returncode is None
