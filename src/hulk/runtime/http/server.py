"""Serving: the socket first, so that a port in use is told before anything else starts, then uvicorn on it."""

import asyncio
import contextlib
import errno
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from hulk.kernel.errors import HulkError, Refused
from hulk.kernel.text import Text

_BACKLOG = 2048


@dataclass(frozen=True, slots=True)
class Serving:
    """Where it is served; `port` is the real one."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """What to open on this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104  # compared, not bound
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


def bind(host: str, port: int, settings: str = "--port, server.port") -> socket.socket:
    """A listening socket (port 0: a free one). Raises `Refused` naming the address, what is wrong with it, and the settings."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except OSError as error:
        hosts = settings.replace("port", "host")
        raise Refused("“{host}” is not an address of this machine ({settings}).", host=host, settings=hosts) from error
    # The protocol is named because asyncio sets TCP_NODELAY only then; without it each answer waits 40 ms for an ACK.
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(_BACKLOG)
    except OSError as error:
        bound.close()
        raise _unbound(error, host, port, settings) from error
    bound.setblocking(False)
    return bound


@asynccontextmanager
async def serve(app: FastAPI, listening: socket.socket, *, grace: timedelta = timedelta(seconds=10)) -> AsyncIterator[Serving]:
    """Serve `app` on a socket from `bind` until the block ends; then answer what was asked, `grace` at most.

    Signals are left to the program. Whatever the block raises is raised after the server has ended."""
    host, port = listening.getsockname()[:2]
    server = _Server(_settings(app, grace))
    failure: BaseException | None = None
    with listening:
        async with asyncio.TaskGroup() as group:
            group.create_task(server.serve(sockets=[listening]))
            try:
                await server.ready.wait()
                yield Serving(host, port)
            except BaseException as error:  # noqa: BLE001  # kept until the server has ended, then raised as it was
                failure = error
            app.state.closing.set()
            server.should_exit = True
    if failure is not None:
        raise failure


def _settings(app: FastAPI, grace: timedelta) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=max(1, round(grace.total_seconds())),
    )


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept connections, and say so."""
        await super().startup(sockets=sockets)
        self.ready.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing: signals belong to the program, which stops more than HTTP."""
        yield


def _unbound(error: OSError, host: str, port: int, settings: str) -> HulkError:
    if error.errno == errno.EADDRINUSE:
        return Refused(
            "Port {port} on {host} is in use{holder}. Stop that program, or choose another port with {settings} (0 takes a free one).",
            port=port, host=host, holder=_holder(port), settings=settings,
        )  # fmt: skip
    if error.errno == errno.EACCES:
        return Refused(
            "Port {port} needs more rights than this user has: choose one above 1023 with {settings}.", port=port, settings=settings
        )
    both = f"{settings.replace('port', 'host')}, {settings}"
    return Refused(
        "Cannot listen on {host}, port {port}: {reason} ({settings}).", host=host, port=port, reason=error.strerror, settings=both
    )


def _holder(port: int) -> Text | str:
    """Who listens on that port, as far as this user may know (Linux)."""
    inodes = set(_listening(port))
    for process in Path("/proc").glob("[0-9]*") if inodes else ():
        with contextlib.suppress(OSError):
            if any(str(link.readlink()) in inodes for link in (process / "fd").iterdir()):
                name = (process / "comm").read_text().strip()
                return Text(" by {name} (process {pid})", name=name, pid=process.name)
    return ""


def _listening(port: int) -> Iterator[str]:
    """The sockets that listen on `port`, as `/proc/<pid>/fd` names them (format: proc_net_tcp in the kernel's documentation)."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                    yield f"socket:[{fields[9]}]"
