"""What is kept of sessions (MCP to 2025-11-25; later there are none): the revision that was agreed on, from which level on they want log
messages, and messages for streams that are cut."""

from collections import OrderedDict
from typing import Any, Generic, TypeVar, get_args

import mcp_types as types
from mcp.server.streamable_http import EventStore
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from starlette.types import Receive, Scope, Send

from hulk.modules.tools.mcp.replay import Held

V = TypeVar("V")
_ORDER: tuple[str, ...] = get_args(types.LoggingLevel)
_MOST = 10_000
_SESSION, _VERSION = b"mcp-session-id", b"mcp-protocol-version"


class _Kept(Generic[V]):
    """By the sessions' ids. Bounded: the oldest are forgotten."""

    def __init__(self) -> None:
        self._of: OrderedDict[str, V] = OrderedDict()

    def set(self, session: str, value: V) -> None:
        self._of[session] = value
        while len(self._of) > _MOST:
            self._of.popitem(last=False)

    def get(self, session: str) -> V | None:
        return self._of.get(session)


class Levels:
    """From which level on they want log messages; of those that have not said, all is wanted."""

    def __init__(self) -> None:
        self._levels: _Kept[str] = _Kept()

    def set(self, context: Any, level: str) -> None:
        """This session wants what is at least so grave."""
        self._levels.set(_session(context), level)

    def wants(self, context: Any, level: str) -> bool:
        """Whether the session wants to hear of it."""
        return _ORDER.index(level) >= _ORDER.index(self._levels.get(_session(context)) or _ORDER[0])


class Agreed:
    """The revisions that they speak."""

    def __init__(self) -> None:
        self._versions: _Kept[str] = _Kept()

    def begun(self, context: Any) -> None:
        """This one has begun."""
        self._versions.set(_session(context), context.protocol_version)

    def heeded(self, scope: Scope) -> Scope:
        """The request as one of the revision that its session has agreed on, whichever of them its header says: it should say the same
        (2025-11-25, “Protocol Version Header”), and what a session may expect does not change amid it."""
        headers = dict(scope["headers"])
        agreed = self._versions.get(headers.get(_SESSION, b"").decode("latin-1"))
        if agreed is None or headers.get(_VERSION, b"").decode("latin-1") not in HANDSHAKE_PROTOCOL_VERSIONS:
            return scope
        return {**scope, "headers": [(name, agreed.encode() if name == _VERSION else value) for name, value in scope["headers"]]}


class Sessions(StreamableHTTPSessionManager):
    """The library's, with messages held for each session by itself: the library names streams by the numbers of their requests, which all
    sessions have alike."""

    def __init__(self, held: Held, agreed: Agreed, *arguments: Any, **more: Any) -> None:
        self._held, self._agreed = held, agreed
        super().__init__(*arguments, **more)

    async def handle_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See `StreamableHTTPSessionManager`."""
        await super().handle_request(self._agreed.heeded(scope), receive, send)

    @property
    def event_store(self) -> EventStore:  # the library asks for it once for each session
        """A new one."""
        return self._held.session()

    @event_store.setter
    def event_store(self, _: EventStore | None) -> None:
        """The library sets what it was given: nothing."""


def _session(context: Any) -> str:
    return str(context.request.headers.get("mcp-session-id", ""))
