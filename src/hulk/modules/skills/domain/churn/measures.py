"""What is read from a repository's history, and what is measured on it."""

from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

Step: TypeAlias = Literal["day", "week", "month"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a commit did to a file. `old` is the file's name before it, when the commit renamed it. A binary file has no lines."""

    path: str
    old: str | None = None
    added: int = 0
    removed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One commit: `author` is the name shown, `identity` what tells two people apart, `day` the committer's own."""

    id: str
    author: str
    identity: str
    day: date
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Where a history stands. `commit` and `last` (its day) are None in an empty repository, `branch` when HEAD is detached."""

    commit: str | None
    branch: str | None
    last: date | None
    shallow: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChurn:
    """How much one file changed: commits that touched it, lines added and removed, and the last of the commits."""

    path: str
    commits: int
    added: int
    removed: int
    last_commit: str
    last_day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """The files that changed most, first the most changed. `changed` counts all that changed and are still there, `gone` the others."""

    files: tuple[FileChurn, ...]
    changed: int
    gone: int
    commits: int
    head: Head


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOwner:
    """Who changed a file most: their share of its commits (0..1), and how many people changed it in all."""

    path: str
    author: str
    share: float
    commits: int
    authors: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """Who changed the most changed files, and how many people committed in all."""

    files: tuple[FileOwner, ...]
    authors: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Commits in one step that begins on `start`."""

    start: date
    commits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """Commits per step, without gaps, from the first to the last of the period."""

    step: Step
    points: tuple[Point, ...]
