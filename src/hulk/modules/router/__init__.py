"""The router: who answers an intent, and why.

A skill that the sentence means comes first; else the first configured model that its sensitivity and the budget allow;
else nobody, with advice. Matching is calibrated on the catalogue's own examples, so it follows what users add.

    decision, changes = await router.decide(Question(text=…, language="pt", tenant=…, intent=…, key=…))
    await commit(*changes)
    reply = await router.answer_freely(question, decision.name)      # when decision.kind == "model"
"""

from hulk.modules.router.domain.decision import Decision, Question
from hulk.modules.router.domain.matching import Attachment, Candidate, Match
from hulk.modules.router.domain.model import Model, Reply
from hulk.modules.router.domain.sensitivity import (
    UNREADABLE,
    Classified,
    Finding,
    Label,
    Part,
    Sensitivity,
    Unmaskable,
    Unmasking,
    Vault,
    classified,
    classified_parts,
    findings,
    masked,
    parts_of,
    unmasked,
)
from hulk.modules.router.ports import Catalogue, Decisions
from hulk.modules.router.usecases import Router

__all__ = [
    "UNREADABLE",
    "Attachment",
    "Candidate",
    "Catalogue",
    "Classified",
    "Decision",
    "Decisions",
    "Finding",
    "Label",
    "Match",
    "Model",
    "Part",
    "Question",
    "Reply",
    "Router",
    "Sensitivity",
    "Unmaskable",
    "Unmasking",
    "Vault",
    "classified",
    "classified_parts",
    "findings",
    "masked",
    "parts_of",
    "unmasked",
]
