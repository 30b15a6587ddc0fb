"""Holding tenants to their quotas, and changing them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hulk.kernel.durable import Change, Commit
from hulk.kernel.errors import Forbidden, NotFound, OverQuota, Refused
from hulk.kernel.events import Event, Trail, changed_as, reasoned
from hulk.kernel.fresh import Fresh
from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import DEFAULT_TENANT, Principal, Verb
from hulk.kernel.time import Clock
from hulk.modules.quotas.domain import NAMES, Limits, Name, Own, Standing, over_storage, plain
from hulk.modules.quotas.ports import Known, Quotas, Spent


@dataclass(frozen=True, slots=True)
class RoomForFiles:
    """How much a tenant may still keep."""

    quotas: Quotas

    async def __call__(self, tenant: str) -> tuple[int | None, int]:
        """The bytes that still fit, None for any number, and the quota itself. Raises `OverQuota` when none fit."""
        standing = await self.quotas.standing(tenant)
        limit = self.quotas.defaults.of(standing.own).storage
        if limit is None:
            return None, 0
        if (left := limit - standing.storage) <= 0:
            raise over_storage(limit, 0)
        return left, limit

    def over(self, limit: int, left: int) -> OverQuota:
        """The error for a file that is larger than what is left."""
        return over_storage(limit, left)


class MonthlySpend:
    """The most that a tenant may spend in a month, where it has a limit of its own: asked for with every call of a model."""

    def __init__(self, quotas: Quotas) -> None:
        self._quotas = quotas
        self._own: Fresh[Own] = Fresh(self._looked)

    async def __call__(self, tenant: str) -> tuple[bool, Decimal | None]:
        """Whether it has, and which: None for no limit. What another process changed holds within 2 s."""
        own = await self._own(tenant)
        return "monthly_spend" in own, own.get("monthly_spend")

    def stale(self, tenant: str) -> None:
        """This process has changed the tenant's limits: who asks from now on gets the new one."""
        self._own.stale(tenant)

    async def _looked(self, tenant: str, _: Own | None) -> Own:
        return (await self._quotas.standing(tenant)).own


@dataclass(frozen=True, slots=True)
class ShowQuotas:
    """A tenant's quotas with what is used of them: its own, or any for admins of the tenant `default`."""

    quotas: Quotas
    spent: Spent
    known: Known
    clock: Clock

    async def __call__(self, by: Principal, tenant: str | None = None) -> Mapping[Name, JsonObject]:
        """Of each quota `limit`, `used` and `left` (null without a limit), and whether the limit is the tenant's `own`. Raises
        `Forbidden`, and `NotFound` for no such tenant."""
        wanted = by.tenant if tenant is None else tenant
        require(by, "read", wanted)
        if tenant is not None and not await self.known(wanted):
            raise NotFound("There is no tenant “{name}”.", name=wanted[:80])
        standing, (spent, most) = await self.quotas.standing(wanted), await self.spent(wanted)
        limits = self.quotas.defaults.of({"monthly_spend": most, **standing.own})
        shown = {name: _shown(name, limits, standing, spent, self.clock) for name in NAMES}
        return {name: {**one, "own": name in standing.own} for name, one in shown.items()}


def _shown(name: Name, limits: Limits, standing: Standing, spent: Decimal, clock: Clock) -> JsonObject:
    limit = getattr(limits, name)
    if name == "intents_per_minute":
        left = standing.intents_left(limit, clock())
        return {"limit": limit, "used": None if left is None else limit - left, "left": left}
    used = {
        "open_tickets": standing.open_tickets,
        "concurrent_runs": standing.running,
        "monthly_spend": spent,
        "storage": standing.storage,
    }[name]
    assert used is not None  # noqa: S101  # a standing that was asked for has counted its runs
    return plain({"limit": limit, "used": used, "left": None if limit is None else max(limit - used, type(limit)(0))})


@dataclass(frozen=True, slots=True)
class ChangeQuotas:
    """Gives a tenant limits of its own: for admins of the tenant `default`."""

    quotas: Quotas
    known: Known
    trail: Trail
    commit: Commit
    heeded: Callable[[str], None]
    """Told of whom limits were changed."""

    async def __call__(self, by: Principal, tenant: str, own: Own, reason: str = "") -> None:
        """All its own ones are these from now on. What is used beyond them stays; there is no more until it is less.

        Raises `Forbidden`, `NotFound` for no such tenant, `Refused` for less than none."""
        require(by, "manage", tenant)
        if not await self.known(tenant):
            raise NotFound("There is no tenant “{name}”.", name=tenant[:80])
        if wrong := [name for name, value in own.items() if value is not None and value < 0]:
            raise Refused("The quota {name} cannot be less than 0.", name=wrong[0])
        await self.commit(self._changed(by, tenant, own, reasoned(reason)))
        self.heeded(tenant)

    def _changed(self, by: Principal, tenant: str, own: Own, reason: str) -> Change[None]:
        put = self.quotas.change(tenant, own)

        def change(tx: Any) -> None:
            before, after = put(tx)
            data = changed_as(plain, reason, before, after)
            self.trail.append(Event(type="hulk.quota.changed.v1", subject=tenant, tenant=tenant, actor=by.actor, data=data))(tx)

        return change


def require(by: Principal, verb: Verb, tenant: str) -> None:
    """Raises `Forbidden` unless `by` may do that to the quotas of the tenant: its own to read, any for admins of `default`."""
    others = verb == "manage" or tenant != by.tenant
    if not by.may("manage" if others else verb, "quotas") or (others and by.tenant != DEFAULT_TENANT):
        raise Forbidden(
            "Quotas are read by members of the tenant, and changed by admins of the tenant “default” only; your roles are {roles}.",
            roles=by.roles or "—",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaActs:
    """The module's acts, and the changes that others make part of their own."""

    quotas: Quotas
    room: RoomForFiles
    monthly_spend: MonthlySpend
    show: ShowQuotas
    change: ChangeQuotas


def acts(quotas: Quotas, spent: Spent, known: Known, trail: Trail, commit: Commit, clock: Clock) -> QuotaActs:
    """The acts over these ports."""
    monthly = MonthlySpend(quotas)
    return QuotaActs(
        quotas=quotas, room=RoomForFiles(quotas), monthly_spend=monthly, show=ShowQuotas(quotas, spent, known, clock),
        change=ChangeQuotas(quotas, known, trail, commit, monthly.stale),
    )  # fmt: skip
