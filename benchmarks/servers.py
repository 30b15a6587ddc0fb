"""The servers that engines work over, each a child process with an empty folder: NATS, Valkey, PostgreSQL."""

import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hulk.runtime.bus.program import installed
from support.postgres import SETTINGS, a_postgres

STARTS_WITHIN = 30.0
DURABLE = {**SETTINGS, "fsync": "on", "full_page_writes": "on", "shared_buffers": "128MB", "max_connections": "200"}
NATS = """\
listen: "127.0.0.1:{port}"
max_payload: 4194304
jetstream {{ store_dir: "{folder}", max_file_store: 8589934592 }}
"""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its address, and its first process."""

    url: str
    pid: int


@contextmanager
def nats() -> Iterator[Server]:
    """A nats-server that writes to disk when it likes, as by default and as in `hulk up`."""
    port = _free_port()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "nats.conf"
        config.write_text(NATS.format(port=port, folder=folder))
        with _child([str(installed()[0]), "--config", str(config)], port) as process:
            yield Server(f"nats://127.0.0.1:{port}", process.pid)


@contextmanager
def valkey(program: Path) -> Iterator[Server]:
    """Valkey that appends to a file, which is written to disk every second."""
    port = _free_port()
    with tempfile.TemporaryDirectory() as folder:
        settings = {"port": str(port), "bind": "127.0.0.1", "dir": folder, "appendonly": "yes", "save": ""}
        command = [str(program), *(word for name, value in settings.items() for word in (f"--{name}", value))]
        with _child(command, port) as process:
            yield Server(f"redis://127.0.0.1:{port}", process.pid)


@contextmanager
def postgres() -> Iterator[Server]:
    """PostgreSQL with fsync, and an empty database."""
    with a_postgres(DURABLE) as server:
        yield Server(server.database(), server.pid)


@contextmanager
def _child(command: list[str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + STARTS_WITHIN
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{command[0]} does not start")
            time.sleep(0.01)
        yield process
    finally:
        process.terminate()
        process.wait()


def _answers(port: int) -> bool:
    with socket.socket() as trying:
        return trying.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
