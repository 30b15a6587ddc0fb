"""Budgets: making and changing one, letting it hold no more."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from hulk.kernel.errors import NotFound, Refused
from hulk.kernel.tenancy import DEFAULT_TENANT, Principal, is_name
from hulk.modules.console.domain import read_amount, written_amount
from hulk.modules.console.pages.costs.wished import ADDRESS
from hulk.modules.console.pages.showing import Showing, form_of
from hulk.runtime.http import Caller

_NAMES, _AMOUNTS = ("tenant", "agent", "channel", "person", "model"), ("daily", "monthly")


def add_budgets(router: APIRouter, showing: Showing) -> None:
    """`/console/costs/budget`, and what it does."""

    @router.get("/budget")
    async def budget(request: Request, caller: Caller, name: str = "") -> Response:
        held = await showing.ask(request, "/v1/budgets")
        found = _named([one for one in held["budgets"] if one["owner"] == caller.tenant], name) if name else {}
        known = {field: found.get(field) or "" for field in ("name", *_NAMES)}
        language = showing.view(request).voice.language
        known |= {field: written_amount(found.get(field) or "", language) for field in _AMOUNTS}
        return showing.page(request, "budget.html", known=known, may=caller.may("manage", "costs"), platform=over_all(caller))

    @router.post("/budget")
    async def put(request: Request, caller: Caller) -> Response:  # noqa: ARG001  # only for who has been let in
        form = await form_of(request)
        name = checked_name(form.get("name", ""))
        language = showing.view(request).voice.language
        body = {field: form[field].strip() for field in _NAMES if form.get(field, "").strip()}
        body |= {field: read_amount(form[field], language) for field in _AMOUNTS if form.get(field, "").strip()}
        await showing.act(request, "PUT", f"/v1/budgets/{name}", {**body, "reason": form.get("reason", "")})
        return showing.done(request, ADDRESS, "saved")

    @router.post("/budgets/{budget}/remove")
    async def remove(budget: str, request: Request, caller: Caller) -> Response:  # noqa: ARG001  # only for who has been let in
        form = await form_of(request)
        await showing.act(request, "DELETE", f"/v1/budgets/{checked_name(budget)}", query={"reason": form.get("reason", "")})
        return showing.done(request, ADDRESS, "removed")


def over_all(caller: Principal) -> bool:
    """Whether they may look at the money of all tenants, say what it may be, and set rates."""
    return caller.tenant == DEFAULT_TENANT and caller.may("manage", "costs")


def checked_name(name: str) -> str:
    """A name that a budget may have, and so a path; raises `Refused`."""
    if not is_name(name.strip()):
        raise Refused("A budget is called by 1 to 63 small letters, digits and hyphens; “{name}” is not.", name=name[:80])
    return name.strip()


def _named(budgets: Sequence[Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    found = next((one for one in budgets if one["name"] == name), None)
    if found is None:
        raise NotFound("There is no budget “{name}”.", name=name[:80])
    return found
