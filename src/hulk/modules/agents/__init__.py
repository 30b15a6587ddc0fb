"""Agents: a mind that plans, with governed hands.

An agent is a file: who it is, what it may use and how far it goes, what a task of it may take, what it knows how to do. A task becomes a
plan, a graph of steps that call tools, have a model think or ask a person; the plan is priced before anything of it is begun, its steps run
side by side in durable runs against one account, and what they hand on is checked. Nothing is split that is no more than a chat.

    task, changes = begin(Wanted(by=…, agent="retail", playbook="sales-review", text=…, run=…, …))
    await commit(*changes)
    markdown = await answer(task.run)
"""

from hulk.modules.agents.domain.agent import Agent, AgentBook, Playbook, rules_of, said_in
from hulk.modules.agents.usecases.begin import AnswerOf, BeginTask, Wanted
from hulk.modules.agents.usecases.orchestrate import STEP, TASK

__all__ = ["STEP", "TASK", "Agent", "AgentBook", "AnswerOf", "BeginTask", "Playbook", "Wanted", "rules_of", "said_in"]
