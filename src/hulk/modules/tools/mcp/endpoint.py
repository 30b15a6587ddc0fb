"""`/mcp` and `/mcp/{server}`: Streamable HTTP behind the same doors as all routes.

The protocol's library is imported when somebody first asks (half a second): a Hulk that nobody asks over MCP pays nothing for it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from hulk.kernel.errors import Unauthenticated, Unavailable
from hulk.kernel.tenancy import Principal
from hulk.modules.tools.domain import Server, Who
from hulk.modules.tools.domain.server import missing
from hulk.modules.tools.mcp.asker import Asker, keep
from hulk.modules.tools.mcp.guard import Guard
from hulk.modules.tools.settings import McpSettings
from hulk.modules.tools.usecases.acts import ToolActs
from hulk.modules.tools.usecases.ruling import require
from hulk.runtime.http import state, voice_of

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    from hulk.modules.tools.mcp.protocol import Methods


@dataclass
class Endpoint:
    """Who asks is found out here, and what of; all else is the protocol's. `most` is the largest message, in bytes; `methods` makes what
    answers, with the library that it needs."""

    acts: ToolActs
    settings: McpSettings
    guard: Guard
    most: int
    methods: "Callable[[ToolActs, McpSettings], Methods]"
    group: asyncio.TaskGroup
    _begun: "asyncio.Future[StreamableHTTPSessionManager] | None" = None
    _over: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request. Raises `Forbidden`, `NotFound` for a virtual server that is not there for the caller."""
        by = state(scope).get("principal")
        if not isinstance(by, Principal):
            raise Unauthenticated("An API key is needed: send it as “Authorization: Bearer …” or “X-API-Key: …”.")
        self.guard.require(Headers(scope=scope))
        require(by, "read")
        server = await self._server(by, scope["path_params"].get("server"))
        manager = await self._manager()
        await self.acts.catalogue.shelf()
        keep(scope, Asker(by, server, voice_of(scope)))
        scope["user"] = _owner(by, server)
        await manager.handle_request(scope, _until(receive, scope) if _lasts(scope) else receive, send)

    async def _server(self, by: Principal, name: str | None) -> Server | None:
        if name is None:
            return None
        found = await self.acts.servers.get(by, name)
        if not found.open_to(Who(principal=by)):
            raise missing(Server, name)
        return found

    async def _manager(self) -> "StreamableHTTPSessionManager":
        if self._begun is None:
            self._begun = asyncio.get_running_loop().create_future()
            self.group.create_task(self._run(self._begun))
        return await asyncio.shield(self._begun)

    async def _run(self, begun: "asyncio.Future[StreamableHTTPSessionManager]") -> None:
        try:
            methods, manager = await asyncio.to_thread(self._made)
        except ImportError:
            self._begun = None
            begun.set_exception(Unavailable("MCP needs the package mcp, which is not installed here: install hulk-ops[tools]."))
            return
        async with manager.run(), asyncio.TaskGroup() as group:
            begun.set_result(manager)
            telling = group.create_task(methods.telling())
            await self._over.wait()
            telling.cancel()

    def _made(self) -> "tuple[Methods, StreamableHTTPSessionManager]":
        methods = self.methods(self.acts, self.settings)
        return methods, methods.manager(self.guard, self.most)

    def stop(self) -> None:
        """All sessions end."""
        self._over.set()


@asynccontextmanager
async def serving(
    acts: ToolActs, settings: McpSettings, guard: Guard, most: int, methods: "Callable[[ToolActs, McpSettings], Methods]"
) -> AsyncIterator[Endpoint]:
    """The endpoint, until the block ends."""
    async with asyncio.TaskGroup() as group:
        endpoint = Endpoint(acts, settings, guard, most, methods, group)
        try:
            yield endpoint
        finally:
            endpoint.stop()


class Handed(Response):
    """An answer that the endpoint gives by itself."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__()
        self.endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See `Response`."""
        begun = ended = False

        async def watched(message: Message) -> None:
            nonlocal begun, ended
            begun = True
            ended = ended or (message["type"] == "http.response.body" and not message.get("more_body"))
            if "status" in message:
                message = {**message, "status": int(message["status"])}  # a plain number, as it is logged
            await send(message)

        await self.endpoint(scope, receive, watched)
        if begun and not ended:  # a stream that was called off with the program
            await send({"type": "http.response.body", "body": b"", "more_body": False})


def _owner(by: Principal, server: Server | None) -> Any:
    """Whose a session is, as the library compares it: nobody goes on with another's, nor with one of another server."""
    from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
    from mcp.server.auth.provider import AccessToken

    name = "" if server is None else server.name
    return AuthenticatedUser(AccessToken(token="", client_id=f"{by.tenant}\0{by.actor}\0{name}", scopes=[]))  # none is needed


def _lasts(scope: Scope) -> bool:
    """Whether it is a stream that is open for as long as its caller wants: of events, in either revision."""
    return scope["method"] == "GET" or Headers(scope=scope).get("mcp-method") == "subscriptions/listen"


def _until(receive: Receive, scope: Scope) -> Receive:
    """What is received until the program stops: then the caller is as good as gone, so that no open stream holds it up."""
    closing = getattr(scope["app"].state, "closing", None)

    async def heard() -> Message:
        if not isinstance(closing, asyncio.Event):
            return await receive()
        async with asyncio.TaskGroup() as group:
            waiting = [group.create_task(_received(receive)), group.create_task(_closed(closing))]
            done, late = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in late:
                task.cancel()
        return done.pop().result()

    return heard


async def _received(receive: Receive) -> Message:
    return await receive()


async def _closed(closing: asyncio.Event) -> Message:
    await closing.wait()
    return {"type": "http.disconnect"}
