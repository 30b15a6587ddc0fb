"""Joins runtime and modules, in the order of a start: settings > telemetry > store > bus > modules > workers > HTTP.

`hulk up` (`running`) and `hulk worker` (`working`) are the same but for what they serve over HTTP.

Everything is entered into one `AsyncExitStack`, so it is left in the reverse order: HTTP stops taking requests, the
workers finish or hand back, what is unsent is sent, bus and store are closed.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import stamina
import structlog
from fastapi import APIRouter, FastAPI
from sqlalchemy import text

from hulk.apps.audit_key import audit_key
from hulk.apps.breakers import Told, breaker_routes
from hulk.apps.chain import chain
from hulk.apps.cluster import require_cluster, require_consistent, require_tickets_alone, shared
from hulk.apps.limits import limits_of
from hulk.apps.routes import (
    Platform,
    Steered,
    cache_routes,
    dead_letter_routes,
    logging_routes,
    metrics_of,
    queue_routes,
    run_routes,
    trace_routes,
)
from hulk.apps.rpc import begun, persisted_total, serving_rpc, settings_of
from hulk.apps.schedules import RequireNamespace, Wishes, begins_intent, begins_run
from hulk.apps.schedules import routes as schedule_routes
from hulk.apps.schema import prepare
from hulk.apps.secrets import database_login, model_keys, nats_credentials, secret_routes, secrets_check
from hulk.apps.story import teller_of
from hulk.apps.ticketing import kept_in_time, surroundings
from hulk.apps.ticketing import routes_of as ticket_routes_of
from hulk.apps.uploads import Uploads
from hulk.kernel.errors import HulkError, Unavailable
from hulk.kernel.events import Event
from hulk.kernel.money import Money
from hulk.kernel.tenancy import Principal
from hulk.modules.audit import ArchiveTrail, Prune
from hulk.modules.audit.api import routes as audit_routes
from hulk.modules.audit.settings import AuditSettings
from hulk.modules.audit.wiring import wired as wired_audit
from hulk.modules.finops import Finops
from hulk.modules.finops.settings import FinopsSettings
from hulk.modules.finops.wiring import wired as wired_finops
from hulk.modules.identity import Identity
from hulk.modules.identity.api import browser as browser_of
from hulk.modules.identity.api import routes as identity_routes
from hulk.modules.identity.settings import IdentitySettings
from hulk.modules.identity.wiring import identity as wired_identity
from hulk.modules.identity.wiring import provider as oidc_provider
from hulk.modules.intents import WORKFLOW as INTENT
from hulk.modules.intents import AcceptIntent
from hulk.modules.intents.api import IntentsApi
from hulk.modules.intents.api import routes as intent_routes
from hulk.modules.intents.wiring import Needs
from hulk.modules.intents.wiring import wired as wired_intents
from hulk.modules.quotas import QuotaActs
from hulk.modules.quotas.api import routes as quota_routes
from hulk.modules.router import Attachment, Candidate
from hulk.modules.router.settings import ModelsSettings
from hulk.modules.router.wiring import wired as wired_router
from hulk.modules.skills import Book, Skill, Source
from hulk.modules.skills.settings import SkillsSettings
from hulk.modules.skills.wiring import wired as wired_skills
from hulk.modules.tickets import WORKFLOW as TICKET
from hulk.modules.tickets import Surroundings
from hulk.modules.tickets.settings import TicketsSettings
from hulk.modules.tickets.wiring import Service as TicketService
from hulk.modules.tickets.wiring import serving as serving_tickets
from hulk.modules.tickets.wiring import wired as wired_tickets
from hulk.modules.tools.settings import ToolsSettings
from hulk.modules.tools.wiring import Tools
from hulk.modules.tools.wiring import wired as wired_tools
from hulk.runtime.blobs import FolderBlobs
from hulk.runtime.breaker import Breakers
from hulk.runtime.bus import Address, Bus, Server, connect, embedded, encrypted, to_message
from hulk.runtime.cache import Caches
from hulk.runtime.cache import opened as opened_caches
from hulk.runtime.config import Config, GrpcSettings, NatsSettings
from hulk.runtime.engine import Watchdog, blocked_histogram
from hulk.runtime.http import Check, Gate, Serving, bind, build, serve
from hulk.runtime.language import voice
from hulk.runtime.models import LocalEmbedder, Remembered
from hulk.runtime.outbox import Outbox, Relay
from hulk.runtime.scheduler import Scheduler
from hulk.runtime.secrets import Secrets, secrets_of
from hulk.runtime.store import Store, folder_lock, opened
from hulk.runtime.telemetry import Telemetry, started
from hulk.runtime.workflows import RunQueries, Workflows, blame

log = structlog.get_logger(__name__)

HEALTH_SECONDS = 15.0
HOUSEKEEPING_SECONDS = 600.0
LEASE_TOKENS = "eyJ"
"""How every JWT begins (`{"`), and no API key."""
SHIPPED_VECTORS = Path(__file__).parent / "vectors.npz"
"""The vectors of the built-in examples, made by `tools/vectors.py`."""
PRUNING_SECONDS = 6 * 3600.0
LAST_ENTRIES_SECONDS = 3.0
"""How long a stop may take to archive what was written last; the next start goes on with it."""
BUS_SECONDS = 15.0
"""How long a start waits for a bus that is starting too."""
STREAM_ROOM = 4
"""Messages that the task stream takes per `engine.queue_size`, since a run may be woken while its last wake-up still waits."""


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
    own = replace(config, server=server, engine=config.engine.model_copy(update={"queues": ()}))
    async with _up(
        own, require_tickets_alone, data, folder, lambda machine: [*ticket_routes_of(machine.tickets), *machine.own], rpc=settings_of(own)
    ) as hulk:
        yield hulk


@asynccontextmanager
async def _up(
    written: Config, require: Callable[[Config], None], data: Path, folder: Path, offered: Callable[["_Machine"], Sequence[APIRouter]],
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
        listening, base = await _based(stack, config, secrets, data, folder)
        machine = await _assembled(stack, base)
        gate = Gate.of(machine.authenticate, config.server.rate_limit)
        app = build(
            config, routers=offered(machine), gate=gate,
            browser=browser_of(machine.identity, config.section(IdentitySettings).url),
            checks=_checks(base, machine.workflows, machine.archiver), metrics=base.telemetry.metrics, uploads=uploads,
        )  # fmt: skip
        serving = await stack.enter_async_context(serve(app, listening, grace=config.server.shutdown_timeout))
        listening_rpc = serving_rpc(config, rpc, machine.tickets, gate, base.telemetry.metrics)
        yield Hulk(serving, config, base.telemetry, secrets, app, await stack.enter_async_context(listening_rpc))


@dataclass(frozen=True, slots=True)
class _Base:
    """What everything else is built on."""

    config: Config
    secrets: Secrets
    data: Path
    folder: Path
    telemetry: Telemetry
    store: Store
    bus: Bus
    server: Server | None
    """The embedded nats-server, where there is one."""
    breakers: Breakers


async def _based(stack: AsyncExitStack, config: Config, secrets: Secrets, data: Path, folder: Path) -> tuple[socket.socket, _Base]:
    telemetry = await stack.enter_async_context(started(config))
    secrets.measure(telemetry.metrics)
    await stack.enter_async_context(_background(secrets.run()))
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
    await stack.enter_async_context(_background(told.run()))
    return listening, _Base(config, secrets, data, folder, telemetry, store, bus, server, breakers)


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


@dataclass(frozen=True, slots=True)
class _Machine:
    """The modules at work."""

    workflows: Workflows
    identity: Identity
    archiver: ArchiveTrail
    routers: Sequence[APIRouter]
    """For whoever asks for work and looks at it."""
    own: Sequence[APIRouter]
    """For whoever looks after this process."""
    tickets: TicketService

    async def authenticate(self, key: str | None, host: str) -> Principal:
        """Whose key it is, or which lease's token."""
        if key and key.startswith(LEASE_TOKENS):
            lease = await self.tickets.tokens.verify(key)
            return Principal(tenant=lease.tenant, actor=lease.actor, grants=(), lease=key)
        return await self.identity.authenticate(key, host)


async def _assembled(stack: AsyncExitStack, base: _Base) -> _Machine:
    config, store, engine = base.config, base.store, base.config.engine
    outbox = Outbox(store, audit_key(config.section(AuditSettings), base.data))
    if shared(config):
        await outbox.require_same_key()
    workflows = Workflows(
        store, base.bus, outbox, slots=engine.slots, most_slots=engine.most_slots, queues=engine.queues, weights=engine.weights,
        queue_size=engine.queue_size, limit=engine.timeout, metrics=base.telemetry.metrics, chain=chain,
    )  # fmt: skip
    blobs = _blobs(base)
    caches = await _caches(stack, base)
    oidc = await stack.enter_async_context(oidc_provider(config.section(IdentitySettings)))
    identity = wired_identity(store, outbox, local=config.server.loopback, oidc=oidc)
    await identity.ensure_tenant()
    quotas = limits_of(config, store, outbox, identity)
    finops = wired_finops(store, config.section(FinopsSettings), caches, quotas.monthly_spend)
    routers, accept = await _modules(stack, base, outbox, workflows, blobs, finops, quotas, identity.list_namespaces.require)
    scheduler = _scheduler(base, outbox, workflows, accept)
    service = await _ticket_service(base, outbox, workflows, surroundings(store, workflows, quotas, identity))
    archiver, audit = await _archived(stack, base, outbox)
    await stack.enter_async_context(workflows.working(sole=_sole(config), grace=config.server.shutdown_timeout))
    await stack.enter_async_context(
        _background(
            Relay(store, outbox, base.bus).run(), scheduler.run(), _beating(base.bus), _keeping_house(finops), kept_in_time(service)
        )
    )
    stack.enter_context(Watchdog(blocked_histogram(base.telemetry.metrics), blame).watching())
    metrics_of(base.telemetry.metrics, workflows, base.bus)
    platform = Platform(outbox, store.commit)
    own = [logging_routes(platform), breaker_routes(base.breakers, platform), cache_routes(caches, platform), secret_routes(base.secrets)]
    routers += [audit, trace_routes(teller_of(store, outbox, config.section(FinopsSettings)))]
    routers += [
        *ticket_routes_of(service),
        *identity_routes(identity, config.section(IdentitySettings).url),
        *schedule_routes(scheduler, Wishes(), config.locale.timezone, identity.list_namespaces.require),
        *_steering_routes(store, workflows),
    ]
    return _Machine(workflows, identity, archiver, routers, own, service)


async def _ticket_service(base: _Base, outbox: Outbox, workflows: Workflows, around: Surroundings) -> TicketService:
    config = base.config
    secret, rotation = audit_key(config.section(AuditSettings), base.data), config.section(TicketsSettings).rotation
    return await serving_tickets(
        base.store, outbox, workflows, around, secret=secret, rotation=rotation, persisted=persisted_total(base.telemetry.metrics)
    )


async def _archived(stack: AsyncExitStack, base: _Base, outbox: Outbox) -> tuple[ArchiveTrail, APIRouter]:
    """Who carries the trail to its archive, and the routes to both; at a stop it does so once more, when all else has ended."""
    settings, url, metrics = base.config.section(AuditSettings), base.config.store.url, base.telemetry.metrics
    if url and not settings.archive.get_secret_value():
        log.warning("audit_archive_not_apart", why="both copies of the trail are in one database: set audit.archive to another")
    audit = await stack.enter_async_context(wired_audit(settings, base.store, url, base.data, audit_key(settings, base.data), metrics))
    archiver = audit.archiving(metrics, outbox.bell())
    stack.push_async_callback(archiver.finish, LAST_ENTRIES_SECONDS)
    await stack.enter_async_context(_background(archiver.run()))
    if settings.retention is not None:
        pruning = _pruning(audit.prune(outbox), timedelta(days=settings.retention))
        await stack.enter_async_context(_background(pruning))
    return archiver, audit_routes(audit.archive, audit.export)


def _blobs(base: _Base) -> FolderBlobs:
    """The blobs in the data folder, or in the one that all share; scratch is always our own."""
    path = base.config.blobs.path
    if path is None and shared(base.config):
        log.warning("blobs_not_shared", why="files taken by one process are not seen by the others: set blobs.path to a shared folder")
    blobs = FolderBlobs(base.data / "blobs") if path is None else FolderBlobs(path, base.data / "scratch")
    blobs.sweep()
    return blobs


async def _caches(stack: AsyncExitStack, base: _Base) -> Caches:
    """The caches; they listen to other processes where there may be any, which an embedded broker has not."""
    others = base.bus if base.config.nats.urls else None
    l2_url = base.secrets.follow("cache.l2_url")
    caches = await stack.enter_async_context(opened_caches(base.config.cache, base.data / "cache", others, base.breakers, l2_url))
    caches.measure(base.telemetry.metrics)
    return caches


async def _modules(
    stack: AsyncExitStack,
    base: _Base,
    outbox: Outbox,
    workflows: Workflows,
    blobs: FolderBlobs,
    finops: Finops,
    quotas: QuotaActs,
    require_namespace: RequireNamespace,
) -> tuple[list[APIRouter], AcceptIntent]:
    """Build the modules, tell the workflows what they execute; give the routes, and what schedules begin intents with."""
    config, store = base.config, base.store
    tools = _tools(base, blobs)
    skills = wired_skills(
        config.section(SkillsSettings).folders, tools.history, tools.tables, tools.series, tools.charts, tools.sources, _repository(base)
    )
    router = await stack.enter_async_context(
        wired_router(
            store, config.section(ModelsSettings), _vectors(config, base.data), Shelf(skills.book), finops, base.breakers,
            key_of=model_keys(base.secrets, config),
        )
    )  # fmt: skip
    tickets = wired_tickets(store, blobs, workflows, outbox, voice, skills.handlers)
    uploads = Uploads(blobs, quotas, outbox, store.commit, config.server.max_upload)
    needs = Needs(
        runs=workflows, trail=outbox, commit=store.commit, tickets=tickets.tickets, begin=tickets.begin, decides=router.decide,
        asks=router.answer_freely, decisions=router.decisions, skills=skills.book, voices=voice,
        check=_check(tools, blobs, uploads), cost=_cost(finops), admit=workflows.admit, quota=quotas.quotas.admit,
        require_namespace=require_namespace,
    )  # fmt: skip
    intents = wired_intents(store, needs, language=None, zone=config.locale.timezone)
    workflows.register(INTENT, intents.workflow, forkable=False)
    workflows.register(TICKET, tickets.workflow, forkable=False)
    api = IntentsApi(intents.accept, intents.show, intents.intents, outbox, blobs, voice, uploads)
    return [intent_routes(api), quota_routes(quotas)], intents.accept


def _scheduler(base: _Base, outbox: Outbox, workflows: Workflows, accept: AcceptIntent) -> Scheduler:
    begins = {"intent": begins_intent(accept), "run": begins_run(workflows)}
    return Scheduler(base.store, base.bus, outbox, begins, base.telemetry.metrics)


def _steering_routes(store: Store, workflows: Workflows) -> list[APIRouter]:
    steered = Steered(store, RunQueries(store), workflows.steering)
    return [run_routes(steered), dead_letter_routes(steered), queue_routes(steered)]


def _tools(base: _Base, blobs: FolderBlobs) -> Tools:
    settings = base.config.section(ToolsSettings)
    return wired_tools(settings, roots(settings.files.roots, base.folder), blobs.kept, base.breakers)


def roots(listed: Sequence[Path], folder: Path) -> tuple[Path, ...]:
    """The folders under which paths in requests are read: those listed, else where Hulk was started."""
    return tuple((folder / path).resolve() for path in listed) or (folder.resolve(),)


def _repository(base: _Base) -> Path | None:
    """The repository that is meant when none is named: the one Hulk was started in, if it was."""
    first = roots(base.config.section(ToolsSettings).files.roots, base.folder)[0]
    return first if (first / ".git").exists() else None


def _vectors(config: Config, data: Path) -> Remembered:
    folder = config.cache.l3_path or data / "cache"
    return Remembered(LocalEmbedder(), l1_size=config.cache.l1_size, folder=folder, shipped=SHIPPED_VECTORS)


@dataclass(frozen=True, slots=True)
class Shelf:
    """The skills as the router's catalogue sees them."""

    book: Book

    def candidates(self) -> tuple[Candidate, ...]:
        """Each skill's name, examples, and what it works on."""
        return tuple(Candidate(name=skill.name, examples=skill.examples, takes=_takes(skill)) for skill in self.book)


def _takes(skill: Skill) -> frozenset[Attachment]:
    kinds: dict[str, Attachment] = {"table": "file", "repository": "repository"}
    return frozenset(kinds[one.kind] for one in skill.parameters if one.kind in kinds)


def _check(tools: Tools, blobs: FolderBlobs, uploads: Uploads) -> Callable[[str, Source], Awaitable[None]]:
    """Refuses at once what could never be read. What is at an address is fetched later, by who works with it."""

    async def check(tenant: str, source: Source) -> None:
        if source.blob is not None:
            await uploads.require(tenant, source.blob)
        elif source.url is not None:
            tools.check_address(source.url)
        else:
            async with blobs.scratch() as scratch:
                await (tools.sources.repository if source.kind == "repository" else tools.sources.table)(source, scratch)

    return check


def _cost(finops: Finops) -> Callable[[str, str], Awaitable[Money]]:
    async def cost(tenant: str, intent: str) -> Money:
        total, _ = await finops.cost_of_intent(tenant, intent)
        return total

    return cost


def _sole(config: Config) -> bool:
    """Whether no other process can be working on the same store: the data folder's lock holds for the embedded one."""
    return not config.store.url


@asynccontextmanager
async def _background(*parts: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(part) for part in parts]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()


async def _keeping_house(finops: Finops) -> None:
    """Close what processes that died have left reserved."""
    while True:
        try:
            await finops.close_stale()
        except Unavailable as error:
            log.warning("stale_reservations_stay", reason=str(error))
        await asyncio.sleep(HOUSEKEEPING_SECONDS)


async def _pruning(prune: Prune, retention: timedelta) -> None:
    """Remove what is too old of the trail, now and then."""
    while True:
        try:
            await prune(retention, actor="hulk")
        except HulkError as error:
            log.warning("audit_not_pruned", reason=str(error))
        await asyncio.sleep(PRUNING_SECONDS)


async def _beating(bus: Bus) -> None:
    """Tell the bus now and then that this process lives."""
    while True:
        event = Event(type="hulk.runtime.health.v1", subject=f"{socket.gethostname()}:{os.getpid()}", tenant="-", actor="hulk")
        subject, headers, body = to_message(event)
        await bus.notify(subject, body, headers)
        await asyncio.sleep(HEALTH_SECONDS)


def _checks(base: _Base, workflows: Workflows, archiver: ArchiveTrail) -> Mapping[str, Check]:
    """What `/ready` asks."""

    async def store() -> Mapping[str, object]:
        await base.store.read(lambda connection: connection.execute(text("select 1")).scalar_one())
        return {"kind": base.store.dialect}

    async def bus() -> Mapping[str, object]:
        facts = base.bus.facts
        if not facts.connected:
            raise Unavailable("The bus is away; accepted work is kept and goes on when it is back.")
        if base.server is not None and not base.server.writes:
            raise Unavailable("The bus cannot write: its disk is full. It goes on by itself once there is space.")
        return {"version": facts.version, "fsync": facts.fsync, "replicas": base.config.nats.replicas}

    async def workers() -> Mapping[str, object]:
        return {"slots": sum(workflows.slots.values()), "busy": workflows.busy, "queues": list(base.config.engine.queues)}

    async def audit() -> Mapping[str, object]:
        if archiver.trouble is not None:
            raise archiver.trouble
        return {"pending": archiver.waiting.entries}

    return {"store": store, "bus": bus, "workers": workers, "audit": audit, "secrets": secrets_check(base.secrets)}
