"""What work costs: exact amounts, what they were computed from, and how much of it a tenant may spend. Pure rules.

A model call is reserved at the most it can cost, then settled at what it did cost, or released when it did not take
place. Days and months are those of UTC, and a charge belongs to the day on which it was reserved.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal, TypeAlias

from hulk.kernel.errors import Exhausted, Refused
from hulk.kernel.money import Money

Status: TypeAlias = Literal["reserved", "settled", "released"]

_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens that went in and came out."""

    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """What a million tokens cost. `version` names the list it was taken from, and is kept with every charge."""

    input: Decimal
    output: Decimal
    currency: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPrice:
    """What the operator says a million tokens of a model cost, in the currency of `finops.currency`."""

    input: Decimal
    output: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """A model to be paid for: `provider` as the operator named it, `model` as the provider calls it."""

    provider: str
    model: str
    url: str
    local: bool = False
    own: OwnPrice | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The most a tenant may spend in a day and in a month, in `currency`; None is no limit."""

    currency: str = "USD"
    daily: Decimal | None = None
    monthly: Decimal | None = None


BudgetOf: TypeAlias = Callable[[str], Awaitable[Budget]]
"""The budget of a tenant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """One row of cost: of a decision (always settled at nothing) or of one attempt to call a model.

    `reserved` is the most it could cost, `amount` what it did cost (nothing until it is settled)."""

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
    usage: Usage = Usage()
    ended: datetime | None = None

    @property
    def held(self) -> Decimal:
        """What it takes out of the budget now."""
        return self.reserved if self.status == "reserved" else self.amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What a tenant has spent and reserved in a day or month (`2026-11-21`, `2026-11`)."""

    tenant: str
    period: str
    currency: str
    amount: Decimal


def price(tariff: Tariff, usage: Usage) -> Decimal:
    """The exact cost of `usage`: tokens times price per million, never rounded."""
    return (usage.input_tokens * tariff.input + usage.output_tokens * tariff.output) / _MILLION


def free(currency: str, version: str) -> Tariff:
    """A tariff of nothing."""
    return Tariff(input=Decimal(0), output=Decimal(0), currency=currency, version=version)


def periods(at: datetime) -> tuple[str, str]:
    """The day and the month that a moment in UTC belongs to."""
    return at.strftime("%Y-%m-%d"), at.strftime("%Y-%m")


def limits(budget: Budget, at: datetime) -> tuple[tuple[str, Decimal | None], ...]:
    """Each period that a charge of that moment counts in, with its limit."""
    day, month = periods(at)
    return ((day, budget.daily), (month, budget.monthly))


def allowed(spent: Decimal, more: Decimal, limit: Decimal | None) -> bool:
    """Whether `more` still fits under the limit."""
    return limit is None or spent + more <= limit


def overrun(period: str, spent: Decimal, more: Decimal, limit: Decimal, currency: str, at: datetime) -> Exhausted:
    """The error that says which budget is used up, and when it is free again."""
    values = {name: str(Money(amount, currency)) for name, amount in (("limit", limit), ("spent", spent), ("more", more))}
    if len(period) == len("2026-11-21"):
        return Exhausted(
            "The daily budget of {limit} does not allow this call: {spent} is spent or reserved on {period}, and it may cost {more}."
            " Ask again tomorrow (UTC), or raise finops.budget.daily.",
            retry_after=_until_tomorrow(at),
            period=period,
            **values,
        )
    return Exhausted(
        "The monthly budget of {limit} does not allow this call: {spent} is spent or reserved in {period}, and it may cost {more}."
        " Ask again next month (UTC), or raise finops.budget.monthly, or the tenant's quota monthly_spend.",
        retry_after=_until_next_month(at),
        period=period,
        **values,
    )


def settled(charge: Charge, usage: Usage, at: datetime) -> Charge:
    """The charge at what the usage did cost. One that was settled or released before stays as it is."""
    if charge.status != "reserved" or charge.tariff is None:
        return charge
    return replace(charge, status="settled", usage=usage, amount=price(charge.tariff, usage), ended=at)


def assumed(charge: Charge, at: datetime) -> Charge:
    """The charge settled at all that was reserved: it is not known whether the provider did the work, so it counts in full."""
    return replace(charge, status="settled", amount=charge.reserved, ended=at) if charge.status == "reserved" else charge


def released(charge: Charge, at: datetime) -> Charge:
    """The charge without cost: the call did not take place."""
    return replace(charge, status="released", amount=Decimal(0), ended=at) if charge.status == "reserved" else charge


def same_currency(tariff: Tariff, budget: Budget, priced: Priced) -> Tariff:
    """`tariff` if it is in the budget's currency; raises `Refused` naming the settings that mend it."""
    if tariff.currency == budget.currency:
        return tariff
    raise Refused(
        "The price of {provider}/{model} is known in {currency} only, and budgets are in {budget}: set the model's price in {budget}"
        " (models.providers, key price), or set finops.currency to {currency}.",
        provider=priced.provider,
        model=priced.model,
        currency=tariff.currency,
        budget=budget.currency,
    )


def unpriced(priced: Priced) -> Refused:
    """The error for a model whose price nobody knows."""
    return Refused(
        "Nobody knows what {provider}/{model} costs, so it is not called: set its price per million tokens"
        " (models.providers, key price), or mark it local: true if it costs nothing.",
        provider=priced.provider,
        model=priced.model,
    )


def _until_tomorrow(at: datetime) -> float:
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return (midnight - at).total_seconds()


def _until_next_month(at: datetime) -> float:
    first = (at.replace(day=1) + timedelta(days=32)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first - at).total_seconds()
