"""Reserving, settling and releasing what a model call costs, and asking what was spent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from hulk.kernel import ids
from hulk.kernel.durable import Change, Commit
from hulk.kernel.errors import Exhausted
from hulk.kernel.money import Money
from hulk.kernel.time import Clock
from hulk.modules.finops.domain import (
    Budget,
    BudgetOf,
    Charge,
    OwnPrice,
    Priced,
    Spending,
    Tariff,
    Usage,
    allowed,
    free,
    limits,
    overrun,
    price,
    same_currency,
    unpriced,
)
from hulk.modules.finops.ports import Ledger, Prices


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A model call that is about to be made, at the most tokens it may take. `key` is unique to the attempt."""

    key: str
    tenant: str
    intent: str
    subject: str
    priced: Priced
    most: Usage


@dataclass(frozen=True, slots=True)
class Quote:
    """What a model's tokens cost, in the budget's currency: the operator's own price, else nothing when local, else the list's."""

    prices: Prices
    budget: Budget

    async def __call__(self, priced: Priced) -> Tariff:
        """The tariff; raises `Refused` when the price is unknown or in another currency."""
        if priced.own is not None:
            return _own(priced.own, self.budget.currency)
        if priced.local:
            return free(self.budget.currency, "local")
        tariff = await self.prices.tariff(priced)
        if tariff is None:
            raise unpriced(priced)
        return same_currency(tariff, self.budget, priced)


def _own(own: OwnPrice, currency: str) -> Tariff:
    return Tariff(input=own.input, output=own.output, currency=currency, version="settings")


@dataclass(frozen=True, slots=True)
class Reserve:
    """Set aside the most that a call may cost, on disk before it is made. Concurrent reserves never pass the budget together."""

    ledger: Ledger
    quote: Quote
    budget_of: BudgetOf
    commit: Commit
    clock: Clock

    async def __call__(self, planned: Planned) -> Charge:
        """The reserved charge, the same one for the same key; raises `Exhausted` (the budget) or `Refused` (the price)."""
        charge = reserved(planned, await self.quote(planned.priced), self.clock())
        [outcome] = await self.commit(self.ledger.reserve(charge, await self.budget_of(planned.tenant)))
        if isinstance(outcome, Exhausted):
            raise outcome
        return _charge(outcome)


@dataclass(frozen=True, slots=True)
class Afford:
    """Ask whether a call would be allowed now, without reserving anything: for choosing, not for spending."""

    ledger: Ledger
    quote: Quote
    budget_of: BudgetOf
    clock: Clock

    async def __call__(self, planned: Planned) -> None:
        """Nothing when it would; raises what `Reserve` would."""
        now, tariff = self.clock(), await self.quote(planned.priced)
        more = price(tariff, planned.most)
        for period, limit in limits(await self.budget_of(planned.tenant), now):
            spending = await self.ledger.spending(planned.tenant, period)
            spent = spending.amount if spending else Decimal(0)
            if limit is not None and not allowed(spent, more, limit):
                raise overrun(period, spent, more, limit, tariff.currency, now)


@dataclass(frozen=True, slots=True)
class Settle:
    """Put the true cost in the place of the reserved one."""

    ledger: Ledger
    clock: Clock

    def __call__(self, charge: Charge, usage: Usage) -> Change[Charge]:
        """The change to commit, which gives the settled charge; it raises `NotFound` when there is no such charge."""
        return self.ledger.settle(charge.id, usage, self.clock())


@dataclass(frozen=True, slots=True)
class Assume:
    """Count a call in full whose outcome is not known: it was sent, and no whole answer came back."""

    ledger: Ledger
    clock: Clock

    def __call__(self, charge: Charge) -> Change[Charge]:
        """The change to commit; it raises `NotFound`."""
        return self.ledger.assume(charge.id, self.clock())


@dataclass(frozen=True, slots=True)
class Release:
    """Give back what was reserved for a call that did not take place."""

    ledger: Ledger
    clock: Clock

    def __call__(self, charge: Charge) -> Change[Charge]:
        """The change to commit; it raises `NotFound`."""
        return self.ledger.release(charge.id, self.clock())


@dataclass(frozen=True, slots=True)
class CloseStale:
    """Settle in full what was reserved by a process that died before it could: it may have been spent."""

    ledger: Ledger
    commit: Commit
    clock: Clock
    age: timedelta = timedelta(hours=1)

    async def __call__(self, most: int = 100) -> int:
        """How many were closed."""
        now = self.clock()
        stale = await self.ledger.reserved_before(now - self.age, most)
        await self.commit(*(self.ledger.assume(charge.id, now) for charge in stale))
        return len(stale)


@dataclass(frozen=True, slots=True)
class RecordDecision:
    """Keep the cost row of a decision: it cost nothing, and it is there."""

    ledger: Ledger
    budget: Budget
    clock: Clock

    def __call__(self, *, decision: str, tenant: str, intent: str) -> Change[None]:
        """The change to commit together with the decision."""
        row = Charge(
            id=ids.derived("cst", decision),
            tenant=tenant,
            intent=intent,
            kind="decision",
            subject=decision,
            status="settled",
            reserved=Decimal(0),
            amount=Decimal(0),
            currency=self.budget.currency,
            at=(now := self.clock()),
            ended=now,
        )
        return self.ledger.record(row)


@dataclass(frozen=True, slots=True)
class CostOfIntent:
    """What an intent has cost, with the rows it is the sum of."""

    ledger: Ledger
    budget: Budget

    async def __call__(self, tenant: str, intent: str) -> tuple[Money, Sequence[Charge]]:
        """The sum of settled amounts (nothing for an intent without rows) and all rows, oldest first."""
        rows = await self.ledger.of_intent(tenant, intent)
        currency = rows[0].currency if rows else self.budget.currency
        total = Money.zero(currency)
        for row in rows:
            total += Money(row.amount, row.currency)
        return total, rows


@dataclass(frozen=True, slots=True)
class SpendingOf:
    """What a tenant has spent or reserved in a day (`2026-11-21`) or month (`2026-11`) of UTC."""

    ledger: Ledger
    budget: Budget

    async def __call__(self, tenant: str, period: str) -> Spending:
        """The spending, of nothing when there was none."""
        nothing = Spending(tenant=tenant, period=period, currency=self.budget.currency, amount=Decimal(0))
        return await self.ledger.spending(tenant, period) or nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Finops:
    """All the acts of this module, made once by its wiring."""

    afford: Afford
    reserve: Reserve
    settle: Settle
    assume: Assume
    release: Release
    close_stale: CloseStale
    record_decision: RecordDecision
    cost_of_intent: CostOfIntent
    spending_of: SpendingOf


def acts(ledger: Ledger, prices: Prices, budget: Budget, commit: Commit, clock: Clock, budget_of: BudgetOf | None = None) -> Finops:
    """The acts over that ledger and price list; `budget_of` tells the budgets of tenants, when they are not all the same."""
    quote, budgets = Quote(prices, budget), budget_of or _same_for_all(budget)
    return Finops(
        afford=Afford(ledger, quote, budgets, clock),
        reserve=Reserve(ledger, quote, budgets, commit, clock),
        settle=Settle(ledger, clock),
        assume=Assume(ledger, clock),
        release=Release(ledger, clock),
        close_stale=CloseStale(ledger, commit, clock),
        record_decision=RecordDecision(ledger, budget, clock),
        cost_of_intent=CostOfIntent(ledger, budget),
        spending_of=SpendingOf(ledger, budget),
    )


def _same_for_all(budget: Budget) -> BudgetOf:
    async def of(_: str) -> Budget:
        return budget

    return of


def reserved(planned: Planned, tariff: Tariff, at: datetime) -> Charge:
    """The charge of a planned call, at the most it may cost."""
    return Charge(
        id=ids.derived("cst", planned.key),
        tenant=planned.tenant,
        intent=planned.intent,
        kind="model",
        subject=planned.subject,
        status="reserved",
        reserved=price(tariff, planned.most),
        amount=Decimal(0),
        currency=tariff.currency,
        at=at,
        provider=planned.priced.provider,
        model=planned.priced.model,
        tariff=tariff,
    )


def _charge(outcome: object) -> Charge:
    if not isinstance(outcome, Charge):
        raise TypeError(f"a ledger gave {type(outcome).__name__} for a reservation")
    return outcome
