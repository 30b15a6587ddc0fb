"""Versions of the tenant's own policies: what was another in each, and putting one in force again."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from hulk.kernel.errors import NotFound
from hulk.modules.console.pages.router.policies import ADDRESS
from hulk.modules.console.pages.router.words import in_words
from hulk.modules.console.pages.showing import Showing, form_of
from hulk.runtime.http import Caller

_API = "/v1/router/policies"
_PAGE = 50


def add_versions(router: APIRouter, showing: Showing) -> None:
    """`/console/router/policies/versions`."""

    @router.get("/policies/versions")
    async def versions(request: Request, caller: Caller, before: str = "") -> Response:  # noqa: ARG001  # only for who has been let in
        found = await showing.ask(request, f"{_API}/versions", before=before or None, limit=_PAGE + 1)
        listed = found["versions"]
        next_ = listed[_PAGE - 1]["version"] if len(listed) > _PAGE else None
        return showing.page(request, "policy_versions.html", versions=listed[:_PAGE], next=next_)

    @router.get("/policies/versions/{version}")
    async def version(version: str, request: Request, caller: Caller, against: str = "") -> Response:
        found = await showing.ask(request, f"{_API}/versions/{_number(version)}", against=against or None)
        held = await showing.ask(request, _API)
        shown = [in_words(one, showing.view(request).voice) for one in found["policies"]]
        may = caller.may("manage", "router") and found["version"] != held["version"]
        return showing.page(
            request,
            "policy_version.html",
            one=found,
            policies=shown,
            now=held["version"],
            against=_against(against, found["version"]),
            may=may,
        )

    @router.post("/policies/versions/{version}/restore")
    async def restore(version: str, request: Request, caller: Caller) -> Response:  # noqa: ARG001  # only for who has been let in
        form = await form_of(request)
        held = await showing.ask(request, _API)
        follows = f'"{form.get("version") or held["version"]}"'
        body = {"reason": form.get("reason", "")}
        await showing.act(request, "POST", f"{_API}/versions/{_number(version)}/restore", body, if_match=follows)
        return showing.done(request, ADDRESS, "restored")


def _against(given: str, version: int) -> int:
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 10 else version - 1


def _number(version: str) -> int:
    """Raises `NotFound` for what is the number of no version."""
    if not (version.isascii() and version.isdecimal() and 0 < len(version) < 10):
        raise NotFound("There is no version {version} of the policies.", version=version[:40])
    return int(version)
