"""Making a plan: from a playbook, of one step, or by a model that splits the work; priced before anything of it is begun."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from hulk.kernel import ids
from hulk.kernel.errors import Forbidden, NotFound, Refused
from hulk.kernel.records import JsonObject
from hulk.modules.agents.domain.agent import Agent, AgentBook, Limits, Playbook
from hulk.modules.agents.domain.failures import Nobody
from hulk.modules.agents.domain.plan import Node, Origin, Plan, require_sound
from hulk.modules.agents.domain.pricing import Priced, priced
from hulk.modules.agents.domain.splitting import PLANNING_TOKENS, form_of_plan, planned, planning, single, worth_splitting
from hulk.modules.agents.domain.talk import Turn, opening, repair
from hulk.modules.agents.domain.task import FILES, SAID, Task
from hulk.modules.agents.ports import Hands, Question, Schemas
from hulk.modules.agents.usecases.fitting import unfit
from hulk.modules.agents.usecases.thinking import Think

_PLANNING = "plan"


@dataclass(frozen=True, slots=True)
class MakePlan:
    """Make a task's plan."""

    book: AgentBook
    think: Think
    hands: Hands
    schemas: Schemas

    async def __call__(self, task: Task) -> Priced:
        """A plan that fits the agent's limits. Raises `Refused` when there is none, `Nobody` when a model is needed and none may answer,
        `NotFound` when the agent is no longer there, `Unavailable`."""
        agent = self.book.at_work(task.agent)
        if (playbook := agent.playbook(task.playbook)) is not None:
            return await self.fit(task, agent, _of(playbook, agent))
        if worth_splitting(task.text, agent):
            return await self.fit(task, agent, await self.split(task, agent, 1))
        return await self.fit(task, agent, _alone(task, agent, agent.limits))

    async def again(self, task: Task, before: Plan, done: Sequence[Node], told: str) -> Priced:
        """Another plan when one has come to a halt; what is `done` stays. Raises as calling does."""
        agent = self.book.at_work(task.agent)
        plan = await self.split(task, agent, before.version + 1, done, told)
        return await self.fit(task, agent, plan, frozenset(node.key for node in done))

    async def fit(self, task: Task, agent: Agent, plan: Plan, done: frozenset[str] = frozenset()) -> Priced:
        """The plan with the price of what of it is not `done`, if it can be carried out."""
        require_sound(plan, self._tools(agent), _most(agent, plan.origin))
        await self._require_tools(task, plan, done)
        account = await self.think.accounts.of(task.id)
        spent, paid = (0, Decimal(0)) if account is None else (account.tokens, account.cost)
        return priced(plan, agent.limits, await self._per_token(task, agent, plan), spent, paid, done)

    async def _require_tools(self, task: Task, plan: Plan, done: frozenset[str]) -> None:
        """A tool that is not there, or is not for the agent, is told before anything is begun."""
        for node in plan.nodes:
            if node.does != "tool" or node.optional or node.key in done:
                continue
            try:
                await self.hands.require(task.principal, node.agent, node.tool)
            except (NotFound, Forbidden) as error:
                raise Refused("The step “{key}” cannot be done: {why}", key=node.key, why=error.text) from error

    def _tools(self, agent: Agent) -> Mapping[str, Sequence[str]]:
        members = [one for name in agent.team if (one := self.book.get(name)) is not None]
        return {one.name: [tool for grant in one.grants for tool in grant.tools] for one in (agent, *members)}

    async def _per_token(self, task: Task, agent: Agent, plan: Plan) -> Decimal | None:
        """What a token costs at the most, None when no model may be asked; raises `Nobody` when some step cannot do without."""
        thinking = [node for node in plan.nodes if node.does == "think"]
        if not thinking:
            return None
        try:
            return await self.think.per_token([_question(task, agent, opening(agent, thinking[0], task.text, None, "", task.language))])
        except Nobody as error:
            if needs := next((node for node in thinking if not node.otherwise), None):
                raise Nobody("The step “{key}” needs a model: {reason}", key=needs.key, reason=error.text) from error
            return None

    async def split(self, task: Task, agent: Agent, version: int, done: Sequence[Node] = (), told: str = "") -> Plan:
        """A plan by a model, which is asked once more when the first will not do; of one step when neither does."""
        team = [one for name in agent.team if (one := self.book.get(name)) is not None and one.open_to(task.principal)] or [agent]
        form, limits = form_of_plan(team, agent.limits.nodes), agent.limits
        files = [str(one.get("name", "")) for one in task.parameters.get(FILES, ())]
        tools = {one.name: await self._offered(task, one) for one in team}
        turns = planning(agent, team, task.text, task.language, told, files, task.parameters.get(SAID, ()), tools)
        for _ in range(2):
            said = await self.think(replace(_question(task, agent, turns), form=form, most_output=1500), _PLANNING)
            try:
                plan = planned(agent, team, self._read(form, said.text), limits, version, done, files=bool(files), tools=tools)
                require_sound(plan, self._tools(agent), _most(agent, plan.origin))
            except Refused as wrong:
                turns = (*turns, Turn(who="assistant", text=said.text), repair(str(wrong), task.language))
            else:
                return plan
        if done:
            raise Refused("The model that makes plans gave none that can be carried out, nor when it was asked once more.")
        rest = replace(limits, tokens=max(1, limits.tokens - PLANNING_TOKENS))
        return replace(_alone(task, agent, rest), version=version)

    async def _offered(self, task: Task, agent: Agent) -> Sequence[str]:
        """The tools that the agent would be offered now."""
        patterns = [tool for grant in agent.grants for tool in grant.tools]
        return [name for name, _ in await self.hands.offered(task.principal, agent.name, patterns, p0=agent.private or task.p0)]

    def _read(self, form: JsonObject, text: str) -> JsonObject:
        try:
            given: JsonObject = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise Refused("It is no JSON.") from error
        if (wrong := unfit(self.schemas, given, form)) is not None:
            raise Refused(wrong)
        return given


def _most(agent: Agent, origin: Origin) -> int:
    """How many steps a plan may have: the one that puts together what the others of a split found is not counted."""
    return agent.limits.nodes + (origin == "split")


def _of(playbook: Playbook, agent: Agent) -> Plan:
    nodes = tuple(replace(node, agent=node.agent or agent.name) for node in playbook.nodes)
    return Plan(agent=agent.name, origin="playbook", nodes=nodes, answer=playbook.answer)


def _alone(task: Task, agent: Agent, limits: Limits) -> Plan:
    return single(agent, limits, task.text, files=FILES in task.parameters, said=SAID in task.parameters)


def _question(task: Task, agent: Agent, turns: tuple[Turn, ...]) -> Question:
    return Question(
        by=task.principal, turns=turns, agent=agent.name, task=task.id, key=ids.new("req"), language=task.language,
        model=task.model or agent.model, p0=agent.private or task.p0, intent=task.intent,
    )  # fmt: skip
