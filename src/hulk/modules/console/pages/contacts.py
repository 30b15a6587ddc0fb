"""Contacts: who was heard at channels, whose account they have here, and whether they are heard at all."""

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from hulk.kernel.errors import NotFound, Refused
from hulk.modules.console.pages.filters import linked
from hulk.modules.console.pages.showing import Showing, form_of, require_own
from hulk.runtime.http import Caller

_PLACE, _API = "/console/contacts", "/v1/channel-contacts"
_MOST = 50
_HEARD: Mapping[str, bool | None] = {"": None, "yes": False, "no": True}
"""What the filter says of being heard, as the API has it: blocked."""
_DEEDS: Mapping[str, str] = {"block": "unheard", "unblock": "heard", "link": "linked", "unlink": "unlinked"}
_Word = Annotated[str, Query(max_length=100)]


def contact_routes(showing: Showing) -> APIRouter:
    """`/console/contacts`."""
    router = APIRouter(prefix=_PLACE, include_in_schema=False)
    _looking(router, showing)
    _deciding(router, showing)
    return router


def address_of(channel: str, sender: str) -> str:
    """Where somebody is shown."""
    return f"{_PLACE}/{quote(channel, safe='')}/{quote(sender, safe='')}"


def contact_api(channel: str, sender: str) -> str:
    """The API's path of somebody, not quoted."""
    return f"/v1/channels/{channel}/contacts/{sender}"


def _looking(router: APIRouter, showing: Showing) -> None:
    @router.get("")
    async def listed(
        request: Request,
        caller: Caller,  # noqa: ARG001  # only for who has been let in
        channel: _Word = "", text: _Word = "", heard: _Word = "", after: Annotated[str, Query(max_length=500)] = "",
    ) -> Response:  # fmt: skip
        found = await showing.ask(
            request, _API, channel=channel or None, text=text.strip() or None, blocked=_HEARD.get(heard), after=after or None, limit=_MOST
        )
        wanted = {"channel": channel, "text": text.strip(), "heard": heard}
        older = linked(_PLACE, **wanted, after=found["next"]) if found["next"] else ""
        shown = [{**one, "place": address_of(one["channel"], one["sender"])} for one in found["contacts"]]
        names = await _names(showing, request)
        return showing.page(request, "contacts.html", contacts=shown, names=names, older=older, wanted=wanted)

    @router.get("/{channel}/{sender:path}")
    async def show(channel: str, sender: str, request: Request, caller: Caller) -> Response:
        one = await showing.ask(request, contact_api(channel, sender))
        talks = await showing.seen(request, "/v1/conversations", channel=channel, sender=sender) or {"conversations": ()}
        may = caller.may("manage", "channels") and caller.may("manage", "members")
        names = await _names(showing, request)
        return showing.page(request, "contact.html", one=one, talks=talks["conversations"], names=names, may_link=may)


async def _names(showing: Showing, request: Request) -> Mapping[str, str]:
    """The people whom whoever looks may see, by id."""
    found = await showing.seen(request, "/v1/people") or {"people": ()}
    return {one["account_id"]: one["name"] for one in found["people"] if not one["disabled"]}


def _deciding(router: APIRouter, showing: Showing) -> None:
    @router.post("/{deed}")
    async def act(deed: str, request: Request, caller: Caller) -> Response:  # noqa: ARG001  # as above
        require_own(request)
        if deed not in _DEEDS:
            raise NotFound("There is nothing called {deed} to do with a contact.", deed=deed[:40])
        form = await form_of(request)
        channel, sender = form.get("channel", ""), form.get("sender", "")
        body = {**_change(deed, form), "reason": form.get("reason", "")}
        await showing.act(request, "PATCH", contact_api(channel, sender), body)
        return showing.done(request, address_of(channel, sender), _DEEDS[deed])


def _change(deed: str, form: Mapping[str, str]) -> dict[str, Any]:
    if deed in ("block", "unblock"):
        return {"blocked": deed == "block"}
    if deed == "link" and not form.get("person"):
        raise Refused("Say whose account it is: choose a person.")
    return {"person": form["person"] if deed == "link" else None}
