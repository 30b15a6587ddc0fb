"""Budgets: whose calls they are about, how much these may cost in a day and in a month, and how much of that is used. Pure rules.

A budget's scope names a tenant, an agent, a channel, a person, a model, or any combination; what it does not name may be any. `*` gives
each its own: `Scope(tenant="acme", person="*")` lets each person of acme spend that much. A call must fit every budget that it is in.
"""

import functools
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, TypeAlias, get_args

from hulk.kernel.errors import Refused
from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import is_name
from hulk.modules.finops.domain.charges import Charge, periods

Dimension: TypeAlias = Literal["tenant", "agent", "channel", "person", "model"]
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)
Origin: TypeAlias = Literal["settings", "api"]
EACH = "*"
"""In a scope: each of them has a budget of its own."""
THRESHOLDS = (50, 80, 100)
"""At how many percent of a budget it is told; at 100 also when it does not allow a call any more."""
LONGEST = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose calls a budget is about. `model` is a provider as the operator named it, or `provider/model`."""

    tenant: str | None = None
    agent: str | None = None
    channel: str | None = None
    person: str | None = None
    model: str | None = None

    def values(self, charge: Charge) -> tuple[str | None, ...] | None:
        """Which count of the budget that charge is in: what `*` stands for; None when the budget is not about it."""
        found = tuple(_value(getattr(self, name), _names(charge, name)) for name in DIMENSIONS)
        return None if _OUT in found else found

    def __str__(self) -> str:
        return ", ".join(f"{name} {wanted}" for name in DIMENSIONS if (wanted := getattr(self, name)) is not None) or "—"


_OUT = ""


def _names(charge: Charge, name: Dimension) -> tuple[str, ...]:
    """What the charge is called there, the name of an `each` first; none when it has none."""
    if name == "model":
        return (f"{charge.provider}/{charge.model}", str(charge.provider))
    value: str | None = getattr(charge, name)
    return () if value is None else (value,)


def _value(wanted: str | None, names: tuple[str, ...]) -> str | None:
    """The wanted name if the charge has it, its own for `*`; `_OUT` when it has not."""
    if wanted is None:
        return None
    if not names:
        return _OUT
    return names[0] if wanted == EACH else wanted if wanted in names else _OUT


EACH_TENANT = Scope(tenant=EACH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The most that what is in its scope may cost in a day and in a month (UTC), in `currency`; None is no limit.

    `owner` is the tenant that made it. Its `version` grows with each change; since `since` it counts the same calls in the same
    periods, which began with the version `epoch`."""

    currency: str = "USD"
    daily: Decimal | None = None
    monthly: Decimal | None = None
    name: str = ""
    owner: str = ""
    scope: Scope = EACH_TENANT
    version: int = 0
    epoch: int = 0
    since: datetime | None = None
    origin: Origin = "settings"

    @property
    def total(self) -> bool:
        """Whether this is what is always counted: the whole of a tenant."""
        return not self.name

    def same(self, other: "Budget") -> bool:
        """Whether they say the same, whichever version they are."""
        return replace(self, version=0, epoch=0, since=None) == replace(other, version=0, epoch=0, since=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """Where a charge is counted: a budget, what its `*` stand for, and a day or month. `limit` None only counts."""

    budget: Budget
    values: tuple[str | None, ...]
    period: str
    limit: Decimal | None

    @property
    def id(self) -> str:
        """Of the count, the same in all processes: a digest, since people and models have long names."""
        budget = self.budget
        return digest(budget.owner, budget.name, budget.epoch, budget.currency, self.period, self.values)

    @property
    def whole(self) -> bool:
        """Whether all charges of the period have been counted since it began, so that what has no count yet is nothing."""
        since = self.budget.since
        return since is None or not since.strftime("%Y-%m-%d")[: len(self.period)] >= self.period

    @property
    def scope(self) -> Scope:
        """What is counted there."""
        return Scope(**dict(zip(DIMENSIONS, self.values, strict=True)))


@functools.lru_cache(4096)
def digest(*parts: Any) -> str:
    """What is meant by those parts, in 40 characters."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:40]


def slots(charge: Charge, budgets: Sequence[Budget]) -> Iterator[Slot]:
    """All places where the charge is counted."""
    day, month = periods(charge.at)
    for budget in budgets:
        if budget.currency == charge.currency and (values := budget.scope.values(charge)) is not None:
            if budget.daily is not None or budget.total:
                yield Slot(budget=budget, values=values, period=day, limit=budget.daily)
            if budget.monthly is not None or budget.total:
                yield Slot(budget=budget, values=values, period=month, limit=budget.monthly)


@dataclass(slots=True)
class Count:
    """What is reserved and spent in a slot; written while a transaction goes on. `told` is the highest threshold of `limit`, the last
    limit that it was held to, that was told of; `foretold` whether its end was."""

    reserved: Decimal = Decimal(0)
    spent: Decimal = Decimal(0)
    limit: Decimal | None = None
    told: int = 0
    foretold: bool = False
    changed: bool = False

    @property
    def used(self) -> Decimal:
        """What is taken out of the budget."""
        return self.reserved + self.spent

    def move(self, before: Charge | None, after: Charge | None) -> None:
        """Count a charge as it is now instead of as it was."""
        was, now = _parts(before), _parts(after)
        self.reserved += now[0] - was[0]
        self.spent += now[1] - was[1]
        self.changed = True

    def hold_to(self, limit: Decimal | None) -> None:
        """From now on that is its limit; of another one than before, nothing has been told yet."""
        if limit != self.limit:
            self.limit, self.told, self.foretold, self.changed = limit, 0, False, True

    def crossed(self, *, refused: bool = False) -> int | None:
        """The highest threshold that is passed now and was not told of before, which is then told."""
        if self.limit is None:
            return None
        percent = 100 if refused or not self.limit else int(self.spent * 100 / self.limit)
        passed = max((one for one in THRESHOLDS if percent >= one), default=0)
        if passed <= self.told:
            return None
        self.told, self.changed = passed, True
        return passed


def _parts(charge: Charge | None) -> tuple[Decimal, Decimal]:
    """What of a charge is reserved, and what is spent."""
    if charge is None:
        return Decimal(0), Decimal(0)
    return (charge.reserved, Decimal(0)) if charge.status == "reserved" else (Decimal(0), charge.amount)


def allowed(spent: Decimal, more: Decimal, limit: Decimal | None) -> bool:
    """Whether `more` still fits under the limit."""
    return limit is None or spent + more <= limit


def checked(budget: Budget) -> Budget:
    """The budget; raises `Refused` for one that makes no sense."""
    if not is_name(budget.name):
        raise Refused("A budget is called by 1 to 63 small letters, digits and hyphens; “{name}” is not.", name=budget.name[:80])
    limits = [one for one in (budget.daily, budget.monthly) if one is not None]
    if not limits:
        raise Refused("The budget “{name}” has no limit: give it daily, monthly or both.", name=budget.name)
    if any(not one.is_finite() or one < 0 for one in limits):
        raise Refused("The budget “{name}” cannot be less than 0.", name=budget.name)
    named = [getattr(budget.scope, name) for name in DIMENSIONS]
    if any(one is not None and not 0 < len(one) <= LONGEST for one in named):
        raise Refused("What a budget is about has 1 to {most} characters.", most=LONGEST)
    return budget


def succeeding(before: Budget | None, wanted: Budget, last: int, now: datetime) -> Budget:
    """The next version of a budget, `last` being the newest that there ever was of that name. It goes on counting where it did, unless
    it now counts other calls or other periods."""
    version = last + 1
    same = before is not None and (before.scope, before.currency, before.daily is None, before.monthly is None) == (
        wanted.scope, wanted.currency, wanted.daily is None, wanted.monthly is None,
    )  # fmt: skip
    if before is not None and same:
        return replace(wanted, version=version, epoch=before.epoch, since=before.since)
    return replace(wanted, version=version, epoch=version, since=now)


def unlike_settings(before: Budget | None, origin: Origin) -> None:
    """Raises `Refused` when a budget of the settings would be changed or removed otherwise, or the reverse."""
    if before is not None and before.origin != origin:
        raise Refused(
            "The budget “{name}” was made in another way: one of the settings is changed in finops.budgets, any other by the API or thor"
            " budgets. Give one of them another name.",
            name=before.name,
        )


def plain(budget: Budget) -> JsonObject:
    """A budget as JSON, as the API and the trail tell it; amounts as text, so that they stay exact."""
    limits = {"daily": budget.daily, "monthly": budget.monthly}
    return {
        "name": budget.name, "owner": budget.owner, "version": budget.version, "origin": budget.origin, "currency": budget.currency,
        **{name: getattr(budget.scope, name) for name in DIMENSIONS},
        **{name: None if limit is None else f"{limit:f}" for name, limit in limits.items()},
    }  # fmt: skip
