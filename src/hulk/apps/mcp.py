"""`hulk mcp`: the tools of a running Hulk for programs that start their servers themselves and talk to them over standard input and output.

Each call goes on to `/mcp` of that Hulk, which decides and keeps it; nothing is known or kept here.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import structlog

from hulk import __version__
from hulk.apps.client import connected, running_server
from hulk.apps.terminal import spoken
from hulk.apps.whereabouts import Server
from hulk.kernel.errors import NotFound, Refused
from hulk.kernel.text import Text

if TYPE_CHECKING:
    import httpx2
    import mcp_types as types
    from mcp import Client

log = structlog.get_logger(__name__)
R = TypeVar("R")
REVISION = "2026-07-28"
"""Of MCP, between here and there: without sessions, so that a Hulk that was started again is asked on."""
LONGEST = 660.0
"""Seconds that a call may take: more than any tool of a backend may."""
_AGAIN_SECONDS = 5.0
_OURS = "hulk/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """What is relayed: to `url`, else to the Hulk on the folder `data`; of the virtual server `server`, if one is named."""

    url: str | None
    data: Path
    server: str | None
    key: str | None
    language: str


async def relay(wanted: Relay) -> int:
    """Relay until standard input ends. Raises `NotFound` when no Hulk runs, and what that Hulk refuses."""
    try:
        import httpx2
        import mcp  # noqa: F401  # to say it once
    except ImportError as error:
        raise Refused("MCP needs the package mcp, which is not installed here: install hulk-ops[tools].") from error
    hulk = await _hulk(wanted)
    await _reached(hulk, wanted)
    path = f"/mcp/{wanted.server}" if wanted.server else "/mcp"
    headers = {"accept-language": wanted.language} | ({"authorization": f"Bearer {wanted.key}"} if wanted.key else {})
    async with httpx2.AsyncClient(headers=headers, timeout=httpx2.Timeout(30, read=LONGEST)) as http:
        await _served(Upstream(hulk.url + path, http))
    return 0


async def _hulk(wanted: Relay) -> Server:
    if wanted.url is not None:
        return Server(wanted.url.rstrip("/").removesuffix("/mcp"))
    found = await running_server(wanted.data)
    if found is None:
        raise NotFound(
            "No Hulk runs on the data folder {folder}: start it with `hulk up`, or name another's address with --url.",
            folder=str(wanted.data),
        )
    return found


async def _reached(hulk: Server, wanted: Relay) -> None:
    """Raises what a first look is refused with, in that Hulk's words, before any program waits for an answer."""
    async with connected(hulk, wanted.language, wanted.key) as client:
        named = f"&server={wanted.server}" if wanted.server else ""
        await client.get(f"/v1/tools?limit=1{named}")


@dataclass(frozen=True, slots=True)
class Upstream:
    """That Hulk, over connections that are kept. Each request has a client of its own: one whose request fails to get through is broken."""

    url: str
    http: "httpx2.AsyncClient"

    async def asked(self, ask: "Callable[[Client], Awaitable[R]]") -> R:
        """What it answers. Raises `MCPError`: its own, and one that says so when it does not answer."""
        import mcp_types as types
        from mcp.shared.exceptions import MCPError

        try:
            async with self.client() as client:
                try:
                    return await ask(client)
                except MCPError as error:
                    refused = error
        except (ExceptionGroup, *_away()) as error:
            if not isinstance(cause := _innermost(error), _away()):
                raise
            text = Text("Hulk does not answer at {url}: {reason}.", url=self.url, reason=type(cause).__name__)
            raise MCPError(types.INTERNAL_ERROR, spoken(text)) from error
        raise refused

    @asynccontextmanager
    async def client(self) -> "AsyncIterator[Client]":
        """One, for a request or a stream."""
        from mcp import Client
        from mcp.client.streamable_http import streamable_http_client

        transport = streamable_http_client(self.url, http_client=self.http)
        async with Client(transport, mode=REVISION, cache=None, read_timeout_seconds=LONGEST) as client:
            yield client


def _away() -> tuple[type[Exception], type[OSError]]:
    import httpx2

    return httpx2.HTTPError, OSError


def _innermost(error: BaseException) -> BaseException:
    """The first of what went wrong. It is told by its class: there is no header in that."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def _served(upstream: Upstream) -> None:
    import mcp_types as types
    from mcp.server.lowlevel.server import NotificationOptions
    from mcp.server.lowlevel.server import Server as Protocol
    from mcp.server.stdio import stdio_server
    from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler

    relayed = _Relayed(upstream, InMemorySubscriptionBus())
    server: Protocol[Any] = Protocol(
        "hulk", title="Hulk", version=__version__, on_list_tools=relayed.list, on_call_tool=relayed.call,
        on_subscriptions_listen=ListenHandler(relayed.bus),
    )  # fmt: skip
    server.add_notification_handler("notifications/initialized", types.NotificationParams, relayed.begun)
    async with stdio_server() as (heard, said), asyncio.TaskGroup() as group:
        telling = group.create_task(relayed.told())
        await server.run(heard, said, server.create_initialization_options(NotificationOptions(tools_changed=True)))
        telling.cancel()


@dataclass
class _Relayed:
    """The methods, asked of that Hulk."""

    upstream: Upstream
    bus: Any
    session: Any = None

    async def begun(self, context: Any, _: Any) -> None:
        """A client of an older revision is there."""
        self.session = context.session

    async def list(self, _: Any, params: "types.PaginatedRequestParams | None") -> "types.ListToolsResult":
        """See `/mcp`."""
        return await self.upstream.asked(lambda client: client.list_tools(cursor=params.cursor if params else None))

    async def call(self, context: Any, params: "types.CallToolRequestParams") -> "types.CallToolResult":
        """See `/mcp`."""
        given = context.meta or {}
        meta: Any = {name: value for name, value in given.items() if name.startswith(_OURS)}
        heard = context.session.report_progress if "progress_token" in given else None

        async def ask(client: "Client") -> "types.CallToolResult":
            return await client.call_tool(params.name, params.arguments, progress_callback=heard, meta=meta or None)

        return await self.upstream.asked(ask)

    async def told(self) -> None:
        """Tell on that tools have changed, for as long as that Hulk says so; ends only by cancellation."""
        from mcp.client.subscriptions import SubscriptionLost
        from mcp.shared.exceptions import MCPError

        while True:
            try:
                async with self.upstream.client() as client, client.listen(tools_list_changed=True) as changes:
                    async for _ in changes:
                        await self._tell()
            except (ExceptionGroup, MCPError, SubscriptionLost, *_away()) as error:
                log.debug("mcp_upstream_away", reason=type(_innermost(error)).__name__)  # calls say so
            await asyncio.sleep(_AGAIN_SECONDS)

    async def _tell(self) -> None:
        from mcp.server.subscriptions import ToolsListChanged

        await self.bus.publish(ToolsListChanged())
        if self.session is not None:
            await self.session.send_tool_list_changed()
