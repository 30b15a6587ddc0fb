"""`/console/router`: the decisions recently made, the newest first."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from hulk.modules.console.pages.showing import Showing
from hulk.runtime.http import Caller

_PAGE = 50


def add_decisions(router: APIRouter, showing: Showing) -> None:
    """The front page of the router."""

    @router.get("")
    async def decisions(request: Request, caller: Caller, before: str = "") -> Response:  # noqa: ARG001  # only for who has been let in
        found = await showing.ask(request, "/v1/decisions", before=before or None, limit=_PAGE)
        models = await showing.ask(request, "/v1/router/models")
        sick = [one for one in models["models"] if one["status"] != "ok" or one["price"] is None]
        return showing.page(request, "router.html", decisions=found["decisions"], next=found["next"], models=models["models"], sick=sick)
