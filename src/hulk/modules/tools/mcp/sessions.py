"""What is kept of sessions (MCP to 2025-11-25; later there are none): from which level on they want log messages, and how to tell them
that tools have changed."""

import asyncio
from collections import OrderedDict
from typing import Any, get_args

import anyio
import mcp_types as types
import structlog

log = structlog.get_logger(__name__)
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
    """Those that have begun, by their ids. Bounded: the oldest are forgotten."""

    def __init__(self) -> None:
        self._begun: OrderedDict[str, Any] = OrderedDict()

    async def begun(self, context: Any, _: types.NotificationParams | None) -> None:
        """One has begun."""
        self._begun[_session(context)] = context.session
        while len(self._begun) > _MOST:
            self._begun.popitem(last=False)

    async def tell(self) -> None:
        """Tell each that tools may be others now; forget those that have ended."""
        for id_, session in list(self._begun.items()):
            try:
                async with asyncio.timeout(_TELLING_SECONDS):
                    await session.send_tool_list_changed()
            except (anyio.ClosedResourceError, anyio.BrokenResourceError, TimeoutError):
                self._begun.pop(id_, None)
                log.debug("mcp_session_forgotten", session=id_[:8])


def _session(context: Any) -> str:
    return str(context.request.headers.get("mcp-session-id", ""))
