"""`/.well-known/jwks.json`: the public keys that verify lease tokens, for who wants to check one by itself."""

from collections.abc import Callable

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from hulk.kernel.records import JsonObject
from hulk.runtime.http import sending

_MEDIA_TYPE = "application/jwk-set+json"
_SHAPE = {"type": "object", "properties": {"keys": {"type": "array", "items": {"type": "object"}}}, "required": ["keys"]}
_SENT = sending(_MEDIA_TYPE, _SHAPE)


def key_set_routes(public: Callable[[], JsonObject]) -> APIRouter:
    """The JWK Set (RFC 7517)."""
    router = APIRouter(tags=["workers"])

    @router.get("/.well-known/jwks.json", summary="The keys that verify lease tokens", response_class=Response, responses=_SENT)
    async def keys() -> Response:
        """A new key stands here before it signs; a former one until its last token has ended."""
        return JSONResponse(public(), headers={"cache-control": "max-age=10"}, media_type=_MEDIA_TYPE)

    return router
