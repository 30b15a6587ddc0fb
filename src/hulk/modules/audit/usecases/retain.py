"""How long the trail is kept: what is too old is removed from both copies, unless it is held; that it was, stays provable."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from hulk.kernel import ids
from hulk.kernel.durable import Commit
from hulk.kernel.errors import Conflict, Refused
from hulk.kernel.events import GENESIS, Event, Trail, changed, reasoned
from hulk.kernel.records import JsonObject
from hulk.kernel.text import Text
from hulk.kernel.time import Clock, iso, utc_now
from hulk.modules.audit.domain import Gap, Hold, Old, Verifier, ranges
from hulk.modules.audit.ports import Archive, Chains, Holds, Removals

log = structlog.get_logger(__name__)

PRUNED = "hulk.audit.pruned.v1"
NEWEST = 10
MOST = 5000
"""The most entries that one transaction removes."""


@dataclass(frozen=True, slots=True)
class Prune:
    """Removes what is older than the retention, from the store and then from the archive.

    Only whole ranges that both copies agree on, after their chain was recomputed: nothing that was tampered with is removed. A sealed gap
    stays in both, and an entry of the trail tells of it. What a crash leaves in the archive, the next call removes."""

    chains: Chains
    archive: Archive
    removals: Removals
    trail: Trail
    commit: Commit
    key: bytes
    clock: Clock = utc_now

    async def __call__(self, retention: timedelta, *, actor: str, dry_run: bool = False, tenant: str | None = None) -> list[Gap]:
        """What was removed, or would be. Raises `Refused` where the copies are not whole, `Unavailable` when one is away."""
        before = self.clock() - retention
        names = [tenant] if tenant else await self.removals.tenants(before)
        return [gap for name in names for gap in await self._of(name, before, actor, dry_run=dry_run)]

    async def _of(self, tenant: str, before: datetime, actor: str, *, dry_run: bool) -> list[Gap]:
        found: list[Gap] = []
        if not dry_run:
            await self._finish(tenant)
        while gaps := await self._next(tenant, before):
            found += gaps
            if dry_run or not await self._removed(tenant, gaps, before, actor):
                return found
        return found

    async def _finish(self, tenant: str) -> None:
        """Remove from the archive what only the store has removed: whole gaps, and what is left of the newest ones."""
        gaps, done = await self.removals.gaps(tenant), {gap.first for gap in await self.archive.gaps(tenant)}
        for gap in gaps:
            if gap.first not in done or (gap in gaps[-NEWEST:] and await self._remains(gap)):
                await self.archive.remove(gap)

    async def _remains(self, gap: Gap) -> bool:
        async for _ in self.archive.links(gap.tenant, gap.first - 1, gap.last):
            return True
        return False

    async def _next(self, tenant: str, before: datetime) -> list[Gap]:
        old = await self.removals.old(tenant, before, MOST)
        if all(one.type == PRUNED for one in old):  # else each removal would be removed by one that tells of it, for ever
            return []
        return [await self._gap(tenant, some) for some in ranges(old)]

    async def _gap(self, tenant: str, old: Sequence[Old]) -> Gap:
        first, last = old[0], old[-1]
        previous = first.before or await self._before(tenant, first.position)
        return Gap(
            tenant=tenant, first=first.position, last=last.position, before=previous, hash=last.hash, removed=iso(self.clock())
        ).sealed(self.key)  # fmt: skip

    async def _before(self, tenant: str, position: int) -> str:
        """The hash of what was removed right before it; that of no entry before the first."""
        known = {gap.last: gap.hash for gap in await self.removals.gaps(tenant)}
        return known.get(position - 1, GENESIS)

    async def _removed(self, tenant: str, gaps: Sequence[Gap], before: datetime, actor: str) -> bool:
        """Whether they were removed; not when something has changed meanwhile."""
        for gap in gaps:
            await self._require_whole(gap)
        try:
            await self.commit(*(self.removals.remove(gap) for gap in gaps), self.trail.append(_pruned(gaps, before, actor)))
        except Conflict as error:
            log.info("audit_prune_waits", tenant=tenant, reason=str(error))
            return False
        for gap in gaps:
            await self.archive.remove(gap)
        return True

    async def _require_whole(self, gap: Gap) -> None:
        """Raises `Refused` unless both copies have exactly the chain from the gap's beginning to its end."""
        for links in (self.chains.links(gap.tenant, gap.first - 1, gap.last), self.archive.links(gap.tenant, gap.first - 1, gap.last)):
            verifier = Verifier(gap.tenant, position=gap.first - 1, hash=gap.before)
            async for some in links:
                verifier.take(some)
            if verifier.wrong is not None or (verifier.position, verifier.hash) != (gap.last, gap.hash):
                raise _not_whole(gap, verifier)


def _pruned(gaps: Sequence[Gap], before: datetime, actor: str) -> Event:
    tenant, entries = gaps[0].tenant, sum(gap.entries for gap in gaps)
    data = {
        "older_than": iso(before), "entries": entries, "ranges": [[gap.first, gap.last] for gap in gaps],
        **changed("retention", {"entries": entries}, None),
    }  # fmt: skip
    return Event(type=PRUNED, subject=tenant, tenant=tenant, actor=actor, data=data)


def _not_whole(gap: Gap, verifier: Verifier) -> Refused:
    problem = verifier.wrong.problem if verifier.wrong else Text("it ends at entry {position}", position=verifier.position)
    return Refused(
        "Entries {first} to {last} of {tenant} are not removed, because a copy of them is not whole: {problem}. Run thor audit verify.",
        first=gap.first, last=gap.last, tenant=gap.tenant, problem=problem,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class KeepHolds:
    """Puts things under legal hold, and lifts holds; both are told in the trail."""

    holds: Holds
    trail: Trail
    commit: Commit
    clock: Clock = utc_now

    async def add(self, tenant: str, *, reason: str, actor: str, subject: str | None = None, intent: str | None = None) -> Hold:
        """From now on nothing is removed of that subject, of that intent, or of all the tenant's when neither is named."""
        if not reason.strip():
            raise Refused("A hold needs a reason: say why these entries must be kept.")
        hold = Hold(
            id=ids.new("hld"), tenant=tenant, reason=reason.strip(), actor=actor, created=self.clock(), subject=subject, intent=intent
        )  # fmt: skip
        told = _told("hulk.audit.held.v1", hold, actor, changed(hold.reason, None, _plain(hold)))
        await self.commit(self.holds.add(hold), self.trail.append(told))
        return hold

    async def lift(self, hold: str, *, actor: str, reason: str = "") -> Hold:
        """It holds no more. Raises `NotFound`, `Conflict`."""
        found = next((one for one in await self.holds.all(None) if one.id == hold), None)
        told = [] if found is None else [self.trail.append(_released(found, actor, reasoned(reason)))]
        [lifted, *_] = await self.commit(self.holds.lift(hold, self.clock()), *told)
        assert isinstance(lifted, Hold)  # noqa: S101  # what the first change gives
        return lifted


def _plain(hold: Hold) -> JsonObject:
    return {"subject": hold.subject, "intent": hold.intent, "reason": hold.reason}


def _released(hold: Hold, actor: str, reason: str) -> Event:
    return _told("hulk.audit.released.v1", hold, actor, changed(reason, _plain(hold), None))


def _told(type_: str, hold: Hold, actor: str, change: JsonObject) -> Event:
    data = {"hold": hold.id, "subject": hold.subject, "intent": hold.intent, **change}
    return Event(type=type_, subject=hold.id, tenant=hold.tenant, actor=actor, data=data)
