"""Hears for a bot in a process of its own, which may be killed at any moment: `python -m support.mattermost_ear URL FOLDER`.

What is heard is appended to `heard`, then the mark is put into `mark`, both safe on disk before anything else happens, as a store has it.
"""

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from hulk.modules.channels.domain import Arrival
from support.mattermost import bot
from support.twins.systems import System


class Disk:
    """What is kept in a folder."""

    def __init__(self, folder: Path) -> None:
        self._heard, self._mark = folder / "heard", folder / "mark"

    @property
    def mark(self) -> str:
        """How far it was heard."""
        return self._mark.read_text() if self._mark.exists() else ""

    async def heard(self, arrivals: Sequence[Arrival]) -> None:
        """See `Heard`."""
        with self._heard.open("a") as file:
            file.write("".join(f"{one.key} {one.text}\n" for one in arrivals))
            file.flush()
            os.fsync(file.fileno())

    async def marked(self, mark: str) -> None:
        """See `Listens`."""
        made = self._mark.with_suffix(".new")
        made.write_text(mark)
        made.replace(self._mark)
        print("marked", flush=True)


async def hear(url: str, folder: Path) -> None:
    """Until killed."""
    disk = Disk(folder)
    async with bot(System(url, url)) as made:
        while True:
            await made.listens.listen(disk.heard, disk.mark, disk.marked)


if __name__ == "__main__":
    asyncio.run(hear(sys.argv[1], Path(sys.argv[2])))
