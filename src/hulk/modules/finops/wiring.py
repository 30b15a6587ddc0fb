"""Finops over the store, with the prices of genai-prices."""

from hulk.kernel.time import Clock, utc_now
from hulk.modules.finops.adapters.genai import GenaiPrices
from hulk.modules.finops.adapters.sql import SqlLedger
from hulk.modules.finops.domain import Budget, Tariff
from hulk.modules.finops.settings import FinopsSettings
from hulk.modules.finops.usecases import CostOfIntent, Finops, acts
from hulk.runtime.cache import Caches, Records
from hulk.runtime.store import Store


def cost_of(store: Store, settings: FinopsSettings) -> CostOfIntent:
    """Only what an intent has cost, for those who look."""
    return CostOfIntent(SqlLedger(store), Budget(currency=settings.currency))


def wired(store: Store, settings: FinopsSettings, caches: Caches, clock: Clock = utc_now) -> Finops:
    """The module's acts. It opens nothing of its own."""
    budget = Budget(currency=settings.currency, daily=settings.budget.daily, monthly=settings.budget.monthly)
    prices = GenaiPrices(caches.named("prices", Records(Tariff)))
    return acts(SqlLedger(store), prices, budget, store.commit, clock)
