"""Tools over MCP: what the caller may use, at `/mcp`, and virtual servers at `/mcp/{server}`.

    async with serving(acts, settings.mcp, Guard.of(settings.mcp, host, url), max_body, methods) as endpoint:
        routers.append(routes(endpoint, resource))

`methods` is `protocol.Methods`, given by whoever knows when the protocol's library (half a second) is to be imported.

It speaks the revisions to 2025-11-25, with sessions, and 2026-07-28, without.
"""

from hulk.modules.tools.mcp.endpoint import Endpoint, serving
from hulk.modules.tools.mcp.guard import Guard
from hulk.modules.tools.mcp.resource import Resource
from hulk.modules.tools.mcp.routes import routes

__all__ = ["Endpoint", "Guard", "Resource", "routes", "serving"]
