"""The routes."""

from collections.abc import Sequence
from typing import Annotated, TypeAlias

from fastapi import APIRouter, Header, Path, Query, Response
from pydantic import Field

from hulk.kernel.records import JsonObject
from hulk.modules.tools.api.views import call_view, called_view, named_view, tool_view
from hulk.modules.tools.domain import Effect, Rule, Server
from hulk.modules.tools.domain.call import Status
from hulk.modules.tools.ports import Present, WantedCalls
from hulk.modules.tools.settings import OwnRuleSettings, OwnServerSettings
from hulk.modules.tools.usecases.acts import ToolActs
from hulk.modules.tools.usecases.call import LONGEST_KEY, Called, Wanted
from hulk.modules.tools.usecases.finding import Search
from hulk.modules.tools.usecases.ruling import Rules
from hulk.runtime.http import Caller, Reason, Reasoned, Spoken

_Named: TypeAlias = Annotated[str, Path(max_length=130, description="Its name.")]
_Agent: TypeAlias = Annotated[
    str, Field(max_length=128, pattern=r"^[ -~]*$", description="The agent that calls; none that is installed here.")
]
_Key: TypeAlias = Annotated[
    str, Header(max_length=LONGEST_KEY, pattern=r"^[ -~]*$", description="Unique to this call: asked again with it, it is done once.")
]


class CallBody(Reasoned):
    """What a tool is called with."""

    arguments: JsonObject = Field(default_factory=dict, description="As its `input_schema` has them.")
    agent: _Agent = ""


class RuleBody(OwnRuleSettings, Reasoned):
    """A rule, and why."""


class ServerBody(OwnServerSettings, Reasoned):
    """A virtual server, and why."""


def routes(acts: ToolActs) -> APIRouter:
    """All of them."""
    router = APIRouter(prefix="/v1", tags=["tools"])
    _of_tools(router, acts)
    _of_calls(router, acts)
    _of_rules(router, acts.rules)
    _of_servers(router, acts.servers)
    return router


def _of_tools(router: APIRouter, acts: ToolActs) -> None:
    @router.get("/tools", summary="The tools that you may use")
    async def tools(
        caller: Caller,
        query: Annotated[str, Query(max_length=500, description="Words that they are about; best first.")] = "",
        backend: Annotated[str, Query(max_length=64, description="Only those of a system.")] = "",
        effect: Annotated[Effect | None, Query(description="Only those that do this.")] = None,
        tag: Annotated[str, Query(max_length=64, description="Only those of a kind.")] = "",
        server: Annotated[str, Query(max_length=64, description="Only those of a virtual server.")] = "",
        agent: Annotated[str, Query(max_length=128, description="As that agent sees them, asking for you.")] = "",
        limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    ) -> dict[str, list[JsonObject]]:
        """What no rule allows is not among them."""
        of = await acts.servers.get(caller, server) if server else None
        wanted = Search(query=query, backend=backend, effect=effect, tag=tag, server=of, agent=agent, most=limit)
        return {"tools": [tool_view(*one) for one in await acts.find(caller, wanted)]}

    @router.get("/tools/{tool}", summary="A tool")
    async def show(tool: _Named, caller: Caller, agent: Annotated[str, Query(max_length=128)] = "") -> JsonObject:
        """What it takes, does and gives, and how far you may go with it."""
        return tool_view(*await acts.find.one(caller, tool, agent))

    @router.post("/tools/{tool}/calls", summary="Call a tool")
    async def call(
        tool: _Named, body: CallBody, caller: Caller, voice: Spoken, response: Response, idempotency_key: _Key = ""
    ) -> JsonObject:
        """200 with what came of it, or 202 when a person decides first: look at the call later. What the tool refuses is a call that
        `failed`, with why. Nobody calls in the name of an agent that is installed."""
        acts.catalogue.require_free(body.agent)
        wanted = Wanted(
            tool=tool, arguments=body.arguments, key=idempotency_key, agent=body.agent, reason=body.reason,
            present=Present(language=voice.language),
        )  # fmt: skip
        called = await acts.call(caller, wanted)
        response.status_code = 202 if called.call.status == "waiting" else 200
        return called_view(called, voice)


def _of_calls(router: APIRouter, acts: ToolActs) -> None:
    @router.get("/tool-calls", summary="Calls of tools")
    async def calls(
        caller: Caller,
        voice: Spoken,
        status: Annotated[Status | None, Query(description="Only those.")] = None,
        tool: Annotated[str | None, Query(max_length=130, description="Only of that tool.")] = None,
        before: Annotated[str | None, Query(max_length=64, description="Only those older than that call.")] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
    ) -> dict[str, list[JsonObject]]:
        """Your own, newest first; all of the tenant's for its admins."""
        wanted = WantedCalls(tenant=caller.tenant, status=status, tool=tool, before=before, most=limit)
        return {"calls": [call_view(one, voice) for one in await acts.calls.find(caller, wanted)]}

    @router.get("/tool-calls/{call}", summary="A call of a tool")
    async def call(call: _Named, caller: Caller, voice: Spoken) -> JsonObject:
        """With what came of it; of reads that is not kept."""
        found: Called = await acts.calls(caller, call)
        return called_view(found, voice)


def _of_rules(router: APIRouter, rules: Rules[Rule]) -> None:
    @router.get("/tool-rules", summary="Who may use which tools")
    async def show(caller: Caller) -> dict[str, list[JsonObject]]:
        """The rules of the settings (`origin: settings`, read only), then the tenant's own."""
        return {"rules": _both(*await rules.show(caller))}

    @router.put("/tool-rules/{rule}", summary="Make or replace a rule", status_code=204)
    async def put(rule: _Named, body: RuleBody, caller: Caller) -> None:
        """It holds at once here, and in other processes within 2 s."""
        await rules.put(caller, body.rule(rule), body.reason)

    @router.delete("/tool-rules/{rule}", summary="Remove a rule", status_code=204)
    async def remove(rule: _Named, caller: Caller, reason: Reason = "") -> None:
        """What it allowed is forbidden from now on, unless another allows it."""
        await rules.remove(caller, rule, reason)


def _of_servers(router: APIRouter, servers: Rules[Server]) -> None:
    @router.get("/tool-servers", summary="Virtual MCP servers")
    async def show(caller: Caller) -> dict[str, list[JsonObject]]:
        """Those of the settings (`origin: settings`, read only), then the tenant's own."""
        return {"servers": _both(*await servers.show(caller))}

    @router.put("/tool-servers/{server}", summary="Make or replace a virtual MCP server", status_code=204)
    async def put(server: _Named, body: ServerBody, caller: Caller) -> None:
        """Its tools are there for whom it is for, as far as rules allow them."""
        await servers.put(caller, body.server(server), body.reason)

    @router.delete("/tool-servers/{server}", summary="Remove a virtual MCP server", status_code=204)
    async def remove(server: _Named, caller: Caller, reason: Reason = "") -> None:
        """Who is connected to it finds no tools there any more."""
        await servers.remove(caller, server, reason)


def _both(shown: Sequence[Rule | Server], own: Sequence[Rule | Server]) -> list[JsonObject]:
    return [*(named_view(one, "settings") for one in shown), *(named_view(one, "own") for one in own)]
