"""A network cable between two processes, which can be cut, hang or be slow: a proxy for TCP and unix sockets in a thread of its own."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

State = Literal["whole", "cut", "hanging", "slow"]
SLOW_SECONDS = 0.15


class Cable:
    """Forwards connections to `target`, a port of this machine or the path of a socket, while it is whole or slow.

    `cut` ends all connections and refuses new ones; `hanging` keeps them and lets nothing through, as a firewall that forgot them."""

    def __init__(self, target: int | Path) -> None:
        self.state: State = "whole"
        self.port = 0
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._moved = asyncio.Event()
        self._ends: set[asyncio.StreamWriter] = set()

    def set(self, state: State) -> None:
        """Change the cable's state, from any thread."""
        asyncio.run_coroutine_threadsafe(self._set(state), self._loop).result()

    async def _set(self, state: State) -> None:
        self.state = state
        self._moved.set()
        if state == "cut":
            for end in tuple(self._ends):
                end.transport.abort()

    async def serve(self, path: Path | None, ready: threading.Event, ending: asyncio.Event) -> None:
        """Take connections until `ending`: at `path`, or at a free port."""
        server = await (asyncio.start_unix_server(self._connected, path) if path else asyncio.start_server(self._connected, "127.0.0.1", 0))
        self.port = 0 if path else server.sockets[0].getsockname()[1]
        if path:
            path.chmod(0o777)  # noqa: ASYNC240  # takes no time
        ready.set()
        await ending.wait()
        server.close()
        await self._set("cut")
        while self._ends:  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.01)  # what was aborted is closed in the next turn of the loop

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._ends.add(writer)
        with suppress(OSError):
            if self.state != "cut":
                await self._joined(reader, writer)
        writer.transport.abort()
        self._ends.discard(writer)

    async def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await self._reach()
        self._ends.add(back)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._pump(reader, back))
            group.create_task(self._pump(there, writer))
        self._ends.discard(back)

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self._target, Path):
            return await asyncio.open_unix_connection(self._target)
        return await asyncio.open_connection("127.0.0.1", self._target)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(1 << 16):
                while self.state == "hanging":
                    self._moved.clear()
                    await self._moved.wait()
                if self.state == "slow":
                    await asyncio.sleep(SLOW_SECONDS)
                writer.write(data)
                await writer.drain()
        writer.transport.abort()

    def work(self, path: Path | None, ready: threading.Event, ending: asyncio.Event) -> None:
        """The thread."""
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self.serve(path, ready, ending))

    def end(self, ending: asyncio.Event) -> None:
        """Have the thread end."""
        self._loop.call_soon_threadsafe(ending.set)


@contextmanager
def a_cable(target: int | Path, path: Path | None = None) -> Iterator[Cable]:
    """A whole cable to `target`, from `path` or from its `port`."""
    cable, ready, ending = Cable(target), threading.Event(), asyncio.Event()
    thread = threading.Thread(target=cable.work, args=(path, ready, ending), daemon=True)
    thread.start()
    ready.wait(5)
    try:
        yield cable
    finally:
        cable.end(ending)
        thread.join(5)
