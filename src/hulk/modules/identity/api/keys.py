"""`/v1/keys`."""

from datetime import timedelta

from fastapi import APIRouter

from hulk.kernel.records import JsonObject
from hulk.modules.identity.api.bodies import KeyBody, RotateBody
from hulk.modules.identity.api.views import key_view, new_key_view
from hulk.modules.identity.usecases import Identity
from hulk.runtime.http import Caller, Reason


def key_routes(identity: Identity) -> APIRouter:
    """API keys."""
    router = APIRouter(prefix="/v1/keys", tags=["identity"])

    @router.get("", summary="API keys, without their secrets")
    async def listed(caller: Caller) -> dict[str, list[JsonObject]]:
        """Oldest first, also those that hold no more."""
        return {"keys": [key_view(one) for one in await identity.list_keys(caller)]}

    @router.post("", status_code=201, summary="Make an API key; its secret is shown once")
    async def create(body: KeyBody, caller: Caller) -> JsonObject:
        """With no more rights than the caller has."""
        return new_key_view(await identity.create_key(caller, body.wanted(), body.reason))

    @router.post("/{key}/rotate", status_code=201, summary="Make a key in the place of another, which lives on for a while")
    async def rotate(key: str, caller: Caller, body: RotateBody | None = None) -> JsonObject:
        """With the same rights; its secret is shown once."""
        asked = body or RotateBody()
        return new_key_view(await identity.rotate_key(caller, key, timedelta(seconds=asked.overlap), asked.reason))

    @router.delete("/{key}", summary="Take an API key back")
    async def revoke(key: str, caller: Caller, reason: Reason = "") -> JsonObject:
        """It opens no more: here at once, in other processes within 5 s."""
        return key_view(await identity.revoke_key(caller, key, reason))

    return router
