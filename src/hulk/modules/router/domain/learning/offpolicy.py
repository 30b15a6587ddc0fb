"""What another policy would have earned, from answers that this one gave: before it goes live.

Each answer counts by how much likelier the candidate is to give it (inverse propensity: Horvitz and Thompson 1952), SNIPS divides by the
sum of the weights (Swaminathan and Joachims 2015), and the doubly robust estimate (Dudík, Langford and Li 2011, arXiv 1103.4601) takes
what was predicted and corrects it by what came. Weights are clipped; what that may hide is added to the interval.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hulk.kernel.text import Text
from hulk.modules.router.domain.learning.exploring import percent

MOST_WEIGHT = 20.0
QUANTILE = 2.24
"""Of the normal distribution at 97.5 %: with as few and as skewed weights as there are, the interval then holds in 95 % and more."""
ENOUGH = 100.0
"""Below this effective sample size an estimate is not to be relied on."""
MOST_CLIPPED = 0.05
"""Above this mean weight that was cut off, neither."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """An answer with its reward. `propensity` is the chance that its arm had, `target` the candidate's chance of each arm, `predicted`
    what was expected of each before the reward was known."""

    arm: str
    propensity: float
    reward: float
    target: Mapping[str, float]
    predicted: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimated:
    """A value with the interval that holds it in 95 of 100 cases."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OffPolicy:
    """The candidate's value by three estimators, the logged policy's own, and how far that is to be trusted. `effective` is
    (Σw)² / Σw² (Kish 1965); `clipped` the mean weight that was cut off."""

    answers: int
    logged: Estimated
    ips: Estimated
    snips: Estimated
    dr: Estimated
    gain: Estimated
    effective: float
    clipped: float
    warnings: tuple[Text, ...]


def estimated(plays: Sequence[Played], most_weight: float = MOST_WEIGHT) -> OffPolicy | None:
    """None without an answer. `gain` is the doubly robust value less the logged policy's, pair by pair."""
    if not plays:
        return None
    raw = [one.target.get(one.arm, 0.0) / one.propensity for one in plays]
    weights = [min(weight, most_weight) for weight in raw]
    clipped = math.fsum(raw) / len(raw) - math.fsum(weights) / len(weights)
    robust = [_robust(one, weight) for one, weight in zip(plays, weights, strict=True)]
    rewards = [one.reward for one in plays]
    effective = _effective(weights)
    return OffPolicy(
        answers=len(plays),
        logged=_mean(rewards, 0.0),
        ips=_mean([weight * reward for weight, reward in zip(weights, rewards, strict=True)], clipped),
        snips=_normalised(weights, rewards, clipped),
        dr=_mean(robust, clipped),
        gain=_mean([one - reward for one, reward in zip(robust, rewards, strict=True)], clipped),
        effective=effective,
        clipped=clipped,
        warnings=_warnings(effective, clipped, plays),
    )


def _robust(one: Played, weight: float) -> float:
    expected = math.fsum(chance * one.predicted.get(arm, 0.0) for arm, chance in one.target.items())
    return expected + weight * (one.reward - one.predicted.get(one.arm, 0.0))


def _effective(weights: Sequence[float]) -> float:
    squares = math.fsum(weight * weight for weight in weights)
    return math.fsum(weights) ** 2 / squares if squares else 0.0


def _mean(values: Sequence[float], slack: float) -> Estimated:
    """The mean, with its interval: `QUANTILE` standard errors, and `slack` for what was clipped (rewards are from 0 to 1)."""
    mean = math.fsum(values) / len(values)
    spread = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / max(len(values) - 1, 1))
    radius = math.inf if len(values) < 2 else QUANTILE * spread / math.sqrt(len(values)) + slack
    return Estimated(value=mean, low=mean - radius, high=mean + radius)


def _normalised(weights: Sequence[float], rewards: Sequence[float], slack: float) -> Estimated:
    """Its error is that of the mean of w (r - value), over the mean weight (delta method)."""
    total = math.fsum(weights)
    if not total:
        return Estimated(value=math.nan, low=-math.inf, high=math.inf)
    value = math.fsum(weight * reward for weight, reward in zip(weights, rewards, strict=True)) / total
    around = _mean([weight * (reward - value) for weight, reward in zip(weights, rewards, strict=True)], slack)
    radius = (around.high - around.value) * len(weights) / total
    return Estimated(value=value, low=value - radius, high=value + radius)


def _warnings(effective: float, clipped: float, plays: Sequence[Played]) -> tuple[Text, ...]:
    unknown = sorted({arm for one in plays for arm, chance in one.target.items() if chance > 0 and arm not in one.predicted})
    few = Text(
        "The effective sample is {size} answers, less than {enough}: do not rely on this.", size=round(effective), enough=round(ENOUGH)
    )
    cut = Text("{share} of the candidate's weight was cut off: it does what was hardly ever tried.", share=percent(clipped))
    new = Text("Nothing was predicted of {arms} when these answers were given.", arms=", ".join(unknown))
    return tuple(text for text, so in ((few, effective < ENOUGH), (cut, clipped > MOST_CLIPPED), (new, bool(unknown))) if so)
