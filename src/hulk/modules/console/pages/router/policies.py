"""`/console/router/policies`: which hold, what would hold in some circumstances, and changing them, of which the page first says what
would come of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from hulk.kernel.errors import NotFound
from hulk.kernel.events import digest
from hulk.modules.console.pages.router.drafts import CIRCUMSTANCES, asked_circumstances, drafted, filled, refilled, with_draft, without
from hulk.modules.console.pages.router.words import in_words
from hulk.modules.console.pages.showing import Showing, form_of
from hulk.runtime.http import Caller

ADDRESS = "/console/router/policies"
_API = "/v1/router/policies"


def add_policies(router: APIRouter, showing: Showing) -> None:
    """Looking, trying, changing, removing."""
    _looking(router, showing)

    @router.post("/policies/change")
    async def change(request: Request, caller: Caller) -> Response:  # noqa: ARG001  # only for who has been let in
        form = await form_of(request)
        held, language = await showing.ask(request, _API), showing.view(request).voice.language
        wanted, follows = with_draft(own(held), form.get("was", ""), drafted(form, language)), _follows(form, held)
        if form.get("sure") != "yes" or form.get("tried") != digest(wanted):  # what holds is what they were told the outcome of
            return await _tried(showing, request, form, wanted, follows)
        body = {"policies": wanted, "reason": form.get("reason", "")}
        await showing.act(request, "PUT", _API, body, if_match=follows)
        return showing.done(request, ADDRESS, "saved")

    @router.post("/policies/remove")
    async def remove(request: Request, caller: Caller) -> Response:  # noqa: ARG001  # only for who has been let in
        form = await form_of(request)
        held = await showing.ask(request, _API)
        body = {"policies": without(own(held), form.get("name", "")), "reason": form.get("reason", "")}
        await showing.act(request, "PUT", _API, body, if_match=_follows(form, held))
        return showing.done(request, ADDRESS, "removed")


def _looking(router: APIRouter, showing: Showing) -> None:
    @router.get("/policies")
    async def policies(request: Request, caller: Caller) -> Response:
        held, voice = await showing.ask(request, _API), showing.view(request).voice
        asked = asked_circumstances(dict(request.query_params), voice.language)
        tried = await showing.told(request, f"{_API}/check", asked) if request.query_params.get("try") else None
        shown = [in_words(one, voice) for one in held["policies"]]
        may = caller.may("manage", "router")
        given = {name: request.query_params.get(name, "") for name in CIRCUMSTANCES}
        return showing.page(request, "policies.html", held=held, policies=shown, tried=tried, asked=given, may=may)

    @router.get("/policies/change")
    async def draft(request: Request, caller: Caller, name: str = "") -> Response:
        held = await showing.ask(request, _API)
        known = _named(own(held), name) if name else {}
        view = showing.view(request)
        form = filled(known, held["version"], str(view.zone), view.voice.language)
        return showing.page(request, "policy.html", form=form, tried=None, may=caller.may("manage", "router"))


async def _tried(showing: Showing, request: Request, form: Mapping[str, str], wanted: Sequence[Any], follows: str) -> Response:
    """What would come of it, with the form as it was filled in."""
    made = await showing.act(request, "PUT", _API, {"policies": wanted, "dry_run": True}, if_match=follows)
    check = await showing.told(request, f"{_API}/check", {"policies": wanted})
    tried = {**made, "models": check["models"], "mark": digest(wanted)}
    name = "policy_outcome.html" if showing.view(request).partial else "policy.html"
    return showing.page(request, name, form=refilled(form), tried=tried, may=True)


def own(held: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The tenant's own policies, as they can be put."""
    return [{name: value for name, value in one.items() if name != "origin"} for one in held["policies"] if one["origin"] == "own"]


def _named(policies: Sequence[Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    found = next((one for one in policies if one["name"] == name), None)
    if found is None:
        raise NotFound("There is no own policy “{name}”; those of the settings are changed there.", name=name[:80])
    return found


def _follows(form: Mapping[str, str], held: Mapping[str, Any]) -> str:
    """The version that the page was about."""
    return f'"{form.get("version") or held["version"]}"'
