"""An agent's file, as it is written."""

from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from hulk.kernel.tenancy import Role
from hulk.kernel.text import LANGUAGES, Language, Text
from hulk.modules.agents.domain.agent import Agent, Case, Grant, Limits, Playbook, Remembering, Said
from hulk.modules.agents.domain.plan import Block, Node
from hulk.modules.skills import Kind, Parameter
from hulk.modules.tools import Autonomy
from hulk.runtime.config import Duration, Section
from hulk.runtime.validation import Explained


def _each_language(text: Any) -> Any:
    """One text stands for all languages."""
    return dict.fromkeys(LANGUAGES, text) if isinstance(text, str) else text


Words: TypeAlias = Annotated[dict[Language, Annotated[str, Field(max_length=20_000)]], BeforeValidator(_each_language)]
"""A text, or one for each language: `{pt: …, en: …}`."""
Key: TypeAlias = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Name: TypeAlias = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,62}$")]
Patterns: TypeAlias = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=128)], ...], Field(max_length=100)]
Schema: TypeAlias = dict[str, Any]
Beside: TypeAlias = Annotated[str, Field(pattern=r"^[\w-][\w. -]*(?:/[\w-][\w. -]*)*$", max_length=200)]
"""A file in the folder of the agent's own or below: no part of its path begins with a dot."""


class GrantFile(Section):
    """Tools that it may use."""

    use: Patterns = Field(min_length=1, description="Their names, or patterns of them (`tickets.*`).")
    autonomy: Autonomy = Field(default="approve", description="What becomes of calls that change something: `suggest`, `approve` or `act`.")
    up_to: Decimal | None = Field(default=None, ge=0, description="With `act`: the largest amount that is not put to a person.")
    sensitive: bool = Field(default=False, description="Whether it sees what must stay in the company.")

    def grant(self) -> Grant:
        """As the domain has it."""
        return Grant(tools=self.use, autonomy=self.autonomy, up_to=self.up_to, sensitive=self.sensitive)


class LimitsFile(Section):
    """What a task may take."""

    tokens: int = Field(default=40_000, ge=1, le=10_000_000, description="Tokens of models, of what is asked and answered together.")
    cost: Decimal | None = Field(default=None, ge=0, description="Money, in `finops.currency`.")
    minutes: float = Field(default=60, gt=0, le=10_080, description="Time of the whole task, without that in which a person is waited for.")
    steps: int = Field(default=12, ge=1, le=100, description="Steps of a plan.")
    turns: int = Field(default=8, ge=1, le=50, description="How often a model is asked in one step.")
    replans: int = Field(default=2, ge=0, le=5, description="How often a plan that came to a halt is made anew.")
    parallel: int = Field(default=3, ge=1, le=20, description="Steps at once.")
    wait: Duration | None = Field(
        default=None, gt=timedelta(0), description="How long a person is waited for each time, if that is less than the settings say."
    )

    def limits(self) -> Limits:
        """As the domain has it."""
        return Limits(
            tokens=self.tokens, cost=self.cost, seconds=self.minutes * 60, nodes=self.steps, turns=self.turns, replans=self.replans,
            parallel=self.parallel, wait=self.wait,
        )  # fmt: skip


class MemoryFile(Section):
    """What it remembers."""

    recall: int = Field(default=5, ge=0, le=50, description="How many memories a model is told at the most; 0 for none.")
    days: float = Field(default=90, gt=0, le=3650, description="After how many days without use one has faded.")


class ParameterFile(Section):
    """A parameter, read from the sentence."""

    kind: Kind = Field(description="What it is read as.")
    about: Words = Field(default_factory=dict, description="What it is.")
    required: bool = Field(default=False, description="Whether nothing can be done without it.")
    default: Any = Field(default=None, description="What it is when nothing is said.")
    words: tuple[str, ...] = Field(default=(), description="Words that announce it, of both languages.")
    least: float | None = Field(default=None, description="The smallest.")
    most: float | None = Field(default=None, description="The largest.")

    def parameter(self, name: str) -> Parameter:
        """As skills have it."""
        about = next((text for text in self.about.values() if text), name)
        return Parameter(
            name=name, kind=self.kind, about=Text("{about}", about=about), required=self.required, default=self.default, words=self.words,
            least=self.least, most=self.most,
        )  # fmt: skip


class StepFile(Section):
    """A step: exactly one of `tool`, `think` and `ask`."""

    key: Key = Field(description="What other steps call it.")
    title: Words = Field(default_factory=dict, description="What people call it.")
    tool: str | None = Field(default=None, max_length=128, description="The tool that it calls.")
    think: Words | None = Field(default=None, description="What a model is to do.")
    ask: Words | None = Field(default=None, description="What a person is to do.")
    given: Annotated[dict[str, Any], Field(alias="with")] = Field(default_factory=dict, description="What it is handed.")
    after: tuple[Key, ...] = Field(default=(), description="Steps that it comes after besides those that it refers to.")
    each: str = Field(default="", max_length=200, description="A list: it is done for each `${item}`.")
    most: int = Field(default=20, ge=1, le=200, description="The most items; how many were left out is told.")
    optional: bool = Field(default=False, description="Whether the task goes on when it fails.")
    private: bool = Field(default=False, description="Whether it is about what must stay in the company.")
    minutes: float = Field(default=10, gt=0, le=10_080, description="Its time.")
    tokens: int = Field(default=6000, ge=1, description="Its tokens, where a model thinks.")
    tools: Patterns = Field(default=(), description="Tools that the model may call, of those that the agent has.")
    takes: Schema = Field(default_factory=dict, description="JSON Schema of what it is handed.")
    gives: Schema = Field(default_factory=dict, description="JSON Schema of what it gives.")
    accept: Schema = Field(default_factory=dict, description="JSON Schema of what is good enough.")
    cites: bool = Field(default=False, description="Whether its answer must name sources (`sources`), of those that it was shown.")
    otherwise: Words = Field(default_factory=dict, description="What it gives when no model may be asked.")
    tells: Words = Field(default_factory=dict, description="A hypothesis that what it finds speaks for or against.")
    so: str = Field(default="", max_length=200, description="What is there, and not empty, when it speaks for it: `${key.…}`.")

    @model_validator(mode="after")
    def _one(self) -> "StepFile":
        if sum(one is not None for one in (self.tool, self.think, self.ask)) != 1:
            raise Explained(Text("a step has one of `tool`, `think` and `ask`"))
        if self.each and self.think is not None:
            raise Explained(Text("a model thinks once: hand it the whole list by `with`, in the place of `each`"))
        return self

    def node(self) -> Node:
        """As the domain has it."""
        does: Literal["tool", "think", "person"] = "tool" if self.tool is not None else "think" if self.think is not None else "person"
        return Node(
            key=self.key, does=does, title=self.title, after=self.after, optional=self.optional, p0=self.private, seconds=self.minutes * 60,
            given=self.given, tool=self.tool or "", each=self.each, most=self.most, goal=self.think or self.ask or {}, tools=self.tools,
            input=self.takes, output=self.gives, accept=self.accept, cites=self.cites, tokens=self.tokens if does == "think" else 0,
            otherwise=self.otherwise, tells=self.tells, so=self.so,
        )  # fmt: skip


class BlockFile(Section):
    """A piece of the answer; a step that it refers to and that gave nothing leaves it out."""

    text: Words = Field(description="Markdown.")
    needs: tuple[Key, ...] = Field(default=(), description="Steps without which it is left out.")
    each: str = Field(default="", max_length=200, description="A list: the text is there for each `${item}`, on lines of their own.")
    most: int = Field(default=20, ge=1, le=500, description="The most items.")

    def block(self) -> Block:
        """As the domain has it."""
        return Block(text=self.text, needs=self.needs, each=self.each, most=self.most)


class PlaybookFile(Section):
    """Something that it knows how to do."""

    title: Words = Field(description="What people call it.")
    examples: dict[Language, tuple[Annotated[str, Field(min_length=1, max_length=300)], ...]] = Field(
        description="Sentences that lead to it: at least three, the more unlike the better."
    )
    parameters: dict[Key, ParameterFile] = Field(default_factory=dict, description="What is read from the sentence.")
    steps: tuple[StepFile, ...] = Field(min_length=1, max_length=100, description="Its steps.")
    answer: tuple[BlockFile, ...] = Field(min_length=1, max_length=50, description="Its answer.")

    @model_validator(mode="after")
    def _enough(self) -> "PlaybookFile":
        if sum(len(one) for one in self.examples.values()) < 3:
            raise Explained(Text("at least 3 example sentences are needed, over all languages"))
        return self

    def playbook(self, name: str) -> Playbook:
        """As the domain has it."""
        return Playbook(
            name=name, title=self.title, examples=self.examples, nodes=tuple(one.node() for one in self.steps),
            answer=tuple(one.block() for one in self.answer),
            parameters=tuple(one.parameter(called) for called, one in self.parameters.items()),
        )  # fmt: skip


class CaseFile(Section):
    """A question of its evaluation set."""

    ask: str = Field(min_length=1, max_length=2000, description="What is asked.")
    language: Language = Field(default="pt", description="In which language.")
    playbook: str = Field(default="", description="What it must lead to; without one the agent is asked by its name.")
    calls: tuple[str, ...] = Field(default=(), description="Tools that must be called.")
    never: tuple[str, ...] = Field(default=(), description="Tools that must not.")
    says: tuple[str, ...] = Field(default=(), description="Words that the answer must hold.")
    files: tuple[Beside, ...] = Field(default=(), max_length=20, description="Files that go with it, by their places beside this one.")
    ends: Literal["completed", "failed"] = Field(default="completed", description="How it must end.")

    def case(self, name: str) -> Case:
        """As the domain has it."""
        return Case(name=name, **{field: getattr(self, field) for field in CaseFile.model_fields})


class AgentFile(Section):
    """The whole file."""

    name: Name = Field(description="Its name.")
    title: Words = Field(description="What people call it.")
    about: Words = Field(description="What it is for, in a sentence: other agents choose it by that.")
    persona: Words = Field(description="Who it is, as a model is told.")
    languages: tuple[Language, ...] = Field(default=LANGUAGES, min_length=1, description="Those that it speaks.")
    tools: tuple[GrantFile, ...] = Field(default=(), max_length=50, description="What it may use, and how far.")
    roles: tuple[Role, ...] = Field(default=("operator", "admin"), min_length=1, description="Who may have it work for them.")
    tenants: Patterns = Field(default=(), description="The tenants that have it; all when there is none.")
    model: str = Field(default="auto", max_length=128, description="The model that it asks, or `auto`.")
    private: bool = Field(default=False, description="Whether only models inside the company are asked.")
    team: tuple[Name, ...] = Field(default=(), max_length=20, description="Agents among whom it splits work.")
    limits: LimitsFile = Field(default_factory=LimitsFile)
    memory: MemoryFile = Field(default_factory=MemoryFile)
    playbooks: dict[Name, PlaybookFile] = Field(default_factory=dict, description="What it knows how to do.")
    evaluation: dict[Name, CaseFile] = Field(default_factory=dict, description="Its evaluation set.")

    def agent(self, origin: str, digest: str) -> Agent:
        """As the domain has it."""
        said: dict[str, Said] = {"title": self.title, "about": self.about, "persona": self.persona}
        return Agent(
            name=self.name, **said, languages=self.languages, grants=tuple(one.grant() for one in self.tools), roles=self.roles,
            tenants=self.tenants, model=self.model, private=self.private, team=self.team, limits=self.limits.limits(),
            memory=Remembering(recall=self.memory.recall, days=self.memory.days),
            playbooks=tuple(one.playbook(name) for name, one in self.playbooks.items()),
            cases=tuple(one.case(name) for name, one in self.evaluation.items()), origin=origin, digest=digest,
        )  # fmt: skip
