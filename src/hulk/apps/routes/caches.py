"""The caches of this process, over HTTP."""

from typing import Any

from fastapi import APIRouter

from hulk.apps.routes.platform import Platform, deed
from hulk.kernel.events import Event
from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import Principal
from hulk.kernel.text import writable
from hulk.runtime.cache import Cache, Caches
from hulk.runtime.http import Caller, Reason, allow


def cache_routes(caches: Caches, platform: Platform) -> APIRouter:
    """`/v1/caches`. Keys and tags are the caller's tenant's, or with `shared` those that belong to no tenant."""
    router = APIRouter(prefix="/v1", tags=["operation"])

    def of(name: str, caller: Principal, *, shared: bool) -> Cache[Any]:
        """The cache, the caller's part of it or what is shared; raises `Forbidden`, `NotFound`."""
        allow(caller, "manage", "platform")
        return caches.find(name).of("" if shared else caller.tenant)

    @router.get("/caches", summary="The caches of this process: entries, hits by level, what was made")
    async def show(caller: Caller) -> dict[str, Any]:
        """Also which levels there are besides memory, and how much they and other processes were not told yet."""
        allow(caller, "read", "queues")
        levels = {name: "up" if up else "away" for name, up in caches.levels().items()}
        return {"caches": caches.told(), "levels": levels, "waiting": caches.waiting}

    @router.delete("/caches/{name}", summary="Empty a cache, in every process", status_code=204)
    async def clear(name: str, caller: Caller, reason: Reason = "") -> None:
        """With what it holds of all tenants."""
        cache = of(name, caller, shared=True)
        await platform.tell(_emptied(name, caller, reason, {"all": True}))
        await cache.clear()

    @router.delete("/caches/{name}/keys/{key:path}", summary="Remove what is under a key, in every process", status_code=204)
    async def remove(name: str, key: str, caller: Caller, shared: bool = False, reason: Reason = "") -> None:
        """The caller's own tenant's, or with `shared` what belongs to none."""
        cache = of(name, caller, shared=shared)
        await platform.tell(_emptied(name, caller, reason, {"key": writable(key), "shared": shared}))
        await cache.remove(key)

    @router.delete("/caches/{name}/tags/{tag:path}", summary="Remove all that has a tag, in every process", status_code=204)
    async def remove_by_tag(name: str, tag: str, caller: Caller, shared: bool = False, reason: Reason = "") -> None:
        """The caller's own tenant's, or with `shared` what belongs to none."""
        cache = of(name, caller, shared=shared)
        await platform.tell(_emptied(name, caller, reason, {"tag": writable(tag), "shared": shared}))
        await cache.remove_by_tag(tag)

    return router


def _emptied(name: str, caller: Principal, reason: str, what: JsonObject) -> Event:
    """What was in the cache may be made again: what of it was dropped is all that is told."""
    return deed("hulk.cache.emptied.v1", name, caller, reason, what, None)
