"""Agents over a real store, with a shop for tools and models that say what they are told to: builders for tests."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

from hulk.kernel import ids
from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import Principal
from hulk.kernel.time import Clock, utc_now
from hulk.modules.agents import STEP, TASK, Agent, AgentBook, Wanted, rules_of
from hulk.modules.agents.adapters.hands import GovernedHands
from hulk.modules.agents.domain.failures import Nobody
from hulk.modules.agents.domain.talk import Thought, Wish
from hulk.modules.agents.domain.task import Made, Task
from hulk.modules.agents.ports import Hears, Models, Question, Recall, Room, Weighed, always_room, nothing_known, unheard
from hulk.modules.agents.settings import AgentFile
from hulk.modules.agents.usecases.step import Note, unnoted
from hulk.modules.agents.wiring import Agents, Delegating, Needs, delegating, wired
from hulk.modules.tickets import Filter
from hulk.modules.tickets.usecases import Wish as Move
from hulk.modules.tools.settings import RuleSettings
from hulk.runtime.language import voice
from hulk.runtime.store import Store
from support.tools import ANA, BOSS, Place, a_place

Reply = Callable[[Question], Awaitable[Thought]]


def says(text: str, tokens: int = 100, **more: Any) -> Thought:
    """A model's words."""
    return Thought(text=text, model="twin", tokens=tokens, cost="0.001", **more)


def wants(tool: str, arguments: str = "{}", tokens: int = 100) -> Thought:
    """A model that has a tool called."""
    return Thought(text="", wishes=(Wish(id=ids.new("req"), name=tool, arguments=arguments),), model="twin", tokens=tokens, cost="0.001")


@dataclass
class Scripted:
    """`Models` that say what stands next, or what `reply` makes of the question; nobody when there is neither."""

    next: list[Thought] = field(default_factory=list)
    reply: Reply | None = None
    asked: list[Question] = field(default_factory=list)
    most: int = 1000

    async def weigh(self, question: Question) -> Weighed:
        """See `Models`."""
        if not self.next and self.reply is None:
            raise Nobody("No model is configured.")

        async def ask() -> Thought:
            self.asked.append(question)
            return self.next.pop(0) if self.next else await self.reply(question)  # type: ignore[misc]  # one of the two

        return Weighed(tokens=self.most, cost=Decimal("0.002"), ask=ask)


def an_agent(**said: Any) -> Agent:
    """Who may look at the shop and order, with a yes, unless it says otherwise."""
    file = {
        "name": "buyer", "title": "Compras", "about": "Compra.", "persona": "Você compra.",
        "tools": [{"use": ["shop.list_orders"]}, {"use": ["shop.order"], "autonomy": "approve"}], **said,
    }  # fmt: skip
    return AgentFile.model_validate(file).agent("tests", "0" * 64)


def a_playbook(*steps: JsonObject, answer: str = "pronto", parameters: JsonObject | None = None) -> JsonObject:
    """With these steps."""
    examples = {"pt": ["faça a compra", "compre o que falta", "cuide do estoque"]}
    return {"title": "Compra", "examples": examples, "steps": list(steps), "answer": [{"text": answer}], "parameters": parameters or {}}


async def as_they_were(principal: Principal) -> Principal:
    """Nobody's rights change."""
    return principal


@dataclass
class Team:
    """Agents at work, and all that they work with."""

    agents: Delegating
    models: Models
    place: Place
    acts: Agents

    async def begin(self, text: str = "compre pão", agent: str = "buyer", playbook: str = "buy", by: Principal = ANA, **more: Any) -> Task:
        """Begin a task and do what can be done of it."""
        wanted = Wanted(
            by=by, agent=agent, playbook=playbook, text=text, language="pt", zone=ZoneInfo("America/Sao_Paulo"), at=utc_now(),
            run=ids.new("run"), **more,
        )  # fmt: skip
        task, changes = self.agents.begin(wanted)
        await self.place.store.commit(*changes)
        return await self.go_on(task)

    async def rehearse(self, case: str, agent: str = "buyer", by: Principal = ANA, model: str = "") -> Task:
        """Do a case of its evaluation set, as far as it goes."""
        return await self.go_on(await self.acts.evaluate(by, agent, case, model))

    async def go_on(self, task: Task) -> Task:
        """As it is when nothing can go on."""
        await self.place.desk.drain(10_000)
        return await self.agents.tasks.get(task.id)

    async def steps(self, task: Task) -> dict[str, Made]:
        """What its steps have come to."""
        return dict(await self.agents.tasks.steps(task.id))

    async def decide(self, *, yes: bool, result: JsonObject | None = None) -> None:
        """A person decides on the ticket that waits longest."""
        page = await self.place.tickets.find(BOSS, Filter(tenant="acme", statuses=("open",)), 50)
        ticket = page.tickets[-1]
        status: Literal["completed", "failed"] = "completed" if yes else "failed"
        await self.place.tickets.move(BOSS, Move(ticket=ticket.id, status=status, reason="é isso", result=result))


@asynccontextmanager
async def a_team(
    store: Store, *agents: Agent, models: Models | None = None, values: dict[str, JsonObject] | None = None,
    rules: Sequence[RuleSettings] = (), recall: Recall = nothing_known, note: Note = unnoted, hears: Hears = unheard,
    room: Room = always_room, clock: Clock = utc_now, **backend: Any,
) -> AsyncIterator[Team]:  # fmt: skip
    """All of it, with these agents and, besides what their files allow, these rules."""
    asked = models or Scripted()
    own = [_setting(rule) for agent in agents for rule in rules_of(agent)]
    async with a_place(store, [*own, *rules], agents=AgentBook(agents).reach, **backend) as place:
        begun = delegating(store, AgentBook(agents), place.desk, place.trail, voice, clock)
        needs = Needs(
            runs=place.desk, trail=place.trail, commit=store.commit, models=asked, hands=GovernedHands(place.acts),
            ask=place.tickets.ask, voices=voice, standing=place.rights, recall=recall, note=note, hears=hears, room=room, clock=clock,
        )  # fmt: skip
        made = wired(begun, values or {}, needs)
        place.desk.workflows |= {TASK: made.task, STEP: made.step}
        yield Team(begun, asked, place, made)


def _setting(rule: Any) -> RuleSettings:
    fields = ("tools", "roles", "agents", "autonomy", "up_to", "sensitive", "wait")
    return RuleSettings.model_validate({"name": rule.name.replace(":", "-"), **{name: getattr(rule, name) for name in fields}})
