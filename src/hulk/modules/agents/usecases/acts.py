"""All acts on what agents remember and on how they reason."""

from dataclasses import dataclass

from hulk.modules.agents.usecases.forgetting import Forget, SweepMemories
from hulk.modules.agents.usecases.memory import LookAtMemories, Recall, Remember
from hulk.modules.agents.usecases.reasoning import Note, ReviewReasoning, Show


@dataclass(frozen=True, slots=True, kw_only=True)
class MindActs:
    """`remember`, `recall` and `note` are for agents at work, the others for people; `sweep` is for time."""

    remember: Remember
    recall: Recall
    look: LookAtMemories
    forget: Forget
    sweep: SweepMemories
    note: Note
    show: Show
    review: ReviewReasoning
