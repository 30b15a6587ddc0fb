"""JetStream in memory, for simulations: two streams with durable pull consumers, at least once, and all the faults of a real one.

What it keeps of the real one (nats-server 2.15): a message is leased until `ack_wait` after its delivery or last renewal and then
delivered again with a higher count; any acknowledgement of a message counts, also a late one of an earlier delivery; `nak` with
a delay; a message id is remembered for two minutes, unless the server was killed; schedules are due in the server's time.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

from nats.js.api import Header

from hulk.kernel.errors import Unavailable
from hulk.kernel.records import JsonObject
from hulk.kernel.time import from_iso
from hulk.runtime.bus import TASKS, Message, Notice
from hulk.runtime.bus.streams import SCHEDULES

AT = "hulk.scheduler.queue.at."
DEDUPLICATED = 120.0


@dataclass(slots=True)
class Kept:
    """A message of a stream; `free` is when it may be delivered, to the one consumer that its subject belongs to."""

    sequence: int
    subject: str
    data: bytes
    headers: Mapping[str, str]
    published: float
    free: float = 0.0
    count: int = 0


async def _either(event: asyncio.Event, deadline: float | None) -> None:
    """Wait for the event, but not longer."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout_at(deadline):
            await event.wait()


@dataclass(slots=True)
class Server:
    """The server: its streams, and who listens."""

    clock: Callable[[], datetime]
    streams: dict[str, dict[int, Kept]] = field(default_factory=lambda: {TASKS: {}, SCHEDULES: {}})
    schedules: dict[str, tuple[datetime, str, bytes, Mapping[str, str]]] = field(default_factory=dict)
    ids: dict[str, float] = field(default_factory=dict)
    listeners: list[tuple[str, Callable[[Notice], Any]]] = field(default_factory=list)
    waiting: list[tuple[str, asyncio.Event]] = field(default_factory=list)
    """Who waits for messages whose subjects begin so."""
    planned: asyncio.Event = field(default_factory=asyncio.Event)
    sequence: int = 0

    @property
    def now(self) -> float:
        """Virtual seconds."""
        return asyncio.get_running_loop().time()

    def store(self, subject: str, data: bytes, headers: Mapping[str, str], msg_id: str | None) -> None:
        """Take a message, unless its id is known."""
        if msg_id is not None:
            if self.ids.get(msg_id, -DEDUPLICATED) > self.now - DEDUPLICATED:
                return
            self.ids[msg_id] = self.now
        if subject.startswith(AT):
            moment = from_iso(headers[Header.SCHEDULE.value].removeprefix("@at "))
            self.schedules[subject] = (moment, headers[Header.SCHEDULE_TARGET.value], data, headers)
            self.planned.set()
        else:
            self._add(subject, data, headers)

    def _add(self, subject: str, data: bytes, headers: Mapping[str, str]) -> None:
        self.sequence += 1
        stream = TASKS if subject.startswith("hulk.engine.tasks.") else SCHEDULES
        self.streams[stream][self.sequence] = Kept(self.sequence, subject, data, headers, self.clock().timestamp())
        self._tell(subject)

    def _tell(self, subject: str) -> None:
        for prefix, event in self.waiting:
            if subject.startswith(prefix):
                event.set()

    async def run(self) -> None:
        """Bring schedules out at their time."""
        while True:
            self.planned.clear()
            soonest = min((moment for moment, *_ in self.schedules.values()), default=None)
            await _either(self.planned, None if soonest is None else self.now + max((soonest - self.clock()).total_seconds(), 0.0))
            for key, (moment, target, data, headers) in list(self.schedules.items()):
                if moment <= self.clock():
                    del self.schedules[key]
                    self._add(target, data, headers)

    async def until_some(self, stream: str, prefix: str, deadline: float) -> None:
        """Wait until there may be messages to lease out, but not longer."""
        event = asyncio.Event()
        self.waiting.append(mine := (prefix, event))
        try:
            await _either(event, min([deadline, *(one.free for one in self.streams[stream].values() if one.subject.startswith(prefix))]))
        finally:
            self.waiting.remove(mine)

    def next(self, stream: str, prefix: str, batch: int, ack_wait: float) -> list[Kept]:
        """Lease out up to `batch` messages."""
        free = [one for one in self.streams[stream].values() if one.free <= self.now and one.subject.startswith(prefix)][:batch]
        for one in free:
            one.count += 1
            one.free = self.now + ack_wait
        return free

    def answer(self, stream: str, sequence: int, word: bytes, ack_wait: float) -> None:
        """What a worker says of a message; nothing of one that is not there."""
        kept = self.streams[stream].get(sequence)
        if kept is None:
            return
        if word in (b"+ACK", b"+TERM"):
            del self.streams[stream][sequence]
        elif word == b"+WPI":
            kept.free = self.now + ack_wait
        else:
            kept.free = self.now + (json.loads(word[4:])["delay"] / 1e9 if len(word) > 4 else 0)
            self._tell(kept.subject)

    # ---- faults

    def forget(self, chance: Random, share: float) -> None:
        """Lose messages and schedules."""
        for stream in self.streams.values():
            for sequence in [one for one in stream if chance.random() < share]:
                del stream[sequence]
        for key in [key for key in self.schedules if chance.random() < share]:
            del self.schedules[key]

    def repeat(self, chance: Random, share: float) -> None:
        """Store messages once more, in any order, as if published by somebody who did not hear that they were taken."""
        again = [one for stream in self.streams.values() for one in stream.values() if chance.random() < share]
        for one in chance.sample(again, min(len(again), 20)):  # so that repetitions of repetitions stay few
            self._add(one.subject, one.data, one.headers)

    def crash(self, chance: Random) -> None:
        """As after a kill -9: leases and counts may be those of before, and message ids are known only of what is still there."""
        self.ids.clear()
        for stream in self.streams.values():
            for one in stream.values():
                if chance.random() < 0.5:
                    one.count, one.free = max(one.count - 1, 0), 0.0
                    self._tell(one.subject)


class Host:
    """A process of the simulation: it may be slow, frozen, cut off or dead; all that it does with the world goes through `reach`."""

    def __init__(self, name: str, chance: Random) -> None:
        self.name = name
        self.chance = chance
        self.alive = True
        self.connected = True
        self.slow = 0.002
        self.skew = 0.0
        self._awake = asyncio.Event()
        self._awake.set()

    async def reach(self) -> None:
        """The way to somewhere; never ends for the dead."""
        await asyncio.sleep(self.chance.random() ** 3 * self.slow)
        while self.alive and not self._awake.is_set():
            await self._awake.wait()
        if not self.alive:
            raise asyncio.CancelledError

    def freeze(self) -> None:
        """As SIGSTOP."""
        self._awake.clear()

    def thaw(self) -> None:
        """As SIGCONT."""
        self._awake.set()

    def kill(self) -> None:
        """As SIGKILL: nothing that it still does has any effect."""
        self.alive = False
        self._awake.set()


@dataclass(frozen=True, slots=True)
class _Link:
    """The way back of a message's acknowledgements."""

    bus: "SimulatedBus"
    stream: str
    ack_wait: float

    @property
    def connected(self) -> bool:
        return self.bus.connected

    async def tell(self, subject: str, data: bytes, reply: str = "") -> None:
        await self.bus.host.reach()
        if self.bus.connected and self.bus.host.chance.random() >= self.bus.lossy:
            self.bus.server.answer(self.stream, int(subject), data, self.ack_wait)

    async def ask(self, subject: str, body: Mapping[str, Any] | None = None, *, within: float = 5.0) -> JsonObject:
        raise AssertionError(subject)

    async def restore_streams(self) -> None:
        raise AssertionError


@dataclass(frozen=True, slots=True)
class _Pull:
    bus: "SimulatedBus"
    link: _Link
    prefix: str

    async def fetch(self, batch: int, wait: float) -> list[Message]:
        server, deadline = self.bus.server, asyncio.get_running_loop().time() + wait
        await self.bus.host.reach()
        while server.now < deadline:
            if self.bus.connected and (found := server.next(self.link.stream, self.prefix, batch, self.link.ack_wait)):
                # Now, as they are on their way: a count that the server takes back later is still in the messages.
                messages = [self._message(one) for one in found]
                await self.bus.host.reach()
                return messages if self.bus.host.connected else []
            if self.bus.connected:
                await server.until_some(self.link.stream, self.prefix, deadline)
            else:
                await asyncio.sleep(0.25)
            await self.bus.host.reach()
        return []

    def _message(self, one: Kept) -> Message:
        return Message(one.subject, one.data, one.headers, one.count, one.sequence, one.published, self.link, str(one.sequence))


@dataclass(slots=True)
class SimulatedBus:
    """What the machine uses of `hulk.runtime.bus.Bus`. `lossy` is the share of what is sent that is lost."""

    server: Server
    host: Host
    lossy: float = 0.0

    @property
    def connected(self) -> bool:
        """Whether the host reaches the server."""
        return self.host.connected

    async def publish(
        self, subject: str, data: bytes, headers: Mapping[str, str] | None = None, msg_id: str | None = None, *, within: float = 5.0
    ) -> None:
        """Store a message; `Unavailable` when it or the answer was lost."""
        await self.host.reach()
        if not self.connected:
            raise Unavailable("The bus is away.")
        lost = self.host.chance.random() < self.lossy
        if not (lost and self.host.chance.random() < 0.5):
            self.server.store(subject, data, headers or {}, msg_id)
        await self.host.reach()
        if lost or not self.connected:
            raise Unavailable("The bus is away.")

    async def notify(self, subject: str, data: bytes, headers: Mapping[str, str] | None = None) -> None:
        """Tell who listens now."""
        await self.host.reach()
        if self.connected and self.host.chance.random() >= self.lossy:
            for wanted, handler in list(self.server.listeners):
                if wanted == subject:
                    await handler(Notice(subject, data, headers or {}))

    @asynccontextmanager
    async def subscribe(self, subject: str, handler: Callable[[Notice], Any], queue: str = "") -> AsyncIterator[None]:
        """Listen."""

        async def hear(notice: Notice) -> None:
            if self.host.alive and self.connected:
                await handler(notice)

        self.server.listeners.append(mine := (subject, hear))
        try:
            yield
        finally:
            self.server.listeners.remove(mine)

    @asynccontextmanager
    async def pull(
        self, stream: str, durable: str, subjects: list[str], *, ack_wait: float, max_ack_pending: int, max_deliver: int = -1
    ) -> AsyncIterator[_Pull]:
        """Take messages."""
        yield _Pull(self, _Link(self, stream, ack_wait), subjects[0].removesuffix(">"))

    async def ask(self, subject: str, body: Mapping[str, Any] | None = None, *, within: float = 5.0) -> JsonObject:
        """Only how many messages a stream has."""
        await self.host.reach()
        if not self.connected:
            raise Unavailable("The bus is away.")
        return {"state": {"messages": len(self.server.streams[subject.removeprefix("STREAM.INFO.")])}}
