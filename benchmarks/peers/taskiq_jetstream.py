"""TaskIQ over JetStream (taskiq-nats), batches of one as by default, which is the fastest to start."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from nats.js.api import ConsumerConfig
from taskiq.cli.worker.args import WorkerArgs
from taskiq.cli.worker.run import run_worker
from taskiq_nats import PullBasedJetStreamBroker

from benchmarks.peers.task import SLOTS, Data, Send, execute, main, server

broker = PullBasedJetStreamBroker(
    servers=[server()],
    stream_name="bench",
    subject="bench.run",
    durable="bench",
    consumer_config=ConsumerConfig(ack_wait=10, durable_name="bench"),
)


@broker.task(task_name="run")
async def run(data: Data) -> None:
    """The task."""
    await execute(data)


def work() -> None:
    """One worker process beside its parent."""
    run_worker(
        WorkerArgs(broker="benchmarks.peers.taskiq_jetstream:broker", modules=[], workers=1, max_async_tasks=SLOTS, log_level="ERROR")
    )


@asynccontextmanager
async def sending() -> AsyncIterator[Send]:
    """Over one connection."""
    await broker.startup()

    async def send(data: Data) -> None:
        await run.kiq(data)

    try:
        yield send
    finally:
        await broker.shutdown()


if __name__ == "__main__":
    main(work, sending)
