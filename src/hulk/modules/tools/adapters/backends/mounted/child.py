"""A server that is a program of ours: its messages go over its standard input and output, one a line (2025-11-25, “stdio”).

It is on a leash, so that it dies with us; in a session of its own; and has nothing of our environment. In place of the SDK's transport,
which keeps a line of any length in memory, lets a program have our variables, and lets go of what the program has started.
"""

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import sys
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter

from hulk.kernel.errors import Unavailable
from hulk.kernel.text import Text
from hulk.modules.tools.adapters.backends.mounted import family
from hulk.modules.tools.adapters.backends.mounted.ending import Ending
from hulk.modules.tools.adapters.backends.mounted.hiding import Hiding
from hulk.modules.tools.adapters.backends.mounted.limits import Limits
from hulk.modules.tools.adapters.backends.mounted.pace import Pace
from hulk.modules.tools.adapters.backends.mounted.ways import Program
from hulk.runtime.children import looks, unhindered
from hulk.runtime.leash import LEASH

if TYPE_CHECKING:
    from mcp.client._transport import TransportStreams

PATH = "/usr/local/bin:/usr/bin:/bin"
"""Where programs are looked for when the settings do not say."""
GRACE = 2.0
LOOK_EVERY = 1.0
STUCK = 30.0
"""Seconds: for it to end by itself, and again when it is asked to (2025-11-25, “Shutdown”); between two looks at it; until one that does
not read what it is told counts as broken."""
_CHUNK = 1 << 16
_SAID = 3
_LONGEST_LINE = 200


@asynccontextmanager
async def started(program: Program, limits: Limits, hide: Hiding, ending: Ending) -> "AsyncIterator[TransportStreams]":
    """The program's streams for the SDK, as long as the block lasts; nothing of it is left then. `ending` is told when it is over before
    that, and why. Raises `Unavailable` when it cannot be started."""
    mark = secrets.token_hex(16)
    process = await _spawned(program, mark)
    child = _Child(process, limits, hide, ending)
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(act) for act in (child.read(), child.write(), child.hear(), child.watch())]
            try:
                yield child.incoming, child.outgoing
            finally:
                for task in tasks:
                    task.cancel()
    finally:
        child.close()
        await unhindered(_stopped(process, mark))


async def _spawned(program: Program, mark: str) -> asyncio.subprocess.Process:
    environment = {"PATH": PATH, "HOME": str(program.folder), **program.env, **{name: value() for name, value in program.secrets.items()}}
    path = shutil.which(program.command[0], path=environment["PATH"])
    if path is None:
        raise Unavailable("there is no program {program} in {path}", program=program.command[0], path=environment["PATH"])
    try:
        await asyncio.to_thread(program.folder.mkdir, parents=True, exist_ok=True, mode=0o700)
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", LEASH, str(os.getpid()), path, *program.command[1:]),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=program.folder,
            env={**environment, family.MARK: mark},
            start_new_session=True,
        )
    except OSError as error:
        raise Unavailable("it cannot be started: {reason}", reason=error.strerror or type(error).__name__) from error


class _Child:
    """What goes in and out of it."""

    def __init__(self, process: asyncio.subprocess.Process, limits: Limits, hide: Hiding, ending: Ending) -> None:
        assert process.stdin is not None  # noqa: S101  # pipes were asked for
        assert process.stdout is not None  # noqa: S101
        assert process.stderr is not None  # noqa: S101
        self._process, self._stdin, self._stdout, self._stderr = process, process.stdin, process.stdout, process.stderr
        self._limits, self._hide, self._ending = limits, hide, ending
        self._in: MemoryObjectSendStream[SessionMessage | Exception]
        self._out: MemoryObjectReceiveStream[SessionMessage]
        self._in, self.incoming = anyio.create_memory_object_stream[SessionMessage | Exception](0)
        self.outgoing, self._out = anyio.create_memory_object_stream[SessionMessage](limits.calls * 4)
        self._said: deque[str] = deque(maxlen=_SAID)
        self._noise = 0
        self._spoken = False

    def close(self) -> None:
        """Let go of the streams."""
        for stream in (self._in, self._out, self.incoming, self.outgoing):
            stream.close()

    async def read(self) -> None:
        """Give on what it says, until it says no more, or too much."""
        pace, rest = Pace(2 * self._limits.message), bytearray()
        with contextlib.suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):  # the session is gone
            while not self._ending.over and (block := await self._stdout.read(_CHUNK)):
                await pace(len(block))
                *whole, last = block.split(b"\n")
                for line in whole:
                    await self._line(bytes(rest + line))
                    rest.clear()
                rest += last
                if len(rest) > self._limits.message:
                    self._ending.because(Text("it wrote a message of more than {most} bytes", most=self._limits.message))
        await self._ended()
        self._in.close()

    async def _line(self, line: bytes) -> None:
        if self._ending.over:
            return
        try:
            message = jsonrpc_message_adapter.validate_json(line, by_name=False)
        except ValueError:
            self._noise += len(line) + 1
            if self._noise > self._limits.noise:
                self._ending.because(Text("it wrote what is no message of MCP: “{line}”", line=self._excerpt(line)))
            return
        self._spoken = True
        await self._in.send(SessionMessage(message))

    async def _ended(self) -> None:
        """Say why, with its last words when it never spoke: those of a start tell no data of anybody's."""
        for _ in range(20):  # the system tells of an end a little after the last byte
            if self._ending.over or (self._process.returncode is not None and self._stderr.at_eof()):
                break
            await asyncio.sleep(0.01)
        self._ending.because(Text("{how}{said}", how=_how(self._process), said=self._words()))

    def _words(self) -> str:
        return "" if self._spoken or not self._said else f": “{self._said[-1]}”"

    async def write(self) -> None:
        """Tell it what the session says."""
        async for message in self._out:
            data = message.message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n"
            try:
                self._stdin.write(data)
                async with asyncio.timeout(STUCK):
                    await self._stdin.drain()
            except TimeoutError:
                self._ending.because(Text("it has read nothing for {seconds} seconds", seconds=STUCK))
            except (ConnectionError, RuntimeError):  # its end is gone, which `read` or `watch` will tell
                return

    async def hear(self) -> None:
        """Take what it writes on standard error, no faster than is fine, and remember the end of it until it has spoken."""
        pace, rest = Pace(10 * self._limits.noise), b""
        while block := await self._stderr.read(_CHUNK):
            await pace(len(block))
            if not self._spoken:
                *whole, rest = (rest + block).split(b"\n")
                rest = rest[-_CHUNK:]
                self._said.extend(words for line in whole[-_SAID:] if (words := self._excerpt(line)))

    def _excerpt(self, line: bytes) -> str:
        return self._hide.excerpt(line[: 10 * _LONGEST_LINE].decode(errors="replace"))

    async def watch(self) -> None:
        """Until it has ended; also when something that it has started keeps its output open. One that outgrows its memory is over."""
        async with contextlib.aclosing(looks(self._process, LOOK_EVERY)) as looking:
            async for _ in looking:
                if self._process.returncode is not None:
                    break
                if self._limits.memory and (held := family.memory(self._process.pid)) > self._limits.memory:
                    self._ending.because(Text("it held {held} bytes of memory, and may hold {most}", held=held, most=self._limits.memory))
        await self._ended()


def _how(process: asyncio.subprocess.Process) -> Text:
    status = process.returncode
    if status is None:
        return Text("it has closed its output")
    return (
        Text("it was ended by {signal}", signal=signal.Signals(-status).name)
        if status < 0
        else Text("it ended (exit {status})", status=status)
    )


async def _stopped(process: asyncio.subprocess.Process, mark: str) -> None:
    """First its input ends, then it is asked to end, then it and all that it has started are killed."""
    if process.stdin is not None:
        process.stdin.close()
    if not await _gone(process):
        family.signalled(process.pid, signal.SIGTERM)
        await _gone(process)
    await asyncio.to_thread(family.end, process.pid, mark)
    with contextlib.suppress(TimeoutError):  # somebody who has got away holds it
        async with asyncio.timeout(GRACE):
            await process.communicate()  # what is left of its output, so that its pipes are closed


async def _gone(process: asyncio.subprocess.Process) -> bool:
    """Whether it ends within the grace. It is looked at, because `wait` waits for the pipes, too, which others may hold."""
    end = asyncio.get_running_loop().time() + GRACE
    while process.returncode is None and asyncio.get_running_loop().time() < end:  # noqa: ASYNC110 - there is no event for it
        await asyncio.sleep(0.01)
    return process.returncode is not None
