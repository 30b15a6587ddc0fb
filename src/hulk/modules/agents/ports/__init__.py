"""What agents need: places for tasks and accounts, models, tools, checks of forms. What they remember and how they reason is beside it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias

from hulk.kernel.durable import Change
from hulk.kernel.errors import Exhausted, Refused
from hulk.kernel.records import Json, JsonObject
from hulk.kernel.tenancy import Principal
from hulk.kernel.text import Language, Text, Voice
from hulk.modules.agents.domain.account import Account
from hulk.modules.agents.domain.agent import Agent
from hulk.modules.agents.domain.plan import Plan
from hulk.modules.agents.domain.talk import Offered, Thought, Turn
from hulk.modules.agents.domain.task import Made, State, Task, Tries
from hulk.modules.agents.domain.timing import Wait
from hulk.modules.skills import Source
from hulk.modules.tools import Autonomy, File


class Tasks(Protocol):
    """Tasks with what their steps have come to. What has ended stays as it ended."""

    def add(self, task: Task) -> Change[bool]:
        """Keep a new one; False when it is kept already."""

    def planned(self, task: str, plan: Plan) -> Change[None]:
        """That is its plan now."""

    def made(self, made: Made) -> Change[None]:
        """What a step has come to, in the place of what it had come to before (`domain.task.following`)."""

    def tried(self, tries: Tries) -> Change[None]:
        """What tools a step that is under way has asked for (`domain.task.with_tries`)."""

    def end(self, task: str, ending: "Ending") -> Change[bool]:
        """It has ended so; False when it had ended before, and nothing was changed."""

    def wait(self, task: str, run: str, at: datetime) -> Change[None]:
        """A person is waited for in that run of the task, from then on."""

    def waited(self, task: str, run: str, at: datetime) -> Change[None]:
        """And no longer, if one was."""

    async def waits(self, task: str) -> Sequence[Wait]:
        """When people were waited for, and are."""

    async def get(self, task: str) -> Task:
        """Raises `NotFound`."""

    async def steps(self, task: str) -> Mapping[str, Made]:
        """What its steps have come to, by key."""

    async def find(self, wanted: "WantedTasks") -> Sequence[Task]:
        """Those that are meant, newest first, without their plans."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a task ends."""

    state: State
    at: datetime
    answer: str | None = None
    error: JsonObject | None = None
    p0: bool = False
    limited: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedTasks:
    """Which tasks are meant: before the task `before`, of an actor, agent or intent, in a state, in some namespaces; None for any."""

    tenant: str
    most: int = 50
    before: str | None = None
    actor: str | None = None
    agent: str | None = None
    intent: str | None = None
    state: State | None = None
    within: frozenset[str] | None = None


class Accounts(Protocol):
    """What tasks may take and have taken. No two of these changes see the same account at once."""

    def open(self, task: str, account: Account) -> Change[None]:
        """Keep a new account; one that is there keeps what it has used, and gets these caps."""

    def hold(self, hold: "Hold") -> Change[Exhausted | Refused | None]:
        """Set so much aside; gives why not, and sets nothing aside, when there is not enough: `Exhausted` of the account, on which others
        draw too, `Refused` of what the step itself may take."""

    def settle(self, hold: str, tokens: int, cost: Decimal, written: int = 0) -> Change[None]:
        """What it took, `written` of the tokens by the model, in the place of what was set aside; a second time changes nothing."""

    def assume(self, task: str, key: str) -> Change[None]:
        """Count what was set aside for `key` and is not settled as spent."""

    async def of(self, task: str) -> Account | None:
        """The account; None when the task has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Set aside for one question in the run `key`, which may take `most` tokens altogether; None where only the account limits it."""

    id: str
    task: str
    key: str
    tokens: int
    cost: Decimal
    most: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a model is asked, in whose name, of which agent; `p0`: it must stay in the company. `key` is unique to this asking."""

    by: Principal
    turns: tuple[Turn, ...]
    agent: str
    task: str
    key: str
    language: Language
    model: str = "auto"
    p0: bool = False
    tools: tuple[Offered, ...] = ()
    form: JsonObject | None = None
    most_output: int = 1024
    intent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """A question that may be asked: the most that it may take, of all models that may be tried."""

    tokens: int
    cost: Decimal
    ask: Callable[[], Awaitable[Thought]] = field(repr=False)
    """Ask it. Raises `Refused`, `Exhausted`, `Unavailable`."""

    @property
    def per_token(self) -> Decimal:
        """What a token costs at the most."""
        return self.cost / self.tokens


class Models(Protocol):
    """Whoever thinks."""

    async def weigh(self, question: Question) -> Weighed:
        """Look who may answer. Raises `Nobody` when no model may, and `Unavailable`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A tool that is to be used, in whose name. `key` is unique to it, so that it is done once; `run` waits for the signal `child` when a
    person decides first. `p0`: what it is given is from what must stay in the company. `most` is how far it goes at the most."""

    by: Principal
    agent: str
    tool: str
    arguments: JsonObject
    key: str
    run: str
    language: Language
    intent: str | None = None
    namespace: str | None = None
    p0: bool = False
    most: Autonomy = "act"


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What came of it: `data` is the answer as data and `text` as words, None and empty while a person decides (`waiting`), in
    that `ticket`; `writes`: it changes something; `files`: what it made and kept, as far as the agent may see it."""

    call: str
    status: str
    data: Any = None
    text: str = ""
    p0: bool = False
    why: Text | None = None
    writes: bool = False
    ticket: str = ""
    files: tuple[File, ...] = ()

    @property
    def waiting(self) -> bool:
        """Whether it has not ended: a person decides on it, or has, and it is being done."""
        return self.status in ("waiting", "running")

    @property
    def done(self) -> bool:
        """Whether it was done."""
        return self.status == "done"


class Hands(Protocol):
    """Tools, as far as an agent may use them for somebody."""

    async def offered(self, by: Principal, agent: str, patterns: Sequence[str], *, p0: bool) -> Sequence[tuple[str, Offered]]:
        """Those of these patterns, each with its name; without those that would take what is P0 outside. Raises `Unavailable`."""

    async def require(self, by: Principal, agent: str, tool: str) -> None:
        """Raises `NotFound` when there is no such tool, `Forbidden` when the agent may not use it for them, `Unavailable` when that is not
        known right now."""

    async def use(self, use: Use) -> Used:
        """Use one. Raises `Forbidden`, `NotFound`, `Invalid`, `Unavailable`: nothing was done; `Conflict`: it was begun under that key
        before, and has not ended."""

    async def ended(self, use: Use, call: str) -> Used:
        """What came of one that waited for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """What somebody says, with what kinds of sources, about the task that is to come of it; `addressed` is an agent that is asked by its
    name."""

    by: Principal
    text: str
    language: Language
    task: str
    kinds: tuple[Literal["file", "repository"], ...] = ()
    addressed: str = ""


Hears: TypeAlias = Callable[[Utterance], Awaitable[tuple[str, Sequence[Change[Any]]]]]
"""What words are taken for (`agents.retail.sales-review`; `model` or `none` where nothing known is meant), and what keeps that."""
Encloses: TypeAlias = Callable[[Principal, Path], Awaitable[Source]]
"""Keeps a file of this machine among those of a tenant, to be worked with. Raises `OverQuota`, `Unavailable`."""
Room: TypeAlias = Callable[[str], Change[Exhausted | None]]
"""Counts one more piece of work of that tenant; gives why not when there is no room for it, and counts nothing then."""
Places: TypeAlias = Callable[[Agent, str], Path]
"""Where a file of an agent's evaluation set lies."""


class Schemas(Protocol):
    """Checks what is handed on."""

    def require_schema(self, schema: JsonObject) -> None:
        """Raises `Refused` when it is none."""

    def wrong(self, schema: JsonObject, value: Json) -> Sequence[tuple[str, Text]]:
        """Where the value is not as the schema has it, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What an agent is reminded of, as it is shown to a model; `p0` when some of it must stay in the company."""

    text: str = ""
    p0: bool = False


Recall: TypeAlias = Callable[[Task, str], Awaitable[Known]]
"""What is remembered about a question, for a task. Raises `Unavailable`."""


async def nothing_known(_: Task, __: str) -> Known:
    """Where nothing is remembered."""
    return Known()


def always_room(_: str) -> Change[Exhausted | None]:
    """Where there is room for whatever is begun."""
    return lambda _: None


async def unheard(_: Utterance) -> tuple[str, Sequence[Change[Any]]]:
    """Where words are taken for nothing."""
    return "none", ()


async def unenclosed(_: Principal, file: Path) -> Source:
    """Where files stay where they are."""
    return Source(kind="file", name=file.name, path=str(file))


class Voices(Protocol):
    """Gives the voice of a language."""

    def __call__(self, language: Language) -> Voice:
        """The voice of that language."""
