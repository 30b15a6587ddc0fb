"""A real NATS cluster: nats-server processes from the package, with routes between them, each of which can be killed and started again."""

import asyncio
import contextlib
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from hulk.kernel.errors import HulkError
from hulk.runtime.bus import Address, Bus, connect
from hulk.runtime.bus.program import installed, newest_enough
from support.processes import die_with_parent

USER, PASSWORD = "hulk", "cluster-secret"
STARTS_WITHIN = 20.0
CONFIG = """\
server_name: {name}
listen: "127.0.0.1:{port}"
authorization {{ user: {user}, password: {password} }}
jetstream {{ store_dir: "{store}", max_memory_store: 64MB, max_file_store: 8GB }}
{cluster}
{more}
"""
CLUSTER = 'cluster {{ name: hulk, listen: "127.0.0.1:{port}", routes: [{routes}] }}'


@dataclass(slots=True)
class Node:
    """One server, and the ports that it keeps when it is started again."""

    name: str
    folder: Path
    program: Path
    port: int
    route: int
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, without waiting."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(self.program), "-c", str(self.folder / "nats.conf")],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, preexec_fn=die_with_parent,
            )  # fmt: skip

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        """End it, by default as a power cut would."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(20)
            self.process = None


@dataclass(slots=True)
class Nats:
    """Servers that are one bus."""

    nodes: list[Node] = field(default_factory=list)
    tls: ssl.SSLContext | None = None

    @property
    def urls(self) -> tuple[str, ...]:
        """All servers, for `nats.urls`."""
        return tuple(node.url for node in self.nodes)

    @property
    def address(self) -> Address:
        """Where they are, and how to be let in."""
        return Address(urls=self.urls, user=USER, password=PASSWORD, tls=self.tls)

    def settings(self) -> dict[str, str]:
        """The environment that brings a Hulk to this bus."""
        many = {"HULK_NATS__REPLICAS": "3"} if len(self.nodes) >= 3 else {}
        return {"HULK_NATS__URLS": ",".join(self.urls), "HULK_NATS__USER": USER, "HULK_NATS__PASS": PASSWORD, **many}

    def node(self, name: str) -> Node:
        """The server of that name."""
        return next(node for node in self.nodes if node.name == name)

    async def leader(self, stream: str) -> Node:
        """The server that leads a stream now."""
        async with connect(self.address) as bus:
            info = await bus.ask(f"STREAM.INFO.{stream}")
        return self.node(info["cluster"]["leader"])

    async def in_step(self, stream: str) -> bool:
        """Whether the stream has a leader, and all others have all that it has."""
        async with connect(self.address) as bus:
            cluster = (await bus.ask(f"STREAM.INFO.{stream}"))["cluster"]
        others = cluster.get("replicas", [])
        return bool(cluster.get("leader")) and len(others) == len(self.nodes) - 1 and all(one["current"] for one in others)


@asynccontextmanager
async def a_nats(folder: Path, *, servers: int = 3, more: str = "", tls: ssl.SSLContext | None = None) -> AsyncIterator[Nats]:
    """That many servers with JetStream in `folder`, ready when entered (about 1.5 s for three), killed at the end. `more` is added
    to their configuration, and `tls` is how to speak to them then."""
    program, _ = await newest_enough(installed())
    ports = _free_ports(2 * servers)
    nats = Nats([Node(f"n{n + 1}", folder / f"n{n + 1}", program, ports[n], ports[servers + n]) for n in range(servers)], tls)
    routes = ", ".join(f'"nats://127.0.0.1:{node.route}"' for node in nats.nodes)
    for node in nats.nodes:
        _write(node, CLUSTER.format(port=node.route, routes=routes) if servers > 1 else "", more)
        node.start()
    try:
        await ready(nats)
        yield nats
    finally:
        for node in nats.nodes:
            node.kill()


async def ready(nats: Nats) -> None:
    """Wait until JetStream can be asked, which takes a leader of the cluster."""
    deadline = time.monotonic() + STARTS_WITHIN
    while not await _answers(nats):
        assert time.monotonic() < deadline, "\n".join((node.folder / "log").read_text()[-1500:] for node in nats.nodes)
        await asyncio.sleep(0.1)


async def _answers(nats: Nats) -> bool:
    with contextlib.suppress(HulkError):
        async with connect(nats.address, within=2) as bus:
            return await _all_peers(bus, len(nats.nodes))
    return False


async def _all_peers(bus: Bus, servers: int) -> bool:
    """Whether a stream on all servers can be made: the leader must have met them all."""
    probe = "test-probe"
    await bus.ask(f"STREAM.CREATE.{probe}", {"name": probe, "subjects": [probe], "num_replicas": servers, "storage": "memory"})
    await bus.ask(f"STREAM.DELETE.{probe}")
    return True


def _write(node: Node, cluster: str, more: str) -> None:
    node.folder.mkdir(parents=True)
    words = {"name": node.name, "port": node.port, "user": USER, "password": PASSWORD, "store": node.folder / "store"}
    (node.folder / "nats.conf").write_text(CONFIG.format(**words, cluster=cluster, more=more))


def _free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now; all are held while they are chosen, so that none comes twice."""
    with contextlib.ExitStack() as stack:
        return [_free(stack) for _ in range(count)]


def _free(stack: contextlib.ExitStack) -> int:
    held = stack.enter_context(socket.socket())
    held.bind(("127.0.0.1", 0))
    return int(held.getsockname()[1])
