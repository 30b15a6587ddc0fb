"""A channel's line to its vendor. An adapter fills `Line`, and `Door` when its vendor calls us, `Listens` when we listen there, or `Serves`
when others connect to a port of its own; `Edits` where what was said can be changed."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeAlias

from hulk.kernel.errors import Unavailable
from hulk.kernel.text import Text
from hulk.modules.channels.domain import Arrival, Attached, Channel, Limits, Outgoing, Pace


class Uncertain(Unavailable):
    """It may have gone out, or not: the answer did not come, or was none. Such a message is not sent again by itself."""

    code = "uncertain"


class Unknowable(Exception):  # an answer, not a fault
    """The channel cannot be asked whether it has a message."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that the channel took; `id` is what it calls it."""

    id: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of trying a channel: what was proved, in order, with how many seconds it took."""

    steps: tuple[tuple[Text, float], ...]


class Line(Protocol):
    """Sends to one channel. All methods bound their own time and size. What a vendor says comes out as the errors below, never raw."""

    @property
    def limits(self) -> Limits:
        """What a message may be."""

    @property
    def paces(self) -> tuple[Pace, Pace]:
        """How fast all messages may go out, and those to one address."""

    async def send(self, message: Outgoing, files: Sequence[tuple[str, Path]]) -> Sent:
        """Send it with `files` (name, where it lies), carrying its `id` where the channel has a place for such a handle.

        Raises `Exhausted` (with `retry_after`) when too much was sent, `Unavailable` when it was surely not taken now but may be later,
        `Unauthenticated` when the channel does not know us any more, `Refused` (or `NotFound`, `Forbidden`) when it never will take this
        message, and `Uncertain` when nobody knows whether it did."""

    async def find(self, message: Outgoing) -> Sent | None:
        """The message of that `id`, if the channel has it; None when it surely has not, or knows by the `id` what it has: then it may be
        sent again. Raises `Unknowable` when it cannot be asked, and `Unavailable`."""

    async def fetch(self, file: Attached, into: Path, most: int) -> None:
        """Write the file there. Raises `NotFound`, `TooLarge` over `most` bytes, `Refused` and `Unavailable`."""

    async def working(self, address: str, about: str = "") -> None:
        """Show there that it is worked on, as the channel shows that, for some seconds; `about` is the channel's id of what was said.
        Raises as `send`; nobody minds."""

    async def check(self) -> Checked:
        """Prove that it works both ways, without bothering anybody. Raises what keeps it from working."""


class Edits(Protocol):
    """Changes what we sent to a channel and what stands there. Done twice, each is as done once."""

    def can(self, address: str) -> bool:
        """Whether what is sent there can be changed, and nothing shows better that something is worked on."""

    async def put(self, message: Outgoing, sent_id: str) -> Sent:
        """The message, without files, in place of what the channel calls so. Raises as `Line.send`; `NotFound` when that is not there, or
        cannot be changed any more."""

    async def remove(self, address: str, sent_id: str) -> None:
        """What the channel calls so is taken away. Raises as `put`."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came: the names of headers in small letters, each with all its values as bytes. `body` is raw."""

    method: str
    headers: Mapping[str, tuple[bytes, ...]]
    query: Mapping[str, tuple[str, ...]]
    body: bytes
    at: datetime

    def header(self, name: str) -> bytes | None:
        """The value of a header that is there exactly once; None when it is not there, or more often."""
        found = self.headers.get(name, ())
        return found[0] if len(found) == 1 else None


@dataclass(frozen=True, slots=True)
class Refusal(Exception):  # an answer
    """The request is not the vendor's: answered with that status and no word more. `why` is for the log."""

    status: int
    why: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """A request that is the vendor's: what came in with it, and what it is answered with once that is kept."""

    arrivals: tuple[Arrival, ...] = ()
    status: int = 200
    body: bytes = b""
    media_type: str = "text/plain; charset=utf-8"
    wait: float = 0.0
    """Seconds, from when the request came, in which an answer can be given in the response itself (`Door.replied`); 0 when answers are
    sent."""


class Door(Protocol):
    """Takes the requests of a channel whose vendor calls us."""

    async def accept(self, request: Request) -> Accepted:
        """What came in. Raises `Refusal` unless the raw bytes prove whose they are; never anything else, whatever they are."""

    def replied(self, arrival: Arrival, message: Outgoing | None) -> Accepted:
        """The response to a request that waited, with the answer. None: there is nothing to say."""


Heard: TypeAlias = Callable[[Sequence[Arrival]], Awaitable[None]]
"""Keeps what came in; returns when it is safe. Raises `Unavailable`: then it must be heard again."""


class Listens(Protocol):
    """Hears a channel at which we listen."""

    async def listen(self, heard: Heard, mark: str, marked: Callable[[str], Awaitable[None]]) -> None:
        """Give `heard` all that comes in, from `mark` on (empty: from now), until cancelled. `marked` keeps how far it has come, in the
        adapter's own words, after what was heard until there is safe. Raises `Unauthenticated` and `Unavailable`: it is begun again."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What answers something that came in (None: nothing), and whether Hulk took it up."""

    message: Outgoing | None
    taken: bool = True


Told: TypeAlias = Callable[[Arrival, float], AbstractAsyncContextManager[Reply]]
"""Keeps what came in, and gives what answers it, or after so many seconds that it takes longer. When the block ends the answer is out; when
it raises nobody heard it, and it waits. Raises `Unavailable`."""


class Serves(Protocol):
    """Is connected to by others at a port of its own, and answers what they tell."""

    async def serve(self, told: Told) -> None:
        """Serve until cancelled. Raises `Unavailable` when it cannot: it is begun again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A channel that is open: how it is used, and what its adapter fills."""

    channel: Channel
    line: Line
    door: Door | None = None
    listens: Listens | None = None
    serves: Serves | None = None
    edits: Edits | None = None

    @property
    def name(self) -> str:
        """What it is called."""
        return self.channel.name
