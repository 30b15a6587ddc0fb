"""Messages of a stream, taken when there is room for them.

Each `fetch` is one request to the server that ends with the first messages it brings (`no_wait` with `expires`: what is there
now, or else the first to come), so nothing is taken ahead of its worker and nothing waits for a batch to fill, which
nats-py's own `fetch` does. Source: NATS ADR-37, https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-37.md
"""

import asyncio
import itertools
import json
import random
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from nats.aio.msg import Msg
from nats.js.api import Header

from hulk.kernel.errors import Unavailable
from hulk.kernel.records import JsonObject
from hulk.runtime.bus.answers import NoSuch

MARGIN = 0.25
"""Seconds that we wait longer than the server, so that it is the one to end a request."""

PAUSE = 0.05
"""Seconds between two tries while the bus is away or another process has asked for all there is."""


WORDS_WITHOUT_DOMAIN = 9

ENDED_WELL = frozenset({"full", "404", "408"})
"""All wanted came; no more there; time up, or others wait already. After any other end the consumer is looked at again."""


class Link(Protocol):
    """What a pull needs of the connection."""

    @property
    def connected(self) -> bool:
        """Whether the bus can be reached now."""

    async def ask(self, subject: str, body: Mapping[str, Any] | None = None, *, within: float = 5.0) -> JsonObject:
        """Ask JetStream's API."""

    async def tell(self, subject: str, data: bytes, reply: str = "") -> None:
        """Send without waiting."""

    async def restore_streams(self) -> None:
        """Make deleted streams again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumer:
    """A durable consumer as it should be; times in seconds."""

    stream: str
    name: str
    subjects: tuple[str, ...]
    ack_wait: float
    max_ack_pending: int
    max_deliver: int = -1
    only_new: bool = False

    def config(self) -> JsonObject:
        """In the server's words."""
        return {
            "durable_name": self.name,
            "name": self.name,
            "filter_subjects": list(self.subjects),
            "ack_policy": "explicit",
            "deliver_policy": "new" if self.only_new else "all",
            "replay_policy": "instant",
            "ack_wait": int(self.ack_wait * 1e9),
            "max_ack_pending": self.max_ack_pending,
            "max_deliver": self.max_deliver,
        }


@dataclass(eq=False, frozen=True, slots=True)
class Message:
    """A message on lease: ours until `ack_wait` seconds after it was delivered or last renewed.

    `num_delivered` is 1 the first time, `stream_seq` its number in the stream, `published` the Unix time at which it came
    there. None of the acts raises for being away: the lease then runs out and the message is delivered again.
    """

    subject: str
    data: bytes
    headers: Mapping[str, str]
    num_delivered: int
    stream_seq: int
    published: float
    _link: Link = field(repr=False)
    _reply: str = field(repr=False)

    async def ack(self) -> None:
        """Done: the server may forget it."""
        await self._link.tell(self._reply, b"+ACK")

    async def nak(self, delay: float = 0.0) -> None:
        """Not done: have it delivered again after `delay` seconds."""
        await self._link.tell(self._reply, b"-NAK" + (json.dumps({"delay": int(delay * 1e9)}).encode() if delay > 0 else b""))

    async def in_progress(self) -> None:
        """Still at it: the lease begins anew."""
        await self._link.tell(self._reply, b"+WPI")

    async def term(self) -> None:
        """Never deliver it again."""
        await self._link.tell(self._reply, b"+TERM")


class Pull:
    """A durable consumer, made when it is not there (any more). One `fetch` at a time."""

    def __init__(self, link: Link, consumer: Consumer) -> None:
        self.inbox = f"_INBOX.{random.randbytes(12).hex()}"  # noqa: S311 - a name, not a secret
        self._link = link
        self._consumer = consumer
        self._next = f"$JS.API.CONSUMER.MSG.NEXT.{consumer.stream}.{consumer.name}"
        self._here: deque[Message] = deque()
        self._requests = itertools.count(1)
        self._request = ""
        self._owed = 0
        self._end: asyncio.Future[str] | None = None
        self._bound = False

    async def fetch(self, batch: int, wait: float) -> list[Message]:
        """Up to `batch` messages, as soon as there are any; [] when none came within `wait` seconds or the bus is away.

        Raises `Refused` when the consumer cannot be made (it overlaps another, say).
        """
        deadline = time.monotonic() + wait
        while not self._here and (left := deadline - time.monotonic()) > 0:
            if not await self._asked(batch, left):
                await asyncio.sleep(min(PAUSE, max(0.0, deadline - time.monotonic())))
        return [self._here.popleft() for _ in range(min(batch, len(self._here)))]

    async def _asked(self, batch: int, left: float) -> bool:
        """Make one request and see it end; False when it brought nothing and the next should wait a little."""
        try:
            await self._bind(left)
        except Unavailable:
            return False
        status = await self._outcome(batch, left)
        self._bound = status in ENDED_WELL
        return bool(self._here)

    async def _outcome(self, batch: int, left: float) -> str:
        """The status with which a request for `batch` messages ended: a number of HTTP's kind, or a word of ours."""
        end: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._end = end
        self._owed, self._request = batch, f"{self.inbox}.{next(self._requests):x}"
        wish = json.dumps({"batch": batch, "no_wait": True, "expires": max(int(left * 1e9), 1_000_000)})
        await self._link.tell(self._next, wish.encode(), self._request)
        if not self._link.connected:
            return "lost"
        timer = asyncio.get_running_loop().call_later(left + MARGIN, self._finish, "silent")
        try:
            return await end
        finally:
            timer.cancel()
            self._end = None

    async def _bind(self, left: float) -> None:
        """Have the consumer as it should be, and its stream."""
        if self._bound:
            return
        body = {"stream_name": self._consumer.stream, "config": self._consumer.config()}
        subject = f"CONSUMER.CREATE.{self._consumer.stream}.{self._consumer.name}"
        try:
            await self._link.ask(subject, body, within=min(left, 5.0))
        except NoSuch:
            await self._link.restore_streams()
            await self._link.ask(subject, body)

    async def receive(self, message: Msg) -> None:
        """What the server sends for our requests: messages, and how a request ended."""
        status = message.headers.get(Header.STATUS.value) if message.headers else None
        if status is None or message.reply:
            self._here.append(self._leased(message))
            self._owed -= 1
            if self._owed == 0:
                self._finish("full")
        elif message.subject == self._request:
            self._finish(status)

    def lost(self) -> None:
        """The bus is away: no answer will come."""
        self._finish("lost")

    def _finish(self, status: str) -> None:
        if self._end is not None and not self._end.done():
            self._end.set_result(status)

    def _leased(self, message: Msg) -> Message:
        """The message with the facts that the server puts into its reply subject.

        `$JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<nanoseconds>.<pending>`, with two more words in
        front where a domain is told (NATS ADR-15).
        """
        words = message.reply.split(".")
        delivered = 4 if len(words) == WORDS_WITHOUT_DOMAIN else 6
        return Message(
            message.subject,
            message.data,
            message.headers or {},
            int(words[delivered]),
            int(words[delivered + 1]),
            int(words[delivered + 3]) / 1e9,
            self._link,
            message.reply,
        )

    async def give_back(self) -> None:
        """Let others have at once what was fetched and not handed out."""
        while self._here:
            await self._here.popleft().nak()
