"""Quotas over HTTP: what there is, what is used, what others may have."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import Field

from hulk.kernel.records import JsonObject
from hulk.modules.quotas.domain import Name
from hulk.modules.quotas.usecases import QuotaActs
from hulk.runtime.http import Caller, Reasoned

_MOST = 2**62
Count = Annotated[int, Field(ge=0, le=_MOST)] | Literal["unlimited"] | None
Rate = Annotated[int, Field(ge=0, le=100_000)] | Literal["unlimited"] | None
Amount = Annotated[Decimal, Field(ge=0, allow_inf_nan=False, max_digits=30)] | Literal["unlimited"] | None


class QuotasBody(Reasoned):
    """A tenant's own quotas: a number, “unlimited”, or null for what the settings say. What is not given is as the settings say."""

    intents_per_minute: Rate = Field(default=None, description="Intents that it may ask per minute.")
    open_tickets: Count = Field(default=None, description="Tickets that may be open at once.")
    concurrent_runs: Count = Field(default=None, description="Runs at work, or waiting for a worker.")
    monthly_spend: Amount = Field(default=None, description="In finops.currency.")
    storage: Count = Field(default=None, description="Bytes of files sent.")

    def own(self) -> dict[Name, Any]:
        """As the domain has it."""
        given = {name: value for name, value in self if name != "reason" and value is not None}
        return {name: None if value == "unlimited" else value for name, value in given.items()}  # type: ignore[misc]  # the fields are Names


def routes(acts: QuotaActs) -> APIRouter:
    """`/v1/quotas`, `/v1/tenants/{tenant}/quotas`."""
    router = APIRouter(prefix="/v1", tags=["identity"])

    @router.get("/quotas", summary="The tenant's quotas, with what is used and left")
    async def own(caller: Caller) -> dict[str, Any]:
        """`limit` and `left` are null where there is no limit."""
        return {"tenant": caller.tenant, "quotas": await acts.show(caller)}

    @router.get("/tenants/{tenant}/quotas", summary="The quotas of any tenant")
    async def show(tenant: str, caller: Caller) -> dict[str, Any]:
        """For admins of the tenant `default`; a tenant's members may ask for their own."""
        return {"tenant": tenant, "quotas": await acts.show(caller, tenant)}

    @router.put("/tenants/{tenant}/quotas", summary="Change the quotas of a tenant")
    async def change(tenant: str, body: QuotasBody, caller: Caller) -> JsonObject:
        """For admins of the tenant `default`."""
        await acts.change(caller, tenant, body.own(), body.reason)
        return {"tenant": tenant, "quotas": await acts.show(caller, tenant)}

    return router
