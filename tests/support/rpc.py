"""Services really served over gRPC on a free port, and a client for them."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import grpc
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from hulk.kernel.text import Language
from hulk.kernel.time import utc_now
from hulk.modules.tickets import TicketActs
from hulk.modules.tickets.grpc import TicketService
from hulk.runtime.config import GrpcSettings
from hulk.runtime.http import Authenticate, Gate
from hulk.runtime.rpc import Door, Service, serve
from hulk.runtime.telemetry import Metrics
from hulk_client.tickets.v1 import tickets_pb2 as pb
from hulk_client.tickets.v1 import tickets_pb2_grpc
from support.collecting import apart
from support.served import by_table

TICKETS = pb.DESCRIPTOR.services_by_name["TicketService"]
ENGLISH = (("accept-language", "en"),)


@dataclass(frozen=True, slots=True)
class Served:
    """Where it is served, with a channel there."""

    target: str
    channel: grpc.aio.Channel
    door: Door
    metrics: Metrics
    stop: Callable[[], Awaitable[None]]
    """Stop the server while the channel stays."""

    @property
    def tickets(self) -> Any:
        """The stub of the service of tickets."""
        return tickets_pb2_grpc.TicketServiceStub(self.channel)


@asynccontextmanager
async def serving(
    services: Sequence[Service],
    *,
    authenticate: Authenticate = by_table,
    settings: GrpcSettings | None = None,
    rate: float = 1e9,
    limit: float = 60,
    grace: float = 5,
    largest: int = 2_000_000,
    language: Language = "en",
    clock: Callable[[], float] = time.monotonic,
) -> AsyncIterator[Served]:
    """The services on a free port."""
    metrics = Metrics()
    door = Door(Gate.of(authenticate, rate, clock), metrics, language=language, limit=timedelta(seconds=limit))
    wanted = (settings or GrpcSettings()).model_copy(update={"port": 0})
    async with AsyncExitStack() as stack:
        stack.enter_context(apart())
        listening = await stack.enter_async_context(serve(services, door, wanted, largest=largest, grace=timedelta(seconds=grace)))
        stopping = stack.pop_all()
        try:
            async with grpc.aio.insecure_channel(listening.target) as channel:
                yield Served(listening.target, channel, door, metrics, stopping.aclose)
        finally:
            await stopping.aclose()


@asynccontextmanager
async def tickets_served(acts: TicketActs, **more: Any) -> AsyncIterator[Served]:
    """The service of tickets over these acts."""
    async with serving([Service.of(TICKETS, TicketService(acts, utc_now))], **more) as served:
        yield served


def key(secret: str, *more: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    """The metadata of a caller with that key, who reads English."""
    return (("authorization", f"Bearer {secret}"), *ENGLISH, *more)


@dataclass(frozen=True, slots=True)
class Failed:
    """How a call failed, with its details."""

    code: grpc.StatusCode
    message: str
    details: dict[str, Any]

    @property
    def reason(self) -> str:
        """Our code of the error."""
        return str(self.details["ErrorInfo"].reason)

    @property
    def fields(self) -> dict[str, str]:
        """By path, what is wrong there."""
        return {one.field: one.description for one in self.details["BadRequest"].field_violations} if "BadRequest" in self.details else {}


async def failed(call: Any) -> Failed:
    """How that call fails; it must."""
    try:
        answer = await call
    except grpc.aio.AioRpcError as error:
        return failure(error)
    raise AssertionError(f"it did not fail: {answer}")


def failure(error: grpc.aio.AioRpcError) -> Failed:
    """What an error says."""
    found: status_pb2.Status | None = rpc_status.from_call(error)
    return Failed(error.code(), error.details() or "", dict(map(_unpacked, found.details)) if found else {})


def _unpacked(packed: Any) -> tuple[str, Any]:
    name = packed.type_url.rpartition(".")[2]
    message = getattr(error_details_pb2, name)()
    assert packed.Unpack(message)
    return name, message
