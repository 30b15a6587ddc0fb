"""The modules at work, joined with the runtime: begun in the order in which one needs the other."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta

import structlog
from fastapi import APIRouter

from hulk.apps.agents import agents_at_work, mind_of, tidying
from hulk.apps.basis import based
from hulk.apps.bootstrap.background import beating, keeping_house, pruning, refreshing_rates, watching_budgets
from hulk.apps.bootstrap.modules import modules_of
from hulk.apps.breakers import breaker_routes
from hulk.apps.channels import channel_routes, channels_at_work, channels_open
from hulk.apps.costs import budget_figures, money_routes, price_known
from hulk.apps.ground import Ground
from hulk.apps.routes import (
    Platform,
    Steered,
    about_routes,
    cache_routes,
    channel_kind_routes,
    dead_letter_routes,
    logging_routes,
    metrics_of,
    model_check_routes,
    queue_routes,
    run_routes,
    settings_routes,
    trace_routes,
)
from hulk.apps.rpc import persisted_total
from hulk.apps.schedules import Wishes, begins_intent, begins_run
from hulk.apps.schedules import routes as schedule_routes
from hulk.apps.secrets import secret_routes
from hulk.apps.story import teller_of
from hulk.apps.ticketing import kept_in_time, surroundings, waits_of
from hulk.apps.ticketing import routes_of as ticket_routes_of
from hulk.apps.tools import closing_calls, mcp_routes, tools_at_work
from hulk.modules.agents import STEP as AGENT_STEP
from hulk.modules.agents import TASK as AGENT_TASK
from hulk.modules.agents.api import memory_routes, reasoning_routes
from hulk.modules.agents.api import routes as agent_routes
from hulk.modules.agents.wiring import MemoryTools
from hulk.modules.audit import ArchiveTrail
from hulk.modules.audit.api import routes as audit_routes
from hulk.modules.audit.settings import AuditSettings
from hulk.modules.audit.wiring import wired as wired_audit
from hulk.modules.channels import DECISION as CHANNEL_DECISION
from hulk.modules.channels import TICKET as TICKET_CREATED
from hulk.modules.channels import WORKFLOW as CHANNEL_ARRIVAL
from hulk.modules.channels import decision
from hulk.modules.console.wiring import Console
from hulk.modules.console.wiring import wired as wired_console
from hulk.modules.finops import Finops
from hulk.modules.finops.settings import FinopsSettings
from hulk.modules.finops.wiring import Money, followed
from hulk.modules.finops.wiring import money as money_acts
from hulk.modules.identity import Identity
from hulk.modules.identity.api import routes as identity_routes
from hulk.modules.identity.settings import IdentitySettings
from hulk.modules.intents import AcceptIntent
from hulk.modules.tickets import Surroundings
from hulk.modules.tickets.settings import TicketsSettings
from hulk.modules.tickets.wiring import Service as TicketService
from hulk.modules.tickets.wiring import serving as serving_tickets
from hulk.modules.tools import WORKFLOW as TOOL_CALL
from hulk.runtime.background import background
from hulk.runtime.cache import Caches
from hulk.runtime.config import Config
from hulk.runtime.engine import Watchdog, blocked_histogram
from hulk.runtime.models import LocalServer
from hulk.runtime.outbox.relay import Relay
from hulk.runtime.scheduler import Scheduler
from hulk.runtime.store import Store
from hulk.runtime.workflows import RunQueries, Workflows, blame

log = structlog.get_logger(__name__)
LAST_ENTRIES_SECONDS = 3.0
"""How long a stop may take to archive what was written last; the next start goes on with it."""


@dataclass(frozen=True, slots=True)
class Machine:
    """The modules at work."""

    workflows: Workflows
    identity: Identity
    archiver: ArchiveTrail
    routers: Sequence[APIRouter]
    """For whoever asks for work and looks at it."""
    own: Sequence[APIRouter]
    """For whoever looks after this process."""
    tickets: TicketService
    local: LocalServer | None
    """The model that is served here, where there is one."""
    console: Console


async def assembled(stack: AsyncExitStack, ground: Ground) -> Machine:
    """All modules over that ground, at work until the stack is left."""
    config, store, outbox, rounds = ground.config, ground.store, ground.outbox, ground.rounds
    basis = await based(stack, ground)
    workflows, identity = basis.workflows, basis.identity
    money, open_channels = await _money(ground, basis.finops), await channels_open(stack, ground, workflows)
    modules = await modules_of(stack, basis, open_channels[0].answer)
    scheduler = _scheduler(ground, workflows, modules.accept)
    service = await _ticket_service(ground, workflows, surroundings(store, workflows, basis.quotas, identity))
    memory = mind_of(ground, modules.vectors)
    tools = await tools_at_work(stack, basis, service, scheduler, (modules.skills, MemoryTools(memory)))
    workflows.register(TOOL_CALL, tools.acts.run, forkable=False)
    agents = agents_at_work(basis, modules.around, tools.acts, service.ask, memory)
    workflows.register(AGENT_TASK, agents.task, forkable=False)
    workflows.register(AGENT_STEP, agents.step, forkable=False)
    channels = channels_at_work(open_channels, ground, identity, service, modules)
    workflows.register(CHANNEL_ARRIVAL, channels.arrival, forkable=False)
    workflows.register(CHANNEL_DECISION, channels.decision, forkable=False)
    if channels.at_work:
        workflows.on(TICKET_CREATED, decision, name="channels")
    archiver, audit = await _archived(stack, ground)
    console = wired_console(outbox, config.locale.timezone, provider=bool(config.section(IdentitySettings).issuer))
    await stack.enter_async_context(workflows.working(sole=_sole(config), grace=config.server.shutdown_timeout))
    await stack.enter_async_context(
        background(
            Relay(store, outbox, ground.bus).run(),
            scheduler.run(),
            beating(ground.bus),
            keeping_house(rounds, basis.finops),
            kept_in_time(rounds, service, waits_of(config)),
            closing_calls(rounds, tools.acts),
            tidying(rounds, memory),
            watching_budgets(rounds, money, budget_figures(ground.telemetry.metrics)),
            refreshing_rates(rounds, money),
            *channels.running(),
            channels.prune.now_and_then(rounds),
            console.live.run(),
        )
    )
    stack.enter_context(Watchdog(blocked_histogram(ground.telemetry.metrics), blame).watching())
    metrics_of(ground.telemetry.metrics, workflows, ground.bus)
    routers = [
        *channel_routes(channels),
        *modules.routers,
        audit,  # the first are found soonest: vendors call often
        *ticket_routes_of(service),
        *_routes(ground, identity, scheduler, workflows),
    ]
    routers += [
        *console.routers,
        agent_routes(agents.agents, agents.show, agents.evaluate, basis.uploads.path),
        memory_routes(memory.look, memory.forget),
        reasoning_routes(memory.show, memory.review),
        *money_routes(money, config.section(FinopsSettings)),
        *tools.routers,
        *await mcp_routes(stack, config, tools.acts, ground.audit_key),
    ]
    return Machine(workflows, identity, archiver, routers, _own_routes(ground, basis.caches, basis.finops), service, basis.local, console)


async def _money(ground: Ground, finops: Finops) -> Money:
    """The acts on money, the budgets and rates of the settings in force."""
    settings = ground.config.section(FinopsSettings)
    made = money_acts(ground.store, settings, ground.outbox, ground.breakers, finops.exchange)
    await followed(made, settings)
    return made


def _scheduler(ground: Ground, workflows: Workflows, accept: AcceptIntent) -> Scheduler:
    begins = {"intent": begins_intent(accept), "run": begins_run(workflows)}
    return Scheduler(ground.store, ground.bus, ground.outbox, begins, ground.telemetry.metrics)


async def _ticket_service(ground: Ground, workflows: Workflows, around: Surroundings) -> TicketService:
    rotation, persisted = ground.config.section(TicketsSettings).rotation, persisted_total(ground.telemetry.metrics)
    return await serving_tickets(
        ground.store, ground.outbox, workflows, around, secret=ground.audit_key, rotation=rotation, persisted=persisted
    )  # fmt: skip


async def _archived(stack: AsyncExitStack, ground: Ground) -> tuple[ArchiveTrail, APIRouter]:
    """Who carries the trail to its archive, and the routes to both; at a stop it does so once more, when all else has ended."""
    settings, url, metrics = ground.config.section(AuditSettings), ground.config.store.url, ground.telemetry.metrics
    if url and not settings.archive.get_secret_value():
        log.warning("audit_archive_not_apart", why="both copies of the trail are in one database: set audit.archive to another")
    audit = await stack.enter_async_context(wired_audit(settings, ground.store, url, ground.data, ground.audit_key, metrics))
    archiver = audit.archiving(metrics, ground.outbox.bell())
    stack.push_async_callback(archiver.finish, LAST_ENTRIES_SECONDS)
    await stack.enter_async_context(background(archiver.run()))
    if settings.retention is not None:
        prune = audit.prune(ground.outbox)
        await stack.enter_async_context(background(pruning(ground.rounds, prune, timedelta(days=settings.retention))))
    return archiver, audit_routes(audit.archive, audit.export, audit.verify_now)


def _routes(ground: Ground, identity: Identity, scheduler: Scheduler, workflows: Workflows) -> list[APIRouter]:
    """For whoever asks for work and looks at it, besides those that modules bring along."""
    config = ground.config
    return [
        trace_routes(teller_of(ground.store, ground.outbox, config.section(FinopsSettings))),
        *identity_routes(identity, config.section(IdentitySettings).url),
        *schedule_routes(scheduler, Wishes(), config.locale.timezone, identity.list_namespaces.require),
        *_steering_routes(ground.store, workflows),
    ]


def _own_routes(ground: Ground, caches: Caches, finops: Finops) -> list[APIRouter]:
    """For whoever looks after this process."""
    platform, config = Platform(ground.outbox, ground.store.commit), ground.config
    return [
        logging_routes(platform),
        breaker_routes(ground.breakers, platform),
        cache_routes(caches, platform),
        secret_routes(ground.secrets),
        settings_routes(config),
        about_routes(ground.store, ground.bus),
        channel_kind_routes(config),
        model_check_routes(config, price_known(finops)),
    ]


def _steering_routes(store: Store, workflows: Workflows) -> list[APIRouter]:
    steered = Steered(store, RunQueries(store), workflows.steering)
    return [run_routes(steered), dead_letter_routes(steered), queue_routes(steered)]


def _sole(config: Config) -> bool:
    """Whether no other process can be working on the same store: the data folder's lock holds for the embedded one."""
    return not config.store.url
