"""Serving: one server for all services, with health and reflection, over TLS when there is a certificate."""

import functools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import grpc

from hulk.kernel.errors import Refused
from hulk.runtime.config import GrpcSettings
from hulk.runtime.http import bind
from hulk.runtime.rpc.door import Door
from hulk.runtime.rpc.methods import Service
from hulk.runtime.rpc.open import Health, health_handlers, reflection_handlers

MOST_CALLS = 2000
"""Calls at once; more are RESOURCE_EXHAUSTED at once."""
SETTING = "grpc.port"
_MOST_STREAMS = 1000
"""Calls at once on one connection; more wait in the client."""


@dataclass(frozen=True, slots=True)
class Listening:
    """Where it is served; `port` is the real one."""

    host: str
    port: int

    @property
    def target(self) -> str:
        """What a client on this machine connects to."""
        return _target({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host), self.port)  # noqa: S104  # compared, not bound


def _target(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


@asynccontextmanager
async def serve(
    services: Sequence[Service], door: Door, settings: GrpcSettings, *, largest: int, grace: timedelta = timedelta(seconds=10)
) -> AsyncIterator[Listening]:
    """Serve until the block ends; then say so (NOT_SERVING), end the streams, and answer what was asked, `grace` at most. `largest` are
    bytes of a request. Raises `Refused` when the port cannot be had, or there is no certificate."""
    _begun()
    server = grpc.aio.server(options=_options(largest), maximum_concurrent_rpcs=MOST_CALLS)
    health = Health([service.name for service in services])
    server.add_generic_rpc_handlers([*(door.handlers(service) for service in services), health_handlers(health)])
    if settings.reflection:
        server.add_generic_rpc_handlers([reflection_handlers([service.name for service in services])])
    port = await _listened(server, settings)
    await health.begin()
    await server.start()
    try:
        yield Listening(settings.host, port)
    finally:
        await health.stopping()
        door.close()
        await server.stop(grace.total_seconds())


@functools.cache
def _begun() -> None:
    """gRPC's part for asyncio begins with the first server or channel of a process, and ends with the last: when the collector finds that,
    in whatever thread and in the middle of anything. What was begun next has ended in a segmentation fault (seen with grpcio 1.85); as far
    as is known because what is left is counted wrongly then. So it is begun once more than it is ended."""
    grpc.aio.init_grpc_aio()


def _options(largest: int) -> list[tuple[str, int]]:
    """See https://grpc.github.io/grpc/core/group__grpc__arg__keys.html. Times in milliseconds."""
    return [
        ("grpc.so_reuseport", 0),  # else two Hulks would share a port, and neither know
        ("grpc.max_receive_message_length", largest),
        ("grpc.max_send_message_length", -1),
        ("grpc.max_concurrent_streams", _MOST_STREAMS),
        ("grpc.keepalive_time_ms", 60_000),  # who does not answer our ping has gone
        ("grpc.keepalive_timeout_ms", 20_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_ping_interval_without_data_ms", 10_000),  # who pings more often is cut off
        ("grpc.http2.max_ping_strikes", 3),
    ]


async def _listened(server: grpc.aio.Server, settings: GrpcSettings) -> int:
    try:
        return _bound(server, settings)
    except Refused:
        await _thrown_away(server)
        raise


async def _thrown_away(server: grpc.aio.Server) -> None:
    """gRPC (1.85) logs a server that is let go without having been stopped, and gives itself to who keeps logs while it ends: whoever reads
    that log then ends in a segmentation fault. Only what was started can be stopped."""
    await server.start()
    await server.stop(None)


def _bound(server: grpc.aio.Server, settings: GrpcSettings) -> int:
    address = _target(settings.host, settings.port)
    credentials = _credentials(settings.tls.cert, settings.tls.key)
    try:
        return server.add_secure_port(address, credentials) if credentials else server.add_insecure_port(address)
    except RuntimeError as error:  # grpc tells no more than that it has failed
        bind(settings.host, settings.port, SETTING).close()  # which tells what is wrong
        raise Refused(
            "Cannot listen on {host}, port {port}: {reason} ({settings}).",
            host=settings.host,
            port=settings.port,
            reason="gRPC",
            settings=SETTING,
        ) from error


def _credentials(cert: Path | None, key: Path | None) -> grpc.ServerCredentials | None:
    """TLS by these files; None when neither is set. Raises `Refused` when one is missing or cannot be read."""
    if cert is None and key is None:
        return None
    if cert is None or key is None:
        raise Refused("TLS for gRPC needs a certificate and its key: set both grpc.tls.cert and grpc.tls.key.")
    try:
        return grpc.ssl_server_credentials([(key.read_bytes(), cert.read_bytes())])
    except OSError as error:
        raise Refused("{path} cannot be read: {reason} (grpc.tls).", path=str(error.filename), reason=error.strerror) from error
