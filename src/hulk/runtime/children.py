"""Looking after a child process from its first word on, while it lives, and when it must end."""

import asyncio
import contextlib
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


async def first_line(process: asyncio.subprocess.Process, within: float) -> bytes:
    """What it says first to its standard output, a pipe; nothing when it ends instead, by our hand when that takes more seconds."""
    assert process.stdout is not None  # noqa: S101  # a pipe was asked for
    try:
        async with asyncio.timeout(within):
            return await process.stdout.readline()
    except TimeoutError:
        process.kill()
        return b""


async def complaints(process: asyncio.subprocess.Process, longest: int) -> AsyncGenerator[str, None]:
    """The lines of its standard error, a pipe, until that ends; of each at most `longest` characters are kept."""
    assert process.stderr is not None  # noqa: S101  # a pipe was asked for
    rest = ""
    while block := await process.stderr.read(1 << 16):
        *whole, rest = (rest + block.decode(errors="replace")).split("\n")
        rest = rest[-longest:]
        for line in whole:
            yield line.strip()[:longest]


async def end(process: asyncio.subprocess.Process, within: float) -> None:
    """Have it end, by force after so many seconds."""
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(within):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


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
