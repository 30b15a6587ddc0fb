"""Going somewhere: the front door, any id by its name, the palette; and how one wants to see pages."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from hulk.kernel.errors import NotFound
from hulk.kernel.text import LANGUAGES
from hulk.modules.console.domain import place_of, within
from hulk.modules.console.pages.showing import SECURITY, Showing, form_of
from hulk.modules.console.pages.view import LANGUAGE_COOKIE, PREFERENCE_SECONDS, THEME_COOKIE, THEMES

_TAKEN = {LANGUAGE_COOKIE: LANGUAGES, THEME_COOKIE: THEMES}


def going_routes(showing: Showing) -> APIRouter:  # noqa: ARG001  # as of the others
    """`/`, `/console/go`, `/console/view`."""
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    @router.get("/console")
    async def front() -> Response:
        return RedirectResponse("/console/", 303)

    @router.get("/console/go")
    async def go(to: Annotated[str, Query(max_length=200)]) -> Response:
        place = place_of(to.strip())
        if place is None:
            raise NotFound("“{id}” is no id of anything that has a page. Ids look like int_01m7y5yr6fe5hvadg4t960z6tv.", id=to.strip())
        return RedirectResponse(place, 303, SECURITY)

    @router.post("/console/view")
    async def prefer(request: Request) -> Response:
        form = await form_of(request)
        answer = RedirectResponse(within(form.get("next", "")), 303, SECURITY)
        for name, allowed in _TAKEN.items():
            if form.get(name) in allowed:
                answer.set_cookie(
                    name, form[name], max_age=PREFERENCE_SECONDS, path="/", samesite="lax", secure=request.url.scheme == "https"
                )
        return answer

    return router
