"""The `git` program.

What a repository's own configuration could make git do is switched off: no hook, pager, file-system monitor, external diff or
signature check is run, nothing is fetched, no system or user configuration is read.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from hulk.kernel.errors import Refused, Unavailable
from hulk.kernel.text import Text

CHUNK = 64 * 1024
MOST_FIELD = 16 * 1024 * 1024
"""Longest file name or commit header that is taken, in bytes."""

_HARDENED = (
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "safe.directory=*"),
    *("-c", "core.attributesFile=/dev/null"),
    *("-c", "core.sshCommand=false"),
    *("-c", "credential.helper="),
    *("-c", "protocol.allow=never"),
    *("-c", "log.showSignature=false"),
    *("-c", "log.showRoot=true"),
    *("-c", "diff.external="),
    *("-c", "diff.renameLimit=2000"),
    *("-c", "gc.auto=0"),
    *("-c", "maintenance.auto=false"),
)
_ENVIRONMENT = {
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_PAGER": "cat",
    "GIT_TERMINAL_PROMPT": "0",
    "HOME": "/nonexistent",
    "LC_ALL": "C",
    "TZ": "UTC",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Git:
    """The program. `timeout` is how long one call of it may take."""

    program: str = "git"
    timeout: timedelta = timedelta(minutes=5)

    async def output(self, folder: Path, *arguments: str) -> bytes:
        """What it writes, at most 16 MB; raises like `fields`."""
        written = bytearray()
        await self._run(folder, arguments, written.extend)
        return bytes(written[:MOST_FIELD])

    async def told(self, folder: Path, *arguments: str) -> str:
        """Its one-line answer, as a path or name; raises like `fields`."""
        return os.fsdecode((await self.output(folder, *arguments)).removesuffix(b"\n"))

    async def fields(self, folder: Path, arguments: tuple[str, ...], see: Callable[[bytes], None], given: bytes = b"") -> None:
        """Call `see` with each NUL-ended field that it writes; `given` is its input.

        Raises `GitFailed` when it ends with an error, `Unavailable` when it cannot be started, `Refused` when it takes too long.
        """
        splitter = _Fields(see)
        await self._run(folder, arguments, splitter.feed, given)
        splitter.end()

    async def _run(self, folder: Path, arguments: tuple[str, ...], see: Callable[[bytes], None], given: bytes = b"") -> None:
        command = (self.program, "--no-pager", *_HARDENED, "-C", str(folder), *arguments)
        try:
            async with asyncio.timeout(self.timeout.total_seconds()), _started(command) as process, asyncio.TaskGroup() as group:
                complaint = group.create_task(_tail(_pipe(process.stderr)))
                group.create_task(_give(process, given))
                while chunk := await _pipe(process.stdout).read(CHUNK):
                    see(chunk)
                code = await process.wait()
        except TimeoutError as late:
            raise Refused(
                "Reading the git repository {path} took more than {seconds} seconds: ask for a shorter period.",
                path=str(folder),
                seconds=round(self.timeout.total_seconds()),
            ) from late
        except ExceptionGroup as several:
            raise several.exceptions[0] from several
        if code:
            raise GitFailed(complaint.result(), folder)


class GitFailed(Refused):
    """Git ended with an error; `complaint` is the end of what it said."""

    def __init__(self, complaint: str, folder: Path) -> None:
        super().__init__(Text("The git repository {path} cannot be read: {reason}", path=str(folder), reason=_first_line(complaint)))
        self.complaint = complaint


def _first_line(complaint: str) -> str:
    lines = [line.strip() for line in complaint.splitlines() if line.strip()]
    worst = next((line for line in lines if line.startswith(("fatal:", "error:"))), lines[0] if lines else "git said nothing")
    return worst.removeprefix("fatal: ").removeprefix("error: ")[:300]


@contextlib.asynccontextmanager
async def _started(command: tuple[str, ...]) -> AsyncIterator[asyncio.subprocess.Process]:
    """The process in a group of its own, which is killed whole when the block is left before it ends."""
    pipe = asyncio.subprocess.PIPE
    environment = {"PATH": os.environ.get("PATH", os.defpath)} | _ENVIRONMENT
    try:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment, start_new_session=True, limit=CHUNK
        )
    except (FileNotFoundError, PermissionError) as missing:
        raise Unavailable(
            "The program “{program}” cannot be started: install git and make sure it is on PATH.", program=command[0]
        ) from missing
    try:
        yield process
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await _reaped(process)


async def _reaped(process: asyncio.subprocess.Process) -> None:
    """Wait for a killed process, reading away what it left in its pipes so that they close."""
    for stream in (process.stdout, process.stderr):
        while await _pipe(stream).read(CHUNK):
            pass
    await process.wait()


def _pipe(stream: asyncio.StreamReader | None) -> asyncio.StreamReader:
    if stream is None:
        raise RuntimeError("the process was started without this pipe")
    return stream


async def _tail(stream: asyncio.StreamReader, most: int = 4096) -> str:
    last = b""
    while chunk := await stream.read(CHUNK):
        last = (last + chunk)[-most:]
    return last.decode(errors="replace")


async def _give(process: asyncio.subprocess.Process, given: bytes) -> None:
    if process.stdin is None:
        return
    # It may end without reading all, and its exit code tells; uvloop says so by RuntimeError when it has ended already.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError, RuntimeError):
        if given:
            process.stdin.write(given)
            await process.stdin.drain()
        process.stdin.close()


class _Fields:
    """Cuts a stream into its NUL-ended fields, holding no more than one."""

    def __init__(self, see: Callable[[bytes], None]) -> None:
        self._see = see
        self._rest = b""

    def feed(self, chunk: bytes) -> None:
        *whole, rest = chunk.split(b"\0")
        if not whole:
            self._rest = self._grown(rest)
            return
        self._see(self._rest + whole[0])
        for field in whole[1:]:
            self._see(field)
        self._rest = rest

    def end(self) -> None:
        if self._rest:
            self._see(self._rest)

    def _grown(self, more: bytes) -> bytes:
        if len(self._rest) + len(more) > MOST_FIELD:
            raise Refused("The git repository has a name longer than {most} bytes, which is not read.", most=MOST_FIELD)
        return self._rest + more
