"""FastStream over JetStream: a pull subscriber with 64 workers. It is a messaging framework: no retries, no dead letters, no schedule."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import nats
import uvloop
from faststream import AckPolicy, FastStream
from faststream.nats import ConsumerConfig, JStream, NatsBroker

from benchmarks.peers.task import SLOTS, Data, Send, execute, main, server

broker = NatsBroker(server(), log_level=logging.ERROR)
stream = JStream("bench", subjects=["bench.>"])


@broker.subscriber(
    "bench.run", stream=stream, durable="bench", pull_sub=True, max_workers=SLOTS,
    config=ConsumerConfig(ack_wait=10, durable_name="bench"), ack_policy=AckPolicy.NACK_ON_ERROR,
)  # fmt: skip
async def run(data: Data) -> None:
    """The task."""
    await execute(data)


def work() -> None:
    """One worker process."""
    uvloop.install()
    asyncio.run(FastStream(broker).run())


@asynccontextmanager
async def sending() -> AsyncIterator[Send]:
    """Over one connection, each publish acknowledged by the stream, which has to be made here: a broker that is started executes too."""
    connection = await nats.connect(server())
    await connection.jetstream().add_stream(name="bench", subjects=["bench.>"])
    await connection.close()
    async with broker:

        async def send(data: Data) -> None:
            await broker.publish(data, "bench.run", stream="bench")

        yield send


if __name__ == "__main__":
    main(work, sending)
