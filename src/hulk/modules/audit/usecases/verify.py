"""Proving the trail and its archive."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from hulk.kernel.text import Text
from hulk.kernel.time import Clock, from_iso, utc_now
from hulk.modules.audit.domain import Head, Link, Mark, Verdict, Verifier, Wrong, differing, named, proved
from hulk.modules.audit.ports import Archive, Chains, Marks, Removals

BEFORE_ALL = -(1 << 63)
"""Not 0: an entry put before the beginning must be seen."""
NEVER = 1 << 63
"""A position that no chain reaches."""
LATE = timedelta(minutes=1)
"""From when on it is a problem that an entry is not archived."""


@dataclass(frozen=True, slots=True)
class VerifyTrail:
    """Recomputes every chain and compares: finds any entry altered, removed, added, moved, and any chain cut short. What the installation
    itself has removed, when its time was over, it has left its mark on."""

    chains: Chains
    removals: Removals
    key: bytes

    async def __call__(self, tenant: str | None = None) -> list[Verdict]:
        """A verdict per tenant (or of the one given). Safe while Hulk is writing: each chain is read up to its head."""
        return [await self._one(name) for name in ([tenant] if tenant else await self.chains.tenants())]

    async def _one(self, tenant: str) -> Verdict:
        head = await self.chains.head(tenant)
        verifier = Verifier(tenant, gaps=proved(await self.removals.gaps(tenant), self.key))
        async for links in self.chains.links(tenant, BEFORE_ALL, head.position if head else None):
            verifier.take(links)
        return await self.judged(verifier, head)

    async def judged(self, verifier: Verifier, head: Head | None) -> Verdict:
        """The verdict on a chain whose links up to that head were taken."""
        if verifier.wrong is None and head is not None and await self._goes_on(head):
            past = Text("there are entries past {position}, where the head says that the chain ends", position=head.position)
            verifier.wrong = Wrong(head.position + 1, "added", past)
        return verifier.verdict(head, self.key)

    async def _goes_on(self, head: Head) -> bool:
        """Whether there are entries past that head. An entry and its head commit together, so a head that stays put has none."""
        async for _ in self.chains.links(head.tenant, head.position):
            return await self.chains.head(head.tenant) == head
        return False


@dataclass(frozen=True, slots=True)
class VerifyCopies:
    """Recomputes both copies of every chain and compares them entry by entry. Safe while Hulk is writing and archiving."""

    trail: VerifyTrail
    archive: Archive
    marks: Marks
    clock: Clock = utc_now

    async def __call__(self, tenant: str | None = None) -> list[Verdict]:
        """Two verdicts per tenant, on the store and on the archive. Raises `Unavailable` when one of them does not answer."""
        names = [tenant] if tenant else sorted({*await self.trail.chains.tenants(), *await self.archive.tenants()})
        return [verdict for name in names for verdict in await self._settled(name)]

    async def _settled(self, tenant: str) -> Sequence[Verdict]:
        """The verdicts; found anew when entries were removed for their age meanwhile."""
        while True:
            removed = await self.trail.removals.gaps(tenant)
            found = await self._both(tenant)
            if all(one.whole for one in found) or await self.trail.removals.gaps(tenant) == removed:
                return found

    async def _both(self, tenant: str) -> Sequence[Verdict]:
        mark = await self.marks.mark(tenant)  # first: the archive has at least this, if nobody took it away
        head = await self.trail.chains.head(tenant)
        gaps = proved([*await self.trail.removals.gaps(tenant), *await self.archive.gaps(tenant)], self.trail.key)
        own, copy = Verifier(tenant, gaps=gaps), Verifier(tenant, "archive", gaps=gaps)
        after = BEFORE_ALL
        async for links in self.trail.chains.links(tenant, BEFORE_ALL, head.position if head else None):
            await self._compared(own, copy, links, after)
            after = links[-1].position
        async for links in self.archive.links(tenant, after):
            copy.take(links)
        return await self.trail.judged(own, head), await self._judged(copy, mark, head)

    async def _compared(self, own: Verifier, copy: Verifier, links: Sequence[Link], after: int) -> None:
        """Take the same part of both."""
        theirs = [link async for some in self.archive.links(own.tenant, after, links[-1].position) for link in some]
        fine = own.wrong is None, copy.wrong is None
        own.take(links)
        copy.take(theirs)
        if fine[0] and own.wrong is not None:
            own.wrong = named(own.wrong, links, theirs)
        if fine[1] and copy.wrong is not None:
            copy.wrong = named(copy.wrong, theirs, links)
        if own.wrong is None and copy.wrong is None:
            copy.wrong = differing(theirs, links)

    async def _judged(self, copy: Verifier, mark: Mark | None, head: Head | None) -> Verdict:
        """The verdict on the archive: it may end before the store's chain, but not before where it once was, nor after it."""
        archived = await self._archived(copy.tenant, mark)
        if copy.wrong is not None and copy.wrong.fault == "missing" and copy.wrong.position > archived:
            copy.wrong = None  # a batch that is on its way comes in any order
        if copy.wrong is not None or head is None:
            return copy.found(copy.wrong)
        if copy.position < archived < NEVER:
            short = Text("the archive ends at entry {found}, and has had entry {wanted}", found=copy.position, wanted=archived)
            return copy.found(Wrong(copy.position, "cut_short", short))
        end, now = await self.archive.end(copy.tenant), await self.trail.chains.head(copy.tenant)
        if end is not None and now is not None and end.position > now.position:
            past = Text("there are entries past {position}, where the store's chain ends", position=now.position)
            return copy.found(Wrong(now.position + 1, "added", past))
        return await self._behind(copy, head)

    async def _archived(self, tenant: str, mark: Mark | None) -> int:
        """Up to where the archive has all. One that nobody has marked was never in the middle of anything."""
        if mark is not None:
            return mark.position
        return NEVER if await self.marks.mark(tenant) is None else 0

    async def _behind(self, copy: Verifier, head: Head) -> Verdict:
        entries = head.position - copy.position
        since = await self._time(copy.tenant, copy.position + 1) if entries > 0 else None
        if since is None or self.clock() - from_iso(since) < LATE:
            return replace(copy.found(None), behind=max(0, entries))
        late = Text("the archive is behind by {entries} entries, since {since}", entries=entries, since=since)
        return replace(copy.found(Wrong(copy.position + 1, "behind", late)), behind=entries)

    async def _time(self, tenant: str, position: int) -> str | None:
        async for links in self.trail.chains.links(tenant, position - 1, position):
            return links[0].time
        return None
