"""Choosing among the models that policy allows, and saying why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from hulk.kernel.errors import Refused
from hulk.kernel.text import Text
from hulk.modules.router.domain.learning.case import Aims, Arm, Estimate, Neighbour, Predicted
from hulk.modules.router.domain.learning.experiments import Enrolment, Experiment, shares
from hulk.modules.router.domain.learning.exploring import Exploration, chances, drawn, percent, uniform

How = Literal["only", "best", "tried", "experiment"]
"""only: no other was allowed; best: it looked best; tried: another looked better; experiment: an experiment assigned it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which arm, with what chance, and what was expected of each. `chances` are those that the draw was made with."""

    arm: str
    how: How
    chances: Mapping[str, float]
    estimates: Mapping[str, Estimate]
    bonus: float
    neighbours: tuple[Neighbour, ...]
    reasons: tuple[Text, ...]
    enrolments: tuple[Enrolment, ...] = ()
    """The experiments that its episode takes part in, those about prompts and policies too: who executes it looks up the values."""

    @property
    def propensity(self) -> float:
        """The chance that it had."""
        return self.chances[self.arm]


def permitted(arms: Sequence[Arm], *, p0: bool) -> tuple[Arm, ...]:
    """Those that may see the question; raises `Refused` when that is none. Policy has said so before: this is the second lock."""
    allowed = tuple(arm for arm in arms if arm.local or not p0)
    if not allowed:
        raise Refused("No model may answer: none is allowed, or the text must stay in the company and none of them is local.")
    return allowed


def chosen(predicted: Predicted, aims: Aims, exploration: Exploration, key: str) -> Choice:
    """The draw for `key`; the same key in the same state gives the same arm."""
    estimates = {one.arm: one for one in predicted.estimates}
    index = {arm: _index(one, aims, exploration) for arm, one in estimates.items()}
    given = chances(index, greed=exploration.greed * max(predicted.seen, 1) ** 0.5, floor=exploration.floor)
    arm = drawn(given, uniform("arm", key))
    best = max(index, key=lambda name: (given[name], name))
    how: How = "only" if len(index) == 1 else "best" if arm == best else "tried"
    bonus, neighbours = exploration.bonus * estimates[arm].width, predicted.nearest(arm)
    return Choice(
        arm=arm, how=how, chances=given, estimates=estimates, bonus=bonus, neighbours=neighbours,
        reasons=(_drawn(how, arm, best, given), expected(estimates[arm], bonus), *_compared(neighbours)),
    )  # fmt: skip


def assigned(predicted: Predicted, experiment: Experiment, enrolment: Enrolment) -> Choice:
    """The arm that an experiment between models gives, with the shares of its variants as chances."""
    estimates = {one.arm: one for one in predicted.estimates}
    by_name, arm = shares(experiment), enrolment.variant.value
    said = Text(
        "{arm} is the variant “{variant}” of the experiment “{experiment}”.",
        arm=arm, variant=enrolment.variant.name, experiment=experiment.name,
    )  # fmt: skip
    return Choice(
        arm=arm, how="experiment", chances={one.value: by_name[one.name] for one in experiment.variants}, estimates=estimates,
        bonus=0.0, neighbours=predicted.nearest(arm), reasons=(said, expected(estimates[arm], 0.0)),
    )  # fmt: skip


def _index(one: Estimate, aims: Aims, exploration: Exploration) -> float:
    return aims.utility(one.quality, one.cost, one.seconds) + exploration.bonus * one.width


def _drawn(how: How, arm: str, best: str, given: Mapping[str, float]) -> Text:
    chance = percent(given[arm])
    if how == "only":
        return Text("{arm} is the only model allowed here.", arm=arm)
    if how == "best":
        return Text("{arm} promised most, and was taken with a chance of {chance}.", arm=arm, chance=chance)
    return Text("{best} promised most; {arm} was tried, to learn, with a chance of {chance}.", best=best, arm=arm, chance=chance)


def expected(one: Estimate, bonus: float) -> Text:
    """What was predicted, in words."""
    return Text(
        "Expected of {arm}: quality {quality}, cost {cost}, {seconds} s; {support} neighbours speak for it, not knowing adds {bonus}.",
        arm=one.arm,
        quality=f"{one.quality:.2f}",
        cost=f"{one.cost:.4f}",
        seconds=f"{one.seconds:.1f}",
        support=f"{one.support:.1f}",
        bonus=f"{bonus:.2f}",
    )


def _compared(neighbours: Sequence[Neighbour]) -> tuple[Text, ...]:
    told = ", ".join(f"{one.id} ({one.similarity:.2f}: {one.quality:.2f})" for one in neighbours)
    return (Text("Nearest graded questions (likeness: grade): {told}.", told=told),) if neighbours else ()
