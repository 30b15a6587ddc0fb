"""What money keeping needs: a ledger to write in, budgets, rates between currencies, and a list of prices."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol, TypeAlias

from hulk.kernel.durable import Change
from hulk.kernel.errors import Exhausted
from hulk.modules.finops.domain import Budget, Charge, Costs, Priced, Rate, Slot, Spending, Tariff, Usage, Used, Wanted
from hulk.modules.finops.domain.budgets import Origin
from hulk.modules.finops.domain.daily import Month, Place

SlotsOf: TypeAlias = Callable[[Sequence[Budget]], Sequence[Slot]]
"""Which slots are meant, given the budgets that hold."""


class Ledger(Protocol):
    """Charges, and what is reserved and spent of budgets. Writes are changes that the caller commits; committed alone, many that wait at
    the same moment are written as one."""

    def record(self, charge: Charge) -> Change[None]:
        """Write a charge that is settled already; one of that id that exists stays as it is."""

    def reserve(self, charge: Charge, budget: Budget) -> Change[Charge | Exhausted]:
        """Write a reserved charge if it fits the tenant's own `budget` and all that hold (`Budgets`), checked and written as one act; else
        give why not, and write nothing of it.

        A charge of that id that is reserved or settled is given back as it is; a released one is reserved again."""

    def settle(self, id_: str, usage: Usage, at: datetime) -> Change[Charge]:
        """Settle a charge that is reserved or assumed at what the usage costs; raises `NotFound`. Settling again changes nothing."""

    def assume(self, id_: str, at: datetime) -> Change[Charge]:
        """Count a reserved charge at all that was reserved; raises `NotFound`."""

    def release(self, id_: str, at: datetime) -> Change[Charge]:
        """Give back a reserved charge; raises `NotFound`. One that was settled stays settled."""

    async def of_intent(self, tenant: str, intent: str) -> Sequence[Charge]:
        """An intent's charges, oldest first."""

    async def spending(self, slot: Slot) -> Spending | None:
        """What is spent and reserved in that slot; None when nothing."""

    async def standing(self, slots_of: SlotsOf) -> Sequence[tuple[Slot, Decimal]]:
        """The slots that `slots_of` gives for the budgets that hold now, each with what is spent and reserved there."""

    async def overdue(self, moment: datetime, most: int) -> Sequence[Charge]:
        """Up to `most` charges whose deadline was before that moment and that are still reserved, the most overdue first."""


class Budgets(Protocol):
    """The budgets that hold, and every version that there was."""

    def put(self, wanted: Budget, now: datetime) -> Change[tuple[Budget | None, Budget]]:
        """Let that budget hold in the place of the one of its name; gives that one and the new version, twice the same when nothing is
        different. From the commit on every reservation is held to it, in all processes. Raises `Refused` for a budget of the settings
        that is changed in another way."""

    def remove(self, owner: str, name: str, origin: Origin, now: datetime) -> Change[Budget]:
        """Let it hold no more; gives it. Raises `NotFound`, and `Refused` for one that was made in another way than `origin`."""

    async def holding(self) -> Sequence[Budget]:
        """All that hold, by owner and name."""

    async def versions(self, owner: str, name: str) -> Sequence[Budget]:
        """All versions that there were of it, the first first."""

    async def used(self, periods: Sequence[str]) -> Sequence[Used]:
        """What is used in those days and months of all that hold, and of the tenants' own, where there is a limit."""

    def foretell(self, count: str) -> Change[bool]:
        """Note that the end of that count's budget was foretold; False when it was before."""


class CostBook(Protocol):
    """Adds up what calls cost. Where it keeps sums, these are at any moment what the charges say."""

    async def costs(self, wanted: Wanted, after: str | None, most: int) -> Costs:
        """Up to `most` groups behind `after`, in the order of their keys; or those that cost the most, where that is the order, of which
        `after` is None. Raises `Refused` for an `after` that no page ended with."""

    async def days(self) -> Sequence[str]:
        """The days of which there are charges of calls, or sums; the first first."""

    async def differing(self, day: str) -> Sequence[Place | Month]:
        """Which sums of that day are not what its charges say, and with the first day of a month those of its intents: none, unless
        somebody else has written there."""

    def mended(self, day: str) -> Change[Sequence[Place | Month]]:
        """Make those anew from the charges; gives which they were. Meanwhile no call is reserved or ends."""


class Rates(Protocol):
    """Rates between currencies, one of each day."""

    def put(self, rate: Rate) -> Change[Rate | None]:
        """Keep it in the place of the one of its day, which is given."""

    async def newest(self, base: str, quote: str) -> Rate | None:
        """The one of the last day."""

    async def recent(self, most: int) -> Sequence[Rate]:
        """Up to so many, the newest first."""


class RateSource(Protocol):
    """Who publishes rates."""

    async def published(self, today: date) -> Rate | None:
        """The rate of the last day up to `today`, within two weeks; None when none was published. Raises `Unavailable`, and `Refused`
        when what is published is no rate."""


class Prices(Protocol):
    """A list of what models cost."""

    async def tariff(self, priced: Priced) -> Tariff | None:
        """The model's tariff; None when the list does not have it."""
