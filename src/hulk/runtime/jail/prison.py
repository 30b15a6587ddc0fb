"""Running a program between walls, from the side of Hulk."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

from hulk.kernel.errors import Refused, Unavailable
from hulk.runtime.children import unhindered
from hulk.runtime.jail.filtering import MACHINES
from hulk.runtime.jail.plan import LONGEST, Limits, Plan
from hulk.runtime.jail.probing import wrong

Contents: TypeAlias = bytes | Path
GRACE = 5.0
"""Seconds that building the walls, ending everything and telling of it may take besides the program's own."""
_CHUNK = 1 << 18
_SOURCES = str(Path(__file__).parents[3])
_START = f"import sys; sys.path.append({_SOURCES!r}); from hulk.runtime.jail.main import main; main()"
COMMAND = (sys.executable, "-I", "-S", "-c", _START)
"""Hulk's own Python without anything installed beside it: nothing is loaded that this needs not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a program wrote: `size` bytes, of which `text` has the beginning and, after `head` of its bytes, the end."""

    size: int
    head: int
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What came of it. `exit` is None when it was ended, below zero when a signal ended it; `ended` says why (`time`, `cpu`, `memory`,
    `processes`). `cpu` and `seconds` in seconds, `memory` in bytes. `left` are files that are not given back, and why."""

    exit: int | None
    ended: str
    seconds: float
    cpu: float
    memory: int
    stdout: Said
    stderr: Said
    files: Sequence[tuple[str, bytes]]
    left: Sequence[tuple[str, str]]
    more: int


@dataclass(frozen=True, slots=True)
class Jail:
    """`command` starts one run (`main`); `grace` is in seconds."""

    command: Sequence[str] = COMMAND
    grace: float = GRACE

    async def proven(self, plan: Plan, seconds: float = 20.0) -> None:
        """Raises `Refused` when walls cannot be built on this machine, or one of them does not stand."""
        if self.command == COMMAND and os.uname().machine not in MACHINES:
            raise Refused("there is no filter of system calls for {machine}", machine=os.uname().machine)
        looking = replace(plan, argv=(), files=(), stdin=0, limits=Limits(seconds=seconds))
        try:
            found = json.loads((await self.run(looking, b"", ())).stdout.data)
        except Unavailable as error:
            raise Refused(error.text) from error
        except ValueError as error:
            raise Refused("it does not tell what can be seen there") from error
        if trouble := wrong(found if isinstance(found, dict) else {}, network=plan.network):
            raise Refused("a wall does not stand: {what}", what=trouble[:200])

    async def run(self, plan: Plan, stdin: bytes, contents: Sequence[Contents]) -> Report:
        """Run it to its end, which is the end of all that it started. `contents` are those of `plan.files`. Raises `Unavailable` when it
        did not run; nothing was done then but what it did before it was lost."""
        complaints: list[bytes] = []
        async with _started(self.command, self.grace) as process:
            try:
                async with asyncio.timeout(plan.limits.seconds + self.grace), asyncio.TaskGroup() as group:
                    group.create_task(_heard(process, complaints))
                    group.create_task(_given(process, plan, stdin, contents))
                    report = await _report(process, plan)
            except TimeoutError as late:
                raise Unavailable("it does not answer") from late
            except ExceptionGroup as several:
                raise several.exceptions[0] from several
        if isinstance(report, Report):
            return report
        raise Unavailable("it broke off{why}", why=_last(complaints)) from report


@contextlib.asynccontextmanager
async def _started(command: Sequence[str], grace: float) -> AsyncIterator[asyncio.subprocess.Process]:
    """When the block is left, its end of the line is gone, and so is all that it held."""
    pipe = asyncio.subprocess.PIPE
    try:
        process = await asyncio.create_subprocess_exec(
            *command, str(os.getpid()), stdin=pipe, stdout=pipe, stderr=pipe, env={}, cwd="/", start_new_session=True
        )
    except OSError as error:
        raise Unavailable("{program} cannot be started ({why})", program=command[0], why=error.strerror) from error
    try:
        yield process
    finally:
        await unhindered(_ended(process, grace))


async def _ended(process: asyncio.subprocess.Process, grace: float) -> None:
    """The warden ends everything when its line ends. Should it not, it and who waits for it are killed, and the kernel ends the rest."""
    for wait in (grace, None):
        _close(process)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait):
                for stream in (process.stdout, process.stderr):
                    while stream is not None and await stream.read(_CHUNK):
                        pass
                await process.wait()
                return
        _kill(process)


def _kill(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _close(process: asyncio.subprocess.Process) -> None:
    if process.stdin is not None:
        process.stdin.close()


async def _given(process: asyncio.subprocess.Process, plan: Plan, stdin: bytes, contents: Sequence[Contents]) -> None:
    """The plan and all that belongs to it. The line stays open: its end would end the program."""
    assert process.stdin is not None  # noqa: S101  # a pipe was asked for
    head = json.dumps(plan.data()).encode()
    with contextlib.suppress(BrokenPipeError, ConnectionResetError, RuntimeError):  # its report says why
        process.stdin.write(len(head).to_bytes(8, "big") + head)
        for (_, size), content in zip(plan.files, contents, strict=True):
            async for chunk in _chunks(content, size):
                process.stdin.write(chunk)
                await process.stdin.drain()
        process.stdin.write(stdin)
        await process.stdin.drain()


async def _chunks(content: Contents, size: int) -> AsyncIterator[bytes]:
    """Exactly so many bytes. Raises `Unavailable` when a file has fewer by now."""
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as file:  # read in a thread
        while size:
            chunk = await asyncio.to_thread(file.read, min(size, _CHUNK))
            if not chunk:
                raise Unavailable("a file that it was to be given is shorter than it was")
            size -= len(chunk)
            yield chunk


async def _heard(process: asyncio.subprocess.Process, complaints: list[bytes]) -> None:
    """The last of what it complains of."""
    assert process.stderr is not None  # noqa: S101  # a pipe was asked for
    while chunk := await process.stderr.read(_CHUNK):
        complaints[:] = [b"".join([*complaints, chunk])[-2000:]]


def _last(complaints: Sequence[bytes]) -> str:
    lines = b"".join(complaints).decode(errors="replace").split("\n")
    said = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return f": {said[:200]}" if said else ""


async def _report(process: asyncio.subprocess.Process, plan: Plan) -> Report | Exception:
    """What it reports, or why that is no report; nothing more is wanted of it. Raises `Unavailable` with what it says that it could not."""
    try:
        return await _reported(process, plan)
    except (EOFError, ValueError, KeyError, TypeError) as error:
        _kill(process)
        return error
    finally:
        _close(process)


async def _reported(process: asyncio.subprocess.Process, plan: Plan) -> Report:
    assert process.stdout is not None  # noqa: S101  # a pipe was asked for
    line = process.stdout
    size = int.from_bytes(await line.readexactly(8), "big")
    if size > LONGEST:
        raise ValueError("longer than any report")
    head: dict[str, Any] = json.loads(await line.readexactly(size))
    if "error" in head:
        raise Unavailable("the walls cannot be built: {why}", why=str(head["error"])[:300])
    sizes = [int(head["stdout"]["kept"]), int(head["stderr"]["kept"]), *(int(size) for _, size in head["files"])]
    if sum(sizes) > 2 * plan.limits.output + plan.limits.kept_size or min(sizes) < 0:
        raise ValueError("more than was asked for")
    out, err, *files = [await line.readexactly(size) for size in sizes]
    return _read(head, out, err, files)


def _read(head: dict[str, Any], out: bytes, err: bytes, files: Sequence[bytes]) -> Report:
    said = [Said(size=int(one["size"]), head=int(one["head"]), data=data) for one, data in ((head["stdout"], out), (head["stderr"], err))]
    code = head["exit"]
    return Report(
        exit=None if code is None else int(code), ended=str(head["ended"]), seconds=float(head["seconds"]), cpu=float(head["cpu"]),
        memory=int(head["memory"]), stdout=said[0], stderr=said[1], more=int(head["more"]),
        files=[(str(name), data) for (name, _), data in zip(head["files"], files, strict=True)],
        left=[(str(name), str(why)) for name, why in head["left"]],
    )  # fmt: skip
