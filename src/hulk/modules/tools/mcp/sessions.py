"""What is kept of sessions (MCP to 2025-11-25; later there are none): from which level on they want log messages."""

from collections import OrderedDict
from typing import Any, get_args

import mcp_types as types

_ORDER: tuple[str, ...] = get_args(types.LoggingLevel)
_MOST = 10_000


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


def _session(context: Any) -> str:
    return str(context.request.headers.get("mcp-session-id", ""))
