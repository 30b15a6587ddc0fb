"""How far a call is, told to whoever asked: one after the other, the newest only, however fast the server says it."""

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING

from hulk.kernel.errors import HulkError
from hulk.modules.tools.adapters.backends.mounted.hiding import Hiding
from hulk.modules.tools.ports import Calling, unheard

if TYPE_CHECKING:
    from mcp.shared.dispatcher import ProgressFnT


class Telling:
    """For the length of a call; gives what the SDK calls with each progress, None when nobody listens."""

    def __init__(self, calling: Calling, hide: Hiding) -> None:
        self._tell, self._hide = calling.progress, hide
        self._newest: tuple[float, float | None, str] | None = None
        self._come = asyncio.Event()
        self._group = asyncio.TaskGroup()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "ProgressFnT | None":
        if self._tell is unheard:
            return None
        await self._group.__aenter__()
        self._task = self._group.create_task(self._told())
        return self._heard

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._task is not None:
            self._task.cancel()
            await self._group.__aexit__(None, None, None)

    async def _heard(self, progress: float, total: float | None, message: str | None) -> None:
        self._newest = (progress, total, self._hide.excerpt(message or ""))
        self._come.set()

    async def _told(self) -> None:
        while True:
            await self._come.wait()
            self._come.clear()
            if self._newest is not None:
                with suppress(HulkError):  # who cannot be told does not end the call
                    await self._tell(*self._newest)
