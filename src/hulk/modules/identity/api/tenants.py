"""`/v1/me`, `/v1/namespaces`, `/v1/tenants`: who asks, and where they and others belong."""

from fastapi import APIRouter

from hulk.kernel.records import JsonObject
from hulk.modules.identity.api.bodies import NamespaceBody, TenantBody
from hulk.modules.identity.api.views import me_view, namespace_view, new_key_view, tenant_view
from hulk.modules.identity.usecases import Identity
from hulk.runtime.http import Caller, Reason


def me_routes() -> APIRouter:
    """Who asks."""
    router = APIRouter(prefix="/v1", tags=["identity"])

    @router.get("/me", summary="Who asks, and what they may do")
    async def me(caller: Caller) -> JsonObject:
        """As the trail names them, with their grants."""
        return me_view(caller)

    return router


def namespace_routes(identity: Identity) -> APIRouter:
    """The namespaces of the caller's tenant."""
    router = APIRouter(prefix="/v1/namespaces", tags=["identity"])

    @router.get("", summary="The namespaces of the tenant that the caller may see")
    async def listed(caller: Caller) -> dict[str, list[JsonObject]]:
        """By name."""
        return {"namespaces": [namespace_view(one) for one in await identity.list_namespaces(caller)]}

    @router.post("", status_code=201, summary="Make a namespace")
    async def create(body: NamespaceBody, caller: Caller) -> JsonObject:
        """In which grants can be given, and work be done."""
        return namespace_view(await identity.create_namespace(caller, body.name, body.reason))

    @router.delete("/{namespace}", status_code=204, summary="Remove a namespace")
    async def remove(namespace: str, caller: Caller, reason: Reason = "") -> None:
        """In which nobody is granted anything."""
        await identity.remove_namespace(caller, namespace, reason)

    return router


def tenant_routes(identity: Identity) -> APIRouter:
    """All tenants, for admins of `default`."""
    router = APIRouter(prefix="/v1/tenants", tags=["identity"])

    @router.get("", summary="All tenants")
    async def listed(caller: Caller) -> dict[str, list[JsonObject]]:
        """For admins of the tenant `default`."""
        return {"tenants": [tenant_view(one) for one in await identity.list_tenants(caller)]}

    @router.post("", status_code=201, summary="Make a tenant, with a key for its first admin")
    async def create(body: TenantBody, caller: Caller) -> JsonObject:
        """For admins of the tenant `default`. The key's secret is shown once."""
        tenant, key = await identity.create_tenant(caller, body.tenant, body.reason)
        return {**tenant_view(tenant), "key": new_key_view(key)}

    return router
