"""Agents: what they remember, and how they came to what they decided.

await acts.remember(by, New(agent="retail", text="Ana wants reports on Mondays.", kind="preference", key="run_…/3", trusted=True))
recalled = await acts.recall(by, Asked(agent="retail", query="when does Ana want her report?", sensitive=True))
prompt += rendered(recalled.memories)                 # quoted data; whatever is made with it has `recalled.labels`

noting = acts.note(tenant, actor, Drafts(task=…, namespace=…, drafts=(Draft(key="h1", what=Hypothesis("…")), …)))
return Outcome(value, [noting])                       # with the step that reasoned so
"""

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
from hulk.modules.agents.usecases.acts import MindActs
from hulk.modules.agents.usecases.memory import Asked, Recalled, Remembered

__all__ = [
    "Asked", "Bearing", "Decision", "Draft", "Drafts", "Evidence", "Hypothesis", "Inference", "Memory", "MindActs", "New", "Recalled",
    "Remembered", "Source", "rendered", "sha256",
]  # fmt: skip
