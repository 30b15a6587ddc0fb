"""`/console/schedules`: what begins by itself, when next, and how it went last; made and changed with its next times in sight."""

from collections.abc import Mapping
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from hulk.kernel import ids
from hulk.kernel.errors import NotFound, Refused
from hulk.kernel.text import Text
from hulk.kernel.time import from_iso
from hulk.modules.console.pages.forms import json_of
from hulk.modules.console.pages.showing import Showing, form_of, require_own
from hulk.modules.console.pages.view import in_zone
from hulk.runtime.http import Caller

_PLACE, _API = "/console/schedules", "/v1/schedules"
_PAGE = 100
_TOLD = 5
"""How many coming times a form tells."""
_DEEDS: Mapping[str, str] = {"pause": "paused", "resume": "resumed", "run": "sent", "remove": "removed"}
KINDS: Mapping[str, Text] = {"cron": Text("By cron"), "every": Text("At an interval"), "at": Text("Once")}


def schedules_routes(showing: Showing) -> APIRouter:
    """`/console/schedules`."""
    router = APIRouter(prefix=_PLACE, include_in_schema=False)
    _looking(router, showing)
    _keeping(router, showing)
    _acting(router, showing)
    return router


def _looking(router: APIRouter, showing: Showing) -> None:
    @router.get("")
    async def listed(request: Request, caller: Caller, page: Annotated[int, Query(ge=1, le=10_000)] = 1) -> Response:
        found = (await showing.ask(request, _API))["schedules"]
        some = found[(page - 1) * _PAGE : page * _PAGE]
        zone = str(showing.view(request).zone)
        return showing.page(
            request, "schedules.html", schedules=[{**one, "kind": _kind(one)} for one in some], kinds=KINDS, form=_filled({}, zone),
            may=caller.somewhere("write", "schedules"), next=page + 1 if len(found) > page * _PAGE else None,
            spaces=await showing.seen(request, "/v1/namespaces"),
        )  # fmt: skip

    @router.get("/{schedule}")
    async def show(schedule: str, request: Request, caller: Caller) -> Response:
        one = await showing.ask(request, _api(schedule))
        kind, may = _kind(one), caller.may("write", "schedules", one["namespace"])
        form = _filled(one, str(showing.view(request).zone))
        return showing.page(request, "schedule.html", one={**one, "kind": kind}, kinds=KINDS, form=form, may=may, spaces=None)


def _kind(schedule: Mapping[str, Any]) -> str:
    return next(kind for kind in KINDS if kind in schedule)


def _api(schedule: str) -> str:
    return f"{_API}/{ids.parse(schedule, 'sch')}"


def _filled(one: Mapping[str, Any], zone: str) -> Mapping[str, Any]:
    """The form for a schedule; of `{}` for a new one, in that zone."""
    if not one:
        return {"name": "", "kind": "cron", "when": "", "timezone": zone, "missed": "run", "text": ""}
    begun = {"text": one["intent"]["text"]} if "intent" in one else {"run": one["run"]}
    return {"name": one["name"], "kind": _kind(one), "when": _when(one), "timezone": one["timezone"], "missed": one["missed"], **begun}


def _when(one: Mapping[str, Any]) -> str:
    """As people write it: a moment in the schedule's own zone."""
    if "at" not in one:
        return str(one[_kind(one)])
    return in_zone(from_iso(one["at"]), ZoneInfo(one["timezone"])).replace(tzinfo=None).isoformat(timespec="minutes")


def _keeping(router: APIRouter, showing: Showing) -> None:
    @router.post("")
    async def add(request: Request, caller: Caller) -> Response:  # noqa: ARG001  # only for who has been let in
        made = await showing.act(request, "POST", _API, _new(await form_of(request)))
        return showing.done(request, f"{_PLACE}/{made['schedule_id']}", "saved")

    @router.post("/times")
    async def times(request: Request, caller: Caller) -> Response:  # noqa: ARG001  # as above
        """When it would fire, as it is being filled in; nothing for nothing."""
        form = await form_of(request)
        if not form.get("when", "").strip():
            return showing.page(request, "schedule_times.html", next=None, problem=None, zone="")
        try:
            found = await showing.told(request, f"{_API}/check", {**_times(form), "count": _TOLD})
        except Refused as error:  # it may be half of what will be written
            return showing.page(request, "schedule_times.html", next=None, problem=error.text, zone="")
        return showing.page(request, "schedule_times.html", next=found["next"], problem=None, zone=found["timezone"])

    @router.post("/{schedule}/change")
    async def change(schedule: str, request: Request, caller: Caller) -> Response:  # noqa: ARG001  # as above
        form = await form_of(request)
        held = await showing.ask(request, _api(schedule))
        await showing.act(request, "PATCH", _api(schedule), _changed(form, held))
        return showing.done(request, f"{_PLACE}/{held['schedule_id']}", "saved")


def _times(form: Mapping[str, str]) -> dict[str, str]:
    kind = form.get("kind", "")
    zone = {"timezone": form["timezone"].strip()} if form.get("timezone", "").strip() else {}
    return zone | ({kind: form.get("when", "").strip()} if kind in KINDS else {})


def _new(form: Mapping[str, str]) -> dict[str, Any]:
    more = {name: form[name] for name in ("missed", "namespace") if form.get(name)}
    return {
        "name": form.get("name", ""),
        "intent": {"text": form.get("text", "")},
        "reason": form.get("reason", ""),
        **_times(form),
        **more,
    }


def _changed(form: Mapping[str, str], held: Mapping[str, Any]) -> dict[str, Any]:
    """What is another in the form than it is: times that have not changed are not judged anew, for they may have passed."""
    before, same = _filled(held, ""), ("kind", "when", "timezone")
    times = {} if all(form.get(name, "").strip() == before[name] for name in same) else _times(form)
    missed = {"missed": form["missed"]} if form.get("missed") else {}
    return {**times, **missed, **_begins(form, held), "reason": form.get("reason", "")}


def _begins(form: Mapping[str, str], held: Mapping[str, Any]) -> dict[str, Any]:
    """What it begins: the rest of an intent (its files, its language) stays."""
    if "intent" in held:
        return {"intent": {**held["intent"], "text": form["text"]}} if "text" in form else {}
    return {"run": {**held["run"], "input": json_of(form["input"]) or {}}} if "input" in form else {}


def _acting(router: APIRouter, showing: Showing) -> None:
    @router.post("/{schedule}/{deed}")
    async def act(request: Request, schedule: str, deed: str, caller: Caller) -> Response:  # noqa: ARG001  # as above
        require_own(request)
        if deed not in _DEEDS:
            raise NotFound("There is nothing called {deed} to do with a schedule.", deed=deed[:40])
        path, form = _api(schedule), await form_of(request)
        if deed == "remove":
            await showing.act(request, "DELETE", path, query={"reason": form.get("reason", "")})
            return showing.done(request, _PLACE, "removed")
        await showing.act(request, "POST", f"{path}/{deed}", {"reason": form.get("reason", "")})
        return showing.done(request, f"{_PLACE}/{ids.parse(schedule, 'sch')}" if form.get("here") else _PLACE, _DEEDS[deed])
