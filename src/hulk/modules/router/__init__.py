"""The router: who answers an intent, and why.

A skill that the sentence means comes first; else the first configured model that its sensitivity and the budget allow;
else nobody, with advice. Matching is calibrated on the catalogue's own examples, so it follows what users add.

    decision, changes = await router.decide(Question(text=…, language="pt", tenant=…, intent=…, key=…))
    await commit(*changes)
    reply = await router.answer_freely(question, decision.name)      # when decision.kind == "model"

Among models that policy allows, `LearningActs` chooses by what people said of earlier answers:

    features = await learning.featured(text, language)
    choice, changes = await learning.choose(Occasion(decision=…, tenant=…, episode=…, features=features, p0=…), [Arm(name=…), …])
    await commit(*changes)                                          # with the decision
    await commit(learning.places.choices.measured(tenant, decision, cost, seconds))

Which models may answer is said by the policies of the settings and those that a tenant's admins make (`PolicyActs`):

    policies = await acts.of(tenant)                                # `PoliciesOf`: from memory, true within 2 s
"""

from hulk.modules.router.domain.decision import Decision, Question, Turn
from hulk.modules.router.domain.learning.case import Aims, Arm, Features, Prior
from hulk.modules.router.domain.learning.choosing import Choice
from hulk.modules.router.domain.learning.feedback import Feedback
from hulk.modules.router.domain.learning.graded import described as evaluated_in_words
from hulk.modules.router.domain.learning.log import Candidate as RoutingPolicy
from hulk.modules.router.domain.learning.log import Occasion
from hulk.modules.router.domain.learning.offpolicy import OffPolicy
from hulk.modules.router.domain.matching import Attachment, Candidate, Match
from hulk.modules.router.domain.model import Message, Model, Prompt, Reply, TextPart, ToolCall, most_input_tokens
from hulk.modules.router.domain.model import Schema as AnswerSchema
from hulk.modules.router.domain.model import Tool as OfferedTool
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
from hulk.modules.router.ports.policies import PoliciesOf
from hulk.modules.router.usecases import Gateway, Router
from hulk.modules.router.usecases.gateway import Call as GatewayCall
from hulk.modules.router.usecases.learning.acts import LearningActs
from hulk.modules.router.usecases.learning.report import Reported
from hulk.modules.router.usecases.policies import PolicyActs

__all__ = [
    "UNREADABLE",
    "Aims",
    "AnswerSchema",
    "Arm",
    "Attachment",
    "Candidate",
    "Catalogue",
    "Choice",
    "Classified",
    "Decision",
    "Decisions",
    "Features",
    "Feedback",
    "Finding",
    "Gateway",
    "GatewayCall",
    "Label",
    "LearningActs",
    "Match",
    "Message",
    "Model",
    "Occasion",
    "OffPolicy",
    "OfferedTool",
    "Part",
    "PoliciesOf",
    "PolicyActs",
    "Prior",
    "Prompt",
    "Question",
    "Reply",
    "Reported",
    "Router",
    "RoutingPolicy",
    "Sensitivity",
    "TextPart",
    "ToolCall",
    "Turn",
    "Unmaskable",
    "Unmasking",
    "Vault",
    "classified",
    "classified_parts",
    "evaluated_in_words",
    "findings",
    "masked",
    "most_input_tokens",
    "parts_of",
    "unmasked",
]
