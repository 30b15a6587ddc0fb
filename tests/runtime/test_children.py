"""Looking after children."""

import asyncio
import gc
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

from hulk.runtime.children import complaints, end, first_line, looks

LOOKS = 200


_IGNORING = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('here', flush=True); time.sleep(600)"


@asynccontextmanager
async def a_child(code: str = "import time; time.sleep(600)") -> AsyncIterator[asyncio.subprocess.Process]:
    """One that lives until it is killed, unless it does something else."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
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


async def test_a_child_says_first_that_it_is_there() -> None:
    async with a_child("print(8080, flush=True); import time; time.sleep(600)") as process:
        assert await first_line(process, 60.0) == b"8080\n"
        assert process.returncode is None


async def test_one_that_ends_or_takes_too_long_instead_says_nothing() -> None:
    async with a_child("") as ended, a_child() as late:
        assert [await first_line(ended, 60.0), await first_line(late, 0.0)] == [b"", b""]
        assert await late.wait() == -9


async def test_its_complaints_are_heard_line_by_line_none_without_end() -> None:
    async with a_child("import sys; sys.stderr.write('  one\\n' + 'x' * 200_000 + 'end\\ntwo\\nno end')") as process:
        lines = [line async for line in complaints(process, 10)]
    assert lines[0] == "one"
    assert lines[-1] == "two"
    assert max(map(len, lines)) == 10


async def test_a_child_ends_when_it_is_asked_to_and_is_made_to_when_it_does_not() -> None:
    async with a_child() as willing, a_child(_IGNORING) as deaf:
        await first_line(deaf, 60.0)
        await end(willing, 60.0)
        await end(deaf, 0.01)
        assert (willing.returncode, deaf.returncode) == (-15, -9)
        await end(deaf, 60.0)
