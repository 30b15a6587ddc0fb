"""Agents in the running program: their files, and what they need of other modules."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from hulk.apps.bootstrap.ground import Ground
from hulk.kernel.durable import Change
from hulk.kernel.tenancy import Principal
from hulk.modules.agents import Agent, AgentBook, AnswerOf, BeginTask, Playbook, Wanted
from hulk.modules.agents.settings import AgentsSettings
from hulk.modules.agents.wiring import Agents, Delegating, GovernedHands, Needs, RouterModels, book, delegating, wired
from hulk.modules.identity import Identity
from hulk.modules.intents import Delegated
from hulk.modules.router import Gateway
from hulk.modules.tickets import AskPerson
from hulk.modules.tools import ToolActs
from hulk.runtime.language import voice
from hulk.runtime.workflows import Workflows

_PREFIX = "agents."
SMALL = frozenset({"local"})
"""Models whose answers are of limited quality: the one that is packaged for this machine."""


def playbook_name(agent: Agent, playbook: Playbook) -> str:
    """How decisions name it."""
    return f"{_PREFIX}{agent.name}.{playbook.name}"


def agents_of(ground: Ground) -> AgentBook:
    """Those of the settings; raises `NotFound` and `Refused` for a file that cannot be used."""
    settings = ground.config.section(AgentsSettings)
    return book(settings.model_copy(update={"folders": tuple(ground.folder / one for one in settings.folders)}))


def delegating_of(ground: Ground, workflows: Workflows) -> Delegating:
    """What begins tasks."""
    return delegating(ground.store, agents_of(ground), workflows, ground.outbox)


def agents_at_work(
    ground: Ground, workflows: Workflows, begun: Delegating, once: Gateway, tools: ToolActs, ask: AskPerson, identity: Identity
) -> Agents:
    """What does them."""
    needs = Needs(
        runs=workflows, trail=ground.outbox, commit=ground.store.commit, models=RouterModels(once, SMALL), hands=GovernedHands(tools),
        ask=ask, voices=voice, standing=identity.standing,
    )  # fmt: skip
    return wired(begun, ground.config.section(AgentsSettings).values, needs)


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
