"""Choosing among the models that may answer: by what people said of earlier answers, where that is switched on."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from hulk.kernel.durable import Change
from hulk.kernel.money import Money
from hulk.kernel.text import Text
from hulk.modules.router.domain.decision import Question
from hulk.modules.router.domain.learning.case import Arm, Prior
from hulk.modules.router.domain.learning.log import Occasion
from hulk.modules.router.domain.model import Model
from hulk.modules.router.usecases.learning.acts import LearningActs


@dataclass(frozen=True, slots=True)
class Chosen:
    """The model's name, why, and what to commit together with the decision."""

    name: str
    reasons: tuple[Text, ...]
    changes: Sequence[Change[Any]]


class Choose(Protocol):
    """Takes one of the models that may answer, each with the most that it may cost; there is at least one."""

    async def __call__(self, question: Question, decision: str, p0: bool, models: Sequence[tuple[Model, Money]]) -> Chosen:
        """Raises `Refused` and `Unavailable` when it cannot choose now."""

    def measured(self, tenant: str, decision: str, cost: Decimal, seconds: float) -> Change[None]:
        """What the answer cost and how long it took."""


@dataclass(frozen=True, slots=True)
class ChooseByLearning:
    """`Choose` by the tenant's graded answers. An intent is its own episode."""

    learning: LearningActs

    async def __call__(self, question: Question, decision: str, p0: bool, models: Sequence[tuple[Model, Money]]) -> Chosen:
        """See `Choose`."""
        features = await self.learning.featured(question.text, question.language)
        occasion = Occasion(decision=decision, tenant=question.tenant, episode=question.intent, features=features, p0=p0)
        choice, changes = await self.learning.choose(occasion, [_arm(model, most) for model, most in models])
        return Chosen(choice.arm, choice.reasons, changes)

    def measured(self, tenant: str, decision: str, cost: Decimal, seconds: float) -> Change[None]:
        """See `Choose`."""
        return self.learning.places.choices.measured(tenant, decision, float(cost), seconds)


def _arm(model: Model, most: Money) -> Arm:
    """Nothing is known of a model at first but the most that it may cost."""
    price = f"{model.input_price}/{model.output_price}"
    return Arm(name=model.name, version=model.model, price=price, local=model.local, prior=Prior(cost=float(most.amount)))
