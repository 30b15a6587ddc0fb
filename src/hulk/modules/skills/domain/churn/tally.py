"""Counting commits, newest first, in memory that grows with the files and people, not with the commits."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from hulk.modules.skills.domain.churn.measures import Activity, Commit, FileChurn, FileOwner, Head, Ownership, Point, Ranking, Step
from hulk.modules.skills.domain.reading import Period

MOST_OWNED = 200
"""Files whose main author is told at most."""


@dataclass(slots=True)
class _File:
    last_commit: str
    last_day: date
    commits: int = 0
    added: int = 0
    removed: int = 0
    authors: Counter[str] = field(default_factory=Counter)

    def plus(self, older: "_File") -> "_File":
        """Both counts together."""
        return _File(
            last_commit=self.last_commit,
            last_day=self.last_day,
            commits=self.commits + older.commits,
            added=self.added + older.added,
            removed=self.removed + older.removed,
            authors=self.authors + older.authors,
        )


class Tally:
    """Counts per file. A renamed file keeps its counts: what happened under an earlier name is counted under the later one."""

    def __init__(self) -> None:
        self.commits = 0
        self._files: dict[str, _File] = {}
        self._later: dict[str, str] = {}
        self._names: dict[str, str] = {}

    def see(self, commit: Commit) -> None:
        """Count `commit`, which is older than those seen before."""
        self.commits += 1
        author = self._names.setdefault(commit.identity, commit.author)
        for change in commit.changes:
            name = self._later.get(change.path, change.path)
            file = self._files.setdefault(name, _File(last_commit=commit.id, last_day=commit.day))
            file.commits += 1
            file.added += change.added
            file.removed += change.removed
            file.authors[author] += 1
        renames = {change.old: self._later.get(change.path, change.path) for change in commit.changes if change.old is not None}
        self._later.update(renames)

    @property
    def paths(self) -> frozenset[str]:
        """All names that were counted under, and those that they are known by later."""
        return frozenset(self._files) | frozenset(self._later.values())

    def ranking(self, present: frozenset[str], most: int, head: Head) -> Ranking:
        """The first `most` of the files that are `present`: by commits, then by lines, then by name."""
        files = self._merged(present)
        kept = [_churn(path, file) for path, file in files.items() if path in present]
        kept.sort(key=lambda file: (-file.commits, -(file.added + file.removed), file.path))
        return Ranking(files=tuple(kept[:most]), changed=len(kept), gone=len(files) - len(kept), commits=self.commits, head=head)

    def ownership(self, present: frozenset[str], most: int) -> Ownership:
        """The main author of the first `most` files that are `present`, and of those that changed as often as the last of them."""
        files = {path: file for path, file in self._merged(present).items() if path in present}
        counts = sorted((file.commits for file in files.values()), reverse=True)
        least = counts[min(most, len(counts)) - 1] if counts else 0
        owned = sorted((path for path, file in files.items() if file.commits >= least), key=lambda path: (-files[path].commits, path))
        return Ownership(files=tuple(_owner(path, files[path]) for path in owned[:MOST_OWNED]), authors=len(self._names))

    def _merged(self, present: frozenset[str]) -> Mapping[str, _File]:
        """The counts, those of a name that is gone added to the name it went on as: a side branch may have used it after the rename."""
        merged: dict[str, _File] = {}
        for path, file in self._files.items():  # the one that changed last first
            name = path if path in present else self._later.get(path, path)
            merged[name] = merged[name].plus(file) if name in merged else file
        return merged


def _churn(path: str, file: _File) -> FileChurn:
    return FileChurn(
        path=path,
        commits=file.commits,
        added=file.added,
        removed=file.removed,
        last_commit=file.last_commit,
        last_day=file.last_day,
    )


def _owner(path: str, file: _File) -> FileOwner:
    author, commits = min(file.authors.items(), key=lambda each: (-each[1], each[0]))
    return FileOwner(path=path, author=author, share=commits / file.authors.total(), commits=commits, authors=len(file.authors))


def activity(days: Mapping[date, int], period: Period) -> Activity:
    """Commits per day, per week when that would be more than 45 columns, per month when weeks would be more than 60.

    `days` are commits per day. The columns cover the period; of one longer than 420 days, the part since the first commit.
    """
    since = max(period.since, min(days, default=period.until)) if period.days > _WEEKS_DAYS else period.since
    step = _step((period.until - since).days + 1)
    counts: Counter[date] = Counter()
    for day, commits in days.items():
        counts[_begin(day, step)] += commits
    return Activity(step=step, points=tuple(Point(start=start, commits=counts[start]) for start in _starts(since, period.until, step)))


_WEEKS_DAYS = 60 * 7


def _step(days: int) -> Step:
    return "day" if days <= 45 else "week" if days <= _WEEKS_DAYS else "month"


def _begin(day: date, step: Step) -> date:
    match step:
        case "day":
            return day
        case "week":
            return day - timedelta(min(day.weekday(), (day - date.min).days))
        case "month":
            return day.replace(day=1)


def _starts(since: date, until: date, step: Step) -> list[date]:
    starts = [_begin(since, step)]
    while (until - starts[-1]).days >= (last := _length(starts[-1], step)):
        starts.append(starts[-1] + timedelta(last))
    return starts


def _length(start: date, step: Step) -> int:
    if step == "month":
        return 31 if start.month == 12 else (start.replace(month=start.month + 1) - start).days
    return 7 if step == "week" else 1
