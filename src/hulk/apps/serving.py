"""`hulk up`: the running program from its first signal handler to its last word."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hulk.apps.asking import Asking, answered
from hulk.apps.bootstrap import Hulk, roots, running
from hulk.apps.client import INFO, Server, connected, write_info
from hulk.apps.terminal import err, language, spoken
from hulk.kernel.text import Text
from hulk.modules.tools.settings import ToolsSettings
from hulk.runtime.config import Config

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """How `hulk up` was called."""

    config: Config
    data: Path
    folder: Path
    question: str | None = None
    once: bool = False


@dataclass(slots=True)
class _Stopping:
    """Hears the signals: the first asks for an orderly stop, a second one does not wait for it."""

    main: "asyncio.Task[object] | None" = field(default_factory=asyncio.current_task)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    ready: bool = False

    def hear(self) -> None:
        if self.main is not None and (self.asked.is_set() or not self.ready):
            self.main.cancel()
        self.asked.set()

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for name in _SIGNALS:
            loop.add_signal_handler(name, self.hear)
        try:
            yield
        finally:
            for name in _SIGNALS:
                loop.remove_signal_handler(name)


async def serve_until_stopped(start: Start) -> int:
    """Serve until SIGINT or SIGTERM; what runs then is finished or handed back. Gives the exit code; raises `HulkError`."""
    stopping = _Stopping()
    with stopping.listening():
        try:
            return await _serve(start, stopping)
        except asyncio.CancelledError:
            return 130


async def _serve(start: Start, stopping: _Stopping) -> int:
    async with running(start.config, start.data, start.folder) as hulk:
        stopping.ready = True
        write_info(start.data, hulk.serving.url, roots(start.config.section(ToolsSettings).files.roots, start.folder))
        _greet(hulk)
        try:
            code = await _first_question(start, hulk) if start.question else 0
            if not start.once:
                await stopping.asked.wait()
                code = 0
        finally:
            (start.data / INFO).unlink(missing_ok=True)
            err.print(spoken(Text("Stopping: what runs is finished or handed back …")), style="dim")
    return code


def _greet(hulk: Hulk) -> None:
    url = hulk.serving.url
    err.print(spoken(Text("Hulk is ready at {url}, its API is described at {url}/docs. Ctrl-C stops it.", url=url)), style="bold green")


async def _first_question(start: Start, hulk: Hulk) -> int:
    """Ask what `--ask` says, of the folder that Hulk was started in, as `hulk ask` would."""
    spoken_here = language(os.environ)
    asking = Asking(
        text=start.question or "", files=(), repository=start.folder if (start.folder / ".git").exists() else None, as_json=False,
        server=hulk.serving.url, data=start.data, config=None, language=spoken_here, key=None,
    )  # fmt: skip
    err.print(f"\n› {asking.text}\n", style="bold", markup=False)
    here = Server(hulk.serving.url, roots(start.config.section(ToolsSettings).files.roots, start.folder))
    async with connected(here, spoken_here, None) as client:
        code = await answered(client, asking)
    if not start.once:
        err.print()
        _greet(hulk)
    return code
