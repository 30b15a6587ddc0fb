"""A step that a person does: one that the plan has for them, or one with which a model could not cope."""

from dataclasses import dataclass, replace
from datetime import timedelta

from hulk.kernel.durable import Context, Outcome
from hulk.kernel.errors import Expired, Forbidden, HulkError, Refused
from hulk.kernel.records import Json, JsonObject
from hulk.kernel.text import Text
from hulk.kernel.time import Clock, hours
from hulk.modules.agents.domain.agent import AgentBook, said_in
from hulk.modules.agents.domain.failures import Unfit
from hulk.modules.agents.domain.plan import Node
from hulk.modules.agents.domain.talk import ANSWER
from hulk.modules.agents.domain.task import Made, Task
from hulk.modules.agents.ports import Schemas
from hulk.modules.agents.usecases.fitting import unfit
from hulk.modules.agents.usecases.handing import Handed
from hulk.modules.agents.usecases.timing import KeepTime
from hulk.modules.tickets import AskPerson, Matter, in_time

KIND = "agent.question"
ESCALATED = "agent.review"
MOST_ASKED = 3
"""How often a person is asked whose answer is not of the form that is needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskSomebody:
    """Have a person answer, by a ticket that the run waits for."""

    book: AgentBook
    ask: AskPerson
    schemas: Schemas
    keep_time: KeepTime
    clock: Clock
    wait: timedelta
    """How long a person is waited for at the most, each time."""

    async def node(self, context: Context, task: Task, node: Node, handed: Handed, why: HulkError | None = None) -> Made:
        """What they said. Raises `Forbidden` when they would not, `Expired` when nobody did in time, `Unfit` when it is never of the form,
        `Refused` in a rehearsal, for which nobody is bothered."""
        if task.case:
            raise why or Refused("The step “{key}” asks a person, and in a rehearsal nobody is asked.", key=node.key)
        schema, wait = node.output or ANSWER, self._waited(node)
        problem: Text | None = None if why is None else why.text
        for asked in range(MOST_ASKED):
            matter = replace(_matter(task, node, handed, schema, problem, escalated=why is not None), wait=wait)
            heard = await self.ask(context, f"ask {asked}", matter, lambda _: [self.keep_time.stops(task.id, context.run_id)])
            await context.step(f"answered {asked}", lambda: self._answered(context, task))
            if not in_time(heard["problem"]):
                raise Expired("Nobody answered the step “{key}” within {hours} h.", key=node.key, hours=hours(wait))
            if heard["status"] != "completed":
                raise Forbidden("{actor} did not answer the step “{key}”.", actor=heard["actor"], key=node.key)
            output: Json = heard["result"] or {}
            problem = unfit(self.schemas, output, schema)
            if problem is None:
                source = (f"{heard['actor']}",)
                return Made(
                    task=task.id, key=node.key, status="done", output=output, sources=(*handed.sources, *source), p0=handed.p0,
                    at=self.clock(), left_out=handed.left_out,
                )  # fmt: skip
        raise Unfit("What a person said of the step “{key}” is not of the form that is needed: {problem}", key=node.key, problem=problem)

    def _waited(self, node: Node) -> timedelta:
        """How long a person is waited for; what counts is what was so when the ticket was opened."""
        agent = self.book.get(node.agent)
        own = None if agent is None else agent.limits.wait
        return self.wait if own is None else min(own, self.wait)

    async def _answered(self, context: Context, task: Task) -> Outcome[None]:
        """What they take counts as nothing of the task's time."""
        return Outcome(None, [self.keep_time.goes_on(task.id, context.run_id)])


def _matter(task: Task, node: Node, handed: Handed, schema: JsonObject, problem: Text | None, *, escalated: bool) -> Matter:
    step = said_in(node.title, task.language) or node.key
    failed = Text("{agent} could not do the step “{step}”: answer in its place", agent=node.agent, step=step)
    title = failed if escalated else Text("{step}", step=step)
    given = {
        "task": task.id, "step": node.key, "goal": handed.goal, "given": list(handed.items), "left_out": handed.left_out, "form": schema,
        "problem": None if problem is None else problem.to_json(),
    }  # fmt: skip
    return Matter(kind=ESCALATED if escalated else KIND, title=title, input=given, intent=task.intent, namespace=task.namespace)
