"""One connection to the bus that never gives up, and what can be done over it.

Written on nats-py's client, without its JetStream class: that one waits on for an acknowledgement after the connection
is lost, and closes for good when a server refuses it once. Here every wait ends with the connection, at once, and a
client that was closed is replaced by a new one, with the same subscriptions.
"""

import asyncio
import itertools
import json
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import structlog
from nats import errors as nats_errors
from nats.aio.client import Client
from nats.aio.client import Server as KnownServer
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js.api import Header, StreamConfig

from hulk.kernel.errors import HulkError, Refused, TooLarge, Unavailable
from hulk.kernel.records import JsonObject
from hulk.runtime.bus import pull, streams
from hulk.runtime.bus.address import Address, Fsync
from hulk.runtime.bus.answers import SOON, NoSuch, Rejected, checked
from hulk.runtime.bus.meanwhile import meanwhile

log = structlog.get_logger(__name__)

RECONNECT_WAIT = (0.02, 0.25)
"""Seconds between two tries to reconnect, drawn anew each time so that many clients do not come at once."""

DRAIN_WITHIN = 2.0
"""Seconds that the end of a subscription may wait for what is under way."""

API = "$JS.API"


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
_Receive: TypeAlias = Callable[[Msg], Awaitable[None]]


@dataclass(eq=False, slots=True)
class _Interest:
    """A subscription that outlives the client it was made with."""

    subject: str
    queue: str
    receive: _Receive
    lost: Callable[[], None]
    live: Subscription | None = None


@asynccontextmanager
async def connect(
    address: Address, *, name: str = "hulk", within: float = 5.0, on_change: Callable[[bool], None] | None = None
) -> AsyncIterator["Bus"]:
    """A connection to that bus for as long as the block lasts; `on_change` is told when it is lost (False) and back (True).

    Raises `Unavailable` when no server answers in `within` seconds, `Refused` when it does not let us in.
    """
    bus = Bus(address, name, on_change or (lambda _: None))
    try:
        await bus.open(within)
        async with meanwhile(bus.stay_open()):
            yield bus
    finally:
        await bus.close()


class Bus:
    """What Hulk does with NATS. Made by `connect`; safe to use from all tasks of one event loop."""

    def __init__(self, address: Address, name: str, on_change: Callable[[bool], None]) -> None:
        self.dropped = 0
        """How many notices were not sent because the bus was away."""
        self._address = address
        self._name = name
        self._on_change = on_change
        self._client = Client()
        self._up = True
        self._closed = asyncio.Event()
        self._complaints = _Complaints()
        self._interests: set[_Interest] = set()
        self._answers: dict[str, asyncio.Future[Msg]] = {}
        self._inbox = f"_INBOX.{random.randbytes(12).hex()}"  # noqa: S311 - a name, not a secret
        self._tokens = itertools.count()
        self._limits: tuple[int, int] | None = None

    @property
    def connected(self) -> bool:
        """Whether the bus can be reached now."""
        return self._client.is_connected

    @property
    def facts(self) -> Facts:
        """Where and what the bus is."""
        url, version = self._client.connected_url, self._client.connected_server_version
        return Facts(
            connected=self.connected,
            url=f"nats://{url.hostname}:{url.port}" if url else ", ".join(self._address.urls),
            version=f"{version.major}.{version.minor}.{version.patch}" if url else "",
            fsync=self._address.fsync,
        )

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
            carried[Header.MSG_ID.value] = msg_id
        answer = await self.request(subject, data, carried or None, within=within)
        checked(subject, answer)

    async def notify(self, subject: str, data: bytes, headers: Mapping[str, str] | None = None) -> None:
        """Tell whoever listens now. Dropped and counted in `dropped` when the bus is away; raises only `TooLarge`."""
        if not self.connected:
            self.dropped += 1
            return
        try:
            await self._send(subject, data, headers)
        except Unavailable:
            self.dropped += 1

    @asynccontextmanager
    async def subscribe(self, subject: str, handler: Handler, queue: str = "") -> AsyncIterator[None]:
        """Call `handler` for each message on `subject` while the block lasts; of those with one `queue` name only one gets it.

        What is sent while the bus is away is missed. A handler's error is logged and the next message handled.
        """

        async def receive(message: Msg) -> None:
            await handler(Notice(message.subject, message.data, message.headers or {}))

        async with self.listening(subject, receive, queue=queue):
            yield

    @asynccontextmanager
    async def pull(
        self, stream: str, durable: str, subjects: Sequence[str], *, ack_wait: float, max_ack_pending: int, max_deliver: int = -1
    ) -> AsyncIterator[pull.Pull]:
        """Take messages of a stream as the durable consumer of that name, shared with all who use the name.

        `ack_wait`: seconds a message may go without `ack` or `in_progress` before another gets it. `max_ack_pending`:
        how many may be un-acked at once, over all takers. What was fetched and not handed out goes back when the block ends.
        """
        wanted = pull.Consumer(
            stream=stream,
            name=durable,
            subjects=tuple(subjects),
            ack_wait=ack_wait,
            max_ack_pending=max_ack_pending,
            max_deliver=max_deliver,
        )
        source = pull.Pull(self, wanted)
        async with self.listening(f"{source.inbox}.*", source.receive, lost=source.lost):
            yield source
        await source.give_back()

    async def ensure_streams(self, *, max_tasks: int, replicas: int = 1) -> None:
        """Have the four streams as `STREAMS` says, made or changed; `max_tasks` may wait at once.

        Raises `Refused` naming what cannot be changed on an existing stream.
        """
        self._limits = (max_tasks, replicas)
        for stream in streams.STREAMS:
            await self._ensure(streams.config(stream, max_tasks=max_tasks, replicas=replicas))

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
        return checked(subject, await self.request(f"{API}.{subject}", data, within=within))

    async def request(self, subject: str, data: bytes, headers: Mapping[str, str] | None = None, *, within: float) -> Msg:
        """Send and wait for the answer; raises `Unavailable` when there is none, as soon as that is known."""
        token = f"{next(self._tokens):x}"
        answer: asyncio.Future[Msg] = asyncio.get_running_loop().create_future()
        self._answers[token] = answer
        timer = asyncio.get_running_loop().call_later(within, _expire, answer, subject, within)
        try:
            await self._send(subject, data, headers, f"{self._inbox}.{token}")
            return await answer
        finally:
            timer.cancel()
            del self._answers[token]

    async def _send(self, subject: str, data: bytes, headers: Mapping[str, str] | None, reply: str = "") -> None:
        if not self.connected:
            raise _away(self._address)
        try:
            await self._client.publish(subject, data, reply, dict(headers) if headers else None)
        except nats_errors.MaxPayloadError as error:
            raise TooLarge(
                "A message of {size} bytes for {subject} is more than the bus takes ({limit} bytes).",
                size=len(data),
                subject=subject,
                limit=self._client.max_payload,
            ) from error
        except (nats_errors.ConnectionClosedError, nats_errors.OutboundBufferLimitError, OSError) as error:
            raise _away(self._address) from error

    async def tell(self, subject: str, data: bytes, reply: str = "") -> None:
        """Send without waiting; what cannot be sent now is let go."""
        with suppress(Unavailable):
            await self._send(subject, data, None, reply)

    @asynccontextmanager
    async def listening(
        self, subject: str, receive: _Receive, *, queue: str = "", lost: Callable[[], None] = lambda: None
    ) -> AsyncIterator[None]:
        """Have `receive` called for messages on `subject`, over reconnections and new clients; `lost` when the bus goes away."""
        interest = _Interest(subject, queue, receive, lost)
        self._interests.add(interest)
        try:
            await self._listen(interest)
            yield
        finally:
            self._interests.discard(interest)
            await self._unlisten(interest)

    async def _listen(self, interest: _Interest) -> None:
        with suppress(nats_errors.ConnectionClosedError):  # then `_renew` will
            interest.live = await self._client.subscribe(interest.subject, interest.queue, interest.receive)

    async def _unlisten(self, interest: _Interest) -> None:
        """Stop, having received all that the server sent before."""
        if interest.live is not None and self.connected:
            with suppress(nats_errors.Error, TimeoutError):
                async with asyncio.timeout(DRAIN_WITHIN):
                    await interest.live.drain()  # type: ignore[no-untyped-call]  # nats-py types it partly

    async def _answered(self, message: Msg) -> None:
        answer = self._answers.get(message.subject.rpartition(".")[2])
        if answer is not None and not answer.done():
            answer.set_result(message)

    async def open(self, within: float) -> None:
        """Connect for the first time."""
        self._interests.add(_Interest(f"{self._inbox}.*", "", self._answered, self._fail_waiting))
        try:
            async with asyncio.timeout(within):
                await self._renew()
        except TimeoutError as error:
            raise self._unreachable(within) from error

    def _unreachable(self, within: float) -> HulkError:
        urls, reason = ", ".join(self._address.urls), self._complaints.last or "no answer"
        if self._complaints.locked_out:
            return Refused("The NATS server at {urls} does not let Hulk in ({reason}): check user and password.", urls=urls, reason=reason)
        return Unavailable("No NATS server answers at {urls} within {seconds} s ({reason}).", urls=urls, seconds=within, reason=reason)

    async def stay_open(self) -> None:
        """Replace the client whenever it has given up, which nats-py does when a server refuses it once."""
        while True:
            await self._closed.wait()
            self._lost()
            await self._renew()
            self._back()

    async def _renew(self) -> None:
        """Have a connected client with all our subscriptions; tries until there is one."""
        while not await self._renewed():  # noqa: ASYNC110 - tried, not watched
            await asyncio.sleep(random.uniform(*RECONNECT_WAIT))  # noqa: S311 - jitter

    async def _renewed(self) -> bool:
        client = Client()
        self._closed.clear()
        try:
            await self._start(client)
        except (nats_errors.Error, OSError, TimeoutError) as error:
            await self._complaints.hear(error)
            await _shut(client)
            return False
        except BaseException:
            await _shut(client)
            raise
        self._client = client
        for interest in tuple(self._interests):
            await self._listen(interest)
        return client.is_connected

    async def _start(self, client: Client) -> None:
        await client.connect(
            servers=list(self._address.urls),
            user=self._address.user,
            password=self._address.password,
            tls=self._address.tls,
            name=self._name,
            allow_reconnect=True,
            max_reconnect_attempts=-1,
            connect_timeout=2,
            reconnect_time_wait=RECONNECT_WAIT[1],  # type: ignore[arg-type]  # declared int, only ever slept and added
            reconnect_to_server_handler=_any_server,
            ping_interval=5,
            error_cb=self._complaints.hear,
            disconnected_cb=self._when_lost,
            reconnected_cb=self._when_back,
            closed_cb=self._when_closed,
        )

    async def _when_lost(self) -> None:
        self._lost()

    async def _when_back(self) -> None:
        self._back()

    async def _when_closed(self) -> None:
        self._closed.set()

    def _lost(self) -> None:
        if not self._up:
            return
        self._up = False
        for interest in tuple(self._interests):
            interest.lost()
        log.warning("bus_lost", urls=list(self._address.urls))
        self._on_change(False)

    def _fail_waiting(self) -> None:
        """Nobody waits on for an answer that cannot come."""
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(_away(self._address))

    def _back(self) -> None:
        self._up = True
        log.info("bus_connected", url=self.facts.url, version=self.facts.version)
        self._on_change(True)

    async def close(self) -> None:
        """Send what is buffered and close."""
        self._up = False
        await _shut(self._client)


@dataclass(slots=True)
class _Complaints:
    """What nats-py reports, each kind logged once in ten seconds."""

    last: str = ""
    locked_out: bool = False
    quiet_until: dict[str, float] = field(default_factory=dict)

    async def hear(self, error: Exception) -> None:
        kind = type(error).__name__
        self.last = f"{kind}: {error}" if str(error) else kind
        self.locked_out = self.locked_out or "authorization" in str(error).lower()  # often followed by a mere lost connection
        if time.monotonic() >= self.quiet_until.get(kind, 0.0):
            self.quiet_until[kind] = time.monotonic() + 10
            log.warning("bus_error", error=self.last)


async def _shut(client: Client) -> None:
    if client.is_connected or client.is_connecting or client.is_reconnecting:  # closing one that never was fails in nats-py
        await client.close()


def _expire(answer: "asyncio.Future[Msg]", subject: str, within: float) -> None:
    if not answer.done():
        answer.set_exception(
            Unavailable("The bus did not answer for {subject} within {seconds} s.", retry_after=SOON, subject=subject, seconds=within)
        )


def _away(address: Address) -> Unavailable:
    return Unavailable("The bus at {urls} is away; Hulk reconnects by itself.", retry_after=SOON, urls=", ".join(address.urls))


def _any_server(servers: list[KnownServer], _: dict[str, Any]) -> tuple[KnownServer, float]:
    return random.choice(servers), random.uniform(*RECONNECT_WAIT)  # noqa: S311 - jitter
