"""All routes of tickets."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from hulk.kernel import ids
from hulk.modules.console.pages.showing import Showing
from hulk.modules.console.pages.tickets.acts import May, act_routes
from hulk.modules.console.pages.tickets.approving import Card
from hulk.modules.console.pages.tickets.finding import Wanted, columns_of, page_of
from hulk.runtime.http import Caller

COMMENTS = 100
"""So many of the last are shown."""


def ticket_routes(showing: Showing) -> APIRouter:
    """The list, the board, one ticket, what is done to it."""
    router = APIRouter(prefix="/console/tickets", include_in_schema=False)

    @router.get("")
    async def listed(request: Request, caller: Caller) -> Response:  # noqa: ARG001  # only for who has been let in
        wanted = Wanted.of(request.query_params)
        kinds = (await showing.seen(request, "/v1/ticket-kinds") or {"kinds": ()})["kinds"]
        values: dict[str, Any] = {"wanted": wanted, "kinds": [one["kind"] for one in kinds]}
        if wanted.board:
            return showing.page(request, "board.html", columns=await columns_of(showing, request, wanted), **values)
        return showing.page(request, "tickets.html", found=await page_of(showing, request, wanted), **values)

    @router.get("/{ticket_id}")
    async def one(request: Request, ticket_id: str, caller: Caller) -> Response:
        ticket = await showing.ask(request, f"/v1/tickets/{ids.parse(ticket_id, 'tkt')}", comments=COMMENTS + 1)
        history = await showing.ask(request, f"/v1/tickets/{ticket['ticket_id']}/history")
        card = Card.of(ticket)
        call = await _call(showing, request, card)
        return showing.page(
            request, "ticket.html", ticket=ticket, history=history["events"], card=card, call=call, most=COMMENTS,
            may=May.of(caller, ticket),
        )  # fmt: skip

    act_routes(router, showing)
    return router


async def _call(showing: Showing, request: Request, card: Card | None) -> object:
    """The call as far as whoever looks may see it."""
    known = card is not None and card.call.isascii() and card.call.isidentifier()
    return await showing.seen(request, f"/v1/tool-calls/{card.call}") if card and known else None
