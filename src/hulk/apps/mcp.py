"""`hulk mcp`: the tools of a running Hulk for programs that start their servers themselves and talk to them over standard input and output.

Each call goes on to `/mcp` of that Hulk, which decides and keeps it; nothing is known or kept here.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from hulk import __version__
from hulk.apps.client import connected, running_server
from hulk.apps.terminal import spoken
from hulk.apps.whereabouts import Server
from hulk.kernel.errors import NotFound, Refused
from hulk.kernel.text import Text

if TYPE_CHECKING:
    import httpx2
    from mcp import Client

R = TypeVar("R")
REVISION = "2026-07-28"
"""Of MCP, between here and there: without sessions, so that a Hulk that was started again is asked on."""
LONGEST = 660.0
"""Seconds that a call may take: more than any tool of a backend may."""


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

    async def asked(self, ask: "Callable[[Client], Awaitable[R]]", forms: Any = None) -> R:
        """What it answers; `forms` shows a form to the person at the client. Raises `MCPError`: its own, and one that says so when it does
        not answer."""
        import mcp_types as types
        from mcp.shared.exceptions import MCPError

        try:
            async with self.client(forms) as client:
                try:
                    return await ask(client)
                except MCPError as error:
                    refused = error
        except (ExceptionGroup, *away()) as error:
            if not isinstance(cause := innermost(error), away()):
                raise
            text = Text("Hulk does not answer at {url}: {reason}.", url=self.url, reason=type(cause).__name__)
            raise MCPError(types.INTERNAL_ERROR, spoken(text)) from error
        raise refused

    @asynccontextmanager
    async def client(self, forms: Any = None) -> "AsyncIterator[Client]":
        """One, for a request or a stream."""
        from mcp import Client
        from mcp.client.streamable_http import streamable_http_client

        transport = streamable_http_client(self.url, http_client=self.http)
        async with Client(transport, mode=REVISION, cache=None, read_timeout_seconds=LONGEST, elicitation_callback=forms) as client:
            yield client


def away() -> tuple[type[Exception], type[OSError]]:
    """What is raised where it does not answer."""
    import httpx2

    return httpx2.HTTPError, OSError


def innermost(error: BaseException) -> BaseException:
    """The first of what went wrong. It is told by its class: there is no header in that."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def _served(upstream: Upstream) -> None:
    import mcp_types as types
    from mcp.server.lowlevel.server import NotificationOptions
    from mcp.server.lowlevel.server import Server as Protocol
    from mcp.server.stdio import stdio_server

    from hulk.apps.mcp_relay import Relayed

    relayed = Relayed(upstream)
    server: Protocol[Any] = Protocol(
        "hulk", title="Hulk", version=__version__, on_list_tools=relayed.tools, on_call_tool=relayed.call,
        on_list_resources=relayed.resources, on_list_resource_templates=relayed.templates, on_read_resource=relayed.read,
        on_subscribe_resource=relayed.subscribe, on_unsubscribe_resource=relayed.unsubscribe, on_list_prompts=relayed.prompts,
        on_get_prompt=relayed.prompt, on_completion=relayed.complete, on_subscriptions_listen=relayed.listen,
    )  # fmt: skip
    server.add_notification_handler("notifications/initialized", types.NotificationParams, relayed.begun)
    options = NotificationOptions(prompts_changed=True, resources_changed=True, tools_changed=True)
    async with stdio_server() as (heard, said), asyncio.TaskGroup() as group:
        telling = group.create_task(relayed.told())
        await server.run(heard, said, server.create_initialization_options(options))
        telling.cancel()
