"""`/console/models`: the models that there are, and how to add one. Keys are never asked for, only where they are."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from hulk.modules.console.pages.router.entries import KINDS, entry, filled
from hulk.modules.console.pages.showing import Showing, form_of, require_own
from hulk.runtime.http import Caller


def models_routes(showing: Showing) -> APIRouter:
    """The list, and the page that helps to add one."""
    router = APIRouter(prefix="/console/models", include_in_schema=False)

    @router.get("")
    async def models(request: Request, caller: Caller) -> Response:
        found = await showing.ask(request, "/v1/router/models")
        breakers = await showing.seen(request, "/v1/breakers") or {"breakers": ()}
        states = {one["name"].removeprefix("model:"): one for one in breakers["breakers"] if one["name"].startswith("model:")}
        may = caller.may("manage", "platform")
        return showing.page(request, "models.html", models=found["models"], breakers=states, may=may)

    @router.get("/add")
    async def add(request: Request, caller: Caller) -> Response:  # noqa: ARG001  # only for who has been let in
        return showing.page(request, "model_add.html", kinds=KINDS, form=filled({}), made=None)

    @router.post("/add")
    async def written(request: Request, caller: Caller) -> Response:  # noqa: ARG001  # only for who has been let in
        """Nothing is kept; it is posted so that no address and no log holds what was filled in."""
        require_own(request)
        form: Mapping[str, Any] = await form_of(request)
        return showing.page(request, "model_add.html", kinds=KINDS, form=filled(form), made=entry(form))

    return router
