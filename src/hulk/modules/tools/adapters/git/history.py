"""A repository's history, out of what the program writes."""

import contextlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from hulk.modules.skills import Change, Commit, Detail, Head, Period
from hulk.modules.tools.adapters.git.program import Git, GitFailed


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
