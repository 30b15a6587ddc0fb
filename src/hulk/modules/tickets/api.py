"""Tickets over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query

from hulk.kernel import ids
from hulk.kernel.errors import NotFound, Refused
from hulk.kernel.records import JsonObject
from hulk.kernel.text import writable
from hulk.modules.tickets.domain import Status, view
from hulk.modules.tickets.ports import Tickets
from hulk.runtime.http import Caller, Spoken


def routes(tickets: Tickets) -> APIRouter:
    """`/v1/tickets`."""
    router = APIRouter(prefix="/v1", tags=["tickets"])

    @router.get("/tickets", summary="The newest tickets")
    async def search(
        caller: Caller,
        voice: Spoken,
        status: Status | None = None,
        kind: str | None = None,
        intent: str | None = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
    ) -> dict[str, list[JsonObject]]:
        if kind is not None and writable(kind) != kind:
            raise Refused("“{value}” is not a kind of ticket: kinds are such as git.churn or review.file.", value=writable(kind)[:80])
        wanted = None if intent is None else ids.parse(intent, "int")
        found = await tickets.search(caller.tenant, status=status, kind=kind, intent=wanted, limit=limit)
        return {"tickets": [view(ticket, voice) for ticket in found]}

    @router.get("/tickets/{ticket_id}", summary="A ticket with its input and result")
    async def show(ticket_id: str, caller: Caller, voice: Spoken) -> JsonObject:
        ticket = await tickets.get(ids.parse(ticket_id, "tkt"))
        if ticket.tenant != caller.tenant:
            raise NotFound("There is no ticket {id}.", id=ticket_id)
        return {**view(ticket, voice), "input": ticket.input, "result": ticket.result}

    return router
