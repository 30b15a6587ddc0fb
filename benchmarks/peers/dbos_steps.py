"""DBOS: a workflow of one step, from a queue. `BENCH_POLL` is how often its queue looks, in seconds; its default is 1."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

from dbos import DBOS, DBOSClient, DBOSConfig

from benchmarks.peers.task import SLOTS, Count, Data, Send, execute_blocking, folder, main, option, server

URL = server() or f"sqlite:///{folder()}/dbos.sqlite"
READY = Path(folder()) / "ready"
THREADS = 16
"""Of the sender: its client is blocking, and a call is several round trips."""

CONFIG: DBOSConfig = {
    "name": "bench",
    "system_database_url": URL,
    "log_level": "ERROR",
    "run_admin_server": False,
    "application_version": "1",
}
DBOS(config=CONFIG)
"""As its documentation has it: before what is decorated."""


@DBOS.step()
def step(data: Data) -> int:
    """The task."""
    return execute_blocking(data)


@DBOS.workflow(name="run")
def run(data: Data) -> int:
    """The workflow."""
    number: int = step(data)
    return number


def work() -> None:
    """One worker."""
    DBOS.launch()
    DBOS.register_queue("bench", worker_concurrency=SLOTS, polling_interval_sec=float(option("poll", "1")))
    READY.touch()
    threading.Event().wait()


@asynccontextmanager
async def sending() -> AsyncIterator[tuple[Send, Count]]:
    """Through its client, in threads, once the worker has made the tables."""
    while not READY.exists():  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.05)
    client = DBOSClient(system_database_url=URL)
    with ThreadPoolExecutor(THREADS) as threads:

        async def called(function: Callable[[], object]) -> object:
            return await asyncio.get_running_loop().run_in_executor(threads, function)

        async def send(data: Data) -> None:
            await called(lambda: client.enqueue({"queue_name": "bench", "workflow_name": "run", "app_version": "1"}, data))

        async def count() -> int:
            return await asyncio.to_thread(lambda: len(client.list_workflows(status="SUCCESS", load_input=False, load_output=False)))

        yield send, count
    client.destroy()


if __name__ == "__main__":
    main(work, sending)
