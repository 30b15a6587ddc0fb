"""Hulk's pool over JetStream without the journal: what a task costs that is not recorded.

`BENCH_TELEMETRY` (on, off): whether each is given a span, log context, a deadline, a count and a duration, as runs are.
"""

import asyncio
import json
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import structlog
import uvloop

from benchmarks.peers.task import SLOTS, Data, Send, execute, main, option, server
from hulk.runtime.bus import Address, Bus, connect
from hulk.runtime.config import Config
from hulk.runtime.engine import Lease, Pool, Scale, Settled, Task, Verdict, subject
from hulk.runtime.telemetry import Metrics, current_traceparent, span, started

QUEUE = "light"
LIMIT = timedelta(seconds=20)


def _data(task: Task) -> Data:
    """A task carries nothing but the id of a run, so here that is the data."""
    data: Data = json.loads(task.run)
    return data


async def bare(lease: Lease) -> Verdict:
    """Execute, and nothing else."""
    await execute(_data(lease.task))
    return Settled()


class Told:
    """Executes with all that is told of a run."""

    def __init__(self, metrics: Metrics) -> None:
        self._ended = metrics.counter("tasks_ended", "Tasks ended.", ["queue", "outcome"])
        self._seconds = metrics.histogram("task_duration_seconds", "How long tasks took.", ["queue"])

    async def __call__(self, lease: Lease) -> Verdict:
        """Execute."""
        begun, task = time.perf_counter(), lease.task
        with (
            structlog.contextvars.bound_contextvars(task=task.wake, tenant=task.tenant),
            span("task", task.trace, tenant=task.tenant),
        ):
            async with asyncio.timeout(LIMIT.total_seconds()):
                await execute(_data(task))
        self._ended.labels(QUEUE, "done").inc()
        self._seconds.labels(QUEUE).observe(time.perf_counter() - begun)
        return Settled()


@asynccontextmanager
async def _bus() -> AsyncIterator[Bus]:
    async with connect(Address(urls=(server(),))) as bus:
        await bus.ensure_streams(max_tasks=1_000_000)
        yield bus


async def _work() -> None:
    async with started(Config()) as telemetry, _bus() as bus:
        handle = Told(telemetry.metrics) if option("telemetry", "on") == "on" else bare
        pool = Pool(bus, QUEUE, Scale.fixed(SLOTS), handle)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, pool.stop)
        await pool.run()


def work() -> None:
    """One worker process."""
    uvloop.run(_work())


@asynccontextmanager
async def sending() -> AsyncIterator[Send]:
    """Each task acknowledged by the stream before the next of its lane."""
    async with started(Config()), _bus() as bus:

        async def send(data: Data) -> None:
            with span("send"):
                task = Task(run=json.dumps(data), wake=1, queue=QUEUE, tenant=data["tenant"], trace=current_traceparent())
            await bus.publish(subject(task), task.encoded(), task.headers(), f"{data['number']}")

        yield send


if __name__ == "__main__":
    main(work, sending)
