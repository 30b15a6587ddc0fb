"""A row of cost and what becomes of it. A charge belongs to the day (of UTC) on which it was reserved. Pure rules."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal, TypeAlias

from hulk.kernel.money import Money
from hulk.modules.finops.domain.exchange import Rate
from hulk.modules.finops.domain.pricing import Tariff, Usage, price

Status: TypeAlias = Literal["reserved", "settled", "assumed", "released"]
"""`assumed`: what it did cost is not known, so it counts in full until somebody knows better."""

LASTS = timedelta(hours=1)
"""How long a call may take, if nobody says otherwise; who reserved it is then taken to have died."""


NOTHING = Usage()


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """One row of cost: of a decision (always settled at nothing) or of one attempt to call a model.

    `reserved` is the most it could cost, `amount` what it did cost (nothing until it is settled), both in `currency`, that of the
    budgets. Where the price is in another, `original` is the amount in the tariff's currency and `rate` what it was converted by."""

    id: str
    tenant: str
    intent: str
    kind: Literal["decision", "model"]
    subject: str
    status: Status
    reserved: Decimal
    amount: Decimal
    currency: str
    at: datetime
    provider: str | None = None
    model: str | None = None
    tariff: Tariff | None = None
    usage: Usage = NOTHING
    ended: datetime | None = None
    agent: str | None = None
    channel: str | None = None
    person: str | None = None
    decision: str | None = None
    attempt: int = 1
    deadline: datetime | None = None
    original: Decimal = Decimal(0)
    rate: Rate | None = None

    @property
    def held(self) -> Decimal:
        """What it takes out of the budget now."""
        return self.reserved if self.status == "reserved" else self.amount

    @property
    def day(self) -> str:
        """The day (UTC) whose budget it counts in."""
        return periods(self.at)[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What a tenant has spent and reserved in a day or month (`2026-11-21`, `2026-11`)."""

    tenant: str
    period: str
    currency: str
    amount: Decimal


def periods(at: datetime) -> tuple[str, str]:
    """The day and the month that a moment in UTC belongs to."""
    day = at.strftime("%Y-%m-%d")
    return day, day[:7]


def converted(amount: Decimal, rate: Rate | None) -> Decimal:
    """An amount of the tariff's currency in that of the budgets, exact."""
    return amount if rate is None else amount * rate.value


def total(charges: Sequence[Charge], currency: str) -> Money:
    """What they did cost, in the currency that all have; where they have several, what those of `currency` did, since no rate of now
    says what the others were worth then. Rows that cost nothing have no say in it."""
    paid = [one for one in charges if one.amount]
    found = {one.currency for one in paid}
    wanted = found.pop() if len(found) == 1 else currency
    return Money(sum((one.amount for one in paid if one.currency == wanted), Decimal(0)), wanted)


def settled(charge: Charge, usage: Usage, at: datetime) -> Charge:
    """The charge at what the usage did cost, also when that had only been assumed. Of one that was settled or released nothing changes."""
    if charge.status not in ("reserved", "assumed") or charge.tariff is None:
        return charge
    paid = price(charge.tariff, usage)
    return replace(charge, status="settled", usage=usage, original=paid, amount=converted(paid, charge.rate), ended=at)


def assumed(charge: Charge, at: datetime) -> Charge:
    """The charge at all that was reserved: it is not known whether the provider did the work, so it counts in full."""
    if charge.status != "reserved":
        return charge
    return replace(charge, status="assumed", amount=charge.reserved, ended=at)


def released(charge: Charge, at: datetime) -> Charge:
    """The charge without cost: the call did not take place."""
    if charge.status != "reserved":
        return charge
    return replace(charge, status="released", amount=Decimal(0), original=Decimal(0), ended=at)
