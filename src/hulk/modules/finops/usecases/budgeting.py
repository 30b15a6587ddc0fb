"""Keeping budgets: those of the settings and those that admins make; and watching how fast they burn."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import structlog

from hulk.kernel.durable import Change, Commit
from hulk.kernel.errors import NotFound, Refused
from hulk.kernel.events import Event, Trail, changed_as, reasoned
from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import DEFAULT_TENANT, Principal
from hulk.kernel.time import Clock
from hulk.kernel.together import together
from hulk.modules.finops.domain import Budget, Used, gone, periods
from hulk.modules.finops.domain.budgets import checked, plain
from hulk.modules.finops.domain.burn import forecast_event
from hulk.modules.finops.ports import Budgets
from hulk.modules.finops.usecases.rights import ALL, everywhere, require

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ListBudgets:
    """The budgets that hold, with what is used of them."""

    budgets: Budgets
    clock: Clock

    async def __call__(self, by: Principal, tenant: str | None = None) -> tuple[Sequence[Budget], Sequence[Used]]:
        """Those that the tenant owns or that are about it, and what of them is used today and this month; of all tenants for `*`. What
        others have used of a budget that the tenant owns is shown to who may see all tenants. Raises `Forbidden`."""
        wanted = by.tenant if tenant is None else tenant
        require(by, "read", wanted)
        holding = [one for one in await self.budgets.holding() if wanted == ALL or wanted in (one.owner, one.scope.tenant)]
        used = await self.budgets.used(periods(self.clock()))
        owner = wanted if everywhere(by) else None
        return holding, [one for one in used if wanted == ALL or one.slot.scope.tenant == wanted or one.budget.owner == owner]


@dataclass(frozen=True, slots=True)
class PutBudget:
    """Makes a budget or changes it."""

    budgets: Budgets
    trail: Trail
    commit: Commit
    clock: Clock

    async def __call__(self, by: Principal, wanted: Budget, reason: str = "") -> Budget:
        """It holds from now on; gives its version. A budget of other tenants' calls is for admins of the tenant `default`.

        Raises `Forbidden`, and `Refused` for a budget that makes no sense or is one of the settings."""
        about = wanted.scope.tenant
        require(by, "manage", by.tenant if about == by.tenant else ALL)
        budget = checked(replace(wanted, owner=by.tenant, origin="api"))
        [found] = await self.commit(put(self.budgets, self.trail, budget, by.actor, reasoned(reason), self.clock()))
        return found  # type: ignore[no-any-return]  # what the change gives


@dataclass(frozen=True, slots=True)
class RemoveBudget:
    """Lets a budget hold no more."""

    budgets: Budgets
    trail: Trail
    commit: Commit
    clock: Clock

    async def __call__(self, by: Principal, name: str, reason: str = "") -> None:
        """Raises `Forbidden`, `NotFound` for what the tenant has not made, and `Refused` for one of the settings."""
        require(by, "manage")
        known = Budget(owner=by.tenant, name=name, origin="api")
        await self.commit(remove(self.budgets, self.trail, known, by.actor, reasoned(reason), self.clock()))


@dataclass(frozen=True, slots=True)
class FollowSettings:
    """Makes the budgets of the settings those that hold, at start; processes that start later have the last word."""

    budgets: Budgets
    trail: Trail
    commit: Commit
    clock: Clock

    async def __call__(self, wanted: Sequence[Budget]) -> None:
        """Make, change and remove; raises `Refused` for one that makes no sense or has the name of one that an admin made."""
        names, now = {one.name for one in wanted}, self.clock()
        for one in await self.budgets.holding():
            if one.origin == "settings" and one.name not in names:
                with contextlib.suppress(NotFound, Refused):  # another process that starts was faster, and then perhaps an admin
                    await self.commit(remove(self.budgets, self.trail, one, "hulk", "finops.budgets", now))
        for one in wanted:
            budget = checked(replace(one, owner=DEFAULT_TENANT, origin="settings"))
            await self.commit(put(self.budgets, self.trail, budget, "hulk", "finops.budgets", now))


def put(budgets: Budgets, trail: Trail, budget: Budget, actor: str, reason: str, now: datetime) -> Change[Budget]:
    """Let it hold, and tell so if it is another than before."""
    change = budgets.put(budget, now)

    def both(tx: Any) -> Budget:
        before, after = change(tx)
        if after is not before:
            trail.append(_told("hulk.budget.changed.v1", budget, actor, reason, before, after))(tx)
        return after

    return both


def remove(budgets: Budgets, trail: Trail, known: Budget, actor: str, reason: str, now: datetime) -> Change[None]:
    """Let the one of that owner, name and origin hold no more, and tell so."""
    change = budgets.remove(known.owner, known.name, known.origin, now)

    def both(tx: Any) -> None:
        before = change(tx)
        trail.append(_told("hulk.budget.removed.v1", before, actor, reason, before, None))(tx)

    return both


def _told(kind: str, budget: Budget, actor: str, reason: str, before: Budget | None, after: Budget | None) -> Event:
    data: JsonObject = changed_as(plain, reason, before, after)
    return Event(type=kind, subject=budget.name, tenant=budget.owner, actor=actor, data=data)


@dataclass(frozen=True, slots=True)
class WatchBurn:
    """Tells, once for each month of a budget, that it will not last to the month's end."""

    budgets: Budgets
    trail: Trail
    commit: Commit
    clock: Clock

    async def __call__(self) -> Sequence[Used]:
        """What is used today and this month, for the metrics; raises `Unavailable`."""
        now = self.clock()
        used = await self.budgets.used(periods(now))
        months = [one for one in used if not one.foretold and len(one.period) == len("2026-11")]
        await together([self._foretell(one, day) for one in months if (day := gone(one, now)) is not None])
        return used

    async def _foretell(self, one: Used, day: date) -> None:
        foretell, event = self.budgets.foretell(one.id), forecast_event(one, day)

        def both(tx: Any) -> bool:
            first = foretell(tx)
            if first:
                self.trail.append(event)(tx)
            return first

        [first] = await self.commit(both)
        if first:
            log.warning("budget_will_not_last", budget=one.budget.name or "tenant", period=one.period, gone=day.isoformat())


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetActs:
    """All the acts on budgets."""

    list: ListBudgets
    put: PutBudget
    remove: RemoveBudget
    follow: FollowSettings
    watch: WatchBurn


def budget_acts(budgets: Budgets, trail: Trail, commit: Commit, clock: Clock) -> BudgetActs:
    """The acts over these."""
    return BudgetActs(
        list=ListBudgets(budgets, clock), put=PutBudget(budgets, trail, commit, clock), watch=WatchBurn(budgets, trail, commit, clock),
        remove=RemoveBudget(budgets, trail, commit, clock), follow=FollowSettings(budgets, trail, commit, clock),
    )  # fmt: skip
