"""What is told of a budget before it is used up: the thresholds it has passed, and the day on which it will be gone. Pure rules."""

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hulk.kernel.events import Event
from hulk.kernel.records import JsonObject
from hulk.modules.finops.domain.budgets import DIMENSIONS, Budget, Count, Slot

SOONEST = timedelta(days=2)
"""How much of a month must be over before its end is foretold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What is used of a budget in a day or month. `foretold` says whether its end has been foretold."""

    id: str
    budget: Budget
    values: tuple[str | None, ...]
    period: str
    limit: Decimal
    reserved: Decimal
    spent: Decimal
    foretold: bool = False

    @property
    def slot(self) -> Slot:
        """Where that is counted."""
        return Slot(budget=self.budget, values=self.values, period=self.period, limit=self.limit)

    @property
    def left(self) -> Decimal:
        """What may still be reserved."""
        return max(Decimal(0), self.limit - self.reserved - self.spent)

    @property
    def ratio(self) -> float:
        """How much of it is spent, 0 to 1 and beyond; a budget of nothing is used up."""
        return float(self.spent / self.limit) if self.limit else 1.0


def gone(used: Used, now: datetime) -> date | None:
    """The day on which the budget of a month is gone if it goes on as it has since the month began; None when it lasts to the end of
    the month, when that is not the present one, or when too little of it is over to say."""
    year, month = int(used.period[:4]), int(used.period[5:7])
    begun = datetime(year, month, 1, tzinfo=UTC)
    end = begun + timedelta(days=calendar.monthrange(year, month)[1])
    if not begun + SOONEST <= now < end or used.spent <= 0:
        return None
    share = used.limit / used.spent
    if share >= (end - begun) / (now - begun):  # before it is multiplied: a moment ages away cannot be written
        return None
    moment = begun + (now - begun) * float(share)
    return moment.date() if moment < end else None


def threshold_event(slot: Slot, count: Count, percent: int) -> Event:
    """What is told when a budget has passed a threshold."""
    return _event("hulk.budget.threshold.v1", slot, {"percent": percent, "spent": f"{count.spent:f}", "reserved": f"{count.reserved:f}"})


def forecast_event(used: Used, day: date) -> Event:
    """What is told when a month's budget will not last."""
    return _event("hulk.budget.forecast.v1", used.slot, {"gone": day.isoformat(), "spent": f"{used.spent:f}"})


def _event(kind: str, slot: Slot, data: JsonObject) -> Event:
    """An event of the tenant whose money it is, else of who made the budget."""
    scope = {name: value for name, value in zip(DIMENSIONS, slot.values, strict=True) if value is not None}
    budget = slot.budget
    whole = {"period": slot.period, "limit": f"{slot.limit:f}", "currency": budget.currency, "scope": scope, "version": budget.version}
    tenant = scope.get("tenant") or budget.owner
    return Event(type=kind, subject=budget.name or "tenant", tenant=tenant, actor="hulk", data={**whole, **data})
