"""What money keeping needs: a ledger to write in, and a list of prices."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from hulk.kernel.durable import Change
from hulk.kernel.errors import Exhausted
from hulk.modules.finops.domain import Budget, Charge, Priced, Spending, Tariff, Usage


class Ledger(Protocol):
    """Charges, and what each tenant has spent per day and month. Writes are changes that the caller commits."""

    def record(self, charge: Charge) -> Change[None]:
        """Write a charge that is settled already; one of that id that exists stays as it is."""

    def reserve(self, charge: Charge, budget: Budget) -> Change[Charge | Exhausted]:
        """Write a reserved charge if it fits the budget, checked and written as one act; else give why not, and write nothing.

        A charge of that id that is reserved or settled is given back as it is; a released one is reserved again."""

    def settle(self, id_: str, usage: Usage, at: datetime) -> Change[Charge]:
        """Settle a reserved charge at what the usage costs; raises `NotFound`. Settling again changes nothing."""

    def assume(self, id_: str, at: datetime) -> Change[Charge]:
        """Settle a reserved charge at all that was reserved; raises `NotFound`."""

    def release(self, id_: str, at: datetime) -> Change[Charge]:
        """Give back a reserved charge; raises `NotFound`. One that was settled stays settled."""

    async def of_intent(self, tenant: str, intent: str) -> Sequence[Charge]:
        """An intent's charges, oldest first."""

    async def spending(self, tenant: str, period: str) -> Spending | None:
        """What the tenant spent and reserved in that day or month; None when nothing."""

    async def reserved_before(self, moment: datetime, most: int) -> Sequence[Charge]:
        """Up to `most` charges that were reserved before that moment and neither settled nor released, oldest first."""


class Prices(Protocol):
    """A list of what models cost."""

    async def tariff(self, priced: Priced) -> Tariff | None:
        """The model's tariff; None when the list does not have it."""
