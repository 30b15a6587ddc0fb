"""What is done about money: paying for calls, keeping budgets and rates, telling what was spent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hulk.kernel.durable import Commit
from hulk.kernel.time import Clock
from hulk.modules.finops.domain import Budget, Meter, OwnPrice
from hulk.modules.finops.ports import Ledger, Prices, Rates
from hulk.modules.finops.usecases.paying import (
    Afford,
    Assume,
    BudgetOf,
    CloseStale,
    CostOfIntent,
    Planned,
    RecordDecision,
    Release,
    Reserve,
    Settle,
    SpendingOf,
    SpentShare,
)
from hulk.modules.finops.usecases.quoting import RATE_DAYS, Exchange, Quote
from hulk.modules.finops.usecases.reporting import Report

__all__ = ["BudgetOf", "CostOfIntent", "Finops", "Planned", "Report", "SpendingOf", "acts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finops:
    """All the acts of paying, made once by the wiring."""

    afford: Afford
    reserve: Reserve
    settle: Settle
    assume: Assume
    release: Release
    close_stale: CloseStale
    record_decision: RecordDecision
    cost_of_intent: CostOfIntent
    spending_of: SpendingOf
    spent_share: SpentShare
    exchange: Exchange
    quote: Quote


def acts(
    ledger: Ledger, prices: Prices, budget: Budget, commit: Commit, clock: Clock, budget_of: BudgetOf | None = None, *,
    rates: Rates | None = None, own: Mapping[str, Sequence[OwnPrice]] | None = None,
    rate_days: int = RATE_DAYS,
) -> Finops:  # fmt: skip
    """The acts over that ledger and price list; `budget_of` tells the budgets of tenants, when they are not all the same; `own` are
    the operator's prices."""
    currency, of, meter = budget.currency, budget_of or _same_for_all(budget), Meter()
    quote, exchange = Quote(prices, currency, clock, own or {}), Exchange(rates, currency, clock, rate_days)
    return Finops(
        afford=Afford(ledger, quote, exchange, of, clock),
        reserve=Reserve(ledger, quote, exchange, of, commit, clock, meter),
        settle=Settle(ledger, clock, meter),
        assume=Assume(ledger, clock, meter),
        release=Release(ledger, clock, meter),
        close_stale=CloseStale(ledger, commit, clock),
        record_decision=RecordDecision(ledger, currency, clock),
        cost_of_intent=CostOfIntent(ledger, currency),
        spending_of=SpendingOf(ledger, currency),
        spent_share=SpentShare(ledger, of, clock),
        exchange=exchange,
        quote=quote,
    )


def _same_for_all(budget: Budget) -> BudgetOf:
    async def of(_: str) -> Budget:
        return budget

    return of
