"""What is kept of sessions (MCP to 2025-11-25; later there are none): from which level on they want log messages, and how to tell them
that tools have changed."""

import asyncio
from collections import OrderedDict
from contextlib import suppress
from typing import Any, get_args
from weakref import WeakSet

import mcp_types as types
from mcp.server.connection import Connection

_ORDER: tuple[str, ...] = get_args(types.LoggingLevel)
_MOST = 10_000
_TELLING_SECONDS = 2.0


class Levels:
    """By the sessions' ids; of those that have not said, all is wanted. Bounded: the oldest are forgotten."""

    def __init__(self) -> None:
        self._levels: OrderedDict[str, str] = OrderedDict()

    def set(self, context: Any, level: str) -> None:
        """This session wants what is at least so grave."""
        self._levels[_session(context)] = level
        while len(self._levels) > _MOST:
            self._levels.popitem(last=False)

    def wants(self, context: Any, level: str) -> bool:
        """Whether the session wants to hear of it."""
        return _ORDER.index(level) >= _ORDER.index(self._levels.get(_session(context), _ORDER[0]))


class Sessions:
    """Those that have begun, for as long as the protocol's library keeps them."""

    def __init__(self) -> None:
        self._begun: WeakSet[Connection] = WeakSet()

    async def begun(self, context: Any, _: types.NotificationParams | None) -> None:
        """One has begun."""
        self._begun.add(context.session._connection)  # noqa: SLF001  # all else that the library shows ends with the request

    async def tell(self) -> None:
        """Tell each that tools may be others now; one that does not listen is let be."""
        for connection in list(self._begun):
            with suppress(TimeoutError):
                async with asyncio.timeout(_TELLING_SECONDS):
                    await connection.send_tool_list_changed()


def _session(context: Any) -> str:
    return str(context.request.headers.get("mcp-session-id", ""))
