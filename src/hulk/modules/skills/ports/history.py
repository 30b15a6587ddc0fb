"""What is asked of a repository's history."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

from hulk.modules.skills.domain.churn import Commit, Head
from hulk.modules.skills.domain.reading import Period

Detail: TypeAlias = Literal["none", "names", "lines"]
"""What is wanted of the changes in a commit: nothing, the files, or the files with the lines added and removed. Each costs more."""


class History(Protocol):
    """The commits that the current branch (HEAD) is made of.

    Raises `Refused` when the folder is no repository or its history cannot be read, `Unavailable` when the program for it is missing.
    """

    async def head(self, repository: Path) -> Head:
        """Where the history stands now; without a commit when the repository is empty."""

    async def walk(self, repository: Path, period: Period, detail: Detail, visit: Callable[[Commit], None]) -> None:
        """Call `visit` with each commit of the period that is no merge, newest first, in bounded memory.

        A commit belongs to the day on the clock of whoever committed it. A renamed file has both of its names.
        """

    async def present(self, repository: Path, paths: frozenset[str]) -> frozenset[str]:
        """Those of `paths` that exist in the latest commit."""
