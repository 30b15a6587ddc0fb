"""An agent as it is declared: who it is, what it may use and how far, what a task of it may take, what it knows how to do. Pure rules."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Literal, TypeAlias

from hulk.kernel.errors import NotFound
from hulk.kernel.tenancy import Principal, Role
from hulk.kernel.text import LANGUAGES, Language
from hulk.modules.agents.domain.plan import Block, Node
from hulk.modules.skills import Parameter
from hulk.modules.tools import Autonomy, Rule

Said: TypeAlias = Mapping[Language, str]
"""The same in each language in which somebody wrote it."""


def said_in(text: Said, language: Language) -> str:
    """What it says in that language, else in the first in which it says anything; empty when it says nothing."""
    return text.get(language) or next((text[one] for one in LANGUAGES if text.get(one)), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Tools (patterns) that it may use, and how far it goes with those that change something (`tools.Autonomy`)."""

    tools: tuple[str, ...]
    autonomy: Autonomy = "approve"
    up_to: Decimal | None = None
    sensitive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a task may take: tokens of models, money in `finops.currency`, seconds (of work: waiting for people is not counted), steps of
    its plan, turns of a model in one of them, plans anew, steps at once. `wait`: how long each time a person is waited for at the most,
    where the settings allow longer."""

    tokens: int = 40_000
    cost: Decimal | None = None
    seconds: float = 3600.0
    nodes: int = 12
    turns: int = 8
    replans: int = 2
    parallel: int = 3
    wait: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembering:
    """How many memories a model is told at the most, and after how many days without use one has faded."""

    recall: int = 5
    days: float = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Playbook:
    """Something it knows how to do without planning: found by its examples as skills are, its parameters read from the sentence."""

    name: str
    title: Said
    examples: Mapping[Language, tuple[str, ...]]
    nodes: tuple[Node, ...]
    answer: tuple[Block, ...]
    parameters: tuple[Parameter, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A question of its evaluation set: what its words must be taken for (a `playbook`; without one the agent is asked by its name), which
    tools it must call and which never, how it must end, which words its answer must hold. `files` lie beside the agent's own."""

    name: str
    ask: str
    language: Language
    playbook: str = ""
    calls: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    ends: Literal["completed", "failed"] = "completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """One agent. `model` is a name or `auto`; `private`: only models inside the company are asked. `team`: other agents among whom it
    splits work. `origin` tells which file declared it, `digest` (SHA-256) what that said."""

    name: str
    title: Said
    about: Said
    persona: Said
    languages: tuple[Language, ...] = LANGUAGES
    grants: tuple[Grant, ...] = ()
    roles: tuple[Role, ...] = ("operator", "admin")
    tenants: tuple[str, ...] = ()
    model: str = "auto"
    private: bool = False
    team: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    memory: Remembering = field(default_factory=Remembering)
    playbooks: tuple[Playbook, ...] = ()
    cases: tuple[Case, ...] = ()
    origin: str = ""
    digest: str = ""

    def playbook(self, name: str) -> Playbook | None:
        """The one of that name."""
        return next((one for one in self.playbooks if one.name == name), None)

    def case(self, name: str) -> Case | None:
        """The one of its evaluation set of that name."""
        return next((one for one in self.cases if one.name == name), None)

    def open_to(self, by: Principal) -> bool:
        """Whether somebody may have it work for them."""
        return (not self.tenants or by.tenant in self.tenants) and any(grant.role in self.roles for grant in by.grants)


def rules_of(agent: Agent) -> Iterator[Rule]:
    """What its file allows it, as rules of tools: for those who may use it, and through it only."""
    for place, grant in enumerate(agent.grants):
        yield Rule(
            name=f"agent:{agent.name}" + (f":{place + 1}" if place else ""), tools=grant.tools, roles=agent.roles, agents=(agent.name,),
            tenants=agent.tenants, autonomy=grant.autonomy, up_to=grant.up_to, sensitive=grant.sensitive,
            wait=agent.limits.wait,
        )  # fmt: skip


@dataclass(frozen=True)
class AgentBook:
    """All agents of an installation, by name."""

    agents: Sequence[Agent]

    def get(self, name: str) -> Agent | None:
        """The one of that name."""
        return next((one for one in self.agents if one.name == name), None)

    def at_work(self, name: str) -> Agent:
        """The one of that name, which something was begun for; raises `NotFound` when its file is gone since."""
        if (agent := self.get(name)) is None:
            raise NotFound("There is no agent “{agent}” any more: its file is gone.", agent=name)
        return agent

    @property
    def reach(self) -> Mapping[str, Sequence[str]]:
        """By the name of each, patterns of the tools that its file names: it uses no others, whatever rules there are besides."""
        return {agent.name: [tool for grant in agent.grants for tool in grant.tools] for agent in self.agents}

    def open_to(self, by: Principal) -> Sequence[Agent]:
        """Those that somebody may use."""
        return [one for one in self.agents if one.open_to(by)]
