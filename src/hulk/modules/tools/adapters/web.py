"""Data files at addresses: fetched when the work is done, once for all who want the same file at the same time."""

import asyncio
import os
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from hulk.kernel.addresses import no_repository_at, shown_address
from hulk.kernel.errors import HulkError, Refused
from hulk.modules.skills import Source, Sources
from hulk.modules.tools.domain import Head, table_name

Fetch: TypeAlias = Callable[[str, Callable[[Head], Path]], Awaitable[Path]]
"""GETs an address into the file that the second argument names (`HttpGet`)."""

FRESH_SECONDS = 60.0
"""For how long what one ticket fetched serves the others of its plan: they begin together, and should see the same bytes."""


@dataclass(frozen=True, slots=True)
class WebSources:
    """`Sources` with data files from their addresses; the rest is left to `here`."""

    here: Sources
    fetch: Fetch
    shared: dict[tuple[str, str], "_Shared"] = field(default_factory=dict)

    async def repository(self, source: Source, scratch: Path) -> Path:
        """See `Sources.repository`. Addresses are refused."""
        if source.url is not None:
            raise no_repository_at(source.url)
        return await self.here.repository(source, scratch)

    async def table(self, source: Source, scratch: Path) -> Path:
        """See `Sources.table`. Raises also what `HttpGet` does."""
        if source.url is None:
            return await self.here.table(source, scratch)
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="fetched-", dir=scratch))
        return await self._once(source.url, source.name, folder)

    async def _once(self, url: str, name: str, folder: Path) -> Path:
        """The file, fetched or shared with who fetched it just now. One at a time for each address; who waited gets the same outcome."""
        arrived = time.monotonic()
        shared = self.shared.setdefault((url, name), _Shared())
        shared.wanted += 1
        try:
            async with shared.lock:
                return await asyncio.to_thread(shared.linked, folder, arrived) or await self._fetched(url, name, folder, shared)
        finally:
            shared.wanted -= 1
            self._forget_old()

    async def _fetched(self, url: str, name: str, folder: Path, shared: "_Shared") -> Path:
        try:
            fetched = await self.fetch(url, lambda head: folder / table_name(name, head))
            found = await asyncio.to_thread(_unpacked_name, fetched, url)
        except HulkError as failed:
            shared.end(failed)
            raise
        shared.end(found)
        return found

    def _forget_old(self) -> None:
        for key, shared in list(self.shared.items()):
            if not shared.wanted and shared.age > FRESH_SECONDS:
                del self.shared[key]


@dataclass(slots=True)
class _Shared:
    """What became of the last fetch of an address. The file is another ticket's, and is gone when that has ended."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    wanted: int = 0
    outcome: Path | HulkError | None = None
    ended: float = 0.0

    @property
    def age(self) -> float:
        """Seconds since it ended."""
        return time.monotonic() - self.ended

    def end(self, outcome: Path | HulkError) -> None:
        """It has ended just now."""
        self.outcome, self.ended = outcome, time.monotonic()

    def linked(self, folder: Path, arrived: float) -> Path | None:
        """The file under its name in `folder`, when it is fresh and still there. Raises what the fetch did that was waited for."""
        if isinstance(self.outcome, HulkError) and arrived <= self.ended:
            raise self.outcome
        if not isinstance(self.outcome, Path) or self.age > FRESH_SECONDS:
            return None
        try:
            os.link(self.outcome, folder / self.outcome.name)
        except OSError:  # gone with its ticket, or a file system without links: fetched anew
            return None
        return folder / self.outcome.name


def _unpacked_name(path: Path, url: str) -> Path:
    """The file by a name that says what it is: servers undo the packing of a .gz on the way and keep its name. Refuses an empty one."""
    with path.open("rb") as file:
        begin = file.read(2)
    if not begin:
        raise Refused("“{path}” is empty: there is nothing to look at.", path=shown_address(url))
    return path.rename(path.with_suffix("")) if path.suffix.lower() == ".gz" and begin != b"\x1f\x8b" else path
