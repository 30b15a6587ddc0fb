"""Whether a trail is whole: every link follows from the one before it, and the head is marked by who may extend it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from hulk.kernel.events import GENESIS, Event, link, seal
from hulk.kernel.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An entry of the trail as it stands in the store; `event` is None when it cannot be read as one any more."""

    position: int
    hash: str
    event: Event | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The end of a tenant's chain as it was last written, with its mark."""

    tenant: str
    position: int
    hash: str
    seal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was found of one tenant's chain: `entries` were right; `problem` is the first that was not, at `position`."""

    tenant: str
    entries: int
    position: int | None = None
    problem: Text | None = None

    @property
    def whole(self) -> bool:
        """Whether nothing was changed."""
        return self.problem is None


@dataclass(slots=True)
class Verifier:
    """Walks one chain from its beginning, some links at a time."""

    tenant: str
    position: int = 0
    hash: str = GENESIS
    problem: Text | None = None

    def take(self, links: Iterable[Link]) -> None:
        """Check the next links; stops at the first that is wrong."""
        for one in links:
            if self.problem is not None:
                return
            self.problem = self._wrong(one)
            if self.problem is None:
                self.position, self.hash = one.position, one.hash

    def _wrong(self, one: Link) -> Text | None:
        if one.position <= self.position:
            return Text("entry {position} stands before the beginning", position=one.position)
        if one.position != self.position + 1:
            return Text(
                "entry {wanted} is missing: entry {found} follows {last}", wanted=self.position + 1, found=one.position, last=self.position
            )
        if one.event is None:
            return Text("entry {position} cannot be read any more", position=one.position)
        if one.event.tenant != self.tenant or one.hash != link(self.hash, one.position, one.event):
            return Text("entry {position} ({id}) was altered, or stands in another's place", position=one.position, id=one.event.id)
        return None

    def verdict(self, head: Head | None, key: bytes) -> Verdict:
        """The verdict, once all links were taken: the chain must end where its marked head says."""
        problem = self.problem or self._wrong_head(head, key)
        at = None if problem is None else self.position + (1 if self.problem else 0)
        return Verdict(tenant=self.tenant, entries=self.position, position=at, problem=problem)

    def _wrong_head(self, head: Head | None, key: bytes) -> Text | None:
        if head is None:
            return Text("the head of the chain is missing")
        if head.seal != seal(key, self.tenant, head.position, head.hash):
            return Text("the head of the chain does not carry the mark of this installation's audit key")
        if head.position != self.position:
            return Text("the chain ends at entry {found}, its head says {wanted}", found=self.position, wanted=head.position)
        if head.hash != self.hash:
            return Text("the last entry is not the one that the head names")
        return None
