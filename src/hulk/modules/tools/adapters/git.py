"""A repository's history, read by the `git` program.

What a repository's own configuration could make git do is switched off: no hook, pager, file-system monitor, external diff or
signature check is run, nothing is fetched, no system or user configuration is read.
"""

import asyncio
import contextlib
import os
import re
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from hulk.kernel.errors import Refused, Unavailable
from hulk.kernel.text import Text
from hulk.modules.skills import Change, Commit, Detail, Head, Period

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


# ---- history


@dataclass(frozen=True, slots=True)
class GitHistory:
    """`History` by the git program."""

    git: Git

    async def head(self, repository: Path) -> Head:
        """See `History.head`."""
        shallow = await self.git.told(repository, "rev-parse", "--is-shallow-repository") == "true"
        branch = await self._branch(repository)
        try:
            last = await self.git.output(repository, "log", "-1", "--no-show-signature", "--format=%H %cI", "HEAD", "--")
        except GitFailed as failed:
            if not _is_unborn(failed.complaint):
                raise
            return Head(commit=None, branch=branch, last=None, shallow=shallow)
        commit, _, moment = last.decode().strip().partition(" ")
        return Head(commit=commit, branch=branch, last=_day(moment), shallow=shallow)

    async def walk(self, repository: Path, period: Period, detail: Detail, visit: Callable[[Commit], None]) -> None:
        """See `History.walk`. Git filters by moments, so it is asked for a day more on each side (offsets reach 14 hours)."""
        parser = _Log(lambda commit: visit(commit) if period.since <= commit.day <= period.until else None)
        since, until = period.since - _margin(period.since - date.min), period.until + _margin(date.max - period.until)
        window = (*_bound("--since", since, "00:00:00"), *_bound("--until", until, "23:59:59"))
        await self.git.fields(repository, (*_LOG, *window, *_CHANGES[detail], "HEAD", "--"), parser.see)
        parser.end()

    async def present(self, repository: Path, paths: frozenset[str]) -> frozenset[str]:
        """See `History.present`. The tree is read as a stream, so a large one takes no memory."""
        found: set[str] = set()

        def see(field: bytes) -> None:
            if (path := _text(field)) in paths:
                found.add(path)

        if paths:
            await self.git.fields(repository, ("ls-tree", "-r", "-z", "--name-only", "--full-tree", "HEAD"), see)
        return frozenset(found)

    async def _branch(self, repository: Path) -> str | None:
        try:
            return (await self.git.output(repository, "symbolic-ref", "--quiet", "--short", "HEAD")).decode(
                errors="replace"
            ).strip() or None
        except GitFailed:  # HEAD is detached
            return None


_LOG = (
    *("log", "-z", "--no-merges", "--no-show-signature", "--no-color", "--no-ext-diff", "--no-textconv", "--no-relative", "--no-notes"),
    *("--use-mailmap", "--encoding=UTF-8", "--format=commit%n%H%n%cI%n%aE%n%aN"),
)
_CHANGES: dict[Detail, tuple[str, ...]] = {
    "none": ("--no-patch",),
    "names": ("--raw", "--find-renames"),
    "lines": ("--numstat", "--find-renames"),
}
_NUMSTAT = re.compile(rb"\n?([0-9]+|-)\t([0-9]+|-)\t", re.DOTALL)
_RAW = re.compile(rb"\n?:\d{6} \d{6} [0-9a-f]+ [0-9a-f]+ ([A-Z])\d*")
_UNIX_TIME = (date(1970, 1, 2), date(2099, 12, 31))
"""Days between which git reads a limit; one outside limits nothing."""


def _margin(room: timedelta) -> timedelta:
    return min(timedelta(1), room)


def _bound(option: str, day: date, time: str) -> tuple[str, ...]:
    return (f"{option}={day.isoformat()}T{time}Z",) if _UNIX_TIME[0] <= day <= _UNIX_TIME[1] else ()


class _Log:
    """Reads `git log -z` with `--numstat` or `--raw`.

    With -z each field ends in NUL: a header (`commit`, id, moment, e-mail, name; by lines), then per change `\\n1\\t0\\tpath`, or
    `\\n:… M` and the path, the newline only before a commit's first. A rename's two names are fields of their own.
    """

    def __init__(self, visit: Callable[[Commit], None]) -> None:
        self._visit = visit
        self._header: tuple[str, str, str, date] | None = None
        self._changes: list[Change] = []
        self._names = 0
        self._read: list[str] = []
        self._lines = (0, 0)

    def see(self, field: bytes) -> None:
        if self._names:
            self._named(field)
        elif field.startswith(b"commit\n"):
            self.end()
            self._header = _header(field)
        elif match := _NUMSTAT.match(field):
            self._lines = (_count(match[1]), _count(match[2]))
            self._begun(2 if match.end() == len(field) else 0, field[match.end() :])
        elif match := _RAW.fullmatch(field):
            self._lines = (0, 0)
            self._begun(2 if match[1] in (b"R", b"C") else 1, b"")

    def end(self) -> None:
        """Give the commit that was read last."""
        if self._header:
            commit, identity, author, day = self._header
            self._visit(Commit(id=commit, author=author, identity=identity, day=day, changes=tuple(self._changes)))
        self._header, self._changes = None, []

    def _begun(self, names: int, path: bytes) -> None:
        self._names, self._read = names, []
        if not names:
            self._add([_text(path)])

    def _named(self, field: bytes) -> None:
        self._read.append(_text(field))
        self._names -= 1
        if not self._names:
            self._add(self._read)

    def _add(self, names: list[str]) -> None:
        old = names[0] if len(names) == 2 else None
        self._changes.append(Change(path=names[-1], old=old, added=self._lines[0], removed=self._lines[1]))


def _header(field: bytes) -> tuple[str, str, str, date] | None:
    """(id, identity, author, day); None for a commit whose moment is no date that people use."""
    _, commit, moment, email, name = [part.decode(errors="replace") for part in (*field.split(b"\n", 4), b"", b"", b"", b"")[:5]]
    day = _day(moment)
    return (commit, email.strip().lower() or name, name.strip() or email, day) if day else None


def _day(moment: str) -> date | None:
    with contextlib.suppress(ValueError):
        return date.fromisoformat(moment[:10])
    return None


def _count(field: bytes) -> int:
    return 0 if field == b"-" else int(field)


def _text(name: bytes) -> str:
    """A file's name; bytes that are not UTF-8 are written `\\xff`, so that two names never become one."""
    return name.decode(errors="backslashreplace")


def _is_unborn(complaint: str) -> bool:
    return "bad revision 'HEAD'" in complaint or "does not have any commits yet" in complaint
