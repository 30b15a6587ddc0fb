"""One session with a server, from when it is agreed on to its end: what the server says that it can do, and calls."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, TypeVar

import mcp_types as types
import structlog
from mcp.client import Client, ClientSession
from mcp.client.subscriptions import ListenNotSupportedError, SubscriptionLost, listen
from mcp.shared.exceptions import MCPError
from pydantic import TypeAdapter, ValidationError

from hulk.kernel.errors import Conflict, HulkError, Unavailable
from hulk.kernel.records import JsonObject
from hulk.kernel.text import Text
from hulk.modules.tools.adapters.backends.mounted.answers import output
from hulk.modules.tools.adapters.backends.mounted.asking import Outgoing, asked, request
from hulk.modules.tools.adapters.backends.mounted.child import started
from hulk.modules.tools.adapters.backends.mounted.ending import Ending
from hulk.modules.tools.adapters.backends.mounted.failures import answered
from hulk.modules.tools.adapters.backends.mounted.gate import Gate
from hulk.modules.tools.adapters.backends.mounted.hiding import Hiding
from hulk.modules.tools.adapters.backends.mounted.limits import Limits, Rules
from hulk.modules.tools.adapters.backends.mounted.remote import FATE, Fate, reached
from hulk.modules.tools.adapters.backends.mounted.saying import Listing, Taking
from hulk.modules.tools.adapters.backends.mounted.telling import Telling
from hulk.modules.tools.adapters.backends.mounted.ways import Program, Way
from hulk.modules.tools.domain import Listed, Output, Words
from hulk.modules.tools.ports import Calling, Uncertain

if TYPE_CHECKING:
    from mcp.client._transport import TransportStreams

log = structlog.get_logger(__name__)
T = TypeVar("T")

_SILENT, _MISSED = 3, 48
"""Calls in a row, and in all, that were not answered in time, after which the session is given up, with all that waits for them."""
_LONGEST_CURSOR = 4_096
_LISTEN = 2.0
"""Seconds that a server may take until it says that it will tell of changes."""
_AMID = Words(
    "[Its server asked something of a person amid a call. That was not passed on: servers that speak MCP of before 2026-07-28 do not say "
    "in which call they ask.]"
)
_RESULT: TypeAdapter[types.CallToolResult | types.InputRequiredResult] = TypeAdapter(types.CallToolResult | types.InputRequiredResult)

for _name in ("client", "mcp.client"):  # the SDK logs what it cannot read, with what stands in it
    logging.getLogger(_name).setLevel(logging.CRITICAL)


class Line:
    """A session. `busy` says how many calls are under way."""

    def __init__(self, server: str, session: ClientSession, hide: Hiding, rules: Rules, limits: Limits, ending: Ending) -> None:
        self._server, self._session, self._hide, self._rules, self._limits, self.ending = server, session, hide, rules, limits, ending
        self.busy = self._silent = self._missed = self._amid = 0
        self._turns = asyncio.Semaphore(limits.calls)
        self._looking = asyncio.Lock()
        self._listing: Listing | None = None
        self._at = 0.0

    def asks(self) -> None:
        """It asks something of a person amid a call, and does not say of which."""
        self._amid += 1

    def changed(self) -> None:
        """The server says that its tools are others: it is asked again before anything else."""
        self._at = 0.0

    async def listing(self) -> Listing:
        """What it says now. Raises `HulkError`."""
        async with self._looking:
            if self._listing is None or not self._at or time.monotonic() - self._at > self._limits.fresh:
                self._at = time.monotonic()  # before it is asked, so that a change meanwhile is not missed
                try:
                    self._listing = await self.ask(self._looked(), self._limits.start)
                except BaseException:
                    self.changed()
                    raise
            return self._listing

    async def _looked(self) -> Listing:
        taking, cursor, seen = Taking(self._server, self._rules, self._limits), None, set[str]()
        for _ in range(self._limits.pages):
            page = await self._session.list_tools(params=types.PaginatedRequestParams(cursor=cursor))
            room, cursor = taking.take(page.tools), page.next_cursor
            if cursor is None:
                break
            if not room or cursor in seen or len(cursor) > _LONGEST_CURSOR:
                taking.cut("pages without end" if room else "too many")
                break
            seen.add(cursor)
        else:
            taking.cut("pages without end")
        return self._logged(taking.listing())

    def _logged(self, listing: Listing) -> Listing:
        if listing.left_out:
            log.warning("mounted_tools_left_out", server=self._server, taken=len(listing.tools), left_out=dict(listing.left_out))
        return listing

    async def call(self, wanted: Listed, arguments: JsonObject, calling: Calling, seconds: float) -> Output:
        """Call it, when it is still what `wanted` says. Raises `HulkError`: `Uncertain` unless surely nothing was done."""
        end = time.monotonic() + seconds
        async with self._turn(seconds):
            now = (await self.listing()).tools.get(wanted.tool.name)
            if now is None or now.digest != wanted.digest:
                raise Conflict("it says something else of {tool} by now. Look it up again, then decide", tool=wanted.tool.name)
            return await self._called(wanted, arguments, calling, end - time.monotonic())

    async def _called(self, wanted: Listed, arguments: JsonObject, calling: Calling, seconds: float) -> Output:
        wish, before = request(wanted.said.name, arguments, calling.present), self._amid
        async with Telling(calling, self._hide) as heard:
            result = await self.ask(self._session.send_request(wish, _RESULT, progress_callback=heard), seconds)
        if isinstance(result, types.InputRequiredResult):
            return asked(self._server, result, calling.present, self._hide)
        found = output(result, self._limits.pieces, self._hide)
        return replace(found, pieces=(*found.pieces, _AMID)) if found.failed and self._amid > before else found

    @asynccontextmanager
    async def _turn(self, seconds: float) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(seconds):
                await self._turns.acquire()
        except TimeoutError:
            raise Unavailable("it was busy with {count} calls for {seconds} seconds", count=self._limits.calls, seconds=seconds) from None
        self.busy += 1
        try:
            yield
        finally:
            self.busy -= 1
            self._turns.release()

    async def ask(self, asking: Awaitable[T], seconds: float) -> T:
        """Wait for an answer. Raises `HulkError`."""
        fate = Fate()
        token = FATE.set(fate)
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                result = await asking
        except TimeoutError:
            raise self._unanswered(seconds) from None
        except MCPError as error:
            raise self._meant(error, fate) from None
        except (ValidationError, RuntimeError):
            raise fate.error or Uncertain("it gave an answer that is none of MCP") from None  # the cause would quote it
        finally:
            FATE.reset(token)
        self._silent = 0
        return result

    def _unanswered(self, seconds: float) -> HulkError:
        self._silent, self._missed = self._silent + 1, self._missed + 1
        if self._silent >= _SILENT or self._missed >= _MISSED:
            self.ending.because(Text("it did not answer {count} calls in time", count=self._missed))
        return Uncertain("it has not answered within {seconds} seconds", seconds=round(seconds, 1))

    def _meant(self, error: MCPError, fate: Fate) -> HulkError:
        if fate.error is not None:
            return fate.error
        if self.ending.why is not None:
            return Uncertain(self.ending.why)
        self._silent = 0
        return answered(error.code, error.message, self._hide)


@asynccontextmanager
async def opened(server: str, way: Way, hide: Hiding, rules: Rules, limits: Limits, ending: Ending) -> AsyncIterator[Line]:
    """A session with the server, as long as the block lasts. Raises `HulkError` when there can be none."""
    lines: list[Line] = []
    transport = _gated(way, hide, limits, lambda: changed(lines), lambda: asks(lines), ending)
    client = Client(transport, client_info=types.Implementation(name="hulk", version=version("hulk-ops")), cache=None)
    fate = Fate()
    FATE.set(fate)
    async with _explained(client, fate, ending), asyncio.TaskGroup() as group:
        line = Line(server, client.session, hide, rules, limits, ending)
        lines.append(line)
        ready = asyncio.Event()
        listening = group.create_task(_listening(client, line, ready))
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(_LISTEN):
                    await ready.wait()
            yield line
        finally:
            listening.cancel()


def changed(lines: list[Line]) -> None:
    """The server has said so."""
    for line in lines:
        line.changed()


def asks(lines: list[Line]) -> None:
    """It asks something of a person."""
    for line in lines:
        line.asks()


@asynccontextmanager
async def _explained(client: Client, fate: Fate, ending: Ending) -> AsyncIterator[None]:
    """The session; raises `HulkError` when there is none, in place of all that the SDK and a server may raise."""
    try:
        await client.__aenter__()
    except (HulkError, MCPError, ValidationError, RuntimeError, OSError, ExceptionGroup) as error:
        why = ending.why or (fate.error.text if fate.error else None) or _said(error)
        raise Unavailable(why or Text("it does not speak MCP as we do")) from None
    try:
        yield
    finally:
        await client.__aexit__(None, None, None)


def _said(error: BaseException) -> Text | None:
    """What we have raised ourselves, if that is in it."""
    if isinstance(error, BaseExceptionGroup):
        return next((why for one in error.exceptions if (why := _said(one))), None)
    return error.text if isinstance(error, HulkError) else None


@asynccontextmanager
async def _gated(way: Way, hide: Hiding, limits: Limits, changed: Any, asks: Any, ending: Ending) -> "AsyncIterator[TransportStreams]":
    transport: AbstractAsyncContextManager[TransportStreams]
    transport = started(way, limits, hide, ending) if isinstance(way, Program) else reached(way, limits, ending)
    async with transport as (incoming, outgoing):
        yield Gate(incoming, limits, changed, asks, ending), Outgoing(outgoing)


async def _listening(client: Client, line: Line, ready: asyncio.Event) -> None:
    """Have a server of 2026-07-28 say when its tools change; older ones do so by themselves. Without it they are looked at now and then.
    `ready` once it does: what changes after that is not missed."""
    tools = client.server_capabilities.tools
    try:
        if tools is not None and tools.list_changed:
            async with listen(client.session, tools_list_changed=True) as subscription:
                ready.set()
                async for _ in subscription:
                    pass  # the gate has heard it, too, and before
    except (ListenNotSupportedError, SubscriptionLost, MCPError):
        line.changed()
    finally:
        ready.set()
