"""Where the files and repositories that an intent is about really are."""

from pathlib import Path
from typing import Protocol

from hulk.modules.skills.domain.skill import Source


class Sources(Protocol):
    """Turns a `Source` into a path that may be read. `scratch` is the work's own folder, for what has to be unpacked.

    Raises `NotFound` when there is nothing there, `Forbidden` when it may not be read, `Refused` when it is another kind of thing.
    """

    async def repository(self, source: Source, scratch: Path) -> Path:
        """The folder of a git repository: its working tree's top, or the repository itself when it is bare."""

    async def table(self, source: Source, scratch: Path) -> Path:
        """A regular file that is not empty, its name ending as `source.name` does."""
