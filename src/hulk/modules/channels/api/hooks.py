"""Channels over HTTP: one route takes the requests of all vendors that call us."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog
from fastapi import APIRouter, Request
from starlette.background import BackgroundTask
from starlette.responses import Response

from hulk.kernel.errors import NotFound
from hulk.kernel.time import Clock
from hulk.modules.channels.domain import Channel
from hulk.modules.channels.ports import Accepted, Door, Figures, Kept, Open, Refusal
from hulk.modules.channels.ports import Request as Asked
from hulk.modules.channels.usecases import GiveReply, TakeArrivals
from hulk.runtime.http import problems

log = structlog.get_logger(__name__)
HOOKS = "/v1/hooks"
"""Below which anybody may ask: each request proves whose it is."""


@dataclass(frozen=True, slots=True)
class Hooks:
    """The doors of channels, with what keeps what comes in."""

    channels: Mapping[str, Open]
    take: TakeArrivals
    give: GiveReply
    clock: Clock
    figures: Figures | None = None

    async def __call__(self, channel: str, request: Request) -> Response:
        """Take what a vendor sends: verified, kept, and only then answered."""
        began, found = time.monotonic(), self.channels.get(channel)
        if found is None or found.door is None:
            raise NotFound("There is no channel “{name}” here.", name=channel[:80])
        try:
            accepted = await found.door.accept(await _asked(request, self.clock))
        except Refusal as refusal:
            if self.figures is not None:
                self.figures.refused(channel, refusal.status)
            log.warning("channel_request_refused", channel=channel, status=refusal.status, why=refusal.why)
            return Response(status_code=refusal.status, media_type="text/plain")
        kept = await self.take(found.channel, accepted.arrivals) if accepted.arrivals else []
        if kept and self.figures is not None:
            self.figures.acknowledged(channel, time.monotonic() - began)
        if accepted.wait and kept:
            return await self._given(found.channel, found.door, kept[-1], began + accepted.wait - time.monotonic(), request)
        return _response(accepted)

    async def _given(self, channel: Channel, door: Door, kept: Kept, seconds: float, request: Request) -> Response:
        """The response with the answer in it. What it says is settled when it is out."""
        given = await self.give(channel, kept, seconds)
        if await request.is_disconnected():
            await self.give.back(given)
            return Response(status_code=499)
        return _response(door.replied(kept.arrival, given.message), BackgroundTask(self.give.sent, given))


async def _asked(request: Request, clock: Clock) -> Asked:
    headers: dict[str, tuple[bytes, ...]] = {}
    for name, value in request.scope["headers"]:
        key = name.decode("latin-1").lower()
        headers[key] = (*headers.get(key, ()), value)
    query: dict[str, tuple[str, ...]] = {}
    for key, text in request.query_params.multi_items():
        query[key] = (*query.get(key, ()), text)
    return Asked(request.method, headers, query, await request.body(), clock())


def _response(accepted: Accepted, then: BackgroundTask | None = None) -> Response:
    return Response(accepted.body, accepted.status, media_type=accepted.media_type, background=then)


_KEPT = {"description": "It is kept; what is said is the vendor's form", "content": {"*/*": {"schema": {"type": "string"}}}}
_REFUSED = {
    "description": "It is not the vendor's, which is all that is said; or there is no such channel",
    "content": {
        "text/plain": {"schema": {"type": "string", "maxLength": 0}},
        problems.MEDIA_TYPE: {},
    },
}
_ANSWERS: dict[int | str, dict[str, Any]] = {200: _KEPT, "2XX": _KEPT, "4XX": _REFUSED}


def hook_routes(hooks: Hooks) -> APIRouter:
    """`GET` is for vendors that ask whether somebody is there before they send anything."""
    router = APIRouter(tags=["channels"])

    async def hook(channel: str, request: Request) -> Response:
        """Take what a vendor of a channel sends. The request itself proves whose it is; the answer comes when it is safely kept."""
        return await hooks(channel, request)

    add = partial(router.add_api_route, f"{HOOKS}/{{channel}}", hook, response_class=Response, responses=_ANSWERS)
    add(methods=["POST"], operation_id="hook")
    add(methods=["GET"], operation_id="hook_asked")
    return router
