"""`resources/list`, `resources/templates/list` and `resources/read`: Hulk's own pages, and what tools read, by its address."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from hulk.kernel.errors import Forbidden, HulkError, NotFound, Refused
from hulk.modules.tools.domain import Tool, Words, variables
from hulk.modules.tools.domain.output import Withheld
from hulk.modules.tools.mcp.answers import standing, withheld
from hulk.modules.tools.mcp.asker import Asker, asker_of
from hulk.modules.tools.mcp.contents import Contents, pieces
from hulk.modules.tools.mcp.failures import wrong
from hulk.modules.tools.mcp.listing import on_page
from hulk.modules.tools.mcp.pages import Pages
from hulk.modules.tools.ports import Present
from hulk.modules.tools.usecases.acts import ToolActs
from hulk.modules.tools.usecases.call import Called

Context = ServerRequestContext[Any, Any]
NOT_FOUND = -32002
"""Of a resource, to 2025-11-25; later -32602."""


@dataclass(frozen=True, slots=True)
class Reading:
    """These methods."""

    acts: ToolActs
    pages: Pages

    async def list(self, context: Context, params: types.PaginatedRequestParams | None) -> types.ListResourcesResult:
        """What is at one address. Raises `MCPError`."""
        asker = asker_of(context.request)
        whole = [_resource(tool) for tool in await self._addresses(asker) if not variables(tool.address)]
        found, following = on_page([(one.uri, one) for one in (*self.pages.listed(), *whole)], params, asker.voice)
        return types.ListResourcesResult(resources=[one for _, one in found], next_cursor=following)

    async def templates(self, context: Context, params: types.PaginatedRequestParams | None) -> types.ListResourceTemplatesResult:
        """What is at addresses that leave something open. Raises `MCPError`."""
        asker = asker_of(context.request)
        parts = [_template(tool) for tool in await self._addresses(asker) if variables(tool.address)]
        found, following = on_page([(one.uri_template, one) for one in (*self.pages.templates(), *parts)], params, asker.voice)
        return types.ListResourceTemplatesResult(resource_templates=[one for _, one in found], next_cursor=following)

    async def read(self, context: Context, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        """What is there. Raises `MCPError`."""
        asker = asker_of(context.request)
        try:
            return types.ReadResourceResult(contents=list(await self.at(asker, params.uri)))
        except NotFound as error:
            if context.protocol_version in MODERN_PROTOCOL_VERSIONS:
                raise wrong(error, asker.voice, uri=params.uri) from error
            raise MCPError(NOT_FOUND, asker.voice.say(error.text), {"uri": params.uri}) from error
        except HulkError as error:
            raise wrong(error, asker.voice, uri=params.uri) from error

    async def at(self, asker: Asker, uri: str) -> Sequence[Contents]:
        """What is there. Raises `HulkError`."""
        if (own := await self.pages.read(asker, uri)) is not None:
            return own
        return _read(await self.acts.read(asker.by, uri, asker.server, Present(language=asker.voice.language)), uri)

    async def readable(self, asker: Asker, uri: str) -> bool:
        """Whether they may read what is there, without reading it when a tool would have to be called. Raises `Unavailable`."""
        try:
            return await self.pages.read(asker, uri) is not None or bool(await self.acts.read.tool(asker.by, uri, asker.server))
        except NotFound:
            return False

    async def _addresses(self, asker: Asker) -> Sequence[Tool]:
        try:
            return await self.acts.read.addresses(asker.by, asker.server)
        except HulkError as error:
            raise wrong(error, asker.voice) from error


def _read(called: Called, uri: str) -> Sequence[Contents]:
    """What the call gave. Raises `Refused` and `Forbidden` when that is nothing which its caller may see."""
    call, shown = called.call, called.shown
    if isinstance(shown, Withheld):
        raise Forbidden(withheld(call, shown))
    if shown is None:
        raise Refused(standing(call))
    if shown.failed or call.ended_badly:
        words = "\n".join(piece.text for piece in shown.pieces if isinstance(piece, Words))
        raise Refused("{tool} says: {words}", tool=call.tool, words=words)
    return list(pieces(shown, uri))


def _resource(tool: Tool) -> types.Resource:
    return types.Resource(uri=tool.address, name=tool.name, title=tool.title or None, description=tool.description)


def _template(tool: Tool) -> types.ResourceTemplate:
    return types.ResourceTemplate(uri_template=tool.address, name=tool.name, title=tool.title or None, description=tool.description)
