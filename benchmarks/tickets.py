"""Tickets over gRPC on PostgreSQL: the server in a process of its own, clients in others.

`python -m benchmarks.tickets client TARGET SECONDS AT_ONCE` is one client, which prints what it has measured.
"""

import asyncio
import json
import statistics
import sys
import tempfile
import time
from asyncio.subprocess import PIPE
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import grpc
import uvloop

from benchmarks.figures import Figure
from benchmarks.program import Program, started
from benchmarks.servers import postgres
from hulk_client.tickets.v1 import tickets_pb2 as pb
from hulk_client.tickets.v1.tickets_pb2_grpc import TicketServiceStub

SECONDS = 8.0
CLIENTS = 2
AT_ONCE = 32
BATCH = 100
KIND = "bench"
INPUT = json.dumps({"month": "2026-11", "rows": list(range(40))})


async def measured() -> list[Figure]:
    """All figures."""
    with tempfile.TemporaryDirectory() as folder, postgres() as store:
        env = {"HULK_STORE__URL": store.url, "HULK_SERVER__RATE_LIMIT": "1e9", "HULK_LOGGING__LEVEL": "warning"}
        async with started(Path(folder), "tickets", env) as program, grpc.aio.insecure_channel(program.grpc) as channel:
            stub = TicketServiceStub(channel)
            await stub.RegisterKind(pb.RegisterKindRequest(kind=pb.Kind(name=KIND)))
            return [*await _creating(program), *await _working(program, stub)]


async def _creating(program: Program) -> list[Figure]:
    """As many new tickets as clients can have made, each in a call of its own."""
    await _clients(program.grpc, 1.0)
    before, begun = program.cpu_seconds(), time.perf_counter()
    waits = await _clients(program.grpc, SECONDS)
    seconds, cpu = time.perf_counter() - begun, program.cpu_seconds() - before
    name = f"CreateTicket over gRPC, PostgreSQL, {CLIENTS} clients of {AT_ONCE}"
    return [
        Figure(f"{name}: requests per second", len(waits) / min(seconds, SECONDS), "1/s", ">= 1,000"),
        Figure("  p50", 1000 * statistics.median(waits), "ms"),
        Figure("  p99", 1000 * statistics.quantiles(waits, n=100)[-1], "ms", "<= 50"),
        Figure("  CPU per call (Hulk and NATS)", 1000 * cpu / len(waits), "ms"),
    ]


async def _clients(target: str, seconds: float) -> list[float]:
    """How long each call took, of all clients."""
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(_client(target, seconds)) for _ in range(CLIENTS)]
    return [wait for one in asked for wait in one.result()]


async def _client(target: str, seconds: float) -> list[float]:
    command = [sys.executable, "-m", "benchmarks.tickets", "client", target, str(seconds), str(AT_ONCE)]
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE)
    out, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"a client ended with {process.returncode}")
    return [float(one) for one in json.loads(out)]


async def _working(program: Program, stub: Any) -> list[Figure]:
    """What was made, taken and finished in batches."""
    before, begun, done = program.cpu_seconds(), time.perf_counter(), 0
    while time.perf_counter() - begun < SECONDS:
        lease = await stub.LeaseTickets(pb.LeaseTicketsRequest(worker="bench", kinds=[KIND], most=BATCH))
        if not lease.tickets:
            break
        completions = [pb.Completion(ticket_id=one.ticket_id, fence=one.fence, result_json='{"ok":true}') for one in lease.tickets]
        answer = await stub.CompleteTickets(pb.CompleteTicketsRequest(completions=completions, lease_token=lease.token))
        if answer.refused:
            raise RuntimeError(f"refused: {answer.refused}")
        done += len(answer.completed)
    seconds, cpu = time.perf_counter() - begun, program.cpu_seconds() - before
    return [
        Figure(f"lease and complete in batches of {BATCH}: tickets per second", done / seconds, "1/s"),
        Figure("  CPU per ticket (Hulk and NATS)", 1000 * cpu / max(done, 1), "ms"),
    ]


async def client(target: str, seconds: float, at_once: int) -> list[float]:
    """Make tickets for so long, so many at once; how long each took. Raises when one was refused."""
    async with grpc.aio.insecure_channel(target) as channel:
        until = time.perf_counter() + seconds
        stub, waits = TicketServiceStub(channel), list[float]()
        create: Callable[..., Awaitable[pb.Ticket]] = stub.CreateTicket

        async def one() -> None:
            while (begun := time.perf_counter()) < until:
                await create(pb.CreateTicketRequest(ticket=pb.NewTicket(kind=KIND, title="Report", input_json=INPUT)))
                waits.append(time.perf_counter() - begun)

        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(one())
    return waits


if __name__ == "__main__":
    if sys.argv[1:2] == ["client"]:
        sys.stdout.write(json.dumps(uvloop.run(client(sys.argv[2], float(sys.argv[3]), int(sys.argv[4])))))
    else:
        for figure in asyncio.run(measured()):
            sys.stdout.write(f"{figure.what:<80} {figure.value:>10.2f} {figure.unit:<4} {figure.goal}\n")
