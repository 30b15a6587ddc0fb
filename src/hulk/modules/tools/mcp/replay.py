"""Messages that are held for clients whose stream was cut (2025-11-25, “Resumability and Redelivery”): each session has its own, and all
of them together are bounded, the oldest going first."""

from collections import OrderedDict

from mcp.server.streamable_http import EventCallback, EventMessage, EventStore
from mcp_types import JSONRPCMessage

_SEPARATOR = "-"


class Held:
    """At most so many bytes, by the session's number and the message's in it."""

    def __init__(self, most: int) -> None:
        self._most, self._size, self._sessions = most, 0, 0
        self._held: OrderedDict[tuple[int, int], tuple[str, JSONRPCMessage, int]] = OrderedDict()

    def session(self) -> "Replay":
        """For one more session."""
        self._sessions += 1
        return Replay(self, self._sessions)

    def hold(self, place: tuple[int, int], stream: str, message: JSONRPCMessage) -> None:
        """Hold it, and let go of the oldest of all that are too many."""
        size = len(message.model_dump_json(by_alias=True, exclude_none=True))
        self._held[place] = (stream, message, size)
        self._size += size
        while self._size > self._most and self._held:
            self._size -= self._held.popitem(last=False)[1][2]

    def at(self, place: tuple[int, int], stream: str) -> JSONRPCMessage | None:
        """What is held there of that stream."""
        found = self._held.get(place)
        return found[1] if found is not None and found[0] == stream else None


class Replay(EventStore):
    """One session's. An event's id is its number and its stream's name, so that nothing must be held to know it again."""

    def __init__(self, held: Held, session: int) -> None:
        self._held, self._session, self._next = held, session, 1

    async def store_event(self, stream_id: str, message: JSONRPCMessage | None) -> str:
        """See `EventStore`."""
        number = self._next
        self._next += 1
        if message is not None:
            self._held.hold((self._session, number), stream_id, message)
        return f"{number}{_SEPARATOR}{stream_id}"

    async def replay_events_after(self, last_event_id: str, send_callback: EventCallback) -> str | None:
        """See `EventStore`. None for an id that was not given here."""
        number, separator, stream = last_event_id.partition(_SEPARATOR)
        if not separator or not number.isdecimal() or len(number) > len(str(self._next)) or int(number) >= self._next:
            return None
        for later in range(int(number) + 1, self._next):
            if (message := self._held.at((self._session, later), stream)) is not None:
                await send_callback(EventMessage(message, f"{later}{_SEPARATOR}{stream}"))
        return stream
