"""Graded sets: questions that several models have answered, each answer with its score and cost; and how well a router does on them.

RouteLLM's measure (Ong et al. 2024, arXiv 2406.18665): of the quality between the cheapest model and the best, how much a router recovers
at each share of the cost between them; the mean of that over all shares is the APGR (0.5: no better than chance, 1: perfect).
"""

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from hulk.kernel.errors import Refused
from hulk.kernel.text import Text

RESAMPLES = 2000
SHARES = tuple(step / 10 for step in range(1, 11))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What a model's answer is worth (0 to 1) and what it cost, in whatever money the set has."""

    score: float
    cost: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question with the answers of all models of its set."""

    id: str
    text: str
    answers: Mapping[str, Answered]


Picks = Sequence[str]
"""For each question the model that is picked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """The mean score of some picks, and their mean cost."""

    name: str
    score: float
    cost: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """A router on questions it has not learnt from. `gain` is its score less that of `best`, the best single model, with the bounds of
    95 % by paired bootstrap; `recovered` is that gain as a share of what the oracle has over `best`."""

    learnt: int
    questions: int
    random: Point
    best: Point
    oracle: Point
    router: Point
    singles: tuple[Point, ...]
    frontier: tuple[Point, ...]
    gain: float
    low: float
    high: float
    recovered: float
    apgr: float


def models_of(asked: Sequence[Asked]) -> tuple[str, ...]:
    """The models of a set; raises `Refused` when it is empty or a question lacks one."""
    if not asked:
        raise Refused("The graded set holds no question.")
    models = sorted(asked[0].answers)
    for one in asked:
        if sorted(one.answers) != models:
            raise Refused("Question {id} was answered by other models than the first: {models}.", id=one.id, models=", ".join(one.answers))
    if len(models) < 2:
        raise Refused("A graded set needs at least two models; this one has {models}.", models=", ".join(models))
    return tuple(models)


def halves(asked: Sequence[Asked], share: float, seed: int) -> tuple[list[Asked], list[Asked]]:
    """Those to learn from and those to be judged on, drawn anew for each seed; questions with the same text stay together."""
    texts = sorted({one.text for one in asked})
    random.Random(seed).shuffle(texts)  # noqa: S311  # a split, not a secret
    learnt = frozenset(texts[: round(len(texts) * share)])
    return [one for one in asked if one.text in learnt], [one for one in asked if one.text not in learnt]


def evaluated(
    asked: Sequence[Asked], picks: Picks, frontier: Sequence[tuple[str, Picks]], *, best: str, learnt: int, seed: int
) -> Evaluated:
    """`best` is the single model that was best on what was learnt from; `frontier` are picks at several weights of the cost."""
    models = models_of(asked)
    oracle = [max(models, key=lambda model: (one.answers[model].score, -one.answers[model].cost)) for one in asked]
    singles = tuple(_point(model, asked, [model] * len(asked)) for model in models)
    one, single, perfect = _point("router", asked, picks), _named(singles, best), _point("oracle", asked, oracle)
    gains = [asked_.answers[pick].score - asked_.answers[best].score for asked_, pick in zip(asked, picks, strict=True)]
    low, high = bootstrapped(gains, seed)
    points = tuple(_point(name, asked, these) for name, these in frontier)
    return Evaluated(
        learnt=learnt, questions=len(asked), best=single, oracle=perfect, router=one, singles=singles, frontier=points,
        random=Point(name="random", score=fmean(it.score for it in singles), cost=fmean(it.cost for it in singles)),
        gain=fmean(gains), low=low, high=high, recovered=_share(one.score - single.score, perfect.score - single.score),
        apgr=apgr(points, min(singles, key=lambda it: (it.cost, -it.score)), single),
    )  # fmt: skip


def _point(name: str, asked: Sequence[Asked], picks: Picks) -> Point:
    answers = [one.answers[pick] for one, pick in zip(asked, picks, strict=True)]
    return Point(name=name, score=fmean(one.score for one in answers), cost=fmean(one.cost for one in answers))


def _named(points: Sequence[Point], name: str) -> Point:
    return next(one for one in points if one.name == name)


def _share(part: float, whole: float) -> float:
    return part / whole if whole else math.nan


def apgr(frontier: Sequence[Point], cheap: Point, best: Point) -> float:
    """The mean share of the quality between `cheap` and `best` that the router recovers, at each tenth of the cost between them."""
    spent = (best.cost - cheap.cost, best.score - cheap.score)
    if spent[0] <= 0 or spent[1] <= 0:
        return math.nan
    curve = sorted([cheap, *frontier, best], key=lambda one: (one.cost, one.score))
    return fmean((_reached(curve, cheap.cost + share * spent[0]) - cheap.score) / spent[1] for share in SHARES)


def _reached(curve: Sequence[Point], cost: float) -> float:
    """The score at that cost, on straight lines between the points of the curve: one mixes the two by chance."""
    last = next(one for one in reversed(curve) if one.cost <= cost + 1e-12)
    after = next((one for one in curve if one.cost > cost + 1e-12), last)
    share = (cost - last.cost) / (after.cost - last.cost) if after.cost > last.cost else 0.0
    return last.score + (after.score - last.score) * share


def bootstrapped(values: Sequence[float], seed: int, resamples: int = RESAMPLES) -> tuple[float, float]:
    """The 2.5th and 97.5th percentile of the mean (Efron 1979), resampling whole questions: both routers answer the same ones."""
    rng = random.Random(seed)  # noqa: S311  # an interval, not a secret
    draw: Callable[[], float] = lambda: fmean(rng.choices(values, k=len(values)))  # noqa: E731
    means = sorted(draw() for _ in range(resamples))
    return means[round(0.025 * (resamples - 1))], means[round(0.975 * (resamples - 1))]


def described(one: Evaluated) -> tuple[Text, ...]:
    """The result in words."""
    return (
        Text("{count} questions judged, {learnt} learnt from.", count=one.questions, learnt=one.learnt),
        Text(
            "The router scores {gain} points more than the best single model ({low} to {high}, 95 % by paired bootstrap).",
            gain=f"{100 * one.gain:+.1f}", low=f"{100 * one.low:+.1f}", high=f"{100 * one.high:+.1f}",
        ),
    )  # fmt: skip
