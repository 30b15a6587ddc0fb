"""Channels: how they are, what came in and goes out, and how one is added."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from hulk.modules.console.pages.showing import Showing, reason_of
from hulk.runtime.http import Caller

_MOST = 50
_UNSETTLED = ("unknown", "failed", "waiting", "sending")
"""What somebody may have to decide on."""
_Name = Annotated[str, Query(max_length=64)]


def channel_routes(showing: Showing) -> APIRouter:
    """`/console/channels`, `/console/add-channel`."""
    router = APIRouter(prefix="/console", include_in_schema=False)
    _looking(router, showing)
    _deciding(router, showing)
    _adding(router, showing)
    return router


def _looking(router: APIRouter, showing: Showing) -> None:
    @router.get("/channels")
    async def channels(request: Request, caller: Caller) -> Response:
        found = await showing.ask(request, "/v1/channels")
        may = caller.somewhere("write", "channels")
        return showing.page(request, "channels.html", channels=found["channels"], may=may)

    @router.get("/channels/{channel}")
    async def channel(channel: str, request: Request, caller: Caller, before: _Name = "", part: _Name = "") -> Response:
        one = await showing.ask(request, f"/v1/channels/{channel}")
        messages = await showing.ask(
            request, "/v1/channel-messages", channel=channel, state=None if part == "all" else _UNSETTLED, limit=_MOST,
            before=before if part in ("", "all") and before else None,
        )  # fmt: skip
        arrivals = await showing.ask(
            request, "/v1/channel-arrivals", channel=channel, limit=_MOST, before=before if part == "in" and before else None
        )
        may = caller.may("write", "channels", one["namespace"])
        return showing.page(
            request, "channel.html", one=one, messages=messages["messages"], arrivals=arrivals["arrivals"], may=may, part=part, most=_MOST
        )


def _deciding(router: APIRouter, showing: Showing) -> None:
    @router.post("/channels/{channel}/check")
    async def check(channel: str, request: Request, caller: Caller) -> Response:  # noqa: ARG001  # only for who has been let in
        await showing.act(request, "POST", f"/v1/channels/{channel}/check", {"reason": await reason_of(request)})
        return showing.done(request, f"/console/channels/{channel}", "checked")

    @router.post("/channels/{channel}/messages/{message}/again")
    async def again(channel: str, message: str, request: Request, caller: Caller, etag: _Name = "") -> Response:  # noqa: ARG001  # as above
        return await _decided(showing, request, channel, f"/v1/channel-messages/{message}/again", etag)

    @router.post("/channels/{channel}/messages/{message}/withdraw")
    async def withdraw(channel: str, message: str, request: Request, caller: Caller, etag: _Name = "") -> Response:  # noqa: ARG001  # as above
        return await _decided(showing, request, channel, f"/v1/channel-messages/{message}/withdraw", etag)


async def _decided(showing: Showing, request: Request, channel: str, path: str, etag: str) -> Response:
    await showing.act(request, "POST", path, {"reason": await reason_of(request)}, if_match=etag or None)
    return showing.done(request, f"/console/channels/{channel}", "saved")


def _adding(router: APIRouter, showing: Showing) -> None:
    @router.get("/add-channel")
    async def add(request: Request, caller: Caller, kind: _Name = "", name: _Name = "") -> Response:  # noqa: ARG001  # as above
        kinds = (await showing.ask(request, "/v1/channel-kinds"))["kinds"]
        given = _given(request.query_params)
        plan = await showing.ask(request, f"/v1/channel-kinds/{kind}", name=name or None, setting=_pairs(given)) if kind else None
        shown = plan and {**plan, "wrong": _wrong(plan, given)}
        return showing.page(request, "add_channel.html", kinds=kinds, kind=kind, called=name, plan=shown, given=given)


def _given(query: Mapping[str, str]) -> dict[str, str]:
    """What was filled in besides kind and name."""
    return {name[2:]: value for name, value in query.items() if name.startswith("s.") and value.strip()}


def _wrong(plan: Mapping[str, Any], given: Mapping[str, str]) -> Mapping[str, str]:
    """What is wrong with what was filled in, by field; nothing of what nobody has come to yet."""
    return {one["field"]: one["detail"] for one in plan["errors"] if one["field"] == "name" or one["field"] in given}


def _pairs(given: Mapping[str, str]) -> list[str] | None:
    return [f"{name}={value}" for name, value in given.items()] or None
