"""gRPC beside HTTP: the same acts, the same gate. grpcio is an extra, and its import takes 0.1 s: it is imported when it is served."""

import asyncio
import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib.util import find_spec

import structlog

from hulk.kernel.errors import Refused, Unauthenticated
from hulk.kernel.tenancy import Principal
from hulk.kernel.time import utc_now
from hulk.modules.tickets import Persisted, TicketActs
from hulk.runtime.config import Config, GrpcSettings
from hulk.runtime.http import Authenticate, Gate, bind
from hulk.runtime.telemetry import Metrics

log = structlog.get_logger(__name__)

_PARTS = ("hulk.runtime.rpc", "hulk.modules.tickets.grpc")


def settings_of(config: Config) -> GrpcSettings | None:
    """How gRPC is served, None when it is not. Whoever has HTTP take a free port gets a free one here, unless they name another.

    Raises `Refused` when it is asked for where grpcio is not installed."""
    if not config.grpc.enabled:
        return None
    if find_spec("grpc") is None or find_spec("grpc_health") is None:
        if "grpc.enabled" in config.origins:
            raise Refused("grpc.enabled is true, and grpcio is not installed: install hulk-ops with the extra “grpc”.")
        log.warning("grpc_not_served", why="grpcio is not installed (extra grpc)")
        return None
    free = config.server.port == 0 and "grpc.port" not in config.origins
    return config.grpc.model_copy(update={"port": 0}) if free else config.grpc


def begun(settings: GrpcSettings) -> None:
    """Tell early that the port is in use (raises `Refused`), and import what gRPC needs in a thread, while the start waits for others."""
    bind(settings.host, settings.port, "grpc.port").close()
    asyncio.get_running_loop().run_in_executor(None, lambda: [importlib.import_module(name) for name in _PARTS])


@asynccontextmanager
async def serving_rpc(
    config: Config, settings: GrpcSettings | None, acts: TicketActs, gate: Gate, metrics: Metrics
) -> AsyncIterator[int | None]:
    """gRPC, served until the block ends, if at all; gives its port."""
    if settings is None:
        yield None
        return
    from hulk.modules.tickets.grpc import TicketService
    from hulk.runtime.rpc import Door, Service, serve
    from hulk_client.tickets.v1 import tickets_pb2

    server = config.server
    known = gate if settings.loopback else replace(gate, authenticate=_keys_only(gate.authenticate))
    door = Door(known, metrics, language=config.locale.language, limit=server.write_timeout)
    service = Service.of(tickets_pb2.DESCRIPTOR.services_by_name["TicketService"], TicketService(acts, utc_now))
    async with serve([service], door, settings, largest=server.max_body, grace=server.shutdown_timeout) as listening:
        yield listening.port


def persisted_total(metrics: Metrics) -> Persisted:
    """Counts the tickets that were asked for, over HTTP and gRPC alike."""
    counter = metrics.counter("tickets_persisted_total", "Tickets that were asked for, by what became of that.", ("outcome",))
    return lambda outcome, count: counter.labels(outcome).inc(count)


def _keys_only(authenticate: Authenticate) -> Authenticate:
    """Who is not on this machine needs a key, also where HTTP is served to this machine only."""

    async def known(key: str | None, host: str) -> Principal:
        if not key:
            raise Unauthenticated(
                "An API key is needed: send it as “Authorization: Bearer …” or “X-API-Key: …”. Make one with “thor keys create”."
            )
        return await authenticate(key, host)

    return known
