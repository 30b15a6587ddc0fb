"""What tenants may do and keep, put together; and what `thor` asks of the store about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from pydantic import ValidationError

from hulk.apps.members import admin
from hulk.kernel.events import Trail
from hulk.kernel.tenancy import DEFAULT_TENANT
from hulk.kernel.time import utc_now
from hulk.modules.finops.settings import FinopsSettings
from hulk.modules.finops.wiring import spending
from hulk.modules.identity import Identity
from hulk.modules.quotas import QuotaActs
from hulk.modules.quotas.api import QuotasBody
from hulk.modules.quotas.settings import QuotaSettings
from hulk.modules.quotas.wiring import quotas_of, wired
from hulk.runtime.config import Config
from hulk.runtime.store import Store
from hulk.runtime.validation import refused
from hulk.runtime.workflows import at_work

Row: TypeAlias = Mapping[str, Any]


def limits_of(config: Config, store: Store, trail: Trail, identity: Identity) -> QuotaActs:
    """The quotas over the store: runs are counted in the journal, money by finops."""
    settings = config.section(FinopsSettings)
    spent = spending(store, settings)

    async def this_month(tenant: str) -> tuple[Decimal, Decimal | None]:
        return (await spent(tenant, utc_now().strftime("%Y-%m"))).amount, settings.budget.monthly

    quotas = quotas_of(store, config.section(QuotaSettings), at_work)
    return wired(quotas, this_month, identity.list_tenants.known, trail, store)


@dataclass(frozen=True, slots=True)
class QuotaRows:
    """The acts of quotas, as an admin of the tenant `default`."""

    acts: QuotaActs

    async def show(self, tenant: str) -> list[Row]:
        """A tenant's quotas."""
        found = await self.acts.show(admin(DEFAULT_TENANT), tenant)
        return [{"quota": name, **standing} for name, standing in found.items()]

    async def change(self, tenant: str, given: Mapping[str, str], reason: str) -> list[Row]:
        """The quotas as they are now; what is not given stays."""
        own = dict((await self.acts.quotas.standing(tenant)).own)
        wanted = _parsed({name: value for name, value in given.items() if value != "default"}).own()
        kept = {name: value for name, value in own.items() if name not in given}
        await self.acts.change(admin(DEFAULT_TENANT), tenant, {**kept, **wanted}, reason)
        return await self.show(tenant)


def _parsed(given: Mapping[str, str]) -> QuotasBody:
    try:
        return QuotasBody.model_validate_strings(dict(given))
    except ValidationError as error:
        raise refused(error) from error
