"""A third party's MCP server as a `Backend`: a session is opened when somebody needs one, and again when it has ended."""

import asyncio
import importlib
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

import structlog

from hulk.kernel.errors import HulkError, NotFound, Unavailable
from hulk.kernel.records import JsonObject
from hulk.kernel.text import Text
from hulk.modules.tools.adapters.backends.mounted.ending import Ending
from hulk.modules.tools.adapters.backends.mounted.failures import told
from hulk.modules.tools.adapters.backends.mounted.hiding import Hiding
from hulk.modules.tools.adapters.backends.mounted.limits import Limits, Patience, Rules
from hulk.modules.tools.adapters.backends.mounted.ways import Way
from hulk.modules.tools.domain import Listed, Output, Tool
from hulk.modules.tools.ports import Calling

if TYPE_CHECKING:
    from hulk.modules.tools.adapters.backends.mounted.line import Line

log = structlog.get_logger(__name__)
T = TypeVar("T")


class MountedServer:
    """`Foreign` over MCP, while it is looked after by `run`. `lives` counts its sessions."""

    def __init__(self, name: str, way: Way, rules: Rules, limits: Limits, patience: Patience) -> None:
        self._name, self._way, self._rules, self._limits, self._patience = name, way, rules, limits, patience
        self._hide = Hiding(way.secrets.values())
        self._wanted = asyncio.Event()
        self._opening: asyncio.Future[Line] | None = None
        self._line: Line | None = None
        self._print = ""
        self._failures = 0
        self._why = Text("it has not been asked yet")
        self._again = 0.0
        self.lives = 0

    @property
    def name(self) -> str:
        """See `Backend`."""
        return self._name

    async def listed(self) -> Sequence[Listed]:
        """See `Foreign`."""
        return tuple((await self._reading(lambda line: line.listing())).tools.values())

    async def tools(self) -> Sequence[Tool]:
        """See `Backend`."""
        return [one.tool for one in await self.listed()]

    async def call(self, tool: Tool, arguments: JsonObject, calling: Calling) -> Output:
        """See `Backend`. Whatever the server says of the tool now: who pins that wants `call_listed`."""
        wanted = next((one for one in await self.listed() if one.tool.name == tool.name), None)
        if wanted is None:
            raise NotFound("There is no tool {name}.", name=tool.name)
        return await self.call_listed(wanted, arguments, calling)

    async def call_listed(self, wanted: Listed, arguments: JsonObject, calling: Calling) -> Output:
        """See `Foreign`."""
        seconds = min(self._rules.seconds, (calling.deadline - datetime.now(UTC)).total_seconds())
        if seconds <= 0:
            raise Unavailable("{server}: there is no time left to call {tool}; nothing was done.", server=self._name, tool=wanted.tool.name)
        began = time.monotonic()
        line = await self._connected(seconds)
        try:
            return await line.call(wanted, arguments, calling, seconds - (time.monotonic() - began))
        except HulkError as error:
            raise told(self._name, error, reads=not wanted.tool.writes) from error.__cause__

    async def _reading(self, act: Callable[["Line"], Awaitable[T]]) -> T:
        line = await self._connected(self._limits.start)
        try:
            return await act(line)
        except HulkError as error:
            raise told(self._name, error, reads=True) from error.__cause__

    async def _connected(self, seconds: float) -> "Line":
        """The session, opened if there is none. Raises `Unavailable`."""
        self._renewed()
        if self._line is not None and not self._line.ending.over:
            return self._line
        if (wait := self._again - time.monotonic()) > 0:
            raise self._away(self._why, wait)
        if self._opening is None:
            self._opening = asyncio.get_running_loop().create_future()
        self._wanted.set()
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.shield(self._opening)
        except TimeoutError:
            raise self._away(Text("it was not ready within {seconds} seconds", seconds=round(seconds, 1)), 1.0) from None

    def _renewed(self) -> None:
        """A session that was begun with secrets of before is ended once nobody uses it."""
        if (line := self._line) is not None and not line.busy and self._print != self._way.print:
            line.ending.because(Text("its secrets have changed"))

    def _away(self, why: Text, wait: float) -> Unavailable:
        return Unavailable("{server}: {why}.", server=self._name, why=why, retry_after=wait)

    async def run(self) -> None:
        """Open sessions for those who want one, until cancelled."""
        while True:
            await self._wanted.wait()
            await asyncio.sleep(max(0.0, self._again - time.monotonic()))
            self._wanted.clear()
            if (opening := self._opening) is not None:
                await self._life(opening)

    async def _life(self, opening: "asyncio.Future[Line]") -> None:
        """From opening to end, for whatever reason."""
        born, ending, self._print = time.monotonic(), Ending(), self._way.print
        try:
            await self._served(opening, ending)
        except HulkError as error:
            ending.because(error.text)
        except Exception as error:  # noqa: BLE001 - see below
            # Whatever a third party's server brings the SDK to raise must not end us; its words may quote what the server said.
            log.error("mounted_server_mistake", server=self._name, where=_where(error))  # noqa: TRY400 - see above
            ending.because(Text("it broke the connection ({where})", where=_where(error)))
        finally:
            self._line = None
        self._ended(ending.why or Text("it has ended"), time.monotonic() - born)
        self._answer(opening, None)

    async def _served(self, opening: "asyncio.Future[Line]", ending: Ending) -> None:
        # The SDK costs 0.5 s of CPU and 56 MB to import: only who has such a server pays, and nobody waits for it.
        module = await asyncio.to_thread(importlib.import_module, "hulk.modules.tools.adapters.backends.mounted.line")
        session: AbstractAsyncContextManager[Line] = module.opened(self._name, self._way, self._hide, self._rules, self._limits, ending)
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout(self._limits.start):
                    line = await stack.enter_async_context(session)
            except TimeoutError:
                raise Unavailable(ending.why or Text("it was not ready within {seconds} seconds", seconds=self._limits.start)) from None
            self._line, self.lives = line, self.lives + 1
            log.info("mounted_server_begun", server=self._name, lives=self.lives)
            self._answer(opening, line)
            await ending.wait()

    def _answer(self, opening: "asyncio.Future[Line]", line: "Line | None") -> None:
        """Tell those who wait."""
        if self._opening is opening:
            self._opening = None
        if opening.done():
            return
        if line is not None:
            opening.set_result(line)
        else:
            opening.set_exception(self._away(self._why, max(0.0, self._again - time.monotonic())))
            opening.exception()  # also when nobody waits any more

    def _ended(self, why: Text, seconds: float) -> None:
        """When it may be opened again: at once when it lived long, or was ended for new secrets."""
        patience, self._why = self._patience, why
        calm = seconds > patience.calm or self._print != self._way.print
        self._failures = 0 if calm else self._failures + 1
        pause = min(patience.first * 2.0 ** (self._failures - 1), patience.longest) if self._failures else 0.0
        self._again = time.monotonic() + pause
        log.warning("mounted_server_ended", server=self._name, why=str(why), seconds=round(seconds, 1), pause=round(pause, 1))


def _where(error: BaseException) -> str:
    """The kind of an error and the line that raised it, of the first in a group."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    frames = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} in {frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else type(error).__name__


@asynccontextmanager
async def mounted(
    name: str, way: Way, rules: Rules, limits: Limits | None = None, patience: Patience | None = None
) -> AsyncIterator[MountedServer]:
    """The server as a backend, as long as the block lasts; nothing is started before it is asked for something."""
    server = MountedServer(name, way, rules, limits or Limits(), patience or Patience())
    async with asyncio.TaskGroup() as group:
        task = group.create_task(server.run())
        try:
            yield server
        finally:
            task.cancel()
