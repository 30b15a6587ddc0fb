"""How well the router would do on a graded set."""

from collections.abc import Sequence
from dataclasses import dataclass

from hulk.modules.router.domain.learning.case import Aims, Arm, Features, Grade, Graded, Predicted
from hulk.modules.router.domain.learning.graded import Asked, Evaluated, Picks, evaluated, halves, models_of
from hulk.modules.router.ports.learning import Embeds, Learning

WEIGHTS = tuple(10 ** (step / 4) for step in range(-12, 25))
"""How much quality a unit of cost is worth, at the points of the frontier, as multiples of what would even out the models."""


@dataclass(frozen=True, slots=True)
class EvaluateRouter:
    """Learn from a part of a graded set, and judge on the rest."""

    learning: Learning
    embeds: Embeds

    async def __call__(self, asked: Sequence[Asked], aims: Aims, *, share: float = 0.7, seed: int = 1) -> Evaluated:
        """Raises `Refused` for a set that cannot be used, and as `Embeds`."""
        models = models_of(asked)
        known, judged = halves(asked, share, seed)
        models_of(known), models_of(judged)
        learner = await self.learning.learner([_graded(one, features) for one, features in await self._featured(known)], {})
        arms = [Arm(name=model) for model in models]
        predicted = [learner.predict(features, arms) for _, features in await self._featured(judged)]
        best = max(models, key=lambda model: sum(one.answers[model].score for one in known))
        frontier = [(f"{weight:g}", _picked(predicted, Aims(cost=weight * _even(known, models)))) for weight in (0.0, *WEIGHTS)]
        return evaluated(judged, _picked(predicted, aims), frontier, best=best, learnt=len(known), seed=seed)

    async def _featured(self, asked: Sequence[Asked]) -> list[tuple[Asked, Features]]:
        embedded = await self.embeds.packed([one.text for one in asked])
        return [
            (one, Features(embedding=vector, language="en", characters=len(one.text))) for one, vector in zip(asked, embedded, strict=True)
        ]


def _graded(asked: Asked, features: Features) -> Graded:
    return Graded(id=asked.id, features=features, grades={model: Grade(it.score, it.cost) for model, it in asked.answers.items()})


def _picked(predicted: Sequence[Predicted], aims: Aims) -> Picks:
    return [max(one.estimates, key=lambda it: (aims.utility(it.quality, it.cost, it.seconds), it.arm)).arm for one in predicted]


def _even(asked: Sequence[Asked], models: Sequence[str]) -> float:
    """The weight at which a cost as large as the dearest model's mean takes away a whole point of quality."""
    dearest = max(sum(one.answers[model].cost for one in asked) / len(asked) for model in models)
    return 1 / dearest if dearest > 0 else 1.0
