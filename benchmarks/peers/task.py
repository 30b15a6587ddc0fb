"""The task that every peer executes, and the loop of every sender. Peers differ in all else.

A task sleeps as long as it is told and leaves two marks in a file that all workers append to: when it began, and when it ended.
"""

import asyncio
import json
import os
import struct
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Any, TypeAlias

import uvloop

MARK = struct.Struct("<qqdd")
"""Number of the task, 0 for its begin or 1 for its end, and the Unix times at which it was sent and this was written."""
PADDING = "x" * 192
"""Makes a task's data about 256 bytes."""
AT_ONCE = 64
"""How many sends an asynchronous sender has under way at most."""
SLOTS = 64
"""How many tasks an asynchronous worker executes at once."""

Data: TypeAlias = dict[str, Any]


def server() -> str:
    """The address of the server that the peer works over."""
    return os.environ["BENCH_SERVER"]


def folder() -> str:
    """Where the peer may keep files."""
    return os.environ["BENCH_FOLDER"]


def option(name: str, default: str = "") -> str:
    """How this variant of the peer is set up."""
    return os.environ.get(f"BENCH_{name.upper()}", default)


class Marks:
    """The file of marks, opened at the first one: some peers fork after importing."""

    def __init__(self) -> None:
        self._file: dict[int, int] = {}

    def leave(self, data: Data, kind: int) -> None:
        """Append a mark; one write, so that those of several processes do not mix."""
        if (file := self._file.get(os.getpid())) is None:
            file = self._file[os.getpid()] = os.open(os.environ["BENCH_MARKS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        os.write(file, MARK.pack(data["number"], kind, data["sent"], time.time()))


marks = Marks()


async def execute(data: Data) -> int:
    """The task, asynchronous."""
    marks.leave(data, 0)
    if data["sleep"]:
        await asyncio.sleep(data["sleep"])
    marks.leave(data, 1)
    return int(data["number"])


def execute_blocking(data: Data) -> int:
    """The task for engines that have no event loop."""
    marks.leave(data, 0)
    if data["sleep"]:
        time.sleep(data["sleep"])
    marks.leave(data, 1)
    return int(data["number"])


def _data(order: Data, number: int) -> Data:
    return {
        "number": order["first"] + number,
        "sent": time.time(),
        "sleep": order.get("sleep", 0),
        "tenant": order.get("tenant", "bench"),
        "pad": PADDING,
    }


Send: TypeAlias = Callable[[Data], Awaitable[object]]
Count: TypeAlias = Callable[[], Awaitable[int]]
Blocking: TypeAlias = Callable[[Data], object]
Work: TypeAlias = Callable[[], object]


async def _nobody_knows() -> int:
    return -1


def main(
    work: Work,
    sending: Callable[[], AbstractAsyncContextManager[Send | tuple[Send, Count]]] | None = None,
    blocking: Callable[[], AbstractContextManager[Blocking]] | None = None,
) -> None:
    """Be the worker or the sender, as the command line says."""
    if sys.argv[1] == "work":
        work()
    elif sending is not None:
        uvloop.run(_send(sending))
    elif blocking is not None:
        _send_blocking(blocking)


def _answer(**answer: object) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


async def _send(sending: Callable[[], AbstractAsyncContextManager[Send | tuple[Send, Count]]]) -> None:
    async with sending() as opened:
        send, count = opened if isinstance(opened, tuple) else (opened, _nobody_knows)
        _answer(ready=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            order = json.loads(line)
            if "ended" in order:
                _answer(ended=await count())
                continue
            begun = time.perf_counter()
            await (_paced(send, order) if order.get("rate") else _at_once(send, order))
            _answer(seconds=time.perf_counter() - begun)


async def _at_once(send: Send, order: Data) -> None:
    numbers = iter(range(order["count"]))

    async def lane() -> None:
        for number in numbers:
            await send(_data(order, number))

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(lane())


async def _paced(send: Send, order: Data) -> None:
    async with asyncio.TaskGroup() as group:
        async for number in _ticks(order):
            group.create_task(_one(send, order, number))


async def _one(send: Send, order: Data, number: int) -> None:
    await send(_data(order, number))


async def _ticks(order: Data) -> AsyncIterator[int]:
    begun = time.perf_counter()
    for number in range(order["count"]):
        await asyncio.sleep(max(0.0, begun + number / order["rate"] - time.perf_counter()))
        yield number


def _blocking_ticks(order: Data) -> Iterator[int]:
    begun = time.perf_counter()
    for number in range(order["count"]):
        if order.get("rate"):
            time.sleep(max(0.0, begun + number / order["rate"] - time.perf_counter()))
        yield number


def _send_blocking(blocking: Callable[[], AbstractContextManager[Blocking]]) -> None:
    with blocking() as send:
        _answer(ready=True)
        for line in sys.stdin:
            order = json.loads(line)
            if "ended" in order:
                _answer(ended=-1)
                continue
            begun = time.perf_counter()
            for number in _blocking_ticks(order):
                send(_data(order, number))
            _answer(seconds=time.perf_counter() - begun)
