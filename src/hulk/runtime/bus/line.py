"""The line to a NATS server: it never gives up, and outlives the clients that it is made of.

Written on nats-py's client, without its JetStream class: that one waits on for an acknowledgement after the connection
is lost, and closes for good when a server refuses it once. Here every wait ends with the connection, at once, and a
client that was closed is replaced by a new one, with the same subscriptions.
"""

import asyncio
import functools
import itertools
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import structlog
from nats import errors as nats_errors
from nats.aio.client import Client
from nats.aio.client import Server as KnownServer
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from hulk.kernel.errors import HulkError, Refused, TooLarge, Unavailable
from hulk.runtime.bus.address import Address
from hulk.runtime.bus.answers import SOON

log = structlog.get_logger(__name__)

RECONNECT_WAIT = (0.02, 0.25)
"""Seconds between two tries to reconnect, drawn anew each time so that many clients do not come at once."""

DRAIN_WITHIN = 2.0
"""Seconds that the end of a subscription may wait for what is under way."""

Receive: TypeAlias = Callable[[Msg], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Letter:
    """A message to be sent."""

    subject: str
    data: bytes
    headers: Mapping[str, str]


@dataclass(eq=False, slots=True)
class _Interest:
    """A subscription that outlives the client it was made with."""

    subject: str
    queue: str
    receive: Receive
    lost: Callable[[], None]
    live: Subscription | None = None


class _Client(Client):
    """nats-py's client, which goes deaf when a PONG comes that nobody waits for any more: setting the result of a cancelled future
    ends its reading, and nothing is told. So it was whenever the end of a subscription took longer than it may."""

    async def _process_pong(self) -> None:
        if self._pongs and self._pongs[0].cancelled():  # it is that one's turn all the same: PONGs come in the order of PINGs
            self._pongs[0] = asyncio.get_running_loop().create_future()
        await super()._process_pong()


class Line:
    """Sends, receives and asks. Safe to use from all tasks of one event loop."""

    def __init__(self, address: Address, name: str, on_change: Callable[[bool], None]) -> None:
        self.address = address
        self._name = name
        self._on_change = on_change
        self._client = _Client()
        self._up = True
        self._closed = asyncio.Event()
        self._complaints = _Complaints()
        self._interests: set[_Interest] = set()
        self._answers: dict[str, asyncio.Future[Msg]] = {}
        self._inbox = f"_INBOX.{random.randbytes(12).hex()}"  # noqa: S311 - a name, not a secret
        self._tokens = itertools.count()

    @property
    def connected(self) -> bool:
        """Whether a server can be reached now."""
        return self._client.is_connected

    @property
    def server(self) -> tuple[str, str] | None:
        """The address and version of the server connected to."""
        url, version = self._client.connected_url, self._client.connected_server_version
        return (f"nats://{url.hostname}:{url.port}", f"{version.major}.{version.minor}.{version.patch}") if url else None

    async def request(self, subject: str, data: bytes, headers: Mapping[str, str] | None = None, *, within: float) -> Msg:
        """Send and wait for the answer; raises `Unavailable` when there is none, as soon as that is known."""
        token = f"{next(self._tokens):x}"
        answer: asyncio.Future[Msg] = asyncio.get_running_loop().create_future()
        self._answers[token] = answer
        timer = asyncio.get_running_loop().call_later(within, _expire, answer, subject, within)
        try:
            await self.send(subject, data, headers, f"{self._inbox}.{token}")
            return await answer
        finally:
            timer.cancel()
            del self._answers[token]

    async def requests(self, messages: Sequence[Letter], *, within: float) -> list[Msg | HulkError]:
        """Send all, then wait for their answers: of each the answer, or why there is none."""
        loop = asyncio.get_running_loop()
        answers = {f"{next(self._tokens):x}": loop.create_future() for _ in messages}
        self._answers |= answers
        timer = loop.call_later(within, _expire_all, answers.values(), messages, within)
        try:
            for message, (token, answer) in zip(messages, answers.items(), strict=True):
                await self._begin(message, token, answer)
            if answers:
                await asyncio.wait(answers.values())
            return [_outcome(answer) for answer in answers.values()]
        finally:
            timer.cancel()
            for token, answer in answers.items():
                _let_go(answer)
                del self._answers[token]

    async def _begin(self, message: Letter, token: str, answer: "asyncio.Future[Msg]") -> None:
        try:
            await self.send(message.subject, message.data, message.headers, f"{self._inbox}.{token}")
        except HulkError as error:
            if not answer.done():
                answer.set_exception(error)

    async def send(self, subject: str, data: bytes, headers: Mapping[str, str] | None, reply: str = "") -> None:
        """Send; raises `Unavailable` when the bus is away, and `TooLarge`."""
        if not self.connected:
            raise _away(self.address)
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
            raise _away(self.address) from error

    @asynccontextmanager
    async def listening(
        self, subject: str, receive: Receive, *, queue: str = "", lost: Callable[[], None] = lambda: None
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
        urls, reason = ", ".join(self.address.urls), self._complaints.last or "no answer"
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
        client = _Client()
        self._closed.clear()
        try:
            await self._start(client)
        except (nats_errors.Error, OSError, TimeoutError) as error:
            await self._hear(error)
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
        user, password = self.address.credentials
        await client.connect(
            servers=list(self.address.urls),
            user=user,
            password=password,
            tls=self.address.tls,
            name=self._name,
            allow_reconnect=True,
            max_reconnect_attempts=-1,
            connect_timeout=2,
            reconnect_time_wait=RECONNECT_WAIT[1],  # type: ignore[arg-type]  # declared int, only ever slept and added
            reconnect_to_server_handler=functools.partial(self._any_server, client),
            ping_interval=5,
            error_cb=self._hear,
            disconnected_cb=self._when_lost,
            reconnected_cb=self._when_back,
            closed_cb=self._when_closed,
        )

    def _any_server(self, client: Client, servers: list[KnownServer], _: dict[str, Any]) -> tuple[KnownServer, float]:
        """nats-py asks before each try to reconnect; it would go on with the credentials that it was made with."""
        client.options["user"], client.options["password"] = self.address.credentials
        return random.choice(servers), random.uniform(*RECONNECT_WAIT)  # noqa: S311 - jitter

    async def _hear(self, error: Exception) -> None:
        await self._complaints.hear(error)
        if self.address.changing and self._complaints.locked_out:
            await self.address.changing.renew()

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
        log.warning("bus_lost", urls=list(self.address.urls))
        self._on_change(False)

    def _fail_waiting(self) -> None:
        """Nobody waits on for an answer that cannot come."""
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(_away(self.address))

    def _back(self) -> None:
        self._up = True
        self._complaints.locked_out = False
        url, version = self.server or ("", "")
        log.info("bus_connected", url=url, version=version)
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


def _expire_all(answers: Iterable["asyncio.Future[Msg]"], messages: Sequence[Letter], within: float) -> None:
    for answer, message in zip(answers, messages, strict=True):
        _expire(answer, message.subject, within)


def _let_go(answer: "asyncio.Future[Msg]") -> None:
    """Nobody waits for it any more; an error that it holds counts as seen, or asyncio would complain."""
    if not answer.cancel() and not answer.cancelled():
        answer.exception()


def _outcome(answer: "asyncio.Future[Msg]") -> Msg | HulkError:
    """The answer, or why there is none; anything else is a bug and goes on."""
    error = answer.exception()
    if error is None:
        return answer.result()
    if isinstance(error, HulkError):
        return error
    raise error


def _away(address: Address) -> Unavailable:
    return Unavailable("The bus at {urls} is away; Hulk reconnects by itself.", retry_after=SOON, urls=", ".join(address.urls))
