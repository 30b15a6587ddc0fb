"""What an agent remembers and notes while it works, by way of the acts on memories and reasoning."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hulk.kernel.durable import Change
from hulk.modules.agents.domain.agent import AgentBook
from hulk.modules.agents.domain.memory import rendered
from hulk.modules.agents.domain.noting import drafts_of
from hulk.modules.agents.domain.plan import Node
from hulk.modules.agents.domain.reasoning import Drafts
from hulk.modules.agents.domain.task import Made, Task
from hulk.modules.agents.ports import Known
from hulk.modules.agents.usecases.acts import MindActs
from hulk.modules.agents.usecases.memory import LONGEST_QUERY, Asked


@dataclass(frozen=True, slots=True)
class Mindful:
    """`Recall` and `Note` of the orchestrator over those acts."""

    acts: MindActs
    book: AgentBook

    async def recall(self, task: Task, query: str) -> Known:
        """See `ports.Recall`. What must stay in the company is told only to agents that may see it; in a rehearsal nothing is recalled, so
        that it is the same whatever happened before."""
        agent = self.book.get(task.agent)
        if agent is None or task.case or not agent.memory.recall or not query.strip():
            return Known()
        asked = Asked(
            agent=agent.name, query=query[:LONGEST_QUERY], namespace=task.namespace, most=agent.memory.recall,
            sensitive=any(grant.sensitive for grant in agent.grants),
        )  # fmt: skip
        found = await self.acts.recall(task.principal, asked)
        return Known(text=rendered(found.memories), p0=found.p0)

    def note(self, task: Task, node: Node, made: Made) -> Sequence[Change[Any]]:
        """See `usecases.step.Note`."""
        drafts = () if task.case else tuple(drafts_of(task, node, made))
        if not drafts:
            return ()
        noted = Drafts(task=task.id, namespace=task.namespace, intent=task.intent, drafts=drafts)
        return [self.acts.note(task.tenant, f"agent:{node.agent}", noted)]
