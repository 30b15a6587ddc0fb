"""Whether a trail is whole: every link follows from the one before it, the head is marked by who may extend it, and the archive
says the same. Pure."""

import functools
import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from hulk.kernel.events import GENESIS, linked, seal
from hulk.kernel.text import Text

Place: TypeAlias = Literal["store", "archive"]
"""The two copies of a trail: the store is the truth, the archive follows it."""

Fault: TypeAlias = Literal["altered", "missing", "moved", "added", "cut_short", "unsealed", "behind"]
"""What can be wrong with a copy."""

Beside: TypeAlias = Mapping[str, str | None]
"""What an archive keeps beside an entry's text, to look it up by."""
ANCIENT = datetime(1970, 1, 1, tzinfo=UTC)
BESIDE = ("id", "type", "subject", "actor", "intent", "time")


@dataclass(frozen=True, kw_only=True)
class Link:
    """An entry of the trail as it stands in a store. `text` is the event to the letter, as it is hashed (`kernel.events.canonical`);
    None when it cannot be read as one any more. `beside` is what the archive keeps beside it; the store keeps nothing."""

    tenant: str
    position: int
    hash: str
    text: str | None
    beside: Beside | None = None

    def follows(self, previous: str) -> bool:
        """Whether it is the link behind the one with that hash, with all that stands beside it true."""
        if self.text is None or self.hash != linked(previous, self.position, self.text.encode()):
            return False
        told = self.told
        return told.get("tenant") == self.tenant and (self.beside is None or self.beside == {name: told.get(name) for name in BESIDE})

    def says(self, other: "Link") -> bool:
        """Whether it says the same as that one."""
        return (self.hash, self.text) == (other.hash, other.text)

    @functools.cached_property
    def told(self) -> Mapping[str, object]:
        """The event that the text is of, read once; of what is none, nothing."""
        try:
            found = json.loads(self.text or "")
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def id(self) -> str | None:
        """The event's id, if it can be read."""
        found = self.told.get("id")
        return None if found is None else str(found)

    @property
    def time(self) -> str | None:
        """When it happened (RFC 3339), if that can be read."""
        found = self.told.get("time")
        return None if found is None else str(found)


def beside(link: Link) -> Beside:
    """What is kept beside an entry's text."""
    return {name: link.told[name] for name in BESIDE}  # type: ignore[misc]  # an event has words there


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The end of a tenant's chain as it was last written, with its mark."""

    tenant: str
    position: int
    hash: str
    seal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which of a tenant's entries somebody looks for: all that is given must fit. From a moment on, and before one."""

    tenant: str
    subject: str | None = None
    intent: str | None = None
    actor: str | None = None
    type: str | None = None
    since: datetime | None = None
    before: datetime | None = None

    @property
    def exactly(self) -> dict[str, str]:
        """What must be so, by the name under which it is kept beside the text."""
        told = {"subject": self.subject, "intent": self.intent, "actor": self.actor, "type": self.type}
        return {name: value for name, value in told.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How far a tenant's chain is archived: up to `position`, of `head`; `holder` is the process that does it until then."""

    tenant: str
    head: int
    position: int = 0
    hash: str = GENESIS
    holder: str = ""
    until: datetime = ANCIENT


@dataclass(frozen=True, slots=True)
class Waiting:
    """So many entries are not archived; the oldest of them is of that time."""

    entries: int
    since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was found of one copy of a tenant's chain: `entries` were right; `problem` is the first that was not, at `position`."""

    tenant: str
    entries: int
    place: Place = "store"
    behind: int = 0
    """So many entries the archive has not got yet."""
    position: int | None = None
    fault: Fault | None = None
    problem: Text | None = None

    @property
    def whole(self) -> bool:
        """Whether nothing was changed."""
        return self.problem is None


@dataclass(frozen=True, slots=True)
class Wrong:
    """The first thing that is not as it should be."""

    position: int
    fault: Fault
    problem: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Entries whose time was over and that the installation itself removed, from `first` to `last`: `before` is the hash that the
    first followed, `hash` that of the last, so the chain goes on behind them. `seal` is the mark that only who has the key can make."""

    tenant: str
    first: int
    last: int
    before: str
    hash: str
    removed: str
    seal: str = ""

    @property
    def entries(self) -> int:
        """How many they were."""
        return self.last - self.first + 1

    def sealed(self, key: bytes) -> "Gap":
        """The same with its mark (HMAC-SHA-256 over all it says)."""
        told = "\n".join(("gap", self.tenant, str(self.first), str(self.last), self.before, self.hash, self.removed))
        return replace(self, seal=hmac.new(key, told.encode(), hashlib.sha256).hexdigest())


def proved(gaps: Iterable[Gap], key: bytes) -> tuple[Gap, ...]:
    """Those that carry the right mark."""
    return tuple(gap for gap in gaps if hmac.compare_digest(gap.seal, gap.sealed(key).seal))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A legal hold: what it is about is never removed. About a subject, an intent, or all of the tenant's."""

    id: str
    tenant: str
    reason: str
    actor: str
    created: datetime
    subject: str | None = None
    intent: str | None = None
    lifted: datetime | None = None


@dataclass(frozen=True, slots=True)
class Old:
    """An entry that may be removed."""

    position: int
    hash: str
    type: str
    before: str | None
    """The hash that it follows, if that is known from the entry before it."""


def ranges(old: Sequence[Old]) -> list[list[Old]]:
    """Those that follow one another, together."""
    found: list[list[Old]] = []
    for one in old:
        if found and found[-1][-1].position + 1 == one.position:
            found[-1].append(one)
        else:
            found.append([one])
    return found


@dataclass(slots=True)
class Verifier:
    """Walks one chain from its beginning, some links at a time. `gaps` are those that carry the mark of the key."""

    tenant: str
    place: Place = "store"
    position: int = 0
    hash: str = GENESIS
    wrong: Wrong | None = None
    gaps: Sequence[Gap] = ()

    def take(self, links: Iterable[Link]) -> None:
        """Check the next links; stops at the first that is wrong."""
        for one in links:
            if self.wrong is not None:
                return
            self.wrong = self._wrong(one)
            if self.wrong is None:
                self.position, self.hash = one.position, one.hash

    def _past_gaps(self, found: int) -> None:
        """Go on behind what was removed, up to the entry that was found."""
        while gap := next((one for one in self.gaps if one.first <= self.position + 1 <= one.last < found), None):
            if gap.first == self.position + 1 and gap.before != self.hash:
                return
            self.position, self.hash = gap.last, gap.hash

    def _wrong(self, one: Link) -> Wrong | None:
        if one.position > self.position + 1:
            self._past_gaps(one.position)
        wanted = self.position + 1
        if one.position < wanted:
            return Wrong(one.position, "added", Text("entry {position} stands before the beginning", position=one.position))
        if one.position > wanted and any(gap.first <= one.position <= gap.last for gap in self.gaps):
            return Wrong(one.position, "added", Text("entry {position} stands where all were removed", position=one.position))
        if one.position > wanted:
            missing = Text("entry {wanted} is missing: entry {found} follows {last}", wanted=wanted, found=one.position, last=self.position)
            return Wrong(wanted, "missing", missing)
        if one.text is None:
            return Wrong(wanted, "altered", Text("entry {position} cannot be read any more", position=wanted))
        if not one.follows(self.hash):
            told = Text("entry {position} ({id}) was altered, or stands in another's place", position=wanted, id=one.id or "—")
            return Wrong(wanted, "altered", told)
        return None

    def verdict(self, head: Head | None, key: bytes) -> Verdict:
        """The verdict, once all links were taken: the chain must end where its marked head says."""
        return self.found(self.wrong or self._wrong_head(head, key))

    def found(self, wrong: Wrong | None) -> Verdict:
        """What is right so far, and what is not."""
        if wrong is None:
            return Verdict(tenant=self.tenant, place=self.place, entries=self.position)
        return Verdict(
            tenant=self.tenant, place=self.place, entries=self.position, position=wrong.position, fault=wrong.fault, problem=wrong.problem
        )

    def _wrong_head(self, head: Head | None, key: bytes) -> Wrong | None:
        if head is None:
            return Wrong(self.position, "unsealed", Text("the head of the chain is missing"))
        if head.seal != seal(key, self.tenant, head.position, head.hash):
            unsealed = Text("the head of the chain does not carry the mark of this installation's audit key")
            return Wrong(self.position, "unsealed", unsealed)
        if head.position != self.position:
            short = Text("the chain ends at entry {found}, its head says {wanted}", found=self.position, wanted=head.position)
            return Wrong(self.position, "cut_short", short)
        if head.hash != self.hash:
            return Wrong(self.position, "altered", Text("the last entry is not the one that the head names"))
        return None


def named(wrong: Wrong, mine: Sequence[Link], others: Sequence[Link]) -> Wrong:
    """What is wrong, told more exactly with the same part of the other copy at hand: whether the entry was moved there, or put in."""
    here, there = {one.position: one.id for one in mine}, {one.position: one.id for one in others}
    if wrong.fault != "altered" or (found := here.get(wrong.position)) is None or (wanted := there.get(wrong.position)) == found:
        return wrong
    if place := next((at for at, id_ in there.items() if id_ == found), None):
        return Wrong(
            wrong.position, "moved", Text("entry {position} is the one that belongs at {place}", position=wrong.position, place=place)
        )
    if place := next((at for at, id_ in here.items() if id_ == wanted), None):
        added = Text("entry {position} was put in; what belongs there stands at {place}", position=wrong.position, place=place)
        return Wrong(wrong.position, "added", added)
    return wrong


def differing(copies: Iterable[Link], links: Iterable[Link]) -> Wrong | None:
    """The first of the archive's links that is not the store's: each chain may hold by itself and tell another story."""
    hashes = {one.position: one.hash for one in links}
    for one in copies:
        if hashes.get(one.position, one.hash) != one.hash:
            return Wrong(one.position, "altered", Text("entry {position} is not the one that the store has", position=one.position))
    return None
