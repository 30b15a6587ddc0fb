"""What Hulk does with the bus: publishes, tells, listens, takes messages of a stream, keeps the streams as they should be."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeAlias

from nats.aio.msg import Msg
from nats.js.api import Header, StreamConfig

from hulk.kernel.errors import HulkError, Refused, Unavailable
from hulk.kernel.records import JsonObject
from hulk.runtime.bus import pull, streams
from hulk.runtime.bus.address import Address, Fsync
from hulk.runtime.bus.answers import NoSuch, Rejected, checked
from hulk.runtime.bus.line import Letter, Line
from hulk.runtime.bus.meanwhile import meanwhile

API = "$JS.API"
MESSAGE_ID = Header.MSG_ID.value
"""The header by whose value JetStream knows a message again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What `/ready` tells about the bus: the server connected to, or else all that are tried and no version."""

    connected: bool
    url: str
    version: str
    fsync: Fsync


@dataclass(frozen=True, slots=True)
class Notice:
    """A message that nobody acknowledges."""

    subject: str
    data: bytes
    headers: Mapping[str, str]


Handler: TypeAlias = Callable[[Notice], Awaitable[None]]


@asynccontextmanager
async def connect(
    address: Address, *, name: str = "hulk", within: float = 5.0, on_change: Callable[[bool], None] | None = None
) -> AsyncIterator["Bus"]:
    """A connection to that bus for as long as the block lasts; `on_change` is told when it is lost (False) and back (True).

    Raises `Unavailable` when no server answers in `within` seconds, `Refused` when it does not let us in.
    """
    line = Line(address, name, on_change or (lambda _: None))
    try:
        await line.open(within)
        async with meanwhile(line.stay_open()):
            yield Bus(line)
    finally:
        await line.close()


class Bus:
    """What Hulk does with NATS. Made by `connect`; safe to use from all tasks of one event loop."""

    def __init__(self, line: Line) -> None:
        self.dropped = 0
        """How many notices were not sent because the bus was away."""
        self.line = line
        self._limits: tuple[int, int] | None = None

    @property
    def connected(self) -> bool:
        """Whether the bus can be reached now."""
        return self.line.connected

    @property
    def facts(self) -> Facts:
        """Where and what the bus is."""
        address = self.line.address
        url, version = self.line.server or (", ".join(address.urls), "")
        return Facts(connected=self.connected, url=url, version=version, fsync=address.fsync)

    async def publish(
        self, subject: str, data: bytes, headers: Mapping[str, str] | None = None, msg_id: str | None = None, *, within: float = 5.0
    ) -> None:
        """Give a message to the stream that takes `subject`; it has it when this returns.

        A `msg_id` seen in the last two minutes is acknowledged and not stored again. Raises `Exhausted` when the stream
        or its disk is full, `TooLarge`, and `Unavailable` when the bus is away, is lost while waiting or does not answer in
        `within` seconds: the message may then be stored or not, and asking again with the same `msg_id` is right.
        """
        carried = dict(headers or {})
        if msg_id is not None:
            carried[MESSAGE_ID] = msg_id
        answer = await self.line.request(subject, data, carried or None, within=within)
        checked(subject, answer)

    async def publish_all(self, letters: Sequence[Letter], *, within: float = 5.0) -> list[HulkError | None]:
        """Give many messages to their streams, in that order, waiting once for all: of each what `publish` would raise, if anything. A
        message's id, if it is to have one, is the header `MESSAGE_ID`."""
        answers = await self.line.requests(letters, within=within)
        return [_refusal(letter.subject, answer) for letter, answer in zip(letters, answers, strict=True)]

    async def notify(self, subject: str, data: bytes, headers: Mapping[str, str] | None = None) -> None:
        """Tell whoever listens now. Dropped and counted in `dropped` when the bus is away; raises only `TooLarge`."""
        if not self.connected:
            self.dropped += 1
            return
        try:
            await self.line.send(subject, data, headers)
        except Unavailable:
            self.dropped += 1

    @asynccontextmanager
    async def subscribe(self, subject: str, handler: Handler, queue: str = "") -> AsyncIterator[None]:
        """Call `handler` for each message on `subject` while the block lasts; of those with one `queue` name only one gets it.

        What is sent while the bus is away is missed. A handler's error is logged and the next message handled.
        """

        async def receive(message: Msg) -> None:
            await handler(Notice(message.subject, message.data, message.headers or {}))

        async with self.line.listening(subject, receive, queue=queue):
            yield

    @asynccontextmanager
    async def pull(
        self, stream: str, durable: str, subjects: Sequence[str], *, ack_wait: float, max_ack_pending: int, max_deliver: int = -1,
        only_new: bool = False,
    ) -> AsyncIterator[pull.Pull]:  # fmt: skip
        """Take messages of a stream as the durable consumer of that name, shared with all who use the name.

        `ack_wait`: seconds a message may go without `ack` or `in_progress` before another gets it. `max_ack_pending`:
        how many may be un-acked at once, over all takers. `only_new`: none from before the consumer was first made. What was
        fetched and not handed out goes back when the block ends.
        """
        wanted = pull.Consumer(
            stream=stream,
            name=durable,
            subjects=tuple(subjects),
            ack_wait=ack_wait,
            max_ack_pending=max_ack_pending,
            max_deliver=max_deliver,
            only_new=only_new,
        )
        source = pull.Pull(self, wanted)
        async with self.line.listening(f"{source.inbox}.*", source.receive, lost=source.lost):
            yield source
        await source.give_back()

    async def ensure_streams(self, *, max_tasks: int, replicas: int = 1) -> None:
        """Have the streams as `STREAMS` says, made or changed; `max_tasks` may wait at once.

        Raises `Refused` naming what cannot be changed on an existing stream.
        """
        self._limits = (max_tasks, replicas)
        for stream in streams.STREAMS:
            await self._ensure(streams.config(stream, max_tasks=max_tasks, replicas=replicas))

    @property
    def replicas(self) -> int:
        """How many servers keep each message, as `ensure_streams` was told."""
        return 1 if self._limits is None else self._limits[1]

    async def restore_streams(self) -> None:
        """Make again what somebody deleted since `ensure_streams`."""
        if self._limits is not None:
            await self.ensure_streams(max_tasks=self._limits[0], replicas=self._limits[1])

    async def _ensure(self, wanted: StreamConfig) -> None:
        try:
            found = await self.ask(f"STREAM.INFO.{wanted.name}")
        except NoSuch:
            await self._configure("CREATE", wanted)
            return
        if streams.differs(wanted, StreamConfig.from_response(found["config"])):
            await self._configure("UPDATE", wanted)

    async def _configure(self, act: str, wanted: StreamConfig) -> None:
        try:
            await self.ask(f"STREAM.{act}.{wanted.name}", wanted.as_dict())
        except Rejected as error:
            raise Refused(
                "The stream {stream} cannot be set up as Hulk needs it ({reason}). Move its messages away and delete it, "
                "or free its subjects; Hulk makes it again at the next start.",
                stream=wanted.name,
                reason=error.reason,
            ) from error

    async def ask(self, subject: str, body: Mapping[str, Any] | None = None, *, within: float = 5.0) -> JsonObject:
        """Ask JetStream's own API. Raises `NoSuch`, `Rejected`, or `Unavailable`."""
        data = json.dumps(body).encode() if body is not None else b""
        return checked(subject, await self.line.request(f"{API}.{subject}", data, within=within))

    async def tell(self, subject: str, data: bytes, reply: str = "") -> None:
        """Send without waiting; what cannot be sent now is let go."""
        with suppress(Unavailable):
            await self.line.send(subject, data, None, reply)


def _refusal(subject: str, answer: Msg | HulkError) -> HulkError | None:
    """Why the message was not stored, unless it was."""
    if isinstance(answer, HulkError):
        return answer
    try:
        checked(subject, answer)
    except HulkError as error:
        return error
    return None
