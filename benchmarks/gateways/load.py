"""Asks and takes the time, in a process of its own: an order comes in a line, what came of it goes out in one."""

import asyncio
import itertools
import json
import statistics
import sys
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import aiohttp
import uvloop

from benchmarks.gateways.prompts import body

NUMBERS = itertools.count()
Ask: TypeAlias = Callable[[bytes, float], Coroutine[Any, Any, None]]
"""Sends a body; the time it is measured from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Ask `url` for so many seconds, at most so many calls: `at_once` callers, each one call after the other; with a `rate`, that many
    calls a second whether or not the former are answered. A good answer has `good` in it."""

    url: str
    model: str
    length: int
    headers: Mapping[str, str] = field(default_factory=dict)
    good: str = ""
    stream: bool = False
    at_once: int = 1
    rate: float = 0.0
    seconds: float = 3600.0
    calls: int = 10**9


@dataclass(slots=True)
class Sent:
    """What came of an order so far: seconds of each good call, the last failure in words."""

    waits: list[float] = field(default_factory=list)
    failed: int = 0
    story: str = ""

    def told(self, seconds: float) -> dict[str, Any]:
        """Rate, latency in milliseconds, failures."""
        cuts = statistics.quantiles([1000 * wait for wait in 2 * (self.waits or [0.0])], n=100)
        latency = {f"p{percent}": cuts[percent - 1] for percent in (50, 95, 99)}
        return {"count": len(self.waits), "rate": len(self.waits) / seconds, "failed": self.failed, "story": self.story} | latency


async def _ask(session: aiohttp.ClientSession, order: Order, sent: Sent, asked: bytes, begun: float) -> None:
    """One call, timed from `begun`."""
    try:
        async with session.post(order.url, data=asked, headers=order.headers) as response:
            answer = await response.read()
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        sent.failed, sent.story = sent.failed + 1, repr(error)
        return
    if response.ok and order.good.encode() in answer:
        sent.waits.append(time.perf_counter() - begun)
    else:
        sent.failed, sent.story = sent.failed + 1, f"{response.status} {answer[:500].decode(errors='replace')}"


def _body(order: Order) -> bytes:
    return body(next(NUMBERS), order.length, order.model, stream=order.stream)


async def _closed(order: Order, ask: Ask) -> None:
    ends, turns = time.perf_counter() + order.seconds, iter(range(order.calls))

    async def caller() -> None:
        while time.perf_counter() < ends and next(turns, None) is not None:
            await ask(_body(order), time.perf_counter())

    async with asyncio.TaskGroup() as group:
        for _ in range(order.at_once):
            group.create_task(caller())


async def _open(order: Order, ask: Ask) -> None:
    """Each call is made ready before it is due, and timed from then."""
    begun = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for turn in range(min(order.calls, int(order.rate * order.seconds))):
            due, asked = begun + turn / order.rate, _body(order)
            if (early := due - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            group.create_task(ask(asked, due))


async def _carried_out(session: aiohttp.ClientSession, order: Order) -> dict[str, Any]:
    sent, begun = Sent(), time.perf_counter()
    await (_open if order.rate else _closed)(order, lambda asked, at: _ask(session, order, sent, asked, at))
    return sent.told(time.perf_counter() - begun)


async def take_orders() -> None:
    """Until there are no more."""
    connector = aiohttp.TCPConnector(limit=0)
    headers = {"content-type": "application/json"}
    async with aiohttp.ClientSession(connector=connector, headers=headers, timeout=aiohttp.ClientTimeout(60)) as session:
        while line := await asyncio.to_thread(sys.stdin.readline):
            print(json.dumps(await _carried_out(session, Order(**json.loads(line)))), flush=True)


if __name__ == "__main__":
    uvloop.run(take_orders())
