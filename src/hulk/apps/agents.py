"""Agents in the running program: their files, and what they need of other modules."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from hulk.apps.basis import Basis
from hulk.apps.ground import Ground
from hulk.apps.uploads import Uploads
from hulk.kernel.durable import Change
from hulk.kernel.tenancy import Principal
from hulk.modules.agents import Agent, AnswerOf, BeginTask, Encloses, Hears, MindActs, Playbook, Utterance, Wanted
from hulk.modules.agents.settings import AgentsSettings
from hulk.modules.agents.wiring import Agents, GovernedHands, Mindful, Needs, RouterModels, mind, wired
from hulk.modules.intents import Decides, Delegated
from hulk.modules.router import Gateway, Question
from hulk.modules.skills import Source
from hulk.modules.tickets import Artefact, AskPerson
from hulk.modules.tickets.wiring import board_of
from hulk.modules.tools import ToolActs
from hulk.runtime.background import Rounds
from hulk.runtime.language import voice
from hulk.runtime.models import Remembered

log = structlog.get_logger(__name__)
_PREFIX = "agents."
TIDY_SECONDS = 600.0
"""How long what has faded may stay."""
SMALL = frozenset({"local"})
"""Models whose answers are of limited quality: the one that is packaged for this machine."""


def playbook_name(agent: Agent, playbook: Playbook) -> str:
    """How decisions name it."""
    return f"{_PREFIX}{agent.name}.{playbook.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What agents need of the modules that answer intents: who asks a model once, who says what is meant."""

    once: Gateway
    decides: Decides


def agents_at_work(basis: Basis, around: Around, tools: ToolActs, ask: AskPerson, acts: MindActs) -> Agents:
    """What does them."""
    ground, begun, settings = basis.ground, basis.delegating, basis.ground.config.section(AgentsSettings)
    mindful = Mindful(acts, begun.book)
    needs = Needs(
        runs=basis.workflows, trail=ground.outbox, commit=ground.store.commit, models=RouterModels(around.once, SMALL),
        hands=GovernedHands(tools), ask=ask, voices=voice, standing=basis.identity.standing, recall=mindful.recall, note=mindful.note,
        hears=hearing(around.decides), encloses=enclosing(basis.uploads), room=basis.quotas.quotas.admit,
        zone=ZoneInfo(ground.config.locale.timezone), wait=settings.wait,
    )  # fmt: skip
    return wired(begun, settings.values, needs)


def mind_of(ground: Ground, vectors: Remembered) -> MindActs:
    """What agents remember, and how they reason."""
    return mind(ground.store, ground.outbox, vectors, board_of(ground.store))


async def tidying(rounds: Rounds, acts: MindActs) -> None:
    """Forget what has faded, and find anew what a new model of similarity has not seen."""

    async def tidy() -> None:
        while await acts.sweep():
            log.info("memories_faded")
        while await acts.sweep.embed():
            log.info("memories_embedded")

    await rounds.every(TIDY_SECONDS, tidy, "memories_not_tidied")


@dataclass(frozen=True, slots=True)
class Delegates:
    """Agents as intents see them."""

    begin_task: BeginTask
    answer_of: AnswerOf

    def require(self, by: Principal, agent: str) -> None:
        """See `intents.ports.Agents`."""
        self.begin_task.agent(by, agent)

    def begin(self, delegated: Delegated) -> Sequence[Change[Any]]:
        """See `intents.ports.Agents`."""
        intent, (agent, _, playbook) = delegated.intent, delegated.name.removeprefix(_PREFIX).partition(".")
        wanted = Wanted(
            by=intent.principal, agent=agent, playbook=playbook, text=intent.text, language=intent.language, zone=ZoneInfo(intent.zone),
            at=intent.created, run=delegated.run, sources=intent.sources, namespace=intent.namespace, intent=intent.id,
            waiter=delegated.waiter, trace=intent.trace, p0=delegated.p0,
            said=tuple(f"{'Hulk' if one.ours else intent.actor}: {one.text}" for one in intent.turns),
        )  # fmt: skip
        return self.begin_task(wanted)[1]

    async def answer(self, run: str) -> str:
        """See `intents.ports.Agents`."""
        return await self.answer_of(run)

    async def whole(self, run: str) -> str:
        """See `intents.ports.Agents`."""
        return await self.answer_of.whole(run)

    async def artefacts(self, run: str) -> Sequence[Artefact]:
        """See `intents.ports.Agents`."""
        files = await self.answer_of.files(run)
        return [Artefact(name=one.name, media_type=one.media_type, blob=one.blob, size=one.size) for one in files]


def hearing(decides: Decides) -> Hears:
    """What words are taken for, as it would be for an intent."""

    async def heard(said: Utterance) -> tuple[str, Sequence[Change[Any]]]:
        question = Question(
            text=said.text, language=said.language, tenant=said.by.tenant, intent=said.task, key=said.task, attachments=said.kinds,
            person=said.by.actor, addressed=said.addressed,
        )  # fmt: skip
        decision, changes = await decides(question)
        known = decision.kind in ("skill", "agent") and decision.name is not None
        return str(decision.name) if known else decision.kind, changes

    return heard


def enclosing(uploads: Uploads) -> Encloses:
    """Files of evaluation sets are kept among those of the tenant, as if they had been sent."""

    async def enclosed(by: Principal, file: Path) -> Source:
        kept = await uploads.keep(by.tenant, by.actor, file, "evaluation")
        return Source(kind="file", name=file.name, blob=kept.id)

    return enclosed
