"""What a choice among models costs: the prediction from graded neighbours, the draw, the words."""

import time
from collections.abc import Iterator

import numpy as np

from benchmarks.figures import Figure
from hulk.modules.router.adapters.learning.fitting import Tuning
from hulk.modules.router.adapters.learning.neighbours import NumpyLearner, fitted
from hulk.modules.router.domain.learning.case import Aims, Arm, Features, Grade, Graded
from hulk.modules.router.domain.learning.choosing import chosen
from hulk.modules.router.domain.learning.exploring import Exploration

MODELS, GRADED, ASKED, ROUNDS = 10, 5000, 200, 10


def measured() -> Iterator[Figure]:
    """CPU per choice and per grade learnt; the best of some rounds, since others use the machine too."""
    rng = np.random.default_rng(0)
    arms = [Arm(name=f"m{number}") for number in range(MODELS)]
    rows = [
        Graded(id=f"d{at}", features=_features(rng), grades={f"m{at % MODELS}": Grade(float(rng.random()), 0.01, 1.0)})
        for at in range(GRADED)
    ]
    learner, asked = fitted(Tuning(rows=GRADED), rows, {}), [_features(rng) for _ in range(ASKED)]
    name = f"choice among {MODELS} models, {GRADED:,} graded neighbours, CPU"
    yield Figure(name, min(_choosing(learner, arms, asked) for _ in range(ROUNDS)), "ms", "<= 0.3")
    yield Figure("a grade learnt, CPU", _learning(learner, rows[:1000]), "ms")


def _features(rng: np.random.Generator) -> Features:
    vector = rng.standard_normal(384)
    return Features(embedding=(vector / np.linalg.norm(vector)).astype("<f2").tobytes(), language="pt", characters=120)


def _choosing(learner: NumpyLearner, arms: list[Arm], asked: list[Features]) -> float:
    begun = time.process_time()
    for number, features in enumerate(asked):
        chosen(learner.predict(features, arms), Aims(cost=1.0), Exploration(), str(number))
    return 1000 * (time.process_time() - begun) / len(asked)


def _learning(learner: NumpyLearner, rows: list[Graded]) -> float:
    begun = time.process_time()
    for row in rows:
        learner.learn(Graded(id=row.id, features=row.features, grades={arm: Grade(0.5) for arm in row.grades}))
    return 1000 * (time.process_time() - begun) / len(rows)
