"""Agents: a mind that plans, with governed hands.

An agent is a file: who it is, what it may use and how far it goes, what a task of it may take, what it knows how to do. A task becomes a
plan, a graph of steps that call tools, have a model think or ask a person; the plan is priced before anything of it is begun, its steps run
side by side in durable runs against one account, and what they hand on is checked. Nothing is split that is no more than a chat.

    task, changes = begin(Wanted(by=…, agent="retail", playbook="sales-review", text=…, run=…, …))
    await commit(*changes)
    markdown = await answer(task.run)

They remember, and what they conclude is kept as hypotheses, evidence, inferences and decisions that people can contest:

await acts.remember(by, New(agent="retail", text="Ana wants reports on Mondays.", kind="preference", key="run_…/3", trusted=True))
recalled = await acts.recall(by, Asked(agent="retail", query="when does Ana want her report?", sensitive=True))
prompt += rendered(recalled.memories)                 # quoted data; whatever is made with it has `recalled.labels`

noting = acts.note(tenant, actor, Drafts(task=…, namespace=…, drafts=(Draft(key="h1", what=Hypothesis("…")), …)))
return Outcome(value, [noting])                       # with the step that reasoned so
"""

from hulk.modules.agents.domain.agent import Agent, AgentBook, Playbook, rules_of, said_in
from hulk.modules.agents.domain.memory import Memory, New, rendered
from hulk.modules.agents.domain.reasoning import (
    Bearing,
    Decision,
    Draft,
    Drafts,
    Evidence,
    Hypothesis,
    Inference,
    Source,
    sha256,
)
from hulk.modules.agents.ports import Encloses, Hears, Utterance
from hulk.modules.agents.usecases.acts import MindActs
from hulk.modules.agents.usecases.begin import AnswerOf, BeginTask, Wanted
from hulk.modules.agents.usecases.memory import Asked, Recalled, Remembered
from hulk.modules.agents.usecases.orchestrate import STEP, TASK

__all__ = [
    "STEP", "TASK", "Agent", "AgentBook", "AnswerOf", "Asked", "Bearing", "BeginTask", "Decision", "Draft", "Drafts", "Encloses",
    "Evidence", "Hears", "Hypothesis", "Inference", "Memory", "MindActs", "New", "Playbook", "Recalled", "Remembered", "Source",
    "Utterance", "Wanted", "rendered", "rules_of", "said_in", "sha256",
]  # fmt: skip
