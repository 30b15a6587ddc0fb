"""How soon a breaker takes up a real server that was switched off, with a call 20 times a second; and what a call through it costs."""

import asyncio
import contextlib
import logging
import random
import socket
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import structlog

from hulk.kernel.errors import Unavailable
from hulk.runtime.breaker import Breaker, Breakers, answering

OUTAGES = 40
AT_ONCE = 20
CALLS = 100_000


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@dataclass(slots=True)
class Server:
    """A small HTTP server that can be switched on. It remembers when it was asked."""

    port: int = field(default_factory=_free_port)
    asked: list[float] = field(default_factory=list)
    healed: float = 0.0

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}/"

    async def call(self) -> None:
        """A caller's request."""
        await asyncio.wait_for(answering(self.url), 1)

    async def serve(self) -> None:
        """Answer until cancelled."""
        async with await asyncio.start_server(self._answer, "127.0.0.1", self.port) as server:
            self.healed = time.monotonic()
            await server.serve_forever()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            self.asked.append(time.monotonic())
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
        writer.close()


@dataclass(frozen=True, slots=True)
class Recovery:
    """Seconds from healed to closed, and how many requests came in the first 500 ms of that."""

    seconds: float
    asked: int


async def recoveries() -> list[Recovery]:
    """Outages of 0.5 to 15 s, one after another in each of several lanes at once."""
    async with Breakers().working() as breakers, asyncio.TaskGroup() as group:
        lanes = [group.create_task(_lane(breakers, lane)) for lane in range(AT_ONCE)]
    return [one for lane in lanes for one in lane.result()]


async def _lane(breakers: Breakers, lane: int) -> list[Recovery]:
    chance = random.Random(lane)
    return [await _recovery(breakers, chance.uniform(0.5, 15)) for _ in range(OUTAGES // AT_ONCE)]


async def _recovery(breakers: Breakers, away: float) -> Recovery:
    server = Server()
    breaker = breakers.of(f"http:127.0.0.1:{server.port}", lambda: answering(server.url))
    ends = time.monotonic() + away
    while time.monotonic() < ends:
        await _try(breaker, server)
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(server.serve())
        while breaker.state != "closed":
            await _try(breaker, server)
        closed = breaker.since
        serving.cancel()
    return Recovery(closed - server.healed, sum(at < min(server.healed + 0.5, closed) for at in server.asked))


async def _try(breaker: Breaker, server: Server) -> None:
    with contextlib.suppress(Unavailable, OSError):
        await breaker.call(server.call)
    await asyncio.sleep(0.05)


async def overhead() -> float:
    """Seconds that a call through a closed breaker with metrics costs more than one without."""

    async def nothing() -> None:
        return

    breaker = Breakers().of("http:example.com")
    plain, guarded = [], []
    for _ in range(5):
        begun = time.process_time()
        for _ in range(CALLS):
            await nothing()
        plain.append(time.process_time() - begun)
        begun = time.process_time()
        for _ in range(CALLS):
            await breaker.call(nothing)
        guarded.append(time.process_time() - begun)
    return (statistics.median(guarded) - statistics.median(plain)) / CALLS


def measured() -> Iterator[tuple[str, float, str, str]]:
    """What, value, unit and goal of each figure."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    found = asyncio.run(recoveries())
    seconds = sorted(one.seconds for one in found)
    yield "breaker: healed to closed, median", statistics.median(seconds), "s", "< 0.8 (floor 2)"
    yield "breaker: healed to closed, p99", statistics.quantiles(seconds, n=100)[-1], "s", "< 2"
    yield "breaker: most requests in the first 500 ms", max(one.asked for one in found), "", "<= 4"
    yield "breaker: CPU per call through it", 1e6 * asyncio.run(overhead()), "µs", ""
