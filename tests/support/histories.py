"""Histories told to git and to memory in the same words, so that one suite holds both."""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Protocol

from hulk.kernel.errors import Refused
from hulk.modules.skills.domain.churn import Change, Commit, Head
from hulk.modules.skills.domain.reading import Period
from hulk.modules.skills.ports.history import Detail, History
from hulk.modules.tools.adapters.git import Git, GitHistory
from support.repositories import Repository, repository

Files = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A commit in memory: the files after it, and what it is to its history."""

    commit: Commit
    files: Files
    merge: bool = False


@dataclass
class Branch:
    """The commits of a branch, the oldest first."""

    name: str | None = "main"
    entries: list[Entry] = field(default_factory=list)

    @property
    def files(self) -> Files:
        """The files as they stand."""
        return self.entries[-1].files if self.entries else {}


class MemoryHistory:
    """`History` of lists of commits, by the folder where they would be."""

    def __init__(self) -> None:
        self.branches: dict[Path, Branch] = {}

    async def head(self, repository: Path) -> Head:
        """See `History`."""
        branch = self._branch(repository)
        if not branch.entries:
            return Head(commit=None, branch=branch.name, last=None, shallow=False)
        last = branch.entries[-1].commit
        return Head(commit=last.id, branch=branch.name, last=last.day, shallow=False)

    async def walk(self, repository: Path, period: Period, detail: Detail, visit: Callable[[Commit], None]) -> None:
        """See `History`."""
        for entry in reversed(self._branch(repository).entries):
            if not entry.merge and period.since <= entry.commit.day <= period.until:
                visit(_with(entry.commit, detail))

    async def present(self, repository: Path, paths: frozenset[str]) -> frozenset[str]:
        """See `History`."""
        return paths & self._branch(repository).files.keys()

    def _branch(self, repository: Path) -> Branch:
        if repository not in self.branches:
            raise Refused("The git repository {path} cannot be read: {reason}", path=str(repository), reason="not a git repository")
        return self.branches[repository]


def _with(commit: Commit, detail: Detail) -> Commit:
    """The commit with so much of its changes."""
    kept: Mapping[Detail, tuple[Change, ...]] = {
        "none": (), "names": tuple(Change(path=one.path, old=one.old) for one in commit.changes), "lines": commit.changes,
    }  # fmt: skip
    return Commit(id=commit.id, author=commit.author, identity=commit.identity, day=commit.day, changes=kept[detail])


class Story(Protocol):
    """Tells a history. A moment is RFC 3339 with its offset; what is committed is the whole content of each file named."""

    @property
    def history(self) -> History:
        """What reads it."""

    @property
    def path(self) -> Path:
        """Where it is."""

    def commit(self, files: Files, moment: str, author: str = "Ana", renamed: Files | None = None, gone: tuple[str, ...] = ()) -> str:
        """One more commit; `renamed` gives new names by old ones, `gone` is removed. Gives its id."""

    def merge(self, files: Files, moment: str, merged: str) -> str:
        """A commit on a side branch, merged by another; gives the first one's id."""

    def detach(self, commit: str) -> None:
        """Look at an earlier commit, on no branch."""


@dataclass
class GitStory:
    """Told to the git program."""

    made: Repository
    history: GitHistory = field(default_factory=lambda: GitHistory(Git()))

    @property
    def path(self) -> Path:
        """Where it is."""
        return self.made.path

    def commit(self, files: Files, moment: str, author: str = "Ana", renamed: Files | None = None, gone: tuple[str, ...] = ()) -> str:
        """See `Story`."""
        for old, new in (renamed or {}).items():
            self.made.git("mv", old, new)
        for name in gone:
            self.made.git("rm", "--quiet", name)
        return self.made.commit(dict(files), moment, author)

    def merge(self, files: Files, moment: str, merged: str) -> str:
        """See `Story`."""
        self.made.git("switch", "--quiet", "--create", "side")
        side = self.made.commit(dict(files), moment)
        self.made.git("switch", "--quiet", "main")
        self.made.git("merge", "--quiet", "--no-ff", "side", "--message", "merge", moment=merged)
        return side

    def detach(self, commit: str) -> None:
        """See `Story`."""
        self.made.git("checkout", "--quiet", "--detach", commit)


@dataclass
class MemoryStory:
    """Told to memory."""

    path: Path
    history: MemoryHistory = field(default_factory=MemoryHistory)

    def __post_init__(self) -> None:
        self.history.branches[self.path] = self._branch = Branch()

    def commit(self, files: Files, moment: str, author: str = "Ana", renamed: Files | None = None, gone: tuple[str, ...] = ()) -> str:
        """See `Story`."""
        before, names = self._branch.files, dict(renamed or {})
        after = {names.get(name, name): text for name, text in before.items() if name not in gone} | dict(files)
        earlier = {new: old for old, new in names.items()}
        changes = [
            _change(before.get(earlier.get(path, path)), after.get(path), path, earlier.get(path))
            for path in sorted((before.keys() | after.keys()) - names.keys())
        ]
        told = tuple(change for change in changes if change is not None)
        return self._add(Entry(commit=self._commit(moment, author, told), files=after))

    def merge(self, files: Files, moment: str, merged: str) -> str:
        """See `Story`."""
        side = self.commit(files, moment)
        self._add(Entry(commit=self._commit(merged, "Ana", ()), files=self._branch.files, merge=True))
        return side

    def detach(self, commit: str) -> None:
        """See `Story`."""
        places = [place for place, entry in enumerate(self._branch.entries, 1) if entry.commit.id == commit]
        self.history.branches[self.path] = self._branch = Branch(None, self._branch.entries[: places[0]])

    def _commit(self, moment: str, author: str, changes: tuple[Change, ...]) -> Commit:
        name, day = f"{len(self._branch.entries) + 1:040x}", date.fromisoformat(moment[:10])
        return Commit(id=name, author=author, identity=f"{author.lower()}@example.com", day=day, changes=changes)

    def _add(self, entry: Entry) -> str:
        self._branch.entries.append(entry)
        return entry.commit.id


def _change(before: str | None, after: str | None, path: str, old: str | None) -> Change | None:
    """What became of a file; None when nothing."""
    if before == after and old is None:
        return None
    if "\0" in (before or "") + (after or ""):
        return Change(path=path, old=old)
    compared = list(difflib.ndiff((before or "").splitlines(keepends=True), (after or "").splitlines(keepends=True)))
    added, removed = (sum(line.startswith(mark) for line in compared) for mark in ("+ ", "- "))
    return Change(path=path, old=old, added=added, removed=removed)


STORIES: dict[str, Callable[[Path], Story]] = {"memory": MemoryStory, "git": lambda path: GitStory(repository(path))}
"""An empty history in a new folder, of each kind."""
