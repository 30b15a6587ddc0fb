"""Reserving, settling and releasing what a model call costs."""

import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeAlias

from hulk.kernel import ids
from hulk.kernel.durable import Change, Commit
from hulk.kernel.errors import Exhausted, HulkError
from hulk.kernel.money import Money
from hulk.kernel.time import Clock
from hulk.kernel.together import together
from hulk.modules.finops.domain import Budget, Charge, Meter, Priced, Slot, Spending, Tariff, Usage, most
from hulk.modules.finops.domain.budgets import slots
from hulk.modules.finops.domain.charges import LASTS, converted, total
from hulk.modules.finops.domain.refusing import overruns, refusal
from hulk.modules.finops.ports import Ledger
from hulk.modules.finops.usecases.quoting import Exchange, Quote

BudgetOf: TypeAlias = Callable[[str], Awaitable[Budget]]
"""The budget of a tenant's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A model call that is about to be made, at the most tokens it may take. `key` is unique to the attempt, which is that decision's
    `attempt`-th. Who reserved it is taken to have died when it `lasts` longer."""

    key: str
    tenant: str
    intent: str
    subject: str
    priced: Priced
    most: Usage
    agent: str | None = None
    channel: str | None = None
    person: str | None = None
    decision: str | None = None
    attempt: int = 1
    lasts: timedelta = LASTS


@dataclass(frozen=True, slots=True)
class Reserve:
    """Set aside the most that a call may cost, on disk before it is made. Concurrent reserves never pass a budget together."""

    ledger: Ledger
    quote: Quote
    exchange: Exchange
    budget_of: BudgetOf
    commit: Commit
    clock: Clock
    meter: Meter = field(default_factory=Meter)

    async def __call__(self, planned: Planned) -> Charge:
        """The reserved charge, the same one for the same key; raises `Exhausted` (a budget) or `Refused` (the price, the rate)."""
        charge = await planned_charge(planned, self.quote, self.exchange, self.clock())
        [outcome] = await self.commit(self.ledger.reserve(charge, await self.budget_of(planned.tenant)))
        if isinstance(outcome, Exhausted):
            raise outcome
        if charge.tariff is not None and charge.tariff.hour:
            self.meter.begin(str(charge.provider), charge.id, time.monotonic_ns())
        return _charge(outcome)


@dataclass(frozen=True, slots=True)
class Afford:
    """Ask whether calls would be allowed now, without reserving anything: for choosing, not for spending."""

    ledger: Ledger
    quote: Quote
    exchange: Exchange
    budget_of: BudgetOf
    clock: Clock

    async def __call__(self, planned: Planned) -> Money:
        """The most that it may cost; raises what `Reserve` would."""
        [found] = await self.each([planned])
        if isinstance(found, HulkError):
            raise found
        return found

    async def each(self, planned: Sequence[Planned]) -> Sequence[Money | HulkError]:
        """Of each call of one tenant, as if it were the only one, the most that it may cost, or what reserving it would raise."""
        charges = [await self._charge(one) for one in planned]
        used = await self._used([one for one in charges if isinstance(one, Charge)])
        return [_afforded(one, next(used)) if isinstance(one, Charge) else one for one in charges]

    async def _charge(self, planned: Planned) -> Charge | HulkError:
        try:
            return await planned_charge(planned, self.quote, self.exchange, self.clock())
        except HulkError as error:
            return error

    async def _used(self, charges: Sequence[Charge]) -> Iterator[Sequence[tuple[Slot, Decimal]]]:
        """What is used of the limits that each charge is held to; of a budget that is younger than its period, what was counted so far."""
        if not charges:
            return iter(())
        own = await self.budget_of(charges[0].tenant)
        limited: list[Sequence[Slot]] = []

        def slots_of(holding: Sequence[Budget]) -> Sequence[Slot]:
            limited[:] = [[slot for slot in slots(charge, [own, *holding]) if slot.limit is not None] for charge in charges]
            return [slot for found in limited for slot in found]

        used = {slot.id: amount for slot, amount in await self.ledger.standing(slots_of)}
        return ([(slot, used[slot.id]) for slot in found] for found in limited)


def _afforded(charge: Charge, used: Sequence[tuple[Slot, Decimal]]) -> Money | Exhausted:
    over = overruns(used, charge.reserved)
    return refusal(over, charge.reserved, charge.at) if over else Money(charge.reserved, charge.currency)


@dataclass(frozen=True, slots=True)
class SpentShare:
    """How much of its own budget of this month a tenant has spent or reserved."""

    ledger: Ledger
    budget_of: BudgetOf
    clock: Clock

    async def __call__(self, tenant: str) -> Decimal | None:
        """0.8 is four fifths, and one of nothing is wholly spent; None without such a budget."""
        budget = await self.budget_of(tenant)
        if budget.monthly is None:
            return None
        slot = Slot(budget=budget, values=(tenant, None, None, None, None), period=f"{self.clock():%Y-%m}", limit=budget.monthly)
        spending = await self.ledger.spending(slot)
        return (spending.amount if spending else Decimal(0)) / budget.monthly if budget.monthly else Decimal(1)


@dataclass(frozen=True, slots=True)
class Settle:
    """Put the true cost in the place of the reserved one."""

    ledger: Ledger
    clock: Clock
    meter: Meter = field(default_factory=Meter)

    def __call__(self, charge: Charge, usage: Usage) -> Change[Charge]:
        """The change to commit, which gives the settled charge; it raises `NotFound` when there is no such charge."""
        return self.ledger.settle(charge.id, _with_seconds(charge, usage, self.meter, self.clock()), self.clock())


@dataclass(frozen=True, slots=True)
class Assume:
    """Count a call in full whose outcome is not known: it was sent, and no whole answer came back."""

    ledger: Ledger
    clock: Clock
    meter: Meter = field(default_factory=Meter)

    def __call__(self, charge: Charge) -> Change[Charge]:
        """The change to commit; it raises `NotFound`."""
        _ended(charge, self.meter)
        return self.ledger.assume(charge.id, self.clock())


@dataclass(frozen=True, slots=True)
class Release:
    """Give back what was reserved for a call that did not take place."""

    ledger: Ledger
    clock: Clock
    meter: Meter = field(default_factory=Meter)

    def __call__(self, charge: Charge) -> Change[Charge]:
        """The change to commit; it raises `NotFound`."""
        _ended(charge, self.meter)
        return self.ledger.release(charge.id, self.clock())


@dataclass(frozen=True, slots=True)
class CloseStale:
    """Count in full what was reserved by a process that died before it could settle it: it may have been spent. Whoever settles it after
    all, later, puts the true cost in its place."""

    ledger: Ledger
    commit: Commit
    clock: Clock

    async def __call__(self, most: int = 500) -> int:
        """How many were closed, the most overdue first; raises `Unavailable`."""
        now = self.clock()
        stale = await self.ledger.overdue(now, most)
        await together(self.commit(self.ledger.assume(charge.id, now)) for charge in stale)  # each alone, so that they are written as one
        return len(stale)


@dataclass(frozen=True, slots=True)
class RecordDecision:
    """Keep the cost row of a decision: it cost nothing, and it is there."""

    ledger: Ledger
    currency: str
    clock: Clock

    def __call__(self, *, decision: str, tenant: str, intent: str) -> Change[None]:
        """The change to commit together with the decision."""
        row = Charge(
            id=ids.derived("cst", decision), tenant=tenant, intent=intent, kind="decision", subject=decision, status="settled",
            reserved=Decimal(0), amount=Decimal(0), currency=self.currency, at=(now := self.clock()), ended=now, decision=decision,
        )  # fmt: skip
        return self.ledger.record(row)


@dataclass(frozen=True, slots=True)
class CostOfIntent:
    """What an intent has cost, with the rows it is the sum of."""

    ledger: Ledger
    currency: str

    async def __call__(self, tenant: str, intent: str) -> tuple[Money, Sequence[Charge]]:
        """The sum of settled amounts (nothing for an intent without rows; of rows in several currencies that of those in the
        installation's, see `total`) and all rows, oldest first."""
        rows = await self.ledger.of_intent(tenant, intent)
        return total(rows, self.currency), rows


@dataclass(frozen=True, slots=True)
class SpendingOf:
    """What a tenant has spent or reserved in a day (`2026-11-21`) or month (`2026-11`) of UTC."""

    ledger: Ledger
    currency: str

    async def __call__(self, tenant: str, period: str) -> Spending:
        """The spending, of nothing when there was none."""
        slot = Slot(budget=Budget(currency=self.currency), values=(tenant, None, None, None, None), period=period, limit=None)
        nothing = Spending(tenant=tenant, period=period, currency=self.currency, amount=Decimal(0))
        return await self.ledger.spending(slot) or nothing


async def planned_charge(planned: Planned, quote: Quote, exchange: Exchange, at: datetime) -> Charge:
    """The charge of a planned call, at the most it may cost; raises `Refused` for its price or rate."""
    tariff = await quote(planned.priced)
    rate = await exchange(tariff.currency)
    return Charge(
        id=ids.derived("cst", planned.key), tenant=planned.tenant, intent=planned.intent, kind="model", subject=planned.subject,
        status="reserved", reserved=converted(most(tariff, _lasting(planned, tariff)), rate), amount=Decimal(0),
        currency=exchange.currency, at=at, provider=planned.priced.provider, model=planned.priced.model, tariff=tariff, rate=rate,
        agent=planned.agent, channel=planned.channel, person=planned.person, decision=planned.decision, attempt=planned.attempt,
        deadline=at + planned.lasts,
    )  # fmt: skip


def _lasting(planned: Planned, tariff: Tariff) -> Usage:
    """The most it may take: where an hour has a price and nobody says how long, as long as it may last."""
    if not tariff.hour or planned.most.seconds:
        return planned.most
    return replace(planned.most, seconds=Decimal(planned.lasts // timedelta(milliseconds=1)).scaleb(-3))


def _with_seconds(charge: Charge, usage: Usage, meter: Meter, now: datetime) -> Usage:
    """With the call's own share of the machine, if that has a price and nobody says it."""
    shared = _ended(charge, meter)
    if charge.tariff is None or not charge.tariff.hour or usage.seconds:
        return usage
    if shared is None:  # begun in another process
        shared = Decimal(max(now - charge.at, timedelta(0)) // timedelta(milliseconds=1)).scaleb(-3)
    return replace(usage, seconds=shared)


def _ended(charge: Charge, meter: Meter) -> Decimal | None:
    if charge.tariff is None or not charge.tariff.hour:
        return None
    return meter.end(str(charge.provider), charge.id, time.monotonic_ns())


def _charge(outcome: object) -> Charge:
    if not isinstance(outcome, Charge):
        raise TypeError(f"a ledger gave {type(outcome).__name__} for a reservation")
    return outcome
