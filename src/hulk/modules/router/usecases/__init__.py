"""The acts of the router: recognise, decide, ask by leave; what it learns is in `learning`."""

from dataclasses import dataclass

from hulk.modules.router.ports import Decisions
from hulk.modules.router.ports.policies import PoliciesOf
from hulk.modules.router.usecases.answer import AnswerFreely
from hulk.modules.router.usecases.decide import Decide
from hulk.modules.router.usecases.recognise import Recognise

__all__ = ["AnswerFreely", "Decide", "Recognise", "Router"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Router:
    """All the acts of this module, made once by its wiring."""

    decide: Decide
    answer_freely: AnswerFreely
    recognise: Recognise
    decisions: Decisions
    policies_of: PoliciesOf
    """The policies in force for a tenant."""
