"""Coming in and going: `/console/login`, `/console/logout`; and who one is, `/console/me`."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from hulk.kernel.errors import Refused
from hulk.modules.console.domain import within
from hulk.modules.console.pages.showing import SECURITY, Showing, form_of, require_own
from hulk.runtime.http import Caller

_CARRIED = ("user-agent", "cookie", "host")
"""What the API is told of a browser that logs in or out, or has."""


def login_routes(showing: Showing) -> APIRouter:
    """Nobody needs to be let in for these, but for `/console/me`."""
    router = APIRouter(prefix="/console", include_in_schema=False)

    @router.get("/login")
    async def form(request: Request, next: Annotated[str, Query(max_length=2000)] = "") -> Response:  # noqa: A002  # as everybody calls it
        return showing.page(request, "login.html", next=within(next))

    @router.post("/login")
    async def enter(request: Request, next: Annotated[str, Query(max_length=2000)] = "") -> Response:  # noqa: A002  # as above
        form = await form_of(request)
        if not form.get("key", "").strip():
            raise Refused("Type or paste your API key; it begins with hulk_.")
        return await _led(showing, request, "/v1/login/key", {"key": form["key"].strip()[:200]}, within(next))

    @router.post("/logout")
    async def leave(request: Request) -> Response:
        return await _led(showing, request, "/v1/logout", None, "/console/login?said=left")

    _mine(router, showing)
    return router


def _mine(router: APIRouter, showing: Showing) -> None:
    @router.get("/me")
    async def me(request: Request, caller: Caller) -> Response:  # noqa: ARG001  # only for who has been let in
        listed = await showing.reply(request, "GET", "/v1/sessions", headers=_carried(request))  # whose cookie tells which one is theirs
        return showing.page(request, "me.html", me=await showing.ask(request, "/v1/me"), sessions=listed.data["sessions"])

    @router.post("/me/sessions/{session}/end")
    async def end(session: str, request: Request, caller: Caller) -> Response:  # noqa: ARG001  # only for who has been let in
        await showing.act(request, "DELETE", f"/v1/sessions/{session}")
        return showing.done(request, "/console/me", "ended")


async def _led(showing: Showing, request: Request, path: str, body: object, address: str) -> Response:
    """Have the API log the browser in or out, hand on its cookie, and lead on."""
    require_own(request)
    reply = await showing.reply(request, "POST", path, body=body, headers={**_carried(request), "sec-fetch-site": "same-origin"})
    answer = RedirectResponse(address, 303, SECURITY)
    for cookie in reply.cookies:
        answer.headers.append("set-cookie", cookie)
    return answer


def _carried(request: Request) -> dict[str, str]:
    return {name: request.headers[name] for name in _CARRIED if name in request.headers}
