"""The whole story of anything that has an id, over HTTP."""

from fastapi import APIRouter

from hulk.apps.story import Teller
from hulk.kernel.records import JsonObject
from hulk.runtime.http import Caller, Spoken, allow_somewhere


def trace_routes(teller: Teller) -> APIRouter:
    """`/v1/trace`."""
    router = APIRouter(prefix="/v1/trace", tags=["trace"])

    @router.get("/{id}", summary="The whole story of what has that id")
    async def trace(id: str, caller: Caller, voice: Spoken) -> JsonObject:  # noqa: A002  # its name
        """Of an intent, decision, plan, ticket, run, event or trace: the tree from the intent to the artefacts, and all events."""
        return await teller(id, caller.tenant, voice, allow_somewhere(caller, "read", "intents"))

    return router
