"""Queues over HTTP: how they are, pause, resume."""

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from hulk.apps.routes.steered import Steered, queue_view
from hulk.kernel.errors import Refused
from hulk.kernel.records import JsonObject
from hulk.kernel.text import writable
from hulk.runtime.http import Caller, Why, allow, allow_somewhere


class PauseBody(BaseModel):
    """Why a queue is paused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reason: str = Field(min_length=1, max_length=500, description="For whoever wonders why nothing begins.")


def queue_routes(steered: Steered) -> APIRouter:
    """`/v1/queues`. A queue is known once a process has worked it, or when runs stand in it."""
    router = APIRouter(prefix="/v1/queues", tags=["queues"])

    @router.get("", summary="The queues")
    async def queues(caller: Caller) -> dict[str, list[JsonObject]]:
        """Who paused which and why, and how many of the caller's runs stand in each."""
        within = allow_somewhere(caller, "read", "queues")
        return {"queues": [queue_view(queue) for queue in await steered.queries.queues(caller.tenant, within)]}

    @router.post("/{queue}/pause", summary="Let nothing more of a queue begin", status_code=204)
    async def pause(queue: str, body: PauseBody, caller: Caller) -> None:
        """For all tenants. What runs goes on to its end."""
        allow(caller, "manage", "platform")
        if writable(body.reason) != body.reason:
            raise Refused("The reason holds a NUL or half of a UTF-16 pair, which no text has.")
        await steered.did(steered.steering.pause(queue, caller.actor, body.reason))

    @router.post("/{queue}/resume", summary="Let a paused queue go on", status_code=204)
    async def resume(queue: str, caller: Caller, why: Why) -> None:
        """For all tenants."""
        allow(caller, "manage", "platform")
        await steered.did(steered.steering.resume(queue, caller.actor, why))

    return router
