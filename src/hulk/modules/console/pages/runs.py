"""`/console/runs`: the durable runs, found by what one knows of them; each with its timeline, its cause, and what can be done with it."""

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from hulk.kernel import ids
from hulk.kernel.errors import NotFound, Refused
from hulk.kernel.time import utc_now
from hulk.modules.console.pages.forms import json_of, moment_of, number_of
from hulk.modules.console.pages.payload import beginning
from hulk.modules.console.pages.showing import Showing, form_of, require_own
from hulk.modules.console.pages.timeline import causes, pressing, rows_of
from hulk.runtime.http import Caller

_PAGE, _STEPS = 50, 200
STATUSES = ("held", "pending", "running", "waiting", "needs_attention", "completed", "failed", "cancelled")
_DONE: Mapping[str, str] = {
    "replay": "replayed", "fork": "forked", "cancel": "cancelled", "resolve": "resolved", "discard": "discarded",
    "signal": "signalled",
}  # fmt: skip


def _filters(
    workflow: Annotated[str, Query(max_length=200)] = "",
    status: Annotated[str, Query(max_length=40)] = "",
    queue: Annotated[str, Query(max_length=200)] = "",
    intent: Annotated[str, Query(max_length=100)] = "",
    parent: Annotated[str, Query(max_length=100)] = "",
    code: Annotated[str, Query(max_length=200)] = "",
    attribute: Annotated[str, Query(max_length=400)] = "",
    since: Annotated[str, Query(max_length=40)] = "",
    until: Annotated[str, Query(max_length=40)] = "",
) -> dict[str, str]:
    found = {
        "workflow": workflow, "status": status, "queue": queue, "intent": intent, "parent": parent, "code": code, "attribute": attribute,
        "since": since, "until": until,
    }  # fmt: skip
    return {name: value.strip() for name, value in found.items()}


def runs_routes(showing: Showing) -> APIRouter:
    """`/console/runs` and what is below it."""
    router = APIRouter(prefix="/console/runs", include_in_schema=False)
    _listing(router, showing)
    _looking(router, showing)
    _acting(router, showing)
    return router


def _listing(router: APIRouter, showing: Showing) -> None:
    @router.get("")
    async def listed(
        request: Request,
        caller: Caller,  # noqa: ARG001  # only for who has been let in
        wanted: Annotated[dict[str, str], Depends(_filters)],
        after: Annotated[str | None, Query(max_length=400)] = None,
    ) -> Response:
        zone = showing.view(request).zone
        asked: dict[str, object] = {name: value or None for name, value in wanted.items() if name not in ("since", "until")}
        asked |= {"created_from": moment_of(wanted["since"], zone), "created_before": moment_of(wanted["until"], zone)}
        found = await showing.ask(request, "/v1/runs", limit=_PAGE, after=after, **asked)
        given = {name: value for name, value in wanted.items() if value}
        older = f"/console/runs?{urlencode({**given, 'after': found['next']})}" if found["next"] else ""
        return showing.page(
            request, "runs.html", runs=found["runs"], older=older, wanted=wanted, given=given, statuses=STATUSES, first=not after
        )


def _looking(router: APIRouter, showing: Showing) -> None:
    @router.get("/{run_id}")
    async def show(
        request: Request,
        run_id: str,
        caller: Caller,  # noqa: ARG001  # only for who has been let in
        before: Annotated[int | None, Query(ge=0)] = None,
        only: Annotated[str, Query(max_length=20)] = "",
    ) -> Response:
        run = await showing.ask(request, f"/v1/runs/{ids.parse(run_id, 'run')}", steps=_STEPS, before=before, only=only or None)
        now = utc_now()
        return showing.page(
            request, "run.html", run=run, rows=rows_of(run, now), causes=causes(run), retry=pressing(run, now), only=only,
            key=ids.new("sig"), later=None if run["later"] is None else run["later"] + _STEPS, window=_STEPS,
        )  # fmt: skip

    @router.get("/{run_id}/payloads/{part}")
    async def payload(request: Request, run_id: str, part: str, caller: Caller) -> Response:  # noqa: ARG001  # as above
        if part not in ("input", "result") and not (part.isascii() and part.isdigit() and len(part) < 10):
            raise NotFound("There is no part “{part}” of a run: input, result, or the index of a step.", part=part[:40])
        path = f"/v1/runs/{ids.parse(run_id, 'run')}/payloads/{part}"
        found = await showing.reply(request, "GET", path, headers={})
        written, cut = beginning(found.data)
        return showing.page(request, "payload.html", run_id=run_id, part=part, written=written, size=len(found.body), path=path, cut=cut)


def _acting(router: APIRouter, showing: Showing) -> None:
    @router.post("/{run_id}/{deed}")
    async def act(request: Request, run_id: str, deed: str, caller: Caller) -> Response:  # noqa: ARG001  # as above
        require_own(request)
        if deed not in _DONE:
            raise NotFound("There is nothing called {deed} to do with a run.", deed=deed[:40])
        run, form = ids.parse(run_id, "run"), await form_of(request)
        path = f"/v1/runs/{run}/{'signals' if deed == 'signal' else deed}"
        answer = await showing.act(request, "POST", path, _signal(form) if deed == "signal" else _body(deed, form))
        return showing.done(request, f"/console/runs/{answer['run_id'] if deed == 'fork' else run}", _DONE[deed])


def _body(deed: str, form: Mapping[str, str]) -> dict[str, Any]:
    """What the API is told of what was filled in."""
    said: dict[str, Any] = {"reason": form.get("reason", "")}
    step = number_of(form.get("step", ""))
    if deed == "fork" and step is None:
        raise Refused("Say from which step: the timeline shows their numbers.")
    return said if step is None or deed not in ("replay", "fork", "resolve") else {**said, "step": step}


def _signal(form: Mapping[str, str]) -> dict[str, Any]:
    """The signal that was filled in; the page gave it a key, so that pressing twice leaves one."""
    named = {name: form.get(name, "").strip() for name in ("name", "key", "reason")}
    return {**named, "payload": json_of(form.get("payload", ""))}
