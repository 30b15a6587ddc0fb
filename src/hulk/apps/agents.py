"""Agents in the running program: their files, and what they need of other modules."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from hulk.apps.bootstrap.basis import Basis
from hulk.apps.bootstrap.ground import Ground
from hulk.kernel.durable import Change
from hulk.kernel.tenancy import Principal
from hulk.modules.agents import Agent, AnswerOf, BeginTask, MindActs, Playbook, Wanted
from hulk.modules.agents.settings import AgentsSettings
from hulk.modules.agents.wiring import Agents, GovernedHands, Mindful, Needs, RouterModels, mind, wired
from hulk.modules.intents import Delegated
from hulk.modules.router import Gateway
from hulk.modules.tickets import AskPerson
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


def agents_at_work(basis: Basis, once: Gateway, tools: ToolActs, ask: AskPerson, acts: MindActs) -> Agents:
    """What does them."""
    ground, begun = basis.ground, basis.delegating
    mindful = Mindful(acts, begun.book)
    needs = Needs(
        runs=basis.workflows, trail=ground.outbox, commit=ground.store.commit, models=RouterModels(once, SMALL), hands=GovernedHands(tools),
        ask=ask, voices=voice, standing=basis.identity.standing, recall=mindful.recall, note=mindful.note,
    )  # fmt: skip
    return wired(begun, ground.config.section(AgentsSettings).values, needs)


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
            waiter=delegated.waiter, trace=intent.trace,
        )  # fmt: skip
        return self.begin_task(wanted)[1]

    async def answer(self, run: str) -> str:
        """See `intents.ports.Agents`."""
        return await self.answer_of(run)
