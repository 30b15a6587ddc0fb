"""What the use cases of intents need from outside."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from hulk.kernel.durable import Change
from hulk.kernel.errors import Exhausted
from hulk.kernel.money import Money
from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import Principal
from hulk.kernel.text import Language, Voice
from hulk.modules.intents.domain import Brief, Intent, Plan, Status
from hulk.modules.router import Decision, Question, Reply
from hulk.modules.skills import Skill, Source
from hulk.modules.tickets import Artefact


class Intents(Protocol):
    """Where intents are kept. What has ended stays as it ended, whatever is changed afterwards, unless it is reopened."""

    def add(self, intent: Intent) -> Change[bool]:
        """Keep a new intent; False when its tenant has one under the same key already, or when it is kept already."""

    def decided(self, intent: str, decision: str) -> Change[None]:
        """The intent is running, on that decision."""

    def planned(self, intent: str, plan: Plan) -> Change[None]:
        """Keep the plan of the intent; one of that id that is there already stays as it is."""

    def end(self, intent: str, status: Status, *, answer: str, problem: JsonObject | None = None) -> Change[bool]:
        """The intent is completed or failed; False when it was ended before, and nothing was changed."""

    def reopen(self, intent: str) -> Change[bool]:
        """A failed intent is running once more, without answer or problem. False when it has not failed."""

    async def get(self, intent: str) -> Intent:
        """The intent; raises `NotFound`."""

    async def by_key(self, tenant: str, key: str) -> Intent:
        """The intent of that tenant under that idempotency key; raises `NotFound`."""

    async def by_trace(self, trace: str, tenant: str | None) -> Intent:
        """The newest intent of that trace id (32 hexadecimal digits), of that tenant or of any; raises `NotFound`."""

    async def recent(
        self, tenant: str, *, status: Status | None, limit: int, within: Collection[str] | None = None, before: str | None = None
    ) -> list[Brief]:
        """Up to `limit` intents of a tenant (in that status, in the namespaces `within`), the newest first; behind the intent `before`, and
        none when there is no such intent."""


class Decides(Protocol):
    """Decides what answers a question."""

    async def __call__(self, question: Question) -> tuple[Decision, Sequence[Change[Any]]]:
        """The decision, and the changes that keep it."""


class Answers(Protocol):
    """Asks a model."""

    async def __call__(self, question: Question, model_name: str) -> Reply:
        """The model's reply, paid for; raises `Refused`, `Exhausted` or `Unavailable`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegated:
    """What an agent is to do for an intent: `name` is the decision's, and so is `p0`: the intent must stay in the company, whatever scans
    of what is made of it find. The run `waiter` is told of its end; `run` is where it is done."""

    intent: Intent
    name: str
    run: str
    waiter: str
    p0: bool = False


class Agents(Protocol):
    """Agents that work for intents."""

    def require(self, by: Principal, agent: str) -> None:
        """Raises `NotFound` when there is no such agent, `Forbidden` when it does not work for them."""

    def begin(self, delegated: Delegated) -> Sequence[Change[Any]]:
        """What begins it. Raises `NotFound`, `Forbidden`, and `Refused` for what is missing or wrong in the text."""

    async def answer(self, run: str) -> str:
        """What came of it, in Markdown, for whoever sees the intent: in place of what must stay in the company, where it is. Raises
        `Refused` with why nothing did."""

    async def whole(self, run: str) -> str:
        """The same for who asked where whatever is said stays in the company: all of it. Raises `Refused`."""

    async def artefacts(self, run: str) -> Sequence[Artefact]:
        """The files that go with it, for whoever sees the intent; none before it has begun."""


class Decisions(Protocol):
    """Finds decisions again."""

    async def of_intent(self, tenant: str, intent: str) -> Sequence[Decision]:
        """An intent's decisions, oldest first."""


class SkillBook(Protocol):
    """The skills by name."""

    def get(self, name: str) -> Skill:
        """The skill; raises `NotFound`."""

    def titles(self, voice: Voice) -> list[tuple[str, str]]:
        """Title and one example of each skill, in the reader's words."""


class Voices(Protocol):
    """Gives the voice of a language."""

    def __call__(self, language: Language) -> Voice:
        """The voice of that language."""


class Told(Protocol):
    """Is told of the ends of intents."""

    def __call__(self, intent: str, answer: str, language: Language, *, good: bool) -> Change[None]:
        """The change that commits together with its end; `good` if somebody answered, of whom one may have an opinion."""


def unready(text: str) -> None:  # nobody reads it
    """Nothing can be made ready."""


def nobody(intent: str, answer: str, language: Language, *, good: bool) -> Change[None]:  # noqa: ARG001  # nobody looks at it
    """Nobody waits to be told."""
    return lambda _: None


CheckSource = Callable[[str, Source], Awaitable[None]]
"""Raises `NotFound`, `Forbidden` or `Refused` when the source cannot be read for that tenant."""

CostOf = Callable[[str, str], Awaitable[Money]]
"""What an intent (tenant, id) has cost so far."""

Quota = Callable[[str], Change[Exhausted | None]]
"""Counts one more intent of that tenant and its run; gives why not when its quota has no room, and counts nothing then."""

RequireNamespace = Callable[[str, str], Awaitable[None]]
"""Raises `Refused` unless the tenant has a namespace of that name."""

Expects = Callable[[str], None]
"""Is told that a question of that text will be decided on in a moment, to begin what can be made ready. Never fails."""

Admit = Callable[[], None]
"""Raises `Exhausted` when no more work is taken now."""
