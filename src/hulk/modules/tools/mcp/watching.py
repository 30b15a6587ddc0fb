"""`resources/subscribe` and `subscriptions/listen`: telling that lists are others, and that what somebody read may be.

What Hulk itself knows is told: tools and rules that change, calls as they go on. What tools read lies elsewhere and is looked at by nobody
meanwhile: its readers are told when a call from here has changed something in the same system."""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import mcp_types as types
import structlog
from mcp.server.context import ServerRequestContext
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler
from mcp.shared.exceptions import MCPError

from hulk.kernel.errors import HulkError, NotFound, Refused, Unavailable
from hulk.kernel.text import Text
from hulk.modules.tools.domain import Call, matched
from hulk.modules.tools.mcp.asker import Asker, asker_of
from hulk.modules.tools.mcp.ears import MOST, Ear, Ears
from hulk.modules.tools.mcp.failures import wrong
from hulk.modules.tools.mcp.pages import CALL, CALLS, PART, TOOL, TOOLS
from hulk.modules.tools.mcp.reading import Reading
from hulk.modules.tools.usecases.acts import ToolActs

log = structlog.get_logger(__name__)
Context = ServerRequestContext[Any, Any]
_LOOK = 2.0
"""Seconds between looks at calls that somebody wants to hear of: they may go on in another process."""
_CALLS = 500
"""Calls that are looked at."""
_ENDED = 10_000
"""Ended calls that are remembered until they are told."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """An address, and how the call stands that is there, if it is one."""

    uri: str
    place: tuple[str, str] | None = None
    standing: tuple[str, str | None] | None = None


@dataclass
class Watching:
    """These methods, and `telling`, which does it."""

    acts: ToolActs
    reading: Reading
    ears: Ears = field(default_factory=Ears)
    _calls: dict[tuple[str, str], tuple[str, str | None]] = field(default_factory=dict)
    _ended: deque[Call] = field(default_factory=lambda: deque(maxlen=_ENDED))
    _others: bool = False
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def begin(self) -> None:
        """Hear of what happens from now on."""
        self.acts.catalogue.watch(self._lists_changed)
        self.acts.ended.watch(self._call_ended)

    def begun(self, context: Context) -> None:
        """A session has begun."""
        self.ears.session(context.session._connection)  # noqa: SLF001  # all else that the library shows ends with the request

    async def subscribe(self, context: Context, params: types.SubscribeRequestParams) -> types.EmptyResult:
        """A session wants to hear of an address that it may read. Raises `MCPError`."""
        asker, uri = asker_of(context.request), str(params.uri)
        ear = self.ears.session(context.session._connection)  # noqa: SLF001  # as above
        try:
            if uri not in ear.wanted and len(ear.wanted) >= MOST:
                raise Refused("A session may hear of at most {count} addresses.", count=MOST)
            self._want(ear, asker, await self._seen(asker, uri))
        except HulkError as error:
            raise wrong(error, asker.voice, uri=uri) from error
        return types.EmptyResult()

    async def unsubscribe(self, context: Context, params: types.UnsubscribeRequestParams) -> types.EmptyResult:
        """It does not want to hear of it any more."""
        self.ears.session(context.session._connection).wanted.pop(str(params.uri), None)  # noqa: SLF001  # as above
        return types.EmptyResult()

    async def listen(self, context: Context, params: types.SubscriptionsListenRequestParams) -> types.SubscriptionsListenResult:
        """A stream of what is wanted, as far as its caller may read it. Raises `MCPError`."""
        asker, bus = asker_of(context.request), InMemorySubscriptionBus()
        if self.ears.full:
            raise MCPError(types.INTERNAL_ERROR, asker.voice.say(Text("Too many programs listen: ask later.")))
        asked = list(dict.fromkeys(params.notifications.resource_subscriptions or ()))[:MOST]
        seen = [one for uri in asked for one in await self._readable(asker, uri)]
        kept = params.notifications.model_copy(update={"resource_subscriptions": [one.uri for one in seen]})
        ear = Ear(bus.publish)
        for one in seen:
            self._want(ear, asker, one)
        with self.ears.stream(ear):
            return await ListenHandler(bus)(context, params.model_copy(update={"notifications": kept}))

    async def _readable(self, asker: Asker, uri: str) -> Sequence[_Seen]:
        try:
            return [await self._seen(asker, uri)]
        except HulkError:
            return ()

    async def _seen(self, asker: Asker, uri: str) -> _Seen:
        """What is there now, for somebody who may read it. Raises `HulkError`."""
        if not await self.reading.readable(asker, uri):
            raise NotFound("There is nothing to read at {uri}.", uri=uri[:300])
        if (id_ := _call_at(uri)) is None:
            return _Seen(uri)
        if len(self._calls) >= _CALLS:
            raise Unavailable("Too many calls are listened to: ask later.")
        return _Seen(uri, (asker.by.tenant, id_), await self._standing(asker, id_))

    def _want(self, ear: Ear, asker: Asker, seen: _Seen) -> None:
        """It wants to hear of what becomes of it from there on."""
        ear.wanted[seen.uri] = asker
        if seen.place is not None and seen.standing is not None:
            self._calls.setdefault(seen.place, seen.standing)
            self._news.set()

    async def telling(self) -> None:
        """Tell what happens; ends only by cancellation."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK if self._calls else None):
                    await self._news.wait()
            self._news.clear()
            try:
                await self._told()
            except Exception:  # who cannot be told ends neither the others nor the program
                log.exception("mcp_change_not_told")

    async def _told(self) -> None:
        if self._others:
            self._others = False
            await self.ears.lists()
            await self.ears.updated(lambda _, uri: uri == TOOLS or matched(TOOL, uri) is not None)
        while self._ended:
            call = self._ended.popleft()
            await self.ears.updated(partial(self._touched, call))
        await self._looked()

    async def _looked(self) -> None:
        """Look at the calls that somebody wants to hear of, and tell those that went on."""
        wanted = {(asker.by.tenant, id_): asker for asker, uri in self.ears.wanted() if (id_ := _call_at(uri)) is not None}
        now = {place: await self._standing(asker, place[1]) for place, asker in wanted.items()}
        on = {place for place, standing in now.items() if self._calls.get(place, standing) != standing}
        self._calls = now
        if on:
            await self.ears.updated(lambda asker, uri: (asker.by.tenant, _call_at(uri) or "") in on)

    async def _standing(self, asker: Asker, id_: str) -> tuple[str, str | None]:
        try:
            call = (await self.acts.calls(asker.by, id_)).call
        except HulkError as error:
            return error.code, None
        return call.status, call.ticket

    def _touched(self, call: Call, asker: Asker, uri: str) -> bool:
        """Whether what is there may be other after that call."""
        if asker.by.tenant != call.tenant:
            return False
        if uri == CALLS:
            return asker.by.actor == call.actor
        tool = self.acts.catalogue.seen.get(call.tool)
        if tool is None or not tool.writes:
            return False
        same = (one for one in self.acts.catalogue.seen.values() if one.backend == tool.backend and one.address)
        return any(matched(one.address, uri) is not None for one in same)

    def _lists_changed(self) -> None:
        self._others = True
        self._news.set()

    def _call_ended(self, call: Call) -> None:
        self._ended.append(call)
        self._news.set()


def _call_at(uri: str) -> str | None:
    """The call that is at that address."""
    found = matched(CALL, uri) or matched(PART, uri)
    return None if found is None else found["call"]
