"""`/console/schedules`: what begins by itself, when next, and how it went last; a new one from a sentence and a time."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from hulk.kernel import ids
from hulk.kernel.errors import NotFound
from hulk.kernel.text import Text
from hulk.modules.console.pages.showing import SECURITY, Showing, form_of, require_own
from hulk.runtime.http import Caller

_PAGE = 100
_DEEDS: Mapping[str, str] = {"pause": "paused", "resume": "resumed", "run": "sent", "remove": "removed"}
KINDS: Mapping[str, Text] = {"cron": Text("By cron"), "every": Text("At an interval"), "at": Text("Once")}


def schedules_routes(showing: Showing) -> APIRouter:
    """`/console/schedules`."""
    router = APIRouter(prefix="/console/schedules", include_in_schema=False)
    _looking(router, showing)
    _changing(router, showing)
    return router


def _looking(router: APIRouter, showing: Showing) -> None:
    @router.get("")
    async def listed(request: Request, caller: Caller, page: Annotated[int, Query(ge=1, le=10_000)] = 1) -> Response:
        found = (await showing.ask(request, "/v1/schedules"))["schedules"]
        some = found[(page - 1) * _PAGE : page * _PAGE]
        return showing.page(
            request, "schedules.html", schedules=[{**one, "kind": _kind(one)} for one in some], kinds=KINDS,
            may=caller.somewhere("write", "schedules"), next=page + 1 if len(found) > page * _PAGE else None,
            spaces=await showing.seen(request, "/v1/namespaces"),
        )  # fmt: skip

    @router.get("/{schedule}")
    async def show(schedule: str, caller: Caller) -> Response:  # noqa: ARG001  # only for who has been let in
        """Where it stands in the list."""
        return RedirectResponse(f"/console/schedules#{ids.parse(schedule, 'sch')}", 303, SECURITY)


def _kind(schedule: Mapping[str, Any]) -> str:
    return next(kind for kind in KINDS if kind in schedule)


def _changing(router: APIRouter, showing: Showing) -> None:
    @router.post("")
    async def add(request: Request, caller: Caller) -> Response:  # noqa: ARG001  # as above
        form = await form_of(request)
        await showing.act(request, "POST", "/v1/schedules", _new(form))
        return showing.done(request, "/console/schedules", "saved")

    @router.post("/{schedule}/{deed}")
    async def act(request: Request, schedule: str, deed: str, caller: Caller) -> Response:  # noqa: ARG001  # as above
        require_own(request)
        if deed not in _DEEDS:
            raise NotFound("There is nothing called {deed} to do with a schedule.", deed=deed[:40])
        path, form = f"/v1/schedules/{ids.parse(schedule, 'sch')}", await form_of(request)
        if deed == "remove":
            await showing.act(request, "DELETE", path, query={"reason": form.get("reason", "")})
        else:
            await showing.act(request, "POST", f"{path}/{deed}", {"reason": form.get("reason", "")})
        return showing.done(request, "/console/schedules", _DEEDS[deed])


def _new(form: Mapping[str, str]) -> dict[str, Any]:
    kind = form.get("kind", "")
    times = {kind: form.get("when", "").strip()} if kind in KINDS else {}
    more = {name: form[name] for name in ("timezone", "missed", "namespace") if form.get(name)}
    return {"name": form.get("name", ""), "intent": {"text": form.get("text", "")}, "reason": form.get("reason", ""), **times, **more}
