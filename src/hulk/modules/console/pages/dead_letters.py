"""`/console/dead-letters`: what should have worked and did not, by what ended it; dealt with one by one, or many after a look at which."""

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from hulk.kernel.errors import NotFound
from hulk.kernel.time import iso, utc_now
from hulk.modules.console.pages.showing import SECURITY, Showing, form_of
from hulk.runtime.http import Caller

_PAGE = 50
MOST_AT_ONCE = 1000
"""With how many one answer deals."""
_DEEDS: Mapping[str, str] = {"replay": "replayed", "discard": "discarded"}


def dead_letters_routes(showing: Showing) -> APIRouter:
    """`/console/dead-letters`."""
    router = APIRouter(prefix="/console/dead-letters", include_in_schema=False)
    _looking(router, showing)
    _dealing(router, showing)
    return router


def _looking(router: APIRouter, showing: Showing) -> None:
    @router.get("")
    async def listed(
        request: Request,
        caller: Caller,
        workflow: Annotated[str, Query(max_length=200)] = "",
        code: Annotated[str, Query(max_length=200)] = "",
        after: Annotated[str | None, Query(max_length=400)] = None,
    ) -> Response:
        given = {name: value for name, value in (("workflow", workflow), ("code", code)) if value}
        found = await showing.ask(request, "/v1/dead-letters", limit=_PAGE, after=after, **given)
        older = f"/console/dead-letters?{urlencode({**given, 'after': found['next']})}" if found["next"] else ""
        return showing.page(
            request, "dead_letters.html", dead=found["groups"], runs=found["runs"], given=given, older=older,
            may=caller.somewhere("write", "runs"),
        )  # fmt: skip

    @router.get("/newest")
    async def newest(
        request: Request,
        caller: Caller,  # noqa: ARG001  # only for who has been let in
        workflow: Annotated[str, Query(max_length=200)] = "",
        code: Annotated[str, Query(max_length=200)] = "",
    ) -> Response:
        """To the run itself, where its cause stands; to the list when it was dealt with meanwhile."""
        found = await showing.ask(request, "/v1/dead-letters", limit=1, workflow=workflow or None, code=code or None)
        place = f"/console/runs/{found['runs'][0]['run_id']}" if found["runs"] else "/console/dead-letters"
        return RedirectResponse(place, 303, SECURITY)

    @router.get("/plan")
    async def back(caller: Caller) -> Response:  # noqa: ARG001  # as above
        return RedirectResponse("/console/dead-letters", 303, SECURITY)


def _dealing(router: APIRouter, showing: Showing) -> None:
    @router.post("/plan")
    async def plan(request: Request, caller: Caller) -> Response:  # noqa: ARG001  # as above
        """What would be done: how many, and which."""
        form = await form_of(request)
        deed, which = _deed(form), {**_which(form), "ended_before": iso(utc_now())}
        found = await _dealt(showing, request, deed, which, "", dry_run=True)
        return showing.page(request, "dead_letters_plan.html", deed=deed, which=which, runs=found["runs"], left=found["left"])

    @router.post("")
    async def deal(request: Request, caller: Caller) -> Response:  # noqa: ARG001  # as above
        form = await form_of(request)
        deed = _deed(form)
        await _dealt(showing, request, deed, _which(form), form.get("reason", ""), dry_run=False)
        return showing.done(request, "/console/dead-letters", _DEEDS[deed])


def _deed(form: Mapping[str, str]) -> str:
    """`replay` or `discard`; raises `NotFound`."""
    if (deed := form.get("deed", "")) not in _DEEDS:
        raise NotFound("There is nothing called {deed} to do with dead letters.", deed=deed[:40])
    return deed


def _which(form: Mapping[str, str]) -> dict[str, Any]:
    """The filter; one that names nothing is left to the API to refuse."""
    return {name: form[name] for name in ("workflow", "code", "ended_before") if form.get(name)}


async def _dealt(
    showing: Showing, request: Request, deed: str, which: Mapping[str, Any], reason: str, *, dry_run: bool
) -> Mapping[str, Any]:
    body = {"filter": which, "dry_run": dry_run, "limit": MOST_AT_ONCE, "reason": reason}
    answer: Mapping[str, Any] = await showing.act(request, "POST", f"/v1/dead-letters/{deed}", body)
    return answer
