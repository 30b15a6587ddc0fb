"""Finops over the store, with the prices of genai-prices."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeAlias

from hulk.kernel.events import Trail
from hulk.kernel.time import Clock, utc_now
from hulk.modules.finops.adapters.genai import GenaiPrices
from hulk.modules.finops.adapters.ptax import Ptax
from hulk.modules.finops.adapters.sql import SqlBudgets, SqlCosts, SqlLedger, SqlRates
from hulk.modules.finops.domain import Budget, Tariff
from hulk.modules.finops.settings import FinopsSettings
from hulk.modules.finops.usecases import CostOfIntent, Finops, SpendingOf, acts
from hulk.modules.finops.usecases.budgeting import BudgetActs, budget_acts
from hulk.modules.finops.usecases.exchanging import RateActs
from hulk.modules.finops.usecases.quoting import Exchange, Quote
from hulk.modules.finops.usecases.reporting import ReportCosts, ReportMonth
from hulk.modules.finops.usecases.verifying import VerifyCosts
from hulk.runtime.breaker import Breakers
from hulk.runtime.cache import Caches, Records
from hulk.runtime.store import Store

Monthly: TypeAlias = Callable[[str], Awaitable[tuple[bool, Decimal | None]]]
"""Whether a tenant has a monthly limit of its own, and which: None for no limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """What is done about money besides paying."""

    budgets: BudgetActs
    rates: RateActs
    costs: ReportCosts
    month: ReportMonth
    verify: VerifyCosts


def cost_of(store: Store, settings: FinopsSettings) -> CostOfIntent:
    """Only what an intent has cost, for those who look."""
    return CostOfIntent(SqlLedger(store), settings.currency)


def spending(store: Store, settings: FinopsSettings) -> SpendingOf:
    """Only what was spent, for those who look."""
    return SpendingOf(SqlLedger(store), settings.currency)


def quoting(settings: FinopsSettings, caches: Caches, clock: Clock = utc_now) -> Quote:
    """Only what models cost, for those who look."""
    return Quote(GenaiPrices(caches.named("prices", Records(Tariff))), settings.currency, clock, settings.own_prices())


def money(
    store: Store, settings: FinopsSettings, trail: Trail, breakers: Breakers | None = None, exchange: Exchange | None = None,
    clock: Clock = utc_now,
) -> Money:  # fmt: skip
    """The acts on budgets, rates and costs. Rates are fetched only where there are `breakers` and the settings say so."""
    source = Ptax(url=settings.ptax.url, breakers=breakers) if breakers is not None and settings.ptax.enabled else None
    costs = ReportCosts(book := SqlCosts(store), clock)
    return Money(
        budgets=budget_acts(SqlBudgets(store), trail, store.commit, clock), costs=costs, month=ReportMonth(costs),
        verify=VerifyCosts(book, store.commit),
        rates=RateActs(SqlRates(store), trail, store.commit, clock, exchange, source),
    )  # fmt: skip


async def followed(money: Money, settings: FinopsSettings) -> None:
    """Have the budgets and rates of the settings hold. Raises `Refused` for what makes no sense."""
    await money.budgets.follow(settings.scoped())
    await money.rates.follow(settings.known_rates())


def wired(
    store: Store, settings: FinopsSettings, caches: Caches, monthly: Monthly, clock: Clock = utc_now, trail: Trail | None = None
) -> Finops:
    """The acts of paying; a tenant's own `monthly` limit takes the place of the one in the settings. It opens nothing of its own."""
    budget = settings.whole()

    async def own(tenant: str) -> Budget:
        has, limit = await monthly(tenant)
        return replace(budget, monthly=limit) if has else budget

    prices = GenaiPrices(caches.named("prices", Records(Tariff)))
    return acts(
        SqlLedger(store, trail), prices, budget, store.commit, clock, own, rates=SqlRates(store),
        own=settings.own_prices(), rate_days=settings.rate_days,
    )  # fmt: skip
