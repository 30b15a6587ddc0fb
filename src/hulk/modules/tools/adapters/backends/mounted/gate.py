"""What of a server's messages reaches its session: answers always, the rest as far as there is use for it, and all no faster than is fine.

The session starts a task for each message, so a storm of them would be a storm of tasks.
"""

from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import anyio
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCNotification, JSONRPCRequest

from hulk.kernel.text import Text
from hulk.modules.tools.adapters.backends.mounted.ending import Ending
from hulk.modules.tools.adapters.backends.mounted.limits import Limits
from hulk.modules.tools.adapters.backends.mounted.pace import Pace

if TYPE_CHECKING:
    from mcp.client._transport import ReadStream

_CHANGED = "notifications/tools/list_changed"
_ASKS = "elicitation/create"
_HEARD = ("notifications/subscriptions/acknowledged", "notifications/cancelled")
_REQUESTS, _PROGRESS = 16, 20
"""In a second: what it may ask of us, which is mostly declined, and how often it may say how far it is."""


class Gate:
    """`ReadStream` over a transport's."""

    def __init__(
        self, inner: "ReadStream[SessionMessage | Exception]", limits: Limits, changed: Callable[[], None], asks: Callable[[], None],
        ending: Ending,
    ) -> None:  # fmt: skip
        self._inner, self._changed, self._asks, self._ending = inner, changed, asks, ending
        self._pace, self._requests, self._progress = Pace(limits.pace), Pace(_REQUESTS), Pace(_PROGRESS)

    @property
    def last_context(self) -> Any:
        """What the transport gives with a message, for the SDK."""
        return getattr(self._inner, "last_context", None)

    async def receive(self) -> SessionMessage | Exception:
        """The next message that is let through; raises `anyio.EndOfStream` at the end."""
        while True:
            await self._pace()
            try:
                item = await self._inner.receive()
            except (anyio.EndOfStream, anyio.ClosedResourceError):
                self._ending.because(Text("it has ended the connection"))
                raise
            if self._wanted(item):
                return item

    def _wanted(self, item: SessionMessage | Exception) -> bool:
        if isinstance(item, Exception):
            return False
        message = item.message
        if isinstance(message, JSONRPCRequest):
            if message.method == _ASKS:
                self._asks()
            return self._requests.room()
        return self._heard(message.method) if isinstance(message, JSONRPCNotification) else True

    def _heard(self, method: str) -> bool:
        if method == _CHANGED:
            self._changed()
            return False
        return method in _HEARD or (method == "notifications/progress" and self._progress.room())

    async def aclose(self) -> None:
        """For the SDK."""
        await self._inner.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None

    async def __aenter__(self) -> Self:
        await self._inner.__aenter__()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> bool | None:
        return await self._inner.__aexit__(kind, error, trace)
