"""Choosing among the models that may answer: by what people said of earlier answers, where that is switched on."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from hulk.kernel.durable import Change
from hulk.kernel.errors import HulkError
from hulk.kernel.text import Text
from hulk.modules.router.domain.asked import AUTO, Asked
from hulk.modules.router.domain.learning.case import Arm, Prior
from hulk.modules.router.domain.learning.log import Occasion
from hulk.modules.router.usecases.learning.acts import LearningActs
from hulk.modules.router.usecases.weighing import Able, Weigh, Weighed


@dataclass(frozen=True, slots=True)
class Chosen:
    """The model's name, why, and what to commit together with the decision."""

    name: str
    reasons: tuple[Text, ...]
    changes: Sequence[Change[Any]] = ()


class Choose(Protocol):
    """Takes one of the models that may answer; there is at least one."""

    async def __call__(self, asked: Asked, able: Sequence[Able]) -> Chosen:
        """Raises `Refused` and `Unavailable` when it cannot choose now."""

    def measured(self, tenant: str, decision: str, cost: Decimal, seconds: float) -> Change[None]:
        """What the answer cost and how long it took."""


@dataclass(frozen=True, slots=True)
class ChooseByLearning:
    """`Choose` by the tenant's graded answers."""

    learning: LearningActs

    async def __call__(self, asked: Asked, able: Sequence[Able]) -> Chosen:
        """See `Choose`."""
        features = await self.learning.featured(asked.text, asked.language)
        occasion = Occasion(
            decision=asked.decision, tenant=asked.tenant, episode=asked.episode or asked.intent, features=features, p0=asked.p0,
            trials=asked.trials,
        )  # fmt: skip
        choice, changes = await self.learning.choose(occasion, [_arm(one) for one in able])
        return Chosen(choice.arm, choice.reasons, changes)

    def measured(self, tenant: str, decision: str, cost: Decimal, seconds: float) -> Change[None]:
        """See `Choose`."""
        return self.learning.places.choices.measured(tenant, decision, float(cost), seconds)


def _arm(able: Able) -> Arm:
    """Nothing is known of a model at first but the most that it may cost. One that sees only what may leave is as good as a local one."""
    model = able.model
    price = f"{model.input_price}/{model.output_price}"
    inside = model.local or able.vault is not None
    return Arm(name=model.name, version=model.model, price=price, local=inside, prior=Prior(cost=float(able.most.amount)))


@dataclass(frozen=True, slots=True)
class Selected:
    """The models that answer, in the order in which they are asked: none when `chain` is empty. `weighed` tells why others are not."""

    chain: tuple[Able, ...]
    reasons: tuple[Text, ...]
    weighed: Weighed
    changes: Sequence[Change[Any]] = ()


@dataclass(frozen=True, slots=True)
class Select:
    """Say which model answers a prompt, and which others when it cannot."""

    weigh: Weigh
    choose: Choose | None = None
    """None takes the first that may answer."""
    fallbacks: int = 2
    """The most that are asked after the first."""

    async def __call__(self, asked: Asked) -> Selected:
        """The chain. Raises `Unavailable` when the policies cannot be read."""
        weighed = await self.weigh(asked)
        if not weighed.able:
            return Selected((), weighed.reasons, weighed)
        chosen = await self._chosen(weighed.asked, weighed.able)
        rest = (able for able in weighed.able if able.model.name != chosen.name)
        first = (able for able in weighed.able if able.model.name == chosen.name)
        return Selected((*first, *rest)[: 1 + self.fallbacks], (*weighed.reasons, *chosen.reasons), weighed, chosen.changes)

    async def _chosen(self, asked: Asked, able: Sequence[Able]) -> Chosen:
        first = able[0].model.name
        if asked.wanted != AUTO:
            named = Text("{model} was asked for by its name.", model=first)
            stands_in = Text("{model} stands in for {wanted}.", model=first, wanted=asked.wanted)
            return Chosen(first, (named if first == asked.wanted else stands_in,))
        reason = Text("{model} answers what no skill does.", model=first)
        if self.choose is None:
            return Chosen(first, (reason,))
        try:
            return await self.choose(asked, able)
        except HulkError as error:
            return Chosen(first, (Text("Models are taken in their order right now: {reason}", reason=error.text), reason))
