"""The children that hear and speak, looked after: started, restarted when they die, ended when we end."""

import asyncio
import contextlib
import importlib.util
import os
import shutil
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from hulk.kernel.errors import Refused
from hulk.runtime.children import complaints, end, first_line
from hulk.runtime.leash import LEASH

log = structlog.get_logger(__name__)
LOAD_WITHIN = 180.0
STOP_WITHIN = 5.0
LONGEST_PAUSE = 30.0
CALM = 60.0
"""Seconds: until a load counts as failed, until a stop becomes a kill, between two starts at most, and after which a life began well."""
_LONGEST_LINE = 300
_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Where the models are, at which ports of this machine they are asked (0: a free one), and by how many threads each works."""

    folder: Path
    stt: int = 10_300
    tts: int = 10_200
    threads: int = 2


@dataclass(slots=True)
class Child:
    """One of them. `port` is 0 while it does not take questions; `why` is how it ended last."""

    name: str
    command: Sequence[str]
    port: int = 0
    restarts: int = 0
    why: str = ""
    ready: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Keep it alive until cancelled, starting it again later each time that it dies soon."""
        failures = 0
        while True:
            born = time.monotonic()
            self.why = await self._life()
            failures = 0 if time.monotonic() - born > CALM else failures + 1
            self.restarts += 1
            log.warning("voice_server_died", server=self.name, why=self.why, restarts=self.restarts)
            await asyncio.sleep(min(LONGEST_PAUSE, 0.5 * 2.0 ** min(failures, 10)))

    async def _life(self) -> str:
        """From its start to its end; its last words."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", LEASH, str(os.getpid()), *self.command),
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        said: deque[str] = deque(maxlen=3)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_hear(process, said))
                await self._born(process)
                await process.wait()
        finally:
            self.port = 0
            self.ready.clear()
            await end(process, STOP_WITHIN)
        return f"exit {process.returncode}: {said[-1] if said else '-'}"

    async def _born(self, process: asyncio.subprocess.Process) -> None:
        line = await first_line(process, LOAD_WITHIN)
        if line.strip().isdigit():
            self.port = int(line)
            self.ready.set()
            log.info("voice_server_ready", server=self.name, port=self.port)


async def _hear(process: asyncio.subprocess.Process, said: "deque[str]") -> None:
    async with contextlib.aclosing(complaints(process, _LONGEST_LINE)) as lines:
        async for line in lines:
            said.extend([line] if line else ())


def missing() -> list[str]:
    """What the servers need and is not installed: packages of Python's, and the program espeak-ng."""
    packages = [name for name in ("faster_whisper", "onnxruntime", "wyoming") if importlib.util.find_spec(name) is None]
    return packages + ([] if shutil.which("espeak-ng") else ["espeak-ng"])


@contextlib.asynccontextmanager
async def voices(wanted: Wanted) -> AsyncIterator[dict[str, Child]]:
    """Both for as long as the block lasts, by name (`stt`, `tts`); they load meanwhile. Raises `Refused` when something is missing."""
    if lacking := missing():
        raise Refused(
            "What hears and speaks here needs what is not installed: {missing}. Do: pip install 'hulk-ops[voice-local]', and"
            " apt install espeak-ng.", missing=", ".join(lacking),
        )  # fmt: skip
    children = {
        name: Child(name, (sys.executable, "-P", "-W", "ignore", str(_HERE / script), str(folder), str(port), str(wanted.threads)))
        for name, script, folder, port in (
            ("stt", "whisper.py", wanted.folder / "whisper-base", wanted.stt), ("tts", "kokoro.py", wanted.folder / "kokoro", wanted.tts),
        )
    }  # fmt: skip
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(child.run()) for child in children.values()]
        try:
            yield children
        finally:
            for task in tasks:
                task.cancel()
