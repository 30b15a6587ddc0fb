"""Tenants and what each may use, for admins of the platform."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from hulk.kernel.errors import Refused
from hulk.modules.console.pages.keys import secret_page
from hulk.modules.console.pages.showing import Showing, form_of
from hulk.runtime.http import Caller

_PLACE = "/console/tenants"
_QUOTAS = ("intents_per_minute", "open_tickets", "concurrent_runs", "monthly_spend", "storage")


def tenant_routes(showing: Showing) -> APIRouter:
    """`/console/tenants`."""
    router = APIRouter(prefix=_PLACE, include_in_schema=False)

    @router.get("")
    async def tenants(request: Request, caller: Caller) -> Response:  # noqa: ARG001  # only for who has been let in
        return showing.page(request, "tenants.html", tenants=(await showing.ask(request, "/v1/tenants"))["tenants"])

    @router.get("/{tenant}")
    async def tenant(tenant: str, request: Request, caller: Caller) -> Response:
        found = await showing.ask(request, f"/v1/tenants/{tenant}/quotas")
        return showing.page(request, "tenant.html", tenant=tenant, quotas=found["quotas"], may=caller.may("manage", "platform"))

    @router.post("/new")
    async def create(request: Request, caller: Caller) -> Response:  # noqa: ARG001  # as above
        form = await form_of(request)
        made = await showing.act(request, "POST", "/v1/tenants", {"tenant": form.get("tenant", ""), "reason": form.get("reason", "")})
        return secret_page(showing, request, made["key"]["secret"], _PLACE)

    @router.post("/{tenant}/quotas")
    async def change(tenant: str, request: Request, caller: Caller) -> Response:  # noqa: ARG001  # as above
        form = await form_of(request)
        body = {name: _quota(name, form[name].strip()) for name in _QUOTAS if form.get(name, "").strip()}
        await showing.act(request, "PUT", f"/v1/tenants/{tenant}/quotas", {**body, "reason": form.get("reason", "")})
        return showing.done(request, f"{_PLACE}/{tenant}", "saved")

    return router


def _quota(name: str, text: str) -> object:
    """A number, or `unlimited`; money stays text."""
    if text == "unlimited" or name == "monthly_spend":
        return text
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise Refused("{name}: a whole number or “unlimited” is expected, not “{text}”.", name=name, text=text[:40])
    return int(text)
