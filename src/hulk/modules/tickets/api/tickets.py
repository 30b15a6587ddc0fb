"""`/v1/tickets`: making tickets, finding them, deciding on them, following what becomes of them."""

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query
from starlette.responses import JSONResponse, Response

from hulk.kernel.errors import Refused
from hulk.kernel.records import JsonObject
from hulk.kernel.text import Voice, writable
from hulk.kernel.time import iso
from hulk.modules.tickets.api.bodies import (
    CommentBody,
    ReasonBody,
    StatusBody,
    TicketBody,
    TicketsBody,
    commented,
    event_view,
    labels_of,
    shown,
)
from hulk.modules.tickets.domain import Assignee, Filter, Owner, Priority, Status, view
from hulk.modules.tickets.usecases import (
    Change,
    CommentTicket,
    CreateTickets,
    FindTickets,
    MoveTicket,
    ShowTicket,
    TicketActs,
    WatchTickets,
)
from hulk.runtime.http import STREAM, Caller, ServerEvent, Spoken, attached, events, sending
from hulk.runtime.telemetry import current_traceparent

_FILE = sending("application/json", {"description": "As it is kept; null for none."})


async def _filter(
    caller: Caller,
    status: Annotated[list[Status] | None, Query(description="May be given again: any of them.")] = None,
    priority: Annotated[list[Priority] | None, Query(description="May be given again: any of them.")] = None,
    kind: Annotated[list[str] | None, Query(description="May be given again: any of them.")] = None,
    intent: str | None = None,
    plan: str | None = None,
    namespace: str | None = None,
    label: Annotated[list[str] | None, Query(description="`name=value`; may be given again, then all must fit.")] = None,
    assignee: Annotated[str, Query(description="`worker_group:<name>`, `person:<name>`, …")] = "",
    owner: Annotated[Owner | None, Query(description="Who does it.")] = None,
    text: Annotated[str, Query(description="Words of the title or the input; all must be there.", max_length=200)] = "",
    overdue: Annotated[bool, Query(description="Only what should have ended and has not.")] = False,  # a query's
) -> Filter:
    for one in (intent, plan, namespace, *(kind or ()), *(label or ())):
        if one is not None and (writable(one) != one or len(one) > 256):
            raise Refused("“{value}” cannot be searched for: it is too long, or holds a NUL.", value=writable(one)[:80])
    return Filter(
        tenant=caller.tenant, plan=plan, intent=intent, statuses=tuple(status or ()), priorities=tuple(priority or ()),
        kinds=tuple(kind or ()), namespace=namespace, labels=labels_of(label or []), text=writable(text), assignee=Assignee.of(assignee),
        owner=owner, overdue=overdue,
    )  # fmt: skip


def ticket_routes(acts: TicketActs) -> APIRouter:
    """All of them."""
    router = APIRouter(prefix="/v1/tickets", tags=["tickets"])
    _following(router, acts.watch)  # before what takes any word for an id
    _looking(router, acts.find, acts.show)
    _making(router, acts.create)
    _deciding(router, acts.move)
    _talking(router, acts.comment)
    return router


def _looking(router: APIRouter, find: FindTickets, show: ShowTicket) -> None:
    @router.get("", summary="The newest tickets that fit")
    async def search(
        wanted: Annotated[Filter, Depends(_filter)],
        caller: Caller,
        voice: Spoken,
        limit: Annotated[int, Query(ge=1, le=1000)] = 50,
        after: Annotated[str, Query(description="The `next` of the page before.", max_length=400)] = "",
    ) -> dict[str, Any]:
        """Behind a page go on with its `next` as `after`."""
        page = await find(caller, wanted, limit, after)
        return {"tickets": [view(ticket, voice) for ticket in page.tickets], "next": page.next}

    @router.get("/{ticket_id}", summary="A ticket with its input, result and comments")
    async def one(
        ticket_id: str,
        caller: Caller,
        voice: Spoken,
        comments: Annotated[int | None, Query(ge=0, le=100_000, description="Only so many of the last comments.")] = None,
    ) -> JsonObject:
        ticket = await show(caller, ticket_id)
        return {**shown(ticket, voice), "comments": [commented(said) for said in await show.comments(caller, ticket_id, comments)]}

    @router.get("/{ticket_id}/history", summary="What became of a ticket")
    async def history(ticket_id: str, caller: Caller) -> dict[str, list[JsonObject]]:
        """The last events about it, oldest first."""
        return {"events": [event_view(one, ticket_id) for one in await show.history(caller, ticket_id)]}

    @router.get("/{ticket_id}/input", summary="A ticket's input, as a file", response_class=Response, responses=_FILE)
    async def its_input(ticket_id: str, caller: Caller) -> Response:
        return _kept((await show(caller, ticket_id)).input, f"{ticket_id}-input.json")

    @router.get("/{ticket_id}/result", summary="A ticket's result, as a file", response_class=Response, responses=_FILE)
    async def its_result(ticket_id: str, caller: Caller) -> Response:
        return _kept((await show(caller, ticket_id)).result, f"{ticket_id}-result.json")


def _kept(data: JsonObject | None, name: str) -> Response:
    return attached(json.dumps(data, ensure_ascii=False), "application/json", name)


def _making(router: APIRouter, create: CreateTickets) -> None:
    @router.post("", summary="Make a ticket", status_code=201, response_class=JSONResponse)
    async def make(body: TicketBody, caller: Caller, voice: Spoken) -> Response:
        """With a `request_id` it is made once, however often it is asked for."""
        ticket = await create.one(caller, body.new(), current_traceparent())
        return JSONResponse(shown(ticket, voice), 201, {"location": f"/v1/tickets/{ticket.id}"})

    @router.post("/batch", summary="Make many tickets, all or none", status_code=201)
    async def make_many(body: TicketsBody, caller: Caller, voice: Spoken) -> JsonObject:
        """They may come after each other."""
        made = await create(caller, [one.new() for one in body.tickets], current_traceparent())
        return {"tickets": [shown(ticket, voice) for ticket in made]}


def _deciding(router: APIRouter, move: MoveTicket) -> None:
    @router.post("/{ticket_id}/status", summary="Move a ticket")
    async def status(ticket_id: str, body: StatusBody, caller: Caller, voice: Spoken) -> JsonObject:
        """To complete or fail a person's ticket takes the right to approve; all else the right to write."""
        return shown(await move(caller, body.wish(ticket_id)), voice)

    @router.post("/{ticket_id}/approve", summary="Approve: a person's ticket is completed")
    async def approve(ticket_id: str, caller: Caller, voice: Spoken, body: ReasonBody | None = None) -> JsonObject:
        """The run that waits for it goes on."""
        return shown(await move(caller, (body or ReasonBody()).wish(ticket_id, "completed")), voice)

    @router.post("/{ticket_id}/reject", summary="Reject: a person's ticket fails")
    async def reject(ticket_id: str, caller: Caller, voice: Spoken, body: ReasonBody | None = None) -> JsonObject:
        """What comes after it is skipped."""
        return shown(await move(caller, (body or ReasonBody()).wish(ticket_id, "failed")), voice)

    @router.post("/{ticket_id}/cancel", summary="Call a ticket off")
    async def cancel(ticket_id: str, caller: Caller, voice: Spoken, body: ReasonBody | None = None) -> JsonObject:
        """Who holds it hears so with the next heartbeat."""
        return shown(await move(caller, (body or ReasonBody()).wish(ticket_id, "cancelled")), voice)


def _talking(router: APIRouter, comment: CommentTicket) -> None:
    @router.post("/{ticket_id}/comments", summary="Say something about a ticket", status_code=201)
    async def say(ticket_id: str, body: CommentBody, caller: Caller) -> JsonObject:
        """The run that waits for the ticket hears it too."""
        return commented(await comment(caller, ticket_id, body.text, body.request_id))


def _following(router: APIRouter, watch: WatchTickets) -> None:
    @router.get("/watch", summary="What becomes of tickets, as it happens", response_class=Response, responses=STREAM)
    async def follow(
        wanted: Annotated[Filter, Depends(_filter)],
        caller: Caller,
        voice: Spoken,
        last_event_id: Annotated[str | None, Header(max_length=20, pattern="^[0-9]{1,18}$", description="Go on behind this one.")] = None,
    ) -> Response:
        """Server-sent events without end; each has the ticket as it is."""
        return events(_told(watch(caller, wanted, None if last_event_id is None else int(last_event_id)), voice))


async def _told(changes: AsyncIterator[Change], voice: Voice) -> AsyncIterator[ServerEvent]:
    async for one in changes:
        data = {"ticket": view(one.ticket, voice), "type": one.event.type, "actor": one.event.actor, "at": iso(one.event.time)}
        yield ServerEvent(id=str(one.position), event="change", data=data)
