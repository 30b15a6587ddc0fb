"""`/console/live`: tells an open page that what it shows has changed; it then asks for that anew."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from hulk.kernel.tenancy import Principal
from hulk.modules.console.pages.showing import Showing
from hulk.runtime.http import Caller, ServerEvent, events


def live_routes(showing: Showing) -> APIRouter:
    """Server-sent events."""
    router = APIRouter(prefix="/console", include_in_schema=False)

    @router.get("/live")
    async def live(
        caller: Caller,
        topics: Annotated[str, Query(max_length=200)] = "",
        about: Annotated[str, Query(max_length=100)] = "",
    ) -> Response:
        return events(_told(showing, caller, topics.split(","), about))

    return router


async def _told(showing: Showing, caller: Principal, topics: list[str], about: str) -> AsyncIterator[ServerEvent]:
    yield ServerEvent(event="ready", data="")
    async for changed in showing.live.changes(caller, topics, about):
        yield ServerEvent(event="changed", data=sorted(changed))
