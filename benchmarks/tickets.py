"""Tickets over gRPC on PostgreSQL: one server or two, each in a process of its own, clients in others, and what each costs.

Callers show an API key, workers the token of their lease (a JWT). Server, PostgreSQL and clients share the machine: its rate says what
all of them need together, the CPU of each where it goes. `python -m benchmarks.tickets ACT TARGET KEY SECONDS AT_ONCE` is one client, which
prints what it has measured.
"""

import asyncio
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import grpc
import uvloop

from benchmarks.figures import Figure
from benchmarks.program import Program, cpu_of, family_cpu, started
from benchmarks.servers import Server, nats, postgres
from hulk_client.tickets.v1 import tickets_pb2 as pb
from hulk_client.tickets.v1.tickets_pb2_grpc import TicketServiceStub

SECONDS = 8.0
PROGRAMS = (1, 2)
CLIENTS = 2
AT_ONCE = 14
WORKERS = 4
BATCH = 100
WAITING = 60_000
"""Tickets made before work begins: more than can be done in `SECONDS`."""
KIND = "bench"
INPUT = json.dumps({"month": "2026-11", "rows": list(range(40))})


@dataclass(frozen=True, slots=True)
class Told:
    """What a client has measured: how many tickets, seconds that each call took, seconds of CPU."""

    tickets: int
    waits: Sequence[float]
    cpu: float


@dataclass(frozen=True, slots=True)
class Bench:
    """Programs that share a store and a NATS, and the key that clients show them."""

    programs: Sequence[Program]
    store: Server
    bus: Server
    key: str

    def costs(self) -> Mapping[str, float]:
        """Seconds of CPU so far, by whose."""
        own = sum(one.own_cpu_seconds() for one in self.programs)
        return {"Hulk": own, "NATS": cpu_of(self.bus.pid), "PostgreSQL": family_cpu(self.store.pid)}

    async def measured(self, name: str, act: str, clients: int, at_once: int, goal: str) -> tuple[list[Figure], list[float]]:
        """What clients do for `SECONDS`, all tickets per second and what one costs; and how long each call took."""
        before, begun = self.costs(), time.perf_counter()
        told = await self.clients(act, SECONDS, clients, at_once)
        seconds, after = min(time.perf_counter() - begun, SECONDS), self.costs()
        count = sum(one.tickets for one in told)
        spent = {who: after[who] - before[who] for who in before} | {"clients": sum(one.cpu for one in told)}
        figures = [Figure(f"{name}: tickets per second", count / seconds, "1/s", goal)]
        figures += [Figure(f"  CPU per ticket, {who}", 1000 * cpu / count, "ms") for who, cpu in spent.items()]
        return figures, [wait for one in told for wait in one.waits]

    async def clients(self, act: str, seconds: float, clients: int, at_once: int) -> list[Told]:
        """What each client tells; they are shared out among the programs."""
        targets = [one.grpc for one, _ in zip(itertools.cycle(self.programs), range(clients), strict=False)]
        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(_client(act, target, self.key, seconds, at_once)) for target in targets]
        return [one.result() for one in asked]


async def measured() -> list[Figure]:
    """All figures: of one program, and of several that share the work."""
    return [figure for count in PROGRAMS for figure in await _measured(count)]


async def _measured(count: int) -> list[Figure]:
    with postgres() as store, nats() as bus:
        env = {
            "HULK_STORE__URL": store.url,
            "HULK_NATS__URLS": json.dumps([bus.url]),
            "HULK_SERVER__RATE_LIMIT": "1e9",
            "HULK_LOGGING__LEVEL": "warning",
        }
        async with AsyncExitStack() as stack:
            programs = [await stack.enter_async_context(_started(env)) for _ in range(count)]
            bench = Bench(programs, store, bus, _key(programs[0], env))
            return [*await _creating(bench), *await _working(bench)]


@asynccontextmanager
async def _started(env: Mapping[str, str]) -> AsyncIterator[Program]:
    with tempfile.TemporaryDirectory() as folder:
        async with started(Path(folder), "tickets", env) as program:
            yield program


def _key(program: Program, env: Mapping[str, str]) -> str:
    """A new key of an admin."""
    thor = [str(Path(sys.executable).parent / "thor"), "keys", "create", "bench", "--role", "admin", "--json", "--data", str(program.data)]
    made = subprocess.run(thor, env={**os.environ, **env}, capture_output=True, check=True)
    return str(json.loads(made.stdout)[0]["secret"])


async def _creating(bench: Bench) -> list[Figure]:
    """As many new tickets as clients can have made, each in a call of its own."""
    await bench.clients("create", 1.0, CLIENTS, AT_ONCE)
    name = f"CreateTicket over gRPC, PostgreSQL, {_programs(bench)}, {CLIENTS} clients of {AT_ONCE}"
    figures, waits = await bench.measured(name, "create", CLIENTS, AT_ONCE, ">= 1,000")
    p99 = Figure("  p99", 1000 * statistics.quantiles(waits, n=100)[-1], "ms", "<= 50")
    return [figures[0], Figure("  p50", 1000 * statistics.median(waits), "ms"), p99, *figures[1:]]


async def _working(bench: Bench) -> list[Figure]:
    """What was made is taken and finished in batches, once what making it leads to (the relay, the second copy of the trail) is done."""
    await bench.clients("fill", 0.0, 1, 1)
    await _calm(bench)
    name = f"lease and complete in batches of {BATCH}, {_programs(bench)}, {WORKERS} workers"
    clients = len(bench.programs)
    return (await bench.measured(name, "work", clients, WORKERS // clients, ">= 5,000"))[0]


def _programs(bench: Bench) -> str:
    return "one program" if len(bench.programs) == 1 else f"{len(bench.programs)} programs"


async def _calm(bench: Bench) -> None:
    """Until the program has little to do."""
    before = bench.costs()["Hulk"]
    while True:
        await asyncio.sleep(1)
        now = bench.costs()["Hulk"]
        if now - before < 0.2:
            return
        before = now


async def _client(act: str, target: str, key: str, seconds: float, at_once: int) -> Told:
    command = [sys.executable, "-m", "benchmarks.tickets", act, target, key, str(seconds), str(at_once)]
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE)
    out, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"a client ended with {process.returncode}")
    return Told(**json.loads(out))


@dataclass(slots=True)
class Client:
    """One client; its acts raise when anything was refused."""

    stub: Any
    metadata: Sequence[tuple[str, str]]
    until: float
    waits: list[float]
    tickets: int = 0

    async def ask(self, call: Callable[..., Awaitable[Any]], request: Any) -> Any:
        """What is answered."""
        begun = time.perf_counter()
        answer = await call(request, metadata=self.metadata)
        self.waits.append(time.perf_counter() - begun)
        return answer

    async def create(self, _: int) -> None:
        """Make tickets one by one."""
        while time.perf_counter() < self.until:
            await self.ask(self.stub.CreateTicket, pb.CreateTicketRequest(ticket=_new()))
            self.tickets += 1

    async def fill(self, _: int) -> None:
        """Register the kind and make `WAITING` tickets."""
        for _ in range(WAITING // 1000):
            await self.ask(self.stub.CreateTickets, pb.CreateTicketsRequest(tickets=[_new() for _ in range(1000)]))

    async def work(self, number: int) -> None:
        """Take tickets and finish them, batch by batch."""
        asked = pb.LeaseTicketsRequest(worker=f"bench{number}", kinds=[KIND], most=BATCH)
        while time.perf_counter() < self.until and (lease := await self.ask(self.stub.LeaseTickets, asked)).tickets:
            done = [pb.Completion(ticket_id=one.ticket_id, fence=one.fence, result_json='{"ok":true}') for one in lease.tickets]
            answer = await self.ask(self.stub.CompleteTickets, pb.CompleteTicketsRequest(completions=done, lease_token=lease.token))
            if answer.refused:
                raise RuntimeError(f"refused: {answer.refused}")
            self.tickets += len(answer.completed)


def _new() -> pb.NewTicket:
    return pb.NewTicket(kind=KIND, title="Report", input_json=INPUT)


async def client(act: str, target: str, key: str, seconds: float, at_once: int) -> Told:
    """Do that for so long, so many at once."""
    begun = time.process_time()
    async with grpc.aio.insecure_channel(target) as channel:
        stub, metadata = TicketServiceStub(channel), (("authorization", f"Bearer {key}"),)
        await stub.RegisterKind(pb.RegisterKindRequest(kind=pb.Kind(name=KIND)), metadata=metadata)
        one = Client(stub, metadata, time.perf_counter() + seconds, [])
        async with asyncio.TaskGroup() as group:
            for number in range(at_once):
                group.create_task(getattr(one, act)(number))
    return Told(one.tickets, one.waits, time.process_time() - begun)


def _printed(figures: Sequence[Figure]) -> Iterator[str]:
    yield from (f"{figure.what:<80} {figure.value:>10.3f} {figure.unit:<4} {figure.goal}\n" for figure in figures)


if __name__ == "__main__":
    if sys.argv[1:]:
        act, target, key, seconds, at_once = sys.argv[1:]
        sys.stdout.write(json.dumps(asdict(uvloop.run(client(act, target, key, float(seconds), int(at_once))))))
    else:
        sys.stdout.writelines(_printed(asyncio.run(measured())))
