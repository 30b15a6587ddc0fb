"""What may be spent: section `finops`."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, Field

from hulk.kernel.text import Text
from hulk.modules.finops.domain import Budget, OwnPrice, Rate, Scope
from hulk.runtime.config import Section
from hulk.runtime.validation import Explained

_NAME = r"^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$"
_CODE = r"^[A-Z]{3}$"
_WHOSE = "only; `*` is each by itself."


class BudgetSettings(Section):
    """The most each tenant may spend."""

    daily: Decimal | None = Field(
        default=None, ge=0, description="Most that a tenant may spend in a day (UTC), in `finops.currency`; empty is no limit."
    )
    monthly: Decimal | None = Field(default=None, ge=0, description="Most that a tenant may spend in a month (UTC); empty is no limit.")


class ScopedBudgetSettings(Section):
    """A budget of calls that have something in common. What is not named may be any."""

    name: str = Field(pattern=_NAME, description="A name of your own for it.")
    tenant: str | None = Field(default=None, min_length=1, max_length=63, description=f"Of this tenant {_WHOSE}")
    agent: str | None = Field(default=None, min_length=1, max_length=256, description=f"Of this agent {_WHOSE}")
    channel: str | None = Field(default=None, min_length=1, max_length=256, description=f"From this channel {_WHOSE}")
    person: str | None = Field(default=None, min_length=1, max_length=256, description=f"Of this person {_WHOSE}")
    model: str | None = Field(
        default=None,
        min_length=1,
        max_length=256,
        description="Of this model only: its name in `models.providers`, or name/model; `*` is each.",
    )
    daily: Decimal | None = Field(default=None, ge=0, description="Most in a day (UTC), in `finops.currency`.")
    monthly: Decimal | None = Field(default=None, ge=0, description="Most in a month (UTC).")


class OwnPriceSettings(Section):
    """What a model costs, in `finops.currency`."""

    model: str = Field(min_length=1, max_length=400, description="Its name in `models.providers`, or name/model.")
    input: Decimal = Field(default=Decimal(0), ge=0, description="Price of a million tokens sent.")
    output: Decimal = Field(default=Decimal(0), ge=0, description="Price of a million tokens received.")
    cached_read: Decimal | None = Field(default=None, ge=0, description="Of those read from the provider's cache; empty is as sent.")
    cached_write: Decimal | None = Field(default=None, ge=0, description="Of those written to the provider's cache; empty is as sent.")
    reasoning: Decimal | None = Field(default=None, ge=0, description="Of those thought before answering; empty is as received.")
    request: Decimal = Field(default=Decimal(0), ge=0, description="Price of a call.")
    hour: Decimal = Field(
        default=Decimal(0), ge=0, description="Price of an hour of a machine of your own; calls beside each other share it."
    )
    since: date | None = Field(default=None, description="The first day (UTC) on which it holds.")
    until: date | None = Field(default=None, description="The last day on which it holds: after it, the model is not called.")


class RateSettings(Section):
    """What one of a currency costs in another."""

    base: str = Field(default="USD", pattern=_CODE, description="The currency of prices.")
    quote: str = Field(default="BRL", pattern=_CODE, description="The currency of budgets.")
    value: Decimal = Field(gt=0, description="What one of `base` costs in `quote`.")
    day: date = Field(description="The day it is of.")


class PtaxSettings(Section):
    """Fetching the rate from dollars to reais from Brazil's central bank."""

    enabled: bool = Field(default=False, description="Whether it is fetched, every six hours. Nothing is, unless you say so.")
    url: str = Field(
        default="https://olinda.bcb.gov.br/olinda/servico/PTAX/versao/v1/odata", pattern=r"^https?://", description="Where from."
    )


def _named_once(budgets: Sequence[ScopedBudgetSettings]) -> Sequence[ScopedBudgetSettings]:
    names = [one.name for one in budgets]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise Explained(Text("each budget needs a name of its own; {name} is used twice", name=twice))
    return budgets


class FinopsSettings(Section):
    """What work may cost."""

    currency: str = Field(default="USD", pattern=_CODE, description="Currency of budgets and costs, as an ISO 4217 code.")
    budget: BudgetSettings = Field(default_factory=BudgetSettings)
    budgets: Annotated[tuple[ScopedBudgetSettings, ...], AfterValidator(_named_once)] = Field(
        default=(), description="Budgets besides, of tenants, agents, channels, people and models; a call must fit all that it is in."
    )
    prices: tuple[OwnPriceSettings, ...] = Field(default=(), description="Prices that go before those of the built-in list.")
    rates: tuple[RateSettings, ...] = Field(default=(), description="Rates from the currency of prices to that of budgets.")
    rate_days: int = Field(default=7, ge=1, le=366, description="How many days old a rate may be; with an older one nothing is called.")
    ptax: PtaxSettings = Field(default_factory=PtaxSettings)

    def whole(self) -> Budget:
        """What each tenant may spend."""
        return Budget(currency=self.currency, daily=self.budget.daily, monthly=self.budget.monthly)

    def scoped(self) -> list[Budget]:
        """The budgets besides."""
        return [
            Budget(
                name=one.name, currency=self.currency, daily=one.daily, monthly=one.monthly,
                scope=Scope(tenant=one.tenant, agent=one.agent, channel=one.channel, person=one.person, model=one.model),
            )
            for one in self.budgets
        ]  # fmt: skip

    def own_prices(self) -> dict[str, list[OwnPrice]]:
        """The prices by model."""
        found: dict[str, list[OwnPrice]] = {}
        for one in self.prices:
            found.setdefault(one.model, []).append(OwnPrice(**one.model_dump(exclude={"model"})))
        return found

    def known_rates(self) -> list[Rate]:
        """The rates."""
        return [Rate(**one.model_dump(), source="settings") for one in self.rates]
