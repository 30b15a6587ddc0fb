"""Learning in worlds whose truth is known: does it find the right arm, is it right about how sure it is. All seeded."""

import math
import random
from collections import Counter, deque
from dataclasses import dataclass
from statistics import fmean

import pytest

from hulk.modules.router.adapters.learning.fitting import Tuning
from hulk.modules.router.adapters.learning.neighbours import NumpyLearner, fitted
from hulk.modules.router.domain.learning.case import Aims, Arm, Grade, Graded
from hulk.modules.router.domain.learning.choosing import chosen
from hulk.modules.router.domain.learning.exploring import Exploration
from hulk.modules.router.domain.learning.offpolicy import Played, estimated
from hulk.modules.router.domain.learning.sequence import bounds, seen, unseen
from support.learning import Truth

ZERO = (0.5,)
"""A grid of the difference 0 only: all that a false positive is about."""


# Sequential analysis -------------------------------------------------------------------------------------------------------------


def false_positives(simulations: int, pairs: int, alpha: float = 0.05, rate: float = 0.5) -> float:
    """How many of so many experiments between two equals ever say that one is better, looked at after each pair."""
    found = 0
    for seed in range(simulations):
        rng, evidence = random.Random(seed), unseen(ZERO)
        for _ in range(pairs):
            evidence = seen(evidence, float((rng.random() < rate) - (rng.random() < rate)), alpha)
            if bounds(evidence, alpha) != (-1.0, 1.0):
                found += 1
                break
    return found / simulations


def test_equals_are_taken_for_different_in_at_most_five_of_a_hundred_experiments_however_often_one_looks() -> None:
    assert false_positives(300, 300) <= 0.05


@pytest.mark.long
@pytest.mark.parametrize("rate", [0.5, 0.9, 0.02])
def test_the_same_in_four_thousand_long_experiments(rate: float) -> None:
    assert false_positives(4000, 1000, rate=rate) <= 0.05


def right(simulations: int, pairs: int, worse: float, better: float) -> tuple[float, float]:
    """The share of experiments in which the better one is found, and the pairs that it took on the average."""
    took: list[int] = []
    for seed in range(simulations):
        rng, evidence = random.Random(seed), unseen(ZERO)
        for number in range(pairs):
            evidence = seen(evidence, float((rng.random() < better) - (rng.random() < worse)), 0.05)
            if bounds(evidence, 0.05)[0] >= 0:
                took.append(number + 1)
                break
    return len(took) / simulations, fmean(took)


def test_the_better_of_two_is_found() -> None:
    share, took = right(100, 1200, 0.6, 0.75)
    assert share >= 0.95
    assert took < 500


@pytest.mark.parametrize("difference", [0.0, 0.2])
def test_the_bounds_hold_the_true_difference_at_all_times(difference: float) -> None:
    grid, missed, simulations = (0.5, (1 + difference) / 2), 0, 200
    for seed in range(simulations):
        rng, evidence = random.Random(seed), unseen(grid)
        for _ in range(200):
            evidence = seen(evidence, float((rng.random() < 0.5 + difference) - (rng.random() < 0.5)), 0.05)
            low, high = bounds(evidence, 0.05)
            if low >= difference or high <= difference:  # the grid's own points are refused bounds
                missed += 1
                break
    assert missed / simulations <= 0.05


# Learning from some of the answers, late -----------------------------------------------------------------------------------------


@dataclass
class Learnt:
    """What a simulation came to: the value of the learner's best choices, of one that saw all grades, of the best single arm."""

    learner: float
    informed: float
    single: float
    oracle: float
    feedback: int


def value(learner: NumpyLearner, truth: Truth, questions: list[tuple[object, dict[str, float]]]) -> float:
    """The mean chance of a good answer when the best is taken."""
    found = 0.0
    for features, chance in questions:
        estimates = learner.predict(features, truth.arms).estimates  # type: ignore[arg-type]
        found += chance[max(estimates, key=lambda one: one.quality).arm]
    return found / len(questions)


def simulated(truth: Truth, questions: int, rated: float, delay: int) -> Learnt:
    """So many questions, of whose answers a share is rated, so many questions later."""
    rng, exploration, tuning = random.Random(truth.seed), Exploration(), Tuning()
    learner, rows, late = fitted(tuning, [], {}), list[Graded](), deque[tuple[int, Graded]]()
    for number in range(questions):
        features, chance = truth.question()
        arm = chosen(learner.predict(features, truth.arms), Aims(), exploration, f"{truth.seed}/{number}").arm
        if rng.random() < rated:
            late.append((number + delay, Graded(id=f"d{number}", features=features, grades={arm: Grade(truth.grade(chance[arm]))})))
        while late and late[0][0] <= number:
            rows.append(late.popleft()[1])
            learner.learn(rows[-1])
            learner = fitted(tuning, rows, {}) if learner.outgrown else learner
    judged = [(features, dict(chance)) for features, chance in (truth.question() for _ in range(600))]
    informed = fitted(tuning, truth.graded(3000), {})
    return Learnt(
        learner=value(learner, truth, judged),  # type: ignore[arg-type]
        informed=value(informed, truth, judged),  # type: ignore[arg-type]
        single=max(fmean(chance[arm.name] for _, chance in judged) for arm in truth.arms),
        oracle=fmean(max(chance.values()) for _, chance in judged),
        feedback=len(rows),
    )


def test_one_late_rating_in_ten_is_enough_to_learn_nearly_what_all_grades_teach() -> None:
    found = [simulated(Truth(seed, models=3, topics=6), 6000, 0.1, 200) for seed in range(3)]
    informed, learner, single = (fmean(getattr(one, name) for one in found) for name in ("informed", "learner", "single"))
    assert informed - learner <= 0.02
    assert learner - single >= 0.04


@pytest.mark.long
def test_the_same_with_six_models_and_three_thousand_ratings() -> None:
    found = [simulated(Truth(seed), 30_000, 0.1, 200) for seed in range(4)]
    informed, learner, single = (fmean(getattr(one, name) for one in found) for name in ("informed", "learner", "single"))
    print(f"informed {informed:.4f}, learner {learner:.4f}, best single {single:.4f}, oracle {fmean(one.oracle for one in found):.4f}")
    assert informed - learner <= 0.02
    assert learner - single >= 0.05


def test_an_arm_that_was_never_rated_is_tried_at_least_as_often_as_the_floor_says() -> None:
    truth, counted = Truth(7, models=4), Counter[str]()
    learner = fitted(Tuning(), [Graded(id=one.id, features=one.features, grades={"m0": Grade(1.0)}) for one in truth.graded(500)], {})
    chances = Counter[str]()
    for number in range(4000):
        choice = chosen(learner.predict(truth.question()[0], truth.arms), Aims(), Exploration(floor=0.02), str(number))
        counted[choice.arm] += 1
        chances.update(choice.chances)
        assert min(choice.chances.values()) >= 0.02 - 1e-12
    for arm in truth.arms:
        expected = chances[arm.name]
        assert abs(counted[arm.name] - expected) < 4 * math.sqrt(expected) + 1, "draws are as frequent as their chances"


def test_a_model_that_became_worse_with_a_new_version_is_given_up() -> None:
    truth = Truth(3, models=2)
    rows = [Graded(id=one.id, features=one.features, grades={"m0": Grade(0.9, regime="r1"), "m1": Grade(0.6)}) for one in truth.graded(800)]
    learner = fitted(Tuning(), rows, {"m0": "r1"})
    asked = truth.question()[0]
    assert _best(learner, truth.arms, asked) == "m0"
    learner.reset("m0", "r2")
    for number in range(60):
        learner.learn(Graded(id=f"n{number}", features=truth.question()[0], grades={"m0": Grade(0.2, regime="r2")}))
    assert _best(learner, truth.arms, asked) == "m1"


def _best(learner: NumpyLearner, arms: tuple[Arm, ...], features: object) -> str:
    return max(learner.predict(features, arms).estimates, key=lambda one: one.quality).arm  # type: ignore[arg-type]


# Off-policy estimates ------------------------------------------------------------------------------------------------------------


def replay(seed: int, answers: int) -> tuple[bool, float]:
    """One log with its truth: whether the interval of the doubly robust estimate holds it, and how far off the estimate is."""
    rng = random.Random(seed)
    arms = [f"m{number}" for number in range(4)]
    truth = {(topic, arm): rng.uniform(0.2, 0.9) for topic in range(5) for arm in arms}
    guess = {key: min(max(value + rng.gauss(0, 0.15), 0), 1) for key, value in truth.items()}  # a model that is wrong
    logged = {topic: _mixed(rng, arms, 0.04) for topic in range(5)}
    target = {topic: _mixed(rng, arms, 0.0) for topic in range(5)}
    plays = []
    for _ in range(answers):
        topic = rng.randrange(5)
        arm = rng.choices(arms, [logged[topic][name] for name in arms])[0]
        plays.append(
            Played(
                arm=arm, propensity=logged[topic][arm], reward=float(rng.random() < truth[topic, arm]), target=target[topic],
                predicted={name: guess[topic, name] for name in arms},
            )
        )  # fmt: skip
    value = fmean(sum(chance * truth[topic, arm] for arm, chance in target[topic].items()) for topic in range(5))
    found = estimated(plays)
    assert found is not None
    return found.dr.low <= value <= found.dr.high, abs(found.dr.value - value)


def _mixed(rng: random.Random, arms: list[str], floor: float) -> dict[str, float]:
    weights = [rng.expovariate(1) ** 2 for _ in arms]
    return {arm: floor + (1 - floor * len(arms)) * weight / sum(weights) for arm, weight in zip(arms, weights, strict=True)}


def test_the_interval_of_the_doubly_robust_estimate_holds_the_truth_in_ninety_five_of_a_hundred_replays() -> None:
    found = [replay(seed, 400) for seed in range(300)]
    assert fmean(float(held) for held, _ in found) >= 0.95


@pytest.mark.long
@pytest.mark.parametrize("answers", [150, 1000, 4000])
def test_the_same_in_two_thousand_replays(answers: int) -> None:
    found = [replay(seed, answers) for seed in range(2000)]
    within = sorted(off for _, off in found)[round(0.95 * len(found))]
    print(f"{answers} answers: held {fmean(float(held) for held, _ in found):.4f}, off by {within:.4f} in 95 of 100")
    assert fmean(float(held) for held, _ in found) >= 0.95
