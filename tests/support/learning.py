"""Questions for the learner: sentences without words, of which it is known how well each model answers them."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np

from hulk.modules.router.domain.learning.case import Arm, Estimate, Features, Grade, Graded
from hulk.modules.router.domain.learning.log import Kept, Occasion

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
DIMENSIONS = 384


def features(*numbers: float, language: str = "pt", characters: int = 100) -> Features:
    """Features whose embedding begins with these numbers, and is nothing beyond them."""
    vector = np.zeros(DIMENSIONS, np.float32)
    vector[: len(numbers)] = numbers
    return of_vector(vector, language, characters)


def of_vector(vector: "np.ndarray[tuple[int, ...], np.dtype[np.float32]]", language: str = "pt", characters: int = 100) -> Features:
    """Features with that embedding, made one long."""
    unit = vector / max(float(np.linalg.norm(vector)), 1e-9)
    return Features(embedding=unit.astype("<f2").tobytes(), language=language, characters=characters)  # type: ignore[arg-type]  # a test's


def occasion(decision: str, *, tenant: str = "t1", episode: str = "", p0: bool = False, seen: Features | None = None) -> Occasion:
    """An occasion in an episode of its own, unless one is named."""
    return Occasion(decision=decision, tenant=tenant, episode=episode or f"of-{decision}", features=seen or features(1.0), p0=p0)


def kept(decision: str, *, arm: str = "a", tenant: str = "t1", episode: str = "", at: datetime = AT, **more: Any) -> Kept:
    """A choice between `a` and `b`, each with a chance of a half."""
    estimates = {name: Estimate(arm=name, quality=0.5, cost=0.01, seconds=1.0) for name in ("a", "b")}
    return Kept(
        occasion=occasion(decision, tenant=tenant, episode=episode), at=at, arm=arm, regime="r1", how="best",
        chances={"a": 0.5, "b": 0.5}, estimates=estimates, **more,
    )  # fmt: skip


@dataclass
class Truth:
    """A world in which questions lie around topics, and each model is good at some of them. Seeded: always the same."""

    seed: int
    models: int = 6
    topics: int = 12
    spread: float = 0.6
    rng: np.random.Generator = field(init=False)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        self.centres = self.rng.standard_normal((self.topics, DIMENSIONS)).astype(np.float32) + 2.0  # a cone, as e5's
        self.skill = np.clip(self.rng.normal(0.55, 0.18, (self.topics, self.models)), 0.05, 0.95)
        self.arms = tuple(Arm(name=f"m{number}") for number in range(self.models))

    def question(self) -> tuple[Features, Mapping[str, float]]:
        """A question, and the chance of each model to answer it well."""
        topic = int(self.rng.integers(self.topics))
        noise = self.rng.standard_normal(DIMENSIONS).astype(np.float32) * self.spread
        chance = {arm.name: float(self.skill[topic, at]) for at, arm in enumerate(self.arms)}
        return of_vector(self.centres[topic] + noise), chance

    def grade(self, chance: float) -> float:
        """1 or 0."""
        return float(self.rng.random() < chance)

    def graded(self, count: int) -> list[Graded]:
        """Questions that all models have answered."""
        found = []
        for number in range(count):
            seen, chance = self.question()
            found.append(Graded(id=f"q{number}", features=seen, grades={arm: Grade(self.grade(one)) for arm, one in chance.items()}))
        return found


def one_arm_each(rows: Sequence[Graded], seed: int) -> list[Graded]:
    """The same questions, each answered by one model drawn at random."""
    rng = random.Random(seed)
    found = []
    for row in rows:
        arm = rng.choice(sorted(row.grades))
        found.append(Graded(id=row.id, features=row.features, grades={arm: row.grades[arm]}))
    return found
