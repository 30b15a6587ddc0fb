"""Who wants to hear that lists are others, or that something read may be: sessions (to 2025-11-25) and open streams (2026-07-28)."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TypeAlias
from weakref import WeakKeyDictionary, ref

from mcp.server.connection import Connection
from mcp.server.subscriptions import PromptsListChanged, ResourcesListChanged, ResourceUpdated, ServerEvent, ToolsListChanged

from hulk.modules.tools.mcp.asker import Asker

MOST = 100
"""Addresses of which one of them may want to hear."""
STREAMS = 1_024
"""Streams that may be open at once."""
_SECONDS = 2.0
"""How long one may take to be told."""
_LISTS: Sequence[ServerEvent] = (ToolsListChanged(), PromptsListChanged(), ResourcesListChanged())

Tell: TypeAlias = Callable[[ServerEvent], Awaitable[None]]


@dataclass(eq=False)
class Ear:
    """One of them; `wanted` are the addresses that it wants to hear of, with who asked for that."""

    tell: Tell
    wanted: dict[str, Asker] = field(default_factory=dict)


class Ears:
    """All of them; sessions for as long as the protocol's library keeps them."""

    def __init__(self) -> None:
        self._sessions: WeakKeyDictionary[Connection, Ear] = WeakKeyDictionary()
        self._streams: set[Ear] = set()

    def session(self, connection: Connection) -> Ear:
        """That session's."""
        if (found := self._sessions.get(connection)) is None:
            found = self._sessions[connection] = Ear(_over(connection))
        return found

    @property
    def full(self) -> bool:
        """Whether no more streams are taken."""
        return len(self._streams) >= STREAMS

    @contextmanager
    def stream(self, ear: Ear) -> Iterator[None]:
        """It hears for as long as the block lasts."""
        self._streams.add(ear)
        try:
            yield
        finally:
            self._streams.discard(ear)

    def wanted(self) -> Iterator[tuple[Asker, str]]:
        """All that somebody wants to hear of."""
        return ((asker, uri) for ear in self._all() for uri, asker in list(ear.wanted.items()))

    async def lists(self) -> None:
        """Tell each that what there is may be other now."""
        for ear in self._all():
            await _told(ear, _LISTS)

    async def updated(self, fits: Callable[[Asker, str], bool]) -> None:
        """Tell whoever wants to hear of an address that fits."""
        for ear in self._all():
            await _told(ear, [ResourceUpdated(uri=uri) for uri, asker in list(ear.wanted.items()) if fits(asker, uri)])

    def _all(self) -> Sequence[Ear]:
        return [*self._sessions.values(), *self._streams]


async def _told(ear: Ear, events: Sequence[ServerEvent]) -> None:
    """One that does not listen is let be."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_SECONDS):
            for event in events:
                await ear.tell(event)


def _over(connection: Connection) -> Tell:
    """Tells a session; it is held weakly, since it holds what this is held by."""
    held = ref(connection)

    async def tell(event: ServerEvent) -> None:
        if (there := held()) is not None:
            await _sent(there, event)

    return tell


async def _sent(connection: Connection, event: ServerEvent) -> None:
    match event:
        case ToolsListChanged():
            await connection.send_tool_list_changed()
        case PromptsListChanged():
            await connection.send_prompt_list_changed()
        case ResourcesListChanged():
            await connection.send_resource_list_changed()
        case ResourceUpdated(uri=uri):
            await connection.send_resource_updated(uri)
