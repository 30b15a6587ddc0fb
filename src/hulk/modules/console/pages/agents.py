"""Agents: what each may use and how far, what it knows, how it does in its evaluation, what it was asked."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from hulk.modules.console.pages.showing import Showing
from hulk.runtime.http import Caller

_MOST = 30
_Word = Annotated[str, Query(max_length=64)]


def agent_routes(showing: Showing) -> APIRouter:
    """`/console/agents`."""
    router = APIRouter(prefix="/console", include_in_schema=False)

    @router.get("/agents")
    async def agents(request: Request, caller: Caller) -> Response:  # noqa: ARG001  # only for who has been let in
        found = await showing.ask(request, "/v1/agents")
        tasks = await showing.seen(request, "/v1/agent-tasks", limit=_MOST) or {"tasks": ()}
        return showing.page(request, "agents.html", agents=found["agents"], tasks=tasks["tasks"])

    @router.get("/agents/{agent}")
    async def agent(agent: str, request: Request, caller: Caller, before: _Word = "") -> Response:
        one = await showing.ask(request, f"/v1/agents/{agent}")
        tasks = await showing.seen(request, "/v1/agent-tasks", agent=agent, before=before or None, limit=_MOST) or {"tasks": ()}
        usable = await showing.seen(request, "/v1/tools", agent=agent, limit=100) or {"tools": ()}
        rules = await showing.seen(request, "/v1/tool-rules") or {"rules": ()}
        memories = await showing.seen(request, f"/v1/agents/{agent}/memories", limit=20) or {"memories": ()}
        return showing.page(
            request, "agent.html", one=one, tasks=tasks["tasks"], tools=usable["tools"], memories=memories["memories"], most=_MOST,
            rules=[rule for rule in rules["rules"] if rule["agents"]], may=caller.somewhere("write", "agents"),
            rehearsed=_newest(tasks["tasks"]),
        )  # fmt: skip

    @router.post("/agents/{agent}/cases/{case}")
    async def rehearse(agent: str, case: str, request: Request, caller: Caller) -> Response:  # noqa: ARG001  # as above
        task = await showing.act(request, "POST", f"/v1/agents/{agent}/cases/{case}", {})
        return showing.done(request, f"/console/agent-tasks/{task['id']}")

    return router


def _newest(tasks: list[dict[str, object]]) -> dict[object, dict[str, object]]:
    """The newest rehearsal of each case."""
    return {one["case"]: one for one in reversed(tasks) if one["case"]}
