"""Tools: what each does, who may use which, what was called, and what servers of others say of theirs."""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from hulk.kernel.errors import NotFound
from hulk.modules.console.domain import read_amount
from hulk.modules.console.pages.showing import Showing, form_of
from hulk.runtime.http import Caller

_MOST = 200
_CALLS = 50
_LONGEST = 20_000
_Word = Annotated[str, Query(max_length=130)]


def tool_routes(showing: Showing) -> APIRouter:
    """`/console/tools`, `/console/tool-rules`, `/console/tool-calls`, `/console/tool-systems`."""
    router = APIRouter(prefix="/console", include_in_schema=False)
    _looking(router, showing)
    _calls(router, showing)
    _ruling(router, showing)
    _servers(router, showing)
    _pinning(router, showing)
    return router


def _looking(router: APIRouter, showing: Showing) -> None:
    @router.get("/tools")
    async def tools(request: Request, caller: Caller, query: _Word = "", effect: _Word = "", system: _Word = "") -> Response:  # noqa: ARG001  # only for who has been let in
        asked = {"query": query or None, "effect": effect or None, "limit": _MOST}
        found = await showing.ask(request, "/v1/tools", **asked)
        return showing.page(
            request, "tools.html", tools=found["tools"], query=query, effect=effect, effects=("read", "write", "destroy"), most=_MOST
        )

    @router.get("/tools/{tool}")
    async def tool(tool: str, request: Request, caller: Caller, agent: _Word = "") -> Response:  # noqa: ARG001  # as above
        one = await showing.ask(request, f"/v1/tools/{tool}", agent=agent or None)
        calls = await showing.seen(request, "/v1/tool-calls", tool=tool, limit=20) or {"calls": ()}
        return showing.page(
            request, "tool.html", one=one, calls=calls["calls"], takes=_written(one["input_schema"]), gives=_written(one["output_schema"]),
            agent=agent,
        )  # fmt: skip


def _calls(router: APIRouter, showing: Showing) -> None:
    @router.get("/tool-calls")
    async def calls(request: Request, caller: Caller, tool: _Word = "", status: _Word = "", before: _Word = "") -> Response:  # noqa: ARG001  # as above
        found = await showing.ask(request, "/v1/tool-calls", tool=tool or None, status=status or None, before=before or None, limit=_CALLS)
        states = ("waiting", "running", "done", "failed", "rejected", "expired", "uncertain", "suggested")
        return showing.page(request, "tool_calls.html", calls=found["calls"], tool=tool, wanted=status, states=states, most=_CALLS)

    @router.get("/tool-calls/{call}")
    async def call(call: str, request: Request, caller: Caller) -> Response:  # noqa: ARG001  # as above
        one = await showing.ask(request, f"/v1/tool-calls/{call}")
        return showing.page(request, "tool_call.html", one=one, asked=_written(one["arguments"]), gave=_written(one["output"]))


def _ruling(router: APIRouter, showing: Showing) -> None:
    @router.get("/tool-rules")
    async def rules(request: Request, caller: Caller) -> Response:
        found, servers = await showing.ask(request, "/v1/tool-rules"), await showing.ask(request, "/v1/tool-servers")
        may = caller.may("manage", "tools")
        return showing.page(request, "tool_rules.html", rules=found["rules"], servers=servers["servers"], may=may)

    @router.post("/tool-rules/new")
    async def put(request: Request, caller: Caller) -> Response:  # noqa: ARG001  # as above
        form = await form_of(request)
        body: dict[str, Any] = {name: _several(form.get(name, "")) for name in ("tools", "roles", "people", "agents")}
        most = read_amount(form.get("up_to", ""), showing.view(request).voice.language)
        body |= {"deny": form.get("deny") == "yes", "autonomy": form.get("autonomy") or "approve", "up_to": most or None}
        await showing.act(request, "PUT", f"/v1/tool-rules/{_part(form)}", {**body, "reason": form.get("reason", "")})
        return showing.done(request, "/console/tool-rules", "saved")

    @router.post("/tool-rules/{rule}/remove")
    async def remove(rule: str, request: Request, caller: Caller) -> Response:  # noqa: ARG001  # as above
        await showing.act(request, "DELETE", f"/v1/tool-rules/{rule}")
        return showing.done(request, "/console/tool-rules", "removed")


def _servers(router: APIRouter, showing: Showing) -> None:
    @router.post("/tool-servers/new")
    async def put(request: Request, caller: Caller) -> Response:  # noqa: ARG001  # as above
        form = await form_of(request)
        body: dict[str, Any] = {name: _several(form.get(name, "")) for name in ("tools", "roles", "people")}
        await showing.act(
            request, "PUT", f"/v1/tool-servers/{_part(form)}", {**body, "title": form.get("title", ""), "reason": form.get("reason", "")}
        )
        return showing.done(request, "/console/tool-rules", "saved")

    @router.post("/tool-servers/{server}/remove")
    async def remove(server: str, request: Request, caller: Caller) -> Response:  # noqa: ARG001  # as above
        await showing.act(request, "DELETE", f"/v1/tool-servers/{server}")
        return showing.done(request, "/console/tool-rules", "removed")


def _pinning(router: APIRouter, showing: Showing) -> None:
    @router.get("/tool-systems/{system}")
    async def review(system: str, request: Request, caller: Caller) -> Response:  # noqa: ARG001  # as above
        found = await showing.ask(request, f"/v1/tool-systems/{system}/review")
        return showing.page(request, "tool_system.html", system=system, tools=found["tools"][:_MOST])

    @router.get("/tool-system")
    async def find(request: Request, caller: Caller, system: _Word) -> Response:  # noqa: ARG001  # as above
        return showing.done(request, f"/console/tool-systems/{quote(system.strip(), safe='')}")

    @router.post("/tool-systems/{system}/approve")
    async def approve(system: str, request: Request, caller: Caller) -> Response:  # noqa: ARG001  # as above
        form = await form_of(request)
        body = {"digests": {form.get("tool", ""): form.get("digest", "")}, "reason": form.get("reason", "")}
        await showing.act(request, "POST", f"/v1/tool-systems/{system}/approve", body)
        return showing.done(request, f"/console/tool-systems/{system}", "saved")

    @router.post("/tool-systems/{system}/revoke")
    async def revoke(system: str, request: Request, caller: Caller) -> Response:  # noqa: ARG001  # as above
        form = await form_of(request)
        await showing.act(
            request, "POST", f"/v1/tool-systems/{system}/revoke", {"tools": [form.get("tool", "")], "reason": form.get("reason", "")}
        )
        return showing.done(request, f"/console/tool-systems/{system}", "saved")


def _several(text: str) -> Sequence[str]:
    return [part.strip() for part in text.replace("\n", ",").split(",") if part.strip()]


def _part(form: Mapping[str, str]) -> str:
    """The name, as it stands between two slashes of a path."""
    name = form.get("name", "").strip()
    if not name or "/" in name:
        raise NotFound("“{name}” cannot be a name: small letters, digits and hyphens.", name=name[:80])
    return name


def _written(value: Any) -> str:
    """JSON as people read it, cut where it is too long."""
    text = "" if value is None else json.dumps(value, indent=2, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}\n…"
