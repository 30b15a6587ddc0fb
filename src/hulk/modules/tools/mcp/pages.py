"""What Hulk itself has to read, besides what tools read.

hulk://tools                     the tools that the reader may use
hulk://tools/{tool}              one, with all that there is to know
hulk://tool-calls                their latest calls
hulk://tool-calls/{call}         one, how it stands and what came of it
hulk://tool-calls/{call}/{part}  a part of that
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import mcp_types as types

from hulk.kernel.errors import Forbidden, NotFound
from hulk.kernel.records import JsonObject
from hulk.kernel.time import iso
from hulk.modules.tools.domain import Call, Output, matched
from hulk.modules.tools.domain.output import Withheld
from hulk.modules.tools.mcp.answers import facts, standing, withheld
from hulk.modules.tools.mcp.asker import Asker
from hulk.modules.tools.mcp.contents import JSON, Contents, data, piece_of, pieces, plain
from hulk.modules.tools.mcp.listing import Named, named, tool_of
from hulk.modules.tools.ports import WantedCalls
from hulk.modules.tools.usecases.acts import ToolActs
from hulk.modules.tools.usecases.call import Called
from hulk.modules.tools.usecases.finding import Search

TOOLS, TOOL = "hulk://tools", "hulk://tools/{tool}"
CALLS, CALL, PART = "hulk://tool-calls", "hulk://tool-calls/{call}", "hulk://tool-calls/{call}/{part}"
ALL = 100_000
_LATEST = 50
_ABOUT = 300


@dataclass(frozen=True, slots=True)
class Pages:
    """They are read with the reader's rights."""

    acts: ToolActs

    def listed(self) -> Sequence[types.Resource]:
        """Those that are always there."""
        return [
            types.Resource(uri=TOOLS, name="tools", title="Tools", description="The tools that you may use here.", mime_type=JSON),
            types.Resource(uri=CALLS, name="tool-calls", title="Calls", description="Your latest calls of tools.", mime_type=JSON),
        ]

    def templates(self) -> Sequence[types.ResourceTemplate]:
        """All others."""
        return [
            _template(TOOL, "tool", "A tool", "What a tool takes, gives and does."),
            _template(CALL, "tool-call", "A call", "How a call stands, and what came of it."),
            _template(PART, "tool-call-part", "A part of a call's answer", "By its number, from 0."),
        ]

    async def read(self, asker: Asker, uri: str) -> Sequence[Contents] | None:
        """What is there; None when it is none of these addresses. Raises `NotFound`, `Forbidden`, `Unavailable`."""
        if uri == TOOLS:
            return [self._fitting(await self._tools(asker))]
        if uri == CALLS:
            return [data(CALLS, {"calls": await self._calls(asker)})]
        if (found := matched(TOOL, uri)) is not None:
            return [data(uri, await self._tool(asker, found["tool"]))]
        if (found := matched(CALL, uri)) is not None:
            return _called(await self.acts.calls(asker.by, found["call"]), uri, asker)
        if (found := matched(PART, uri)) is not None:
            return [_part(await self.acts.calls(asker.by, found["call"]), found["part"], uri)]
        return None

    async def _tools(self, asker: Asker) -> Named:
        usable = await self.acts.find(asker.by, Search(server=asker.server, most=ALL))
        return sorted(named(usable, await asker.called(self.acts.catalogue)))

    def _fitting(self, tools: Named) -> Contents:
        """As many as a tool might answer with; the rest is counted."""
        left, lines = self.acts.call.perform.most, list[JsonObject]()
        for name, tool, _ in tools:
            line: JsonObject = {"name": name, "title": tool.title, "about": tool.description[:_ABOUT], "changes_something": tool.writes}
            left -= len(json.dumps(line, ensure_ascii=False).encode()) + 2
            if left < 0:
                break
            lines.append(line)
        return data(TOOLS, {"tools": lines, "more": len(tools) - len(lines)})

    async def _tool(self, asker: Asker, name: str) -> JsonObject:
        for one, tool, allowed in await self._tools(asker):
            if one == name:
                return tool_of(one, tool, allowed).model_dump(by_alias=True, mode="json", exclude_none=True)
        raise NotFound("There is no tool {name} here; tools/list gives those that there are.", name=name[:130])

    async def _calls(self, asker: Asker) -> list[JsonObject]:
        wanted = WantedCalls(tenant=asker.by.tenant, actor=asker.by.actor, most=_LATEST)
        return [_line(call) for call in await self.acts.calls.find(asker.by, wanted)]


def _template(address: str, name: str, title: str, about: str) -> types.ResourceTemplate:
    return types.ResourceTemplate(uri_template=address, name=name, title=title, description=about)


def _line(call: Call) -> JsonObject:
    return {**facts(call), "tool": call.tool, "at": iso(call.at), "ended": None if call.ended is None else iso(call.ended)}


def _called(called: Called, uri: str, asker: Asker) -> Sequence[Contents]:
    first, shown = data(uri, _line(called.call)), called.shown
    if isinstance(shown, Withheld):
        return [first, plain(uri, asker.voice.say(withheld(called.call, shown)))]
    if shown is None:
        return [first, plain(uri, asker.voice.say(standing(called.call)))]
    return [first, *pieces(shown, uri)]


def _part(called: Called, number: str, uri: str) -> Contents:
    shown = called.shown
    if isinstance(shown, Withheld):
        raise Forbidden(withheld(called.call, shown))
    parts = () if not isinstance(shown, Output) else shown.pieces
    if not number.isdecimal() or int(number[:9]) >= len(parts):
        raise NotFound("The call {id} has no part {number}.", id=called.call.id, number=number[:20])
    return piece_of(parts[int(number)], uri)
