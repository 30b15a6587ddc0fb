"""Why a call is not made: which budget is used up, how much of it is left, and when it is free again. Pure rules."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from hulk.kernel.errors import Exhausted
from hulk.kernel.money import Money
from hulk.modules.finops.domain.budgets import Slot, allowed


def overruns(found: Sequence[tuple[Slot, Decimal]], more: Decimal) -> list[tuple[Slot, Decimal]]:
    """Those slots, each with what is used of it, in which `more` does not fit."""
    return [(slot, used) for slot, used in found if not allowed(used, more, slot.limit)]


def refusal(over: Sequence[tuple[Slot, Decimal]], more: Decimal, at: datetime) -> Exhausted:
    """The error that says which budget is used up, how much is left, and when it is free again; of several, the one that is last."""
    slot, used = max(over, key=lambda one: until_free(one[0].period, at))
    limit = slot.limit or Decimal(0)
    money = {name: str(Money(amount, slot.budget.currency)) for name, amount in (("limit", limit), ("spent", used), ("more", more))}
    values: dict[str, Any] = {**money, "left": str(Money(max(limit - used, Decimal(0)), slot.budget.currency)), "period": slot.period}
    wait = until_free(slot.period, at)
    if slot.budget.total:
        return _total_refusal(slot, values, wait)
    values |= {"name": slot.budget.name, "scope": str(slot.scope)}
    if is_day(slot.period):
        return Exhausted(
            "The budget “{name}” ({scope}) does not allow this call: of {limit} a day, {left} is left on {period}, and it may cost {more}."
            " Ask again tomorrow (UTC), or have an admin raise the budget.",
            retry_after=wait, **values,
        )  # fmt: skip
    return Exhausted(
        "The budget “{name}” ({scope}) does not allow this call: of {limit} a month, {left} is left in {period}, and it may cost {more}."
        " Ask again next month (UTC), or have an admin raise the budget.",
        retry_after=wait, **values,
    )  # fmt: skip


def _total_refusal(slot: Slot, values: dict[str, Any], wait: float) -> Exhausted:
    if is_day(slot.period):
        return Exhausted(
            "The daily budget of {limit} does not allow this call: {spent} is spent or reserved on {period}, {left} is left, and it may"
            " cost {more}. Ask again tomorrow (UTC), or raise finops.budget.daily.",
            retry_after=wait, **values,
        )  # fmt: skip
    return Exhausted(
        "The monthly budget of {limit} does not allow this call: {spent} is spent or reserved in {period}, {left} is left, and it may cost"
        " {more}. Ask again next month (UTC), or raise finops.budget.monthly, or the tenant's quota monthly_spend.",
        retry_after=wait, **values,
    )  # fmt: skip


def is_day(period: str) -> bool:
    """Whether it is a day, not a month."""
    return len(period) == len("2026-11-21")


def until_free(period: str, at: datetime) -> float:
    """Seconds until the day or month that follows `period`, which `at` lies in."""
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    end = midnight + timedelta(days=1) if is_day(period) else (midnight.replace(day=1) + timedelta(days=32)).replace(day=1)
    return (end - at).total_seconds()
