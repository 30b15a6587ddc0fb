"""Conversations at channels: what was said, and answering in Hulk's place."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from hulk.kernel import ids
from hulk.modules.console.pages.contacts import address_of, contact_api
from hulk.modules.console.pages.filters import linked
from hulk.modules.console.pages.showing import Showing, form_of, reason_of
from hulk.runtime.http import Caller

_MOST = 50
_Word = Annotated[str, Query(max_length=64)]
_End = Annotated[str, Query(max_length=500)]


def conversation_routes(showing: Showing) -> APIRouter:
    """`/console/conversations`."""
    router = APIRouter(prefix="/console/conversations", include_in_schema=False)

    @router.get("")
    async def listed(request: Request, caller: Caller, channel: _Word = "", mode: _Word = "", after: _End = "") -> Response:  # noqa: ARG001  # only for who has been let in
        wanted = {"channel": channel, "mode": mode}
        found = await showing.ask(
            request, "/v1/conversations", channel=channel or None, mode=mode or None, after=after or None, limit=_MOST
        )
        older = linked("/console/conversations", **wanted, after=found["next"]) if found["next"] else ""
        return showing.page(request, "conversations.html", conversations=found["conversations"], older=older, channel=channel, mode=mode)

    @router.get("/{conversation}")
    async def one(conversation: str, request: Request, caller: Caller) -> Response:
        found = await showing.ask(request, f"/v1/conversations/{conversation}")
        known = found["sender"] and await showing.seen(request, contact_api(found["channel"], found["sender"]))
        place = address_of(found["channel"], found["sender"]) if known else ""
        may = caller.somewhere("write", "channels")
        return showing.page(request, "conversation.html", one=found, may=may, contact=known, place=place, key=ids.new("rpl"))

    @router.post("/{conversation}/replies")
    async def reply(conversation: str, request: Request, caller: Caller) -> Response:  # noqa: ARG001  # as above
        form = await form_of(request)
        body = {"text": form.get("text", ""), "request_id": form.get("request_id", "")[:128]}
        await showing.act(request, "POST", f"/v1/conversations/{conversation}/replies", body)
        return showing.done(request, f"/console/conversations/{conversation}", "sent")

    @router.post("/{conversation}/take")
    async def take(conversation: str, request: Request, caller: Caller) -> Response:  # noqa: ARG001  # as above
        return await _turned(showing, request, conversation, "take")

    @router.post("/{conversation}/back")
    async def back(conversation: str, request: Request, caller: Caller) -> Response:  # noqa: ARG001  # as above
        return await _turned(showing, request, conversation, "back")

    return router


async def _turned(showing: Showing, request: Request, conversation: str, act: str) -> Response:
    await showing.act(request, "POST", f"/v1/conversations/{conversation}/{act}", {"reason": await reason_of(request)})
    return showing.done(request, f"/console/conversations/{conversation}", "saved")
