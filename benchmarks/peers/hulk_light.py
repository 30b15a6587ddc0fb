"""Hulk's light tasks over JetStream, with the span, the log context, the time limit and the counts that each is given."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import uvloop

from benchmarks.peers.task import SLOTS, Data, Send, execute, main, server
from hulk.kernel.tasks import LightTask
from hulk.runtime.bus import Address, Bus, connect
from hulk.runtime.config import Config
from hulk.runtime.engine import LightTasks, Scale
from hulk.runtime.telemetry import Metrics, span, started


@asynccontextmanager
async def _bus() -> AsyncIterator[Bus]:
    async with connect(Address(urls=(server(),))) as bus:
        await bus.ensure_streams(max_tasks=1_000_000)
        yield bus


async def _execute(task: LightTask) -> int:
    return await execute(dict(task.data))


async def _work() -> None:
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    async with started(Config()) as telemetry, _bus() as bus:
        tasks = LightTasks(bus, Scale.fixed(SLOTS), telemetry.metrics)
        tasks.register("bench", _execute)
        async with tasks.working(grace=timedelta(seconds=5)):
            await stopped.wait()


def work() -> None:
    """One worker process."""
    uvloop.run(_work())


@asynccontextmanager
async def sending() -> AsyncIterator[Send]:
    """Each task acknowledged by the stream before the next of its lane."""
    async with started(Config()), _bus() as bus:
        tasks = LightTasks(bus, Scale.fixed(1), Metrics())

        async def send(data: Data) -> None:
            with span("send"):
                await tasks.send("bench", data, tenant=data["tenant"])

        yield send


if __name__ == "__main__":
    main(work, sending)
