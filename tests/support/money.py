"""Ledgers with their acts, in memory and over each kind of store, for tests that must hold on all."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

from hulk.kernel.durable import Commit
from hulk.modules.finops import Budget, Finops, Planned, Priced, Scope, Tariff, Usage
from hulk.modules.finops.adapters.memory import MemoryBudgets, MemoryLedger, MemoryRates, PriceTable
from hulk.modules.finops.adapters.sql import SqlBudgets, SqlCosts, SqlLedger, SqlRates
from hulk.modules.finops.domain import Slot
from hulk.modules.finops.ports import Budgets, CostBook, Ledger, Rates
from hulk.modules.finops.usecases import acts
from hulk.runtime.store import Store, opened
from support.memory import Told, at_once
from support.postgres import Postgres
from support.stores import Kind, a_store, url_of

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
PAID = Priced(provider="acme", model="big", url="https://api.acme.example/v1")
TARIFF = Tariff(input=Decimal("2.5"), output=Decimal(10), currency="USD", version="test 1")
PRICES = PriceTable({("acme", "big"): TARIFF, ("acme", "small"): TARIFF})


@dataclass
class Time:
    """A clock that is set by hand."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now


class StoreTrail(Told):
    """A trail in a list, of what was committed."""

    def append(self, *events: Any) -> Callable[[Any], None]:
        """See `Trail`."""
        return lambda tx: tx.after(lambda: self.events.extend(events))


@dataclass
class Bench:
    """A ledger with budgets, rates, costs, and the acts on it; `elsewhere` is the same as another process has it."""

    ledger: Ledger
    budgets: Budgets
    rates: Rates
    book: CostBook
    commit: Commit
    trail: Told
    clock: Time = field(default_factory=Time)
    elsewhere: "Bench | None" = None

    def acts(self, currency: str = "USD", *, daily: Decimal | None = None, monthly: Decimal | None = None) -> Finops:
        """The acts, with that budget for each tenant."""
        budget = Budget(currency=currency, daily=daily, monthly=monthly)
        return acts(self.ledger, PRICES, budget, self.commit, self.clock, rates=self.rates)

    async def hold(self, name: str, scope: Scope, **given: Any) -> Budget:
        """Have a budget hold."""
        [(_, made)] = await self.commit(self.budgets.put(Budget(name=name, owner="t1", scope=scope, origin="api", **given), self.clock()))
        return cast("Budget", made)


@asynccontextmanager
async def a_bench(kind: str, folder: Path, postgres: Callable[[], Postgres]) -> AsyncIterator[Bench]:
    """One in memory, or over a new store of that kind."""
    if kind == "memory":
        told, budgets = Told(), MemoryBudgets()
        ledger = MemoryLedger(budgets, told)
        yield Bench(ledger, budgets, MemoryRates(), ledger, at_once, told)
        return
    async with a_store(cast("Kind", kind), folder, postgres) as store, opened(url_of(store), folder) as other:
        told, clock = StoreTrail(), Time()
        yield _over(store, told, clock, _over(other, told, clock))


def _over(store: Store, told: Told, clock: Time, elsewhere: Bench | None = None) -> Bench:
    return Bench(SqlLedger(store, told), SqlBudgets(store), SqlRates(store), SqlCosts(store), store.commit, told, clock, elsewhere)


def planned(key: str = "k1", priced: Priced = PAID, tenant: str = "t1", most: Usage | None = None, **named: Any) -> Planned:
    """A call of at most USD 0.0125."""
    most = most or Usage(input_tokens=1000, output_tokens=1000)
    return Planned(key=key, tenant=tenant, intent="int_1", subject="dec_1", priced=priced, most=most, **named)


def of_tenant(period: str, tenant: str = "t1") -> Slot:
    """Where all that a tenant spends is counted."""
    return Slot(budget=Budget(), values=(tenant, None, None, None, None), period=period, limit=None)


async def spent(finops: Finops, period: str = "2026-11-21", tenant: str = "t1") -> Decimal:
    """What a tenant has spent or reserved."""
    return (await finops.spending_of(tenant, period)).amount
