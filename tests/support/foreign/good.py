"""A good MCP server, made with the official SDK: `python good.py stdio`, or `python good.py http <port>` (0: a free one, which it says)."""

import asyncio
import os
import sys
from typing import Any

from mcp.server.mcpserver import Context, MCPServer
from mcp_types import (
    AudioContent,
    CallToolResult,
    EmbeddedResource,
    ImageContent,
    InputRequiredResult,
    ListRootsRequest,
    ResourceLink,
    TextContent,
    TextResourceContents,
    ToolAnnotations,
)  # fmt: skip
from pydantic import BaseModel

server = MCPServer("good")


class Sum(BaseModel):
    """What an addition gives."""

    total: int


@server.tool(annotations=ToolAnnotations(destructive_hint=False))
def add(a: int, b: int) -> Sum:
    """Adds two numbers."""
    return Sum(total=a + b)


@server.tool(name="listIssues", title="Issues", annotations=ToolAnnotations(read_only_hint=True))
def list_issues(state: str = "open") -> str:
    """Issues, newest first."""
    return f"3 {state}"


@server.tool()
def environment() -> dict[str, str]:
    """All that it was given."""
    return dict(os.environ)


@server.tool()
def fail() -> str:
    """Cannot."""
    raise ValueError("no such branch")


@server.tool(structured_output=False)
def everything() -> CallToolResult:
    """One piece of each kind."""
    return CallToolResult(
        content=[
            TextContent(text="words"),
            ImageContent(data="aW1hZ2U=", mime_type="image/png"),
            AudioContent(data="c291bmQ=", mime_type="audio/wav"),
            ResourceLink(uri="file:///a.txt", name="a", mime_type="text/plain"),
            EmbeddedResource(resource=TextResourceContents(uri="file:///b.txt", text="inside")),
        ]
    )


@server.tool()
async def steps(context: Context[Any, Any], count: int = 3) -> str:
    """Says how far it is."""
    for step in range(count):
        await context.report_progress(step + 1, count, f"step {step + 1}")
        await asyncio.sleep(0)
    return "done"


@server.tool(structured_output=False)
async def ask() -> InputRequiredResult:
    """Asks whoever calls for what it may look at."""
    return InputRequiredResult(input_requests={"roots": ListRootsRequest()})


@server.tool()
async def grow(context: Context[Any, Any]) -> str:
    """Has one tool more from now on."""

    def grown() -> str:
        """Was not there."""
        return "grown"

    server.add_tool(grown)
    await context.notify_tools_changed()
    return "grown"


def main() -> None:
    """Serve until killed."""
    if sys.argv[1] == "stdio":
        server.run("stdio")
        return
    from support.foreign.serving import served  # on standard input it is a program by itself, beside which nothing of ours is found

    served(server, int(sys.argv[2]))


if __name__ == "__main__":
    main()
