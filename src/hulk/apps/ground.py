"""What everything else is built on: telemetry, the store with its tables, the bus, breakers."""

import asyncio
import socket
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import stamina

from hulk.apps.audit_key import audit_key
from hulk.apps.breakers import Told
from hulk.apps.cluster import shared
from hulk.apps.schema import prepare
from hulk.apps.secrets import database_login, nats_credentials
from hulk.kernel.errors import Unavailable
from hulk.modules.audit.settings import AuditSettings
from hulk.runtime.background import Rounds, background
from hulk.runtime.breaker import Breakers
from hulk.runtime.bus import Address, Bus, Server, connect, embedded, encrypted
from hulk.runtime.config import Config, NatsSettings
from hulk.runtime.http import bind
from hulk.runtime.outbox import Outbox
from hulk.runtime.secrets import Secrets
from hulk.runtime.store import Store, folder_lock, opened
from hulk.runtime.telemetry import Telemetry, started

BUS_SECONDS = 15.0
"""How long a start waits for a bus that is starting too."""
STREAM_ROOM = 4
"""Messages that the task stream takes per `engine.queue_size`, since a run may be woken while its last wake-up still waits."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What everything else is built on."""

    config: Config
    secrets: Secrets
    data: Path
    folder: Path
    telemetry: Telemetry
    rounds: Rounds
    store: Store
    bus: Bus
    server: Server | None
    """The embedded nats-server, where there is one."""
    breakers: Breakers
    outbox: Outbox
    audit_key: bytes


async def grounded(stack: AsyncExitStack, config: Config, secrets: Secrets, data: Path, folder: Path) -> tuple[socket.socket, Ground]:
    """The ground, until the stack is left, and the socket that HTTP will listen on: taken first, so that a port in use is told at once."""
    telemetry = await stack.enter_async_context(started(config))
    secrets.measure(telemetry.metrics)
    await stack.enter_async_context(background(secrets.run()))
    listening = bind(config.server.host, config.server.port)
    stack.callback(listening.close)
    stack.enter_context(folder_lock(data))
    store = await stack.enter_async_context(opened(config.store.url, data, login=database_login(secrets)))
    store.measure(telemetry.metrics)
    preparing = asyncio.get_running_loop().run_in_executor(None, prepare, store.engine)  # meanwhile the bus starts
    bus, server = await _bus(stack, config, secrets, data)
    await preparing
    told = Told(bus)
    breakers = await stack.enter_async_context(Breakers(config.breaker, telemetry.metrics, told=told).working())
    await stack.enter_async_context(background(told.run()))
    key = audit_key(config.section(AuditSettings), data)
    outbox = await _outbox(config, store, key)
    return listening, Ground(config, secrets, data, folder, telemetry, Rounds(telemetry.metrics), store, bus, server, breakers, outbox, key)


async def _outbox(config: Config, store: Store, key: bytes) -> Outbox:
    outbox = Outbox(store, key)
    if shared(config):
        await outbox.require_same_key()
    return outbox


async def _bus(stack: AsyncExitStack, config: Config, secrets: Secrets, data: Path) -> tuple[Bus, Server | None]:
    server = None
    if not config.nats.urls:
        server = await stack.enter_async_context(embedded(data / "nats"))
    bus = await stack.enter_async_context(connect(server.address if server else _address(config.nats, secrets), within=BUS_SECONDS))
    most = config.engine.queue_size * STREAM_ROOM
    async for attempt in stamina.retry_context(on=Unavailable, timeout=BUS_SECONDS, attempts=None):
        with attempt:  # a cluster that has just started has no leader yet, or not all of its servers
            await bus.ensure_streams(max_tasks=most, replicas=config.nats.replicas)
    return bus, server


def _address(nats: NatsSettings, secrets: Secrets) -> Address:
    """The cluster's address, as the settings have it."""
    return Address(urls=nats.urls, changing=nats_credentials(secrets), tls=encrypted(nats.tls.ca, nats.tls.cert, nats.tls.key))
