"""`hulk worker`: a process of a cluster that executes runs and takes no intents."""

import os
from pathlib import Path

from hulk.apps import starting
from hulk.apps.bootstrap import working
from hulk.apps.stopping import Stopping, until_stopped
from hulk.apps.terminal import announce, spoken
from hulk.apps.whereabouts import WORKER_INFO, write_info
from hulk.kernel.text import Text
from hulk.runtime.config import Config


async def work_until_stopped(config: Config, data: Path, folder: Path) -> int:
    """Execute runs until SIGINT or SIGTERM; what runs then is finished or handed back. Gives the exit code; raises `HulkError`."""

    async def work(stopping: Stopping) -> int:
        async with working(config, data, folder) as hulk:
            stopping.ready, stopping.read_again = True, hulk.secrets.soon
            starting.over()
            write_info(data, hulk.serving.url, (), name=WORKER_INFO)
            _greet(config, hulk.serving.url)
            try:
                await stopping.asked.wait()
            finally:
                (data / WORKER_INFO).unlink(missing_ok=True)
                announce(spoken(Text("Stopping: what runs is finished or handed back …")), "dim")
        return 0

    return await until_stopped(work)


def _greet(config: Config, url: str) -> None:
    said = Text(
        "Worker {pid} executes {queues}, and says how it is at {url}/ready. Ctrl-C stops it.",
        pid=os.getpid(), queues=", ".join(config.engine.queues), url=url,
    )  # fmt: skip
    announce(spoken(said), "good")
