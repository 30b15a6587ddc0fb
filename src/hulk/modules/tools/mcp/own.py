"""What every server has besides the tools of others: a way to look at a call again, and one to find tools where there are many."""

from dataclasses import dataclass

import mcp_types as types
from pydantic import BaseModel, ConfigDict, Field

from hulk.kernel.records import JsonObject
from hulk.modules.tools.domain import Server
from hulk.modules.tools.mcp.answers import answered
from hulk.modules.tools.mcp.asker import Asker
from hulk.modules.tools.mcp.listing import named, tool_of
from hulk.modules.tools.usecases.acts import ToolActs
from hulk.modules.tools.usecases.finding import Search
from hulk.runtime.validation import parsed

STATUS, SEARCH = "hulk.call_status", "hulk.search_tools"


class CallStatus(BaseModel):
    """How a call stands that waits for a person or was given up, and what came of it. Nothing is done again."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    call: str = Field(min_length=1, max_length=64, description="The call's id (tcl_…), as its answer had it.")


class SearchTools(BaseModel):
    """Tools by what they are about, best first, in Portuguese or English; they are called by the names that this gives."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    query: str = Field(min_length=1, max_length=500, description="Words that it is about.")
    most: int = Field(default=10, ge=1, le=50, description="How many at most.")


@dataclass(frozen=True, slots=True)
class Own:
    """These tools."""

    acts: ToolActs

    async def __call__(self, asker: Asker, name: str, arguments: JsonObject) -> types.CallToolResult:
        """Do it; raises what the acts do, and `Invalid`."""
        if name == SEARCH:
            return await self._searched(asker, parsed(SearchTools, arguments))
        called = await self.acts.calls(asker.by, parsed(CallStatus, arguments).call)
        return answered(called, asker.voice, self.acts.call.schemas)

    async def _searched(self, asker: Asker, wanted: SearchTools) -> types.CallToolResult:
        found = await self.acts.find(asker.by, Search(query=wanted.query, server=asker.server, most=wanted.most))
        tools = [tool_of(*one) for one in named(found, await asker.called(self.acts.catalogue))]
        data = {"tools": [tool.model_dump(by_alias=True, mode="json", exclude_none=True) for tool in tools]}
        lines = "\n".join(f"{tool.name}: {tool.description or tool.title}" for tool in tools) or "—"
        return types.CallToolResult(content=[types.TextContent(text=lines)], structured_content=data)


def meant(name: str, server: Server | None) -> str | None:
    """Which of them is called so on that server, if one is."""
    return next((own for own in (STATUS, SEARCH) if name == called(own, server)), None)


def called(own: str, server: Server | None) -> str:
    """What one of them is called on that server."""
    return own.partition(".")[2] if server is not None and server.names == "short" else own


def listed(server: Server | None, *, many: bool) -> list[types.Tool]:
    """Those that are there, with `many` tools the one that finds them too."""
    status = _tool(called(STATUS, server), "Call status", CallStatus)
    return [status, _tool(called(SEARCH, server), "Search tools", SearchTools)] if many else [status]


def _tool(name: str, title: str, takes: type[BaseModel]) -> types.Tool:
    schema = takes.model_json_schema()
    schema.pop("title", None)
    description = str(schema.pop("description", ""))
    hints = types.ToolAnnotations(title=title, read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
    return types.Tool(name=name, title=title, description=description, input_schema=schema, annotations=hints)
