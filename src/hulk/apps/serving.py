"""`hulk up`: the running program from its first signal handler to its last word."""

import os
from dataclasses import dataclass
from pathlib import Path

from hulk.apps import starting
from hulk.apps.bootstrap import Hulk, roots, running
from hulk.apps.stopping import Stopping, until_stopped
from hulk.apps.terminal import announce, language, spoken
from hulk.apps.whereabouts import INFO, Server, write_info
from hulk.kernel.text import Text
from hulk.modules.tools.settings import ToolsSettings
from hulk.runtime.config import Config


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """How `hulk up` was called."""

    config: Config
    data: Path
    folder: Path
    question: str | None = None
    once: bool = False


async def serve_until_stopped(start: Start) -> int:
    """Serve until SIGINT or SIGTERM; what runs then is finished or handed back. Gives the exit code; raises `HulkError`."""
    return await until_stopped(lambda stopping: _serve(start, stopping))


async def _serve(start: Start, stopping: Stopping) -> int:
    async with running(start.config, start.data, start.folder) as hulk:
        stopping.ready, stopping.read_again = True, hulk.secrets.soon
        starting.over()
        write_info(start.data, hulk.serving.url, roots(start.config.section(ToolsSettings).files.roots, start.folder), grpc=hulk.rpc)
        _greet(hulk)
        try:
            code = await _first_question(start, hulk) if start.question else 0
            if not start.once:
                await stopping.asked.wait()
                code = 0
        finally:
            (start.data / INFO).unlink(missing_ok=True)
            announce(spoken(Text("Stopping: what runs is finished or handed back …")), "dim")
    return code


def _greet(hulk: Hulk) -> None:
    url = hulk.serving.url
    announce(spoken(Text("Hulk is ready at {url}, its API is described at {url}/docs. Ctrl-C stops it.", url=url)), "good")


async def _first_question(start: Start, hulk: Hulk) -> int:
    """Ask what `--ask` says, of the folder that Hulk was started in, as `hulk ask` would."""
    from hulk.apps.asking import Asking, answered
    from hulk.apps.client import connected  # aiohttp and Markdown: only for who asks on the command line

    spoken_here = language(os.environ)
    asking = Asking(
        text=start.question or "", files=(), repository=start.folder if (start.folder / ".git").exists() else None, as_json=False,
        server=hulk.serving.url, data=start.data, config=None, language=spoken_here, key=None,
    )  # fmt: skip
    announce(f"\n› {asking.text}\n", "bold")
    here = Server(hulk.serving.url, roots(start.config.section(ToolsSettings).files.roots, start.folder))
    async with connected(here, spoken_here, None) as client:
        code = await answered(client, asking)
    if not start.once:
        announce("")
        _greet(hulk)
    return code
