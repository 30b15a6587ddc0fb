"""arq over Valkey. A job that was taken counts as lost 10 s after its timeout, so the timeout is 10 s."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from arq import create_pool, run_worker
from arq.connections import RedisSettings

from benchmarks.peers.task import SLOTS, Data, Send, execute, main, server

SETTINGS = RedisSettings.from_dsn(server())


async def run(_: dict[str, Any], data: Data) -> None:
    """The task."""
    await execute(data)


class Settings:
    """What arq's worker reads."""

    functions = (run,)
    redis_settings = SETTINGS
    max_jobs = SLOTS
    job_timeout = 10
    keep_result = 0


def work() -> None:
    """One worker."""
    run_worker(Settings)


@asynccontextmanager
async def sending() -> AsyncIterator[Send]:
    """Over a pool of connections."""
    pool = await create_pool(SETTINGS)

    async def send(data: Data) -> None:
        await pool.enqueue_job("run", data)

    yield send


if __name__ == "__main__":
    main(work, sending)
