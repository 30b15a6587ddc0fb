"""Finops over the store, with the prices of genai-prices."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from typing import TypeAlias

from hulk.kernel.time import Clock, utc_now
from hulk.modules.finops.adapters.genai import GenaiPrices
from hulk.modules.finops.adapters.sql import SqlLedger
from hulk.modules.finops.domain import Budget, Tariff
from hulk.modules.finops.settings import FinopsSettings
from hulk.modules.finops.usecases import CostOfIntent, Finops, SpendingOf, acts
from hulk.runtime.cache import Caches, Records
from hulk.runtime.store import Store


def cost_of(store: Store, settings: FinopsSettings) -> CostOfIntent:
    """Only what an intent has cost, for those who look."""
    return CostOfIntent(SqlLedger(store), settings.currency)


def spending(store: Store, settings: FinopsSettings) -> SpendingOf:
    """Only what was spent, for those who look."""
    return SpendingOf(SqlLedger(store), settings.currency)


Monthly: TypeAlias = Callable[[str], Awaitable[tuple[bool, Decimal | None]]]
"""Whether a tenant has a monthly limit of its own, and which: None for no limit."""


def budget_of(settings: FinopsSettings) -> Budget:
    """The budget that the settings give each tenant."""
    return Budget(currency=settings.currency, daily=settings.budget.daily, monthly=settings.budget.monthly)


def wired(store: Store, settings: FinopsSettings, caches: Caches, monthly: Monthly, clock: Clock = utc_now) -> Finops:
    """The module's acts; a tenant's own `monthly` limit takes the place of the one in the settings. It opens nothing of its own."""
    budget = budget_of(settings)

    async def own(tenant: str) -> Budget:
        has, limit = await monthly(tenant)
        return replace(budget, monthly=limit) if has else budget

    prices = GenaiPrices(caches.named("prices", Records(Tariff)))
    return acts(SqlLedger(store), prices, budget, store.commit, clock, own)
