"""API keys, shown once when they are made; namespaces."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from hulk.modules.console.pages.forms import moment_of
from hulk.modules.console.pages.people import grants_in
from hulk.modules.console.pages.showing import Showing, form_of
from hulk.runtime.http import Caller

_BACK = "/console/people"


def key_routes(showing: Showing) -> APIRouter:
    """`/console/keys`, `/console/namespaces`: what the page People does."""
    router = APIRouter(prefix="/console", include_in_schema=False)
    _keys(router, showing)
    _namespaces(router, showing)
    return router


def secret_page(showing: Showing, request: Request, secret: str, back: str) -> Response:
    """A new key, in place of the page that had the form for it."""
    page = showing.page(request, "secret.html", secret=secret, kind="key", back=back)
    page.headers["hx-retarget"] = "#page"
    return page


def _keys(router: APIRouter, showing: Showing) -> None:
    @router.post("/keys/new")
    async def create(request: Request, caller: Caller) -> Response:  # noqa: ARG001  # only for who has been let in
        form = await form_of(request)
        body = {"name": form.get("name", ""), "grants": grants_in(form), "account": form.get("account") or None}
        body |= {"expires": moment_of(f"{form['expires']}T23:59:59", showing.view(request).zone)} if form.get("expires") else {}
        made = await showing.act(request, "POST", "/v1/keys", body | {"reason": form.get("reason", "")})
        return secret_page(showing, request, made["secret"], _BACK)

    @router.post("/keys/{key}/rotate")
    async def rotate(key: str, request: Request, caller: Caller) -> Response:  # noqa: ARG001  # as above
        made = await showing.act(request, "POST", f"/v1/keys/{key}/rotate", {})
        return showing.page(request, "secret.html", secret=made["secret"], kind="key", back=_BACK)

    @router.post("/keys/{key}/revoke")
    async def revoke(key: str, request: Request, caller: Caller) -> Response:  # noqa: ARG001  # as above
        await showing.act(request, "DELETE", f"/v1/keys/{key}")
        return showing.done(request, _BACK, "removed")


def _namespaces(router: APIRouter, showing: Showing) -> None:
    @router.post("/namespaces/new")
    async def create(request: Request, caller: Caller) -> Response:  # noqa: ARG001  # as above
        form = await form_of(request)
        await showing.act(request, "POST", "/v1/namespaces", {"name": form.get("name", ""), "reason": form.get("reason", "")})
        return showing.done(request, _BACK, "saved")

    @router.post("/namespaces/{namespace}/remove")
    async def remove(namespace: str, request: Request, caller: Caller) -> Response:  # noqa: ARG001  # as above
        await showing.act(request, "DELETE", f"/v1/namespaces/{namespace}")
        return showing.done(request, _BACK, "removed")
