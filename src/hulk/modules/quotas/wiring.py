"""Quotas over the store."""

from hulk.kernel.events import Trail
from hulk.kernel.time import Clock, utc_now
from hulk.modules.quotas.adapters.sql import SqlQuotas
from hulk.modules.quotas.domain import Limits
from hulk.modules.quotas.ports import Known, Quotas, Spent, UnderWay
from hulk.modules.quotas.settings import QuotaSettings
from hulk.modules.quotas.usecases import QuotaActs, acts
from hulk.runtime.store import Store


def quotas_of(store: Store, settings: QuotaSettings, under_way: UnderWay, clock: Clock = utc_now) -> Quotas:
    """What tenants may do and keep; the settings hold for those that have no quota of their own."""
    defaults = Limits(
        intents_per_minute=settings.intents_per_minute, open_tickets=settings.open_tickets, concurrent_runs=settings.concurrent_runs,
        storage=settings.storage,
    )  # fmt: skip
    return SqlQuotas(store, defaults, under_way, clock)


def wired(quotas: Quotas, spent: Spent, known: Known, trail: Trail, store: Store, clock: Clock = utc_now) -> QuotaActs:
    """The module's acts."""
    return acts(quotas, spent, known, trail, store.commit, clock)
