"""The programs: what each takes of the machine, and what it offers over HTTP and gRPC."""

import os
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from fastapi import APIRouter, FastAPI

from hulk.apps.bootstrap.machine import Machine, assembled
from hulk.apps.bootstrap.readiness import checks_of
from hulk.apps.cluster import require_cluster, require_consistent, require_tickets_alone
from hulk.apps.ground import grounded
from hulk.apps.rpc import begun, serving_rpc, settings_of
from hulk.apps.ticketing import lease_holders
from hulk.apps.ticketing import routes_of as ticket_routes_of
from hulk.apps.tools import mcp_tokens
from hulk.modules.channels.api import HOOKS
from hulk.modules.console.wiring import PATH as CONSOLE
from hulk.modules.identity.api import browser as browser_of
from hulk.modules.identity.settings import IdentitySettings
from hulk.modules.router.api.openai import PATHS, shaped
from hulk.modules.router.settings import LocalSettings, ModelsSettings
from hulk.modules.tickets.settings import TicketsSettings
from hulk.runtime.config import Config, GrpcSettings, Modules
from hulk.runtime.http import Gate, Serving, build, serve
from hulk.runtime.secrets import Secrets, secrets_of
from hulk.runtime.telemetry import Telemetry


@dataclass(frozen=True, slots=True)
class Hulk:
    """A running Hulk."""

    serving: Serving
    config: Config
    telemetry: Telemetry
    secrets: Secrets
    app: FastAPI
    rpc: int | None = None
    """The port of gRPC, where it is served."""


@asynccontextmanager
async def running(config: Config, data: Path, folder: Path) -> AsyncIterator[Hulk]:
    """All of Hulk in this process, ready when entered. `folder` is where it was started: the default of `tools.files.roots`.

    Raises `HulkError` for whatever keeps it from starting: port in use, folder read-only, another Hulk on the same data."""
    async with _up(
        config,
        require_consistent,
        data,
        folder,
        lambda machine: [*machine.routers, *machine.own],
        uploads=["/v1/files"],
        rpc=settings_of(config),
    ) as hulk:
        yield hulk


@asynccontextmanager
async def working(config: Config, data: Path, folder: Path) -> AsyncIterator[Hulk]:
    """A process of a cluster that executes runs and takes no intents: over HTTP it only says how it is, on `worker.port`.

    Raises `HulkError` as `running` does, and `Refused` when store and bus are not such that several processes can share them."""
    own = replace(config, server=config.server.model_copy(update={"host": config.worker.host, "port": config.worker.port}))
    async with _up(own, require_cluster, data, folder, lambda machine: machine.own) as hulk:
        yield hulk


@asynccontextmanager
async def ticketing(config: Config, data: Path, folder: Path) -> AsyncIterator[Hulk]:
    """A process that serves tickets and executes no runs: those wait for one that does. Over HTTP it listens on `tickets.port`.

    Raises `HulkError` as `running` does."""
    server = config.server.model_copy(update={"port": config.section(TicketsSettings).port})
    models = config.section(ModelsSettings).model_copy(update={"local": LocalSettings()})  # nobody asks one here
    modules = Modules(config.modules.kinds, {**config.modules.made, "models": models})
    own = replace(config, server=server, engine=config.engine.model_copy(update={"queues": ()}), modules=modules)
    async with _up(
        own, require_tickets_alone, data, folder, lambda machine: [*ticket_routes_of(machine.tickets), *machine.own], rpc=settings_of(own)
    ) as hulk:
        yield hulk


@asynccontextmanager
async def _up(
    written: Config, require: Callable[[Config], None], data: Path, folder: Path, offered: Callable[[Machine], Sequence[APIRouter]],
    uploads: Collection[str] = (), rpc: GrpcSettings | None = None,
) -> AsyncIterator[Hulk]:  # fmt: skip
    """All parts in this process, when the settings are as `require` wants them, and over HTTP the routes that are `offered` of them;
    `uploads` are paths that take large bodies. `rpc` is how gRPC is served, if it is."""
    if rpc is not None:
        begun(rpc)
    secrets = await secrets_of(written, os.environ)
    config = secrets.applied(written)
    require(config)
    async with AsyncExitStack() as stack:
        listening, ground = await grounded(stack, config, secrets, data, folder)
        machine = await assembled(stack, ground)
        gate = Gate.of(lease_holders(machine.tickets, machine.identity.authenticate), config.server.rate_limit)
        app = build(
            config, routers=offered(machine), gate=gate,
            browser=browser_of(machine.identity, config.section(IdentitySettings).url), tokens=mcp_tokens(config, machine.identity),
            checks=checks_of(ground, machine.workflows, machine.archiver, machine.local), metrics=ground.telemetry.metrics, uploads=uploads,
            hooks=[HOOKS], shapes=dict.fromkeys(PATHS, shaped), faces={CONSOLE: machine.console.face},
        )  # fmt: skip
        machine.console.over(app)
        serving = await stack.enter_async_context(serve(app, listening, grace=config.server.shutdown_timeout))
        listening_rpc = serving_rpc(config, rpc, machine.tickets, gate, ground.telemetry.metrics)
        yield Hulk(serving, config, ground.telemetry, secrets, app, await stack.enter_async_context(listening_rpc))
