"""A step in which a model thinks: it is asked, has tools called, is asked again, until it answers in the form that the step gives."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from hulk.kernel import ids
from hulk.kernel.durable import Context, Outcome
from hulk.kernel.errors import Refused
from hulk.kernel.records import Json, JsonObject, from_json, to_json
from hulk.kernel.tenancy import Principal
from hulk.kernel.text import Text
from hulk.kernel.time import Clock
from hulk.modules.agents.domain.agent import Agent, AgentBook
from hulk.modules.agents.domain.failures import Nobody, Unfit
from hulk.modules.agents.domain.plan import Node
from hulk.modules.agents.domain.talk import ANSWER, Offered, Thought, Turn, form, opening, repair
from hulk.modules.agents.domain.task import Made, Task, Tries
from hulk.modules.agents.ports import Hands, Question, Recall, Schemas, Used
from hulk.modules.agents.usecases.acting import Act, Aim, longest
from hulk.modules.agents.usecases.fitting import unfit
from hulk.modules.agents.usecases.handing import Handed
from hulk.modules.agents.usecases.talking import MOST_WISHES, Talk, asked_for, cited, form_of, named, parsed, understood
from hulk.modules.agents.usecases.thinking import Think
from hulk.modules.tools import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Reflect:
    """Have a model do a step."""

    book: AgentBook
    think: Think
    act: Act
    hands: Hands
    schemas: Schemas
    recall: Recall
    standing: Standing
    clock: Clock

    async def node(self, context: Context, task: Task, node: Node, handed: Handed) -> Made:
        """What it came to. Raises `Refused` with what is wrong when its answer will not do, nor after it was told; `Nobody`."""
        agent = self.book.at_work(node.agent)
        started = await context.step("remember", lambda: self._opened(task, node, agent, handed))
        talk = Talk(
            turns=[from_json(Turn, one) for one in started["turns"]], p0=bool(started["p0"]), most=started["most"],
            sources=list(handed.sources),
        )  # fmt: skip
        try:
            output = await self._talked(context, task, node, handed, talk)
        except Nobody:
            if not node.otherwise:
                raise
            return self._otherwise(task, node, handed)
        return Made(
            task=task.id, key=node.key, status="done", output=output, sources=tuple(dict.fromkeys(talk.sources)), calls=tuple(talk.calls),
            model=talk.model, p0=talk.p0, limited=talk.limited, at=self.clock(), tried=tuple(talk.tried),
            files=tuple(dict.fromkeys(talk.files)),
        )  # fmt: skip

    def _otherwise(self, task: Task, node: Node, handed: Handed) -> Made:
        """What the file says for when there is no model."""
        return Made(
            task=task.id, key=node.key, status="done", output={"answer": handed.otherwise}, sources=handed.sources, p0=handed.p0,
            limited=True, at=self.clock(),
        )  # fmt: skip

    async def _opened(self, task: Task, node: Node, agent: Agent, handed: Handed) -> Outcome[JsonObject]:
        known = await self.recall(task, handed.goal)
        given = handed.items[0] if handed.items else None
        turns = opening(agent, node, handed.goal, given, known.text, task.language)
        return Outcome({"turns": to_json(turns), "p0": handed.p0 or known.p0, "most": agent.limits.turns})

    async def _talked(self, context: Context, task: Task, node: Node, handed: Handed, talk: Talk) -> Json:
        repaired = False
        for turn in range(talk.most):
            last = turn == talk.most - 1
            thought, tools = await self._turn(context, task, node, handed, talk, turn, last=last)
            if thought.wishes and not last:
                handed = await self._granted(context, task, node, handed, talk, thought, tools, turn)
                continue
            if node.tools and form_of(node) and not parsed(thought.text) and not last:
                talk.turns.append(form(task.language))
                node = replace(node, tools=())
                continue
            output, wrong = self._read(node, thought, talk)
            if not wrong:
                return output
            if repaired or last:
                raise Unfit("The answer of the model will not do: {wrong}.", wrong=wrong)
            talk.turns.append(repair(str(wrong), task.language))
            repaired = True
        raise Unfit("The step “{key}” had its {count} turns and came to no answer.", key=node.key, count=talk.most)

    async def _turn(
        self, context: Context, task: Task, node: Node, handed: Handed, talk: Talk, turn: int, *, last: bool
    ) -> tuple[Thought, Sequence[str]]:  # fmt: skip
        """What it said, and the names of the tools that it was offered."""
        said = await context.step(
            f"turn {turn}",
            lambda: self._asked(context, task, node, handed, talk, last=last),
            commit="now",
            timeout=longest(handed, self.clock()),
        )
        if (nobody := said.get("nobody")) is not None:
            raise Nobody(Text.from_json(nobody))
        thought = from_json(Thought, said["thought"])
        talk.heard(thought)
        return thought, said["tools"]

    async def _asked(
        self, context: Context, task: Task, node: Node, handed: Handed, talk: Talk, *, last: bool
    ) -> Outcome[JsonObject]:  # fmt: skip
        """Nobody to ask is recorded too, so that the step stays without a model once it has begun so."""
        try:
            async with asyncio.timeout((handed.until - self.clock()).total_seconds()):
                return await self._thought(context, task, node, talk, last=last)
        except TimeoutError as late:
            raise Refused(
                "The time of the step “{key}” is over: it had {seconds} s.", key=node.key, seconds=round(handed.seconds, 3)
            ) from late

    async def _thought(self, context: Context, task: Task, node: Node, talk: Talk, *, last: bool) -> Outcome[JsonObject]:
        await self.act.keep_time.require_open(task.id)
        agent, by = self.book.at_work(node.agent), await self.standing(task.principal)
        offered = () if last else await self._offered(by, node, talk)
        question = Question(
            by=by, turns=tuple(talk.turns), agent=node.agent, task=task.id, key=ids.new("req"), language=task.language,
            model=task.model or agent.model, p0=talk.p0, tools=tuple(one for _, one in offered),
            form=None if offered else form_of(node), intent=task.intent,
        )  # fmt: skip
        try:
            thought = await self.think(question, context.run_id, node.tokens)
        except Nobody as error:
            return Outcome({"nobody": error.text.to_json()})
        names = [name for name, _ in offered]
        asked = tuple(asked_for(one, names, place) for place, one in enumerate(thought.wishes))
        tries = Tries(
            task=task.id, key=node.key, run=context.run_id, first=len(talk.tried), tried=asked, model=thought.model, p0=talk.p0
        )  # fmt: skip
        return Outcome({"thought": to_json(thought), "tools": names}, [self.act.tasks.tried(tries)])

    async def _offered(self, by: Principal, node: Node, talk: Talk) -> Sequence[tuple[str, Offered]]:
        return await self.hands.offered(by, node.agent, node.tools, p0=talk.p0) if node.tools else ()

    async def _granted(
        self, context: Context, task: Task, node: Node, handed: Handed, talk: Talk, thought: Thought, names: Sequence[str],
        turn: int,
    ) -> Handed:  # fmt: skip
        """Have the tools called that the model wants; what it was not offered is told to it."""
        wishes = thought.wishes[:MOST_WISHES]
        read = [(place, wish, *understood(wish, names)) for place, wish in enumerate(wishes)]
        first, called = len(talk.tried), [one for one in read if one[2] is not None and one[3] is not None]
        uses = [Aim(f"call {turn}.{place}", tool or "", given or {}, first + place) for place, _, tool, given in called]
        came, handed = await self.act.all(context, task, node, replace(handed, p0=talk.p0), uses)
        results = iter(came)
        for _, wish, tool, given in read:
            wrong = Text("There is no such tool, or its arguments are no JSON object.")
            used = Used(call="", status="failed", why=wrong) if tool is None or given is None else next(results)
            talk.used(wish, named(wish, names), used)
        many = Used(call="", status="failed", why=Text("At most {most} tools are called at once.", most=MOST_WISHES))
        for wish in thought.wishes[MOST_WISHES:]:
            talk.used(wish, named(wish, names), many)
        return handed

    def _read(self, node: Node, thought: Thought, talk: Talk) -> tuple[Json, Text | None]:
        """The answer, and what is wrong with it."""
        schema = node.output or ANSWER
        output: Json = parsed(thought.text)
        if schema == ANSWER and (output is None or unfit(self.schemas, output, schema)):
            output = {"answer": thought.text.strip()}  # words were asked for, and are what they are
        if (wrong := unfit(self.schemas, output, schema, node.accept)) is not None:
            return None, wrong
        if node.cites and not cited(output, talk.sources):
            return None, Text("it names no source, or one that was not shown; there are: {known}", known=", ".join(talk.sources) or "—")
        return output, None
