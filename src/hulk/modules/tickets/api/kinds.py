"""`/v1/ticket-kinds`: which kinds of tickets there are for workers and people."""

from datetime import timedelta

from fastapi import APIRouter

from hulk.kernel.records import JsonObject
from hulk.kernel.time import Clock
from hulk.modules.tickets.api.bodies import KindBody, kind_view
from hulk.modules.tickets.domain import Kind
from hulk.modules.tickets.usecases import TicketActs
from hulk.runtime.http import Caller, Reason


def kind_routes(acts: TicketActs, clock: Clock) -> APIRouter:
    """All of them."""
    router = APIRouter(prefix="/v1/ticket-kinds", tags=["tickets"])

    @router.get("", summary="The kinds of tickets")
    async def show(caller: Caller) -> dict[str, list[JsonObject]]:
        """By name."""
        return {"kinds": [kind_view(kind) for kind in await acts.list_kinds(caller)]}

    @router.put("/{name}", summary="Register a kind of ticket, or change it")
    async def put(name: str, body: KindBody, caller: Caller) -> JsonObject:
        """Tickets that are there keep what they were made with."""
        kind = Kind(
            tenant=caller.tenant, name=name, input_schema=body.input_schema, result_schema=body.result_schema,
            description=body.description, lease=timedelta(seconds=body.lease), attempts=body.attempts, actor=caller.actor, created=clock(),
        )  # fmt: skip
        return kind_view(await acts.register(caller, kind, body.reason))

    @router.delete("/{name}", summary="Take no more tickets of a kind", status_code=204)
    async def remove(name: str, caller: Caller, reason: Reason = "") -> None:
        """Those there are stay."""
        await acts.register.remove(caller, name, reason)

    return router
