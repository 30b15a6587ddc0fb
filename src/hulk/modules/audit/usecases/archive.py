"""Carrying the trail to its archive: in order, every entry, as often as it takes."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from hulk.kernel import ids
from hulk.kernel.bells import Listener
from hulk.kernel.durable import Commit
from hulk.kernel.errors import HulkError
from hulk.kernel.text import Text
from hulk.kernel.time import Clock, from_iso, utc_now
from hulk.modules.audit.domain import Link, Mark, Verifier, Waiting, proved
from hulk.modules.audit.ports import Archive, Chains, Figures, Marks, Removals

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=3)
"""For how long one process archives a chain before another may. Two at once do no harm, only the same work."""
CHAINS = 100
"""The most chains in one pass."""
ENTRIES = 2000
"""After how many entries a pass takes no more of the next chain."""
IDLE_SECONDS = 0.5
"""How often to look without being told, for what another process committed and did not archive."""
LINGER_SECONDS = 0.25
"""How long to let entries gather once there are some: a batch costs an fsync there and one here, however many they are."""
AWAY_SECONDS = (0.5, 15.0)


@dataclass(slots=True)
class ArchiveTrail:
    """Copies the chains to the archive, each from where its mark stands. The mark moves after the archive has said that it kept the
    entries, so whatever dies in between, they are sent again; an archive keeps each once."""

    chains: Chains
    removals: Removals
    archive: Archive
    marks: Marks
    key: bytes
    commit: Commit
    figures: Figures
    told: Listener
    """Rung whenever there are new entries."""
    clock: Clock = utc_now
    lease: timedelta = LEASE
    away: tuple[float, float] = AWAY_SECONDS
    """How long to wait when the archive is away, in seconds: at first, and at most."""
    holder: str = field(default_factory=lambda: ids.new("arc"))
    trouble: HulkError | None = None
    """Why nothing is archived right now."""
    waiting: Waiting = field(default=Waiting(0, None))
    _told_of: set[tuple[str, int]] = field(default_factory=set)

    async def run(self) -> None:
        """Archive what there is, as it comes; ends only by cancellation."""
        pause = self.away[0]
        while True:
            self.told.looks()
            try:
                while await self.once():
                    pause = self.away[0]
            except HulkError as error:
                self._troubled(error)
                await asyncio.sleep(pause)
                pause = min(2 * pause, self.away[1])
                continue
            pause = self.away[0]
            await self._told()

    def _troubled(self, error: HulkError) -> None:
        self.trouble = error
        log.warning("audit_archive_waits", reason=str(error), entries=self.waiting.entries)

    async def _told(self) -> None:
        if await self.told.heard(IDLE_SECONDS):
            await asyncio.sleep(LINGER_SECONDS)

    async def finish(self, within: float) -> None:
        """Archive what is left, if that can be done in so many seconds: at a stop, when nothing is written any more."""
        try:
            async with asyncio.timeout(within):
                while await self.once():
                    pass
        except (HulkError, TimeoutError) as error:
            log.warning("audit_archive_is_behind", reason=str(error) or "no time left", entries=self.waiting.entries)

    async def once(self) -> bool:
        """Archive a batch of what waits; whether there is enough left for another at once. Raises `Unavailable` when a store is away."""
        self._behind(await self.marks.waiting())
        due = await self._held(await self.marks.due(CHAINS)) if self.waiting.entries else []
        batch = await self._read(due)
        if batch:
            await self._append([link for _, links in batch for link in links])
            now = self.clock()
            await self.commit(*(self.marks.move(mark, links[-1], now, now + self.lease) for mark, links in batch))
            self._behind(await self.marks.waiting())
        self.trouble = None
        return len(batch) == CHAINS or any(links[-1].position < mark.head for mark, links in batch)

    def _behind(self, waiting: Waiting) -> None:
        self.waiting = waiting
        self.figures.behind(waiting)

    async def _held(self, due: Sequence[Mark]) -> list[Mark]:
        """Those of the chains that are this process's to archive now."""
        now = self.clock()
        ours = [mark for mark in due if mark.holder == self.holder and mark.until > now]
        others = [mark for mark in due if mark not in ours and (mark.holder == self.holder or mark.until < now)]
        if not others:
            return ours
        taken = await self.commit(*(self.marks.take(mark, self.holder, now, now + self.lease) for mark in others))
        return ours + [mark for mark, got in zip(others, taken, strict=True) if got]

    async def _read(self, due: Sequence[Mark]) -> list[tuple[Mark, Sequence[Link]]]:
        """The next entries of these chains, up to about as many as go in one batch."""
        batch: list[tuple[Mark, Sequence[Link]]] = []
        for mark in due:
            if sum(len(links) for _, links in batch) < ENTRIES and (links := await self._next(mark)):
                batch.append((mark, links))
        return batch

    async def _next(self, mark: Mark) -> Sequence[Link]:
        """The next entries of a chain, checked against what was archived before them. Wrong ones are told of, and archived as they are."""
        async for links in self.chains.links(mark.tenant, mark.position, mark.head):
            await self._check(mark, links)
            return links
        short = Text("the chain ends at entry {found}, its head says {wanted}", found=mark.position, wanted=mark.head)
        self._mismatch(mark.tenant, mark.head, short)
        return ()

    async def _check(self, mark: Mark, links: Sequence[Link]) -> None:
        """Tell what is wrong with them. What was removed for its age, before it came to this archive, is not."""
        checked = Verifier(mark.tenant, position=mark.position, hash=mark.hash)
        checked.take(links)
        if checked.wrong is not None:
            gaps = proved(await self.removals.gaps(mark.tenant), self.key)
            checked = Verifier(mark.tenant, position=mark.position, hash=mark.hash, gaps=gaps)
            checked.take(links)
        if checked.wrong is not None:
            self._mismatch(mark.tenant, checked.wrong.position, checked.wrong.problem)

    async def _append(self, links: Sequence[Link]) -> None:
        readable = [link for link in links if link.text is not None]
        for one in await self.archive.append(readable):
            self._mismatch(one.tenant, one.position, Text("another entry stands at {position} in the archive", position=one.position))
        self.figures.archived(self._ages(readable))

    def _ages(self, links: Sequence[Link]) -> list[float]:
        """How old the entries are, in seconds; never less than nothing, whatever the clock of who wrote them says."""
        now = self.clock()
        return [max(0.0, (now - from_iso(str(link.time))).total_seconds()) for link in links]

    def _mismatch(self, tenant: str, position: int, problem: Text) -> None:
        """Tell of it once: what is wrong stays so."""
        if (tenant, position) not in self._told_of:
            self._told_of.add((tenant, position))
            self.figures.mismatch()
            log.error("audit_mismatch", tenant=tenant, position=position, problem=str(problem))
