"""What the trail's proof and its second copy need from outside."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Protocol

from hulk.kernel.durable import Change
from hulk.modules.audit.domain import Gap, Head, Hold, Link, Mark, Old, Waiting, Wanted


class Chains(Protocol):
    """The trail as it stands in the store, read without trusting it."""

    async def tenants(self) -> Sequence[str]:
        """All tenants that have a head or an entry, by name."""

    async def head(self, tenant: str) -> Head | None:
        """The head of a tenant's chain, if there is one."""

    def links(self, tenant: str, after: int, until: int | None = None) -> AsyncIterator[Sequence[Link]]:
        """The tenant's links past that position, in order, some at a time; up to `until` when given."""


class Archive(Protocol):
    """The second copy of the trail, in a place of its own. All raise `Unavailable` when it does not answer."""

    async def append(self, links: Sequence[Link]) -> Sequence[Link]:
        """Keep these, of any tenants: on disk, and with a majority where there are several, when this returns. A link that is there
        already stays as it is; gives those in whose place another stands, which stays too. What came before need not be there."""

    async def tenants(self) -> Sequence[str]:
        """All tenants that have an entry, by name."""

    async def end(self, tenant: str) -> Link | None:
        """The last of a tenant's links."""

    def links(self, tenant: str, after: int, until: int | None = None) -> AsyncIterator[Sequence[Link]]:
        """As `Chains.links`."""

    async def search(self, wanted: Wanted, below: int | None, most: int) -> Sequence[Link]:
        """Up to so many links that fit, the last of the chain first; of those below that position, when one is given."""

    async def remove(self, gap: Gap) -> None:
        """Keep what the gap says, and remove the entries that it tells of; the same again changes nothing."""

    async def gaps(self, tenant: str) -> Sequence[Gap]:
        """What was removed of a tenant's chain, in order."""


class Removals(Protocol):
    """What is removed of the trail in the store when its time is over, and what is held."""

    async def tenants(self, before: datetime) -> Sequence[str]:
        """Those with archived entries from before then, and those of which some were removed."""

    async def old(self, tenant: str, before: datetime, most: int) -> Sequence[Old]:
        """A tenant's first entries from before then that may be removed: archived, told to the bus, not held, and not the last of their
        chain. In order; none that stand behind a younger one."""

    async def gaps(self, tenant: str) -> Sequence[Gap]:
        """What was removed of a tenant's chain, in order."""

    def remove(self, gap: Gap) -> Change[None]:
        """Remove these entries and keep the gap; raises `Conflict` when they are not all there, or one of them is held by now."""


class Holds(Protocol):
    """Legal holds."""

    def add(self, hold: Hold) -> Change[None]:
        """Keep a hold."""

    def lift(self, hold: str, now: datetime) -> Change[Hold]:
        """It holds no more; raises `NotFound` for one that there is not, `Conflict` for one that was lifted before."""

    async def all(self, tenant: str | None) -> Sequence[Hold]:
        """All that hold, of a tenant or of all, oldest first."""


class Marks(Protocol):
    """How far each chain is archived, kept in the store, and by which process."""

    async def due(self, most: int) -> Sequence[Mark]:
        """Chains that go on past what is archived of them, those first that were looked at longest ago."""

    async def waiting(self) -> Waiting:
        """How much is not archived yet."""

    async def mark(self, tenant: str) -> Mark | None:
        """How far a chain is archived, if any of it is."""

    def take(self, mark: Mark, holder: str, now: datetime, until: datetime) -> Change[bool]:
        """Have the chain archived by nobody but `holder` until then; false while another has it."""

    def move(self, mark: Mark, to: Link, now: datetime, until: datetime) -> Change[bool]:
        """It is archived up to that link, on the archive's word; false when somebody else has moved it meanwhile."""


class Figures(Protocol):
    """What is measured of the archiving."""

    def behind(self, waiting: Waiting) -> None:
        """So much is not archived now."""

    def archived(self, ages: Sequence[float]) -> None:
        """Entries were archived, so many seconds after they were written."""

    def mismatch(self) -> None:
        """The copies say different things, or the chain does not hold."""
