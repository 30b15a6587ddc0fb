"""Proving that the sums of days are what the charges say, and making anew those that are not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import structlog

from hulk.kernel.durable import Commit
from hulk.kernel.tenancy import Principal
from hulk.modules.finops.domain.daily import Month, Place
from hulk.modules.finops.ports import CostBook
from hulk.modules.finops.usecases.rights import ALL, require

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class WrongDay:
    """Sums of a day (UTC) that are, or were, not what its charges say."""

    day: str
    places: Sequence[Place | Month]

    @property
    def tenants(self) -> Sequence[str]:
        """Whose."""
        return sorted({place.tenant for place in self.places})


@dataclass(frozen=True, slots=True)
class VerifyCosts:
    """Sums of days, for admins of `default`: a day holds all tenants'. Days are those from `since` to `until`, by default all there are."""

    book: CostBook
    commit: Commit

    async def __call__(self, by: Principal, since: date | None = None, until: date | None = None) -> Sequence[WrongDay]:
        """The days whose sums are wrong; nobody waits meanwhile. Raises `Forbidden`."""
        require(by, "read", ALL)
        found = [WrongDay(day, await self.book.differing(day)) for day in await self._days(since, until)]
        return [one for one in found if one.places]

    async def mend(self, by: Principal, since: date | None = None, until: date | None = None) -> Sequence[WrongDay]:
        """Have them say what the charges do; gives what was wrong. Calls of models wait for as long as a day takes. Raises `Forbidden`."""
        require(by, "manage", ALL)
        return [await self._mended(one) for one in await self(by, since, until)]

    async def _mended(self, wrong: WrongDay) -> WrongDay:
        [places] = await self.commit(self.book.mended(wrong.day))
        log.warning("costs_mended", day=wrong.day, sums=len(places))
        return WrongDay(wrong.day, places)

    async def _days(self, since: date | None, until: date | None) -> Sequence[str]:
        first, last = (since or date.min).isoformat(), (until or date.max).isoformat()
        return [day for day in await self.book.days() if first <= day <= last]
