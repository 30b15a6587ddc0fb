"""This Hulk itself: the settings in force, and what it is made of."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from hulk.modules.console.pages.showing import Showing, form_of
from hulk.runtime.http import Caller


def house_routes(showing: Showing) -> APIRouter:
    """`/console/settings`, `/console/about`."""
    router = APIRouter(prefix="/console", include_in_schema=False)

    @router.get("/settings")
    async def settings(
        request: Request,
        caller: Caller,  # noqa: ARG001  # only for who has been let in
        query: Annotated[str, Query(max_length=100)] = "",
        set: Annotated[str, Query(max_length=5)] = "",  # noqa: A002  # as in addresses
    ) -> Response:
        found = (await showing.ask(request, "/v1/settings"))["settings"]
        shown = [one for one in found if query.strip().lower() in one["setting"] and (not set or one["origin"] != "default")]
        logs = await showing.ask(request, "/v1/log-level")
        return showing.page(request, "settings.html", settings=shown, all=len(found), query=query, set=set, logs=logs)

    @router.post("/settings/log-level")
    async def log_level(request: Request, caller: Caller) -> Response:  # noqa: ARG001  # as above
        form = await form_of(request)
        await showing.act(request, "PUT", "/v1/log-level", {"level": form.get("level", ""), "reason": form.get("reason", "")})
        return showing.done(request, "/console/settings", "saved")

    @router.get("/about")
    async def about(request: Request, caller: Caller) -> Response:  # noqa: ARG001  # as above
        return showing.page(request, "about.html", about=await showing.ask(request, "/v1/about"))

    return router
