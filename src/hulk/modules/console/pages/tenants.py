"""Tenants and what each may use, for admins of the platform."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from hulk.kernel.errors import Refused
from hulk.kernel.text import Language
from hulk.modules.console.domain import read_amount, written_amount
from hulk.modules.console.pages.keys import secret_page
from hulk.modules.console.pages.showing import Showing, form_of
from hulk.runtime.http import Caller

_PLACE = "/console/tenants"
_MONEY = "monthly_spend"
_QUOTAS = ("intents_per_minute", "open_tickets", "concurrent_runs", _MONEY, "storage")


def tenant_routes(showing: Showing) -> APIRouter:
    """`/console/tenants`."""
    router = APIRouter(prefix=_PLACE, include_in_schema=False)

    @router.get("")
    async def tenants(request: Request, caller: Caller) -> Response:  # noqa: ARG001  # only for who has been let in
        return showing.page(request, "tenants.html", tenants=(await showing.ask(request, "/v1/tenants"))["tenants"])

    @router.get("/{tenant}")
    async def tenant(tenant: str, request: Request, caller: Caller) -> Response:
        found = await showing.ask(request, f"/v1/tenants/{tenant}/quotas")
        own = {name: _written(name, one, showing.view(request).voice.language) for name, one in found["quotas"].items() if one["own"]}
        return showing.page(request, "tenant.html", tenant=tenant, quotas=found["quotas"], own=own, may=caller.may("manage", "platform"))

    @router.post("/new")
    async def create(request: Request, caller: Caller) -> Response:  # noqa: ARG001  # as above
        form = await form_of(request)
        made = await showing.act(request, "POST", "/v1/tenants", {"tenant": form.get("tenant", ""), "reason": form.get("reason", "")})
        return secret_page(showing, request, made["key"]["secret"], _PLACE)

    @router.post("/{tenant}/quotas")
    async def change(tenant: str, request: Request, caller: Caller) -> Response:  # noqa: ARG001  # as above
        form, language = await form_of(request), showing.view(request).voice.language
        body = {name: _quota(name, form[name].strip(), language) for name in _QUOTAS if form.get(name, "").strip()}
        await showing.act(request, "PUT", f"/v1/tenants/{tenant}/quotas", {**body, "reason": form.get("reason", "")})
        return showing.done(request, f"{_PLACE}/{tenant}", "saved")

    return router


def _quota(name: str, text: str, language: Language) -> object:
    """A number, or `unlimited`; money stays text."""
    if text == "unlimited" or name == _MONEY:
        return read_amount(text, language)
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise Refused("{name}: a whole number or “unlimited” is expected, not “{text}”.", name=name, text=text[:40])
    return int(text)


def _written(name: str, quota: Mapping[str, Any], language: Language) -> str:
    """The tenant's own limit, as it is filled in."""
    if quota["limit"] is None:
        return "unlimited"
    return written_amount(str(quota["limit"]), language) if name == _MONEY else str(quota["limit"])
