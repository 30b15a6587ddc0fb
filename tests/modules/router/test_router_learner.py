"""What every learner promises, and embeddings as it takes them."""

import math
from dataclasses import replace
from itertools import pairwise
from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.modules.router.adapters.learning.fitting import HalfFloats, NumpyLearning, Tuning
from hulk.modules.router.adapters.learning.neighbours import NumpyLearner, fitted
from hulk.modules.router.adapters.learning.words import SIZE, HashedWords
from hulk.modules.router.domain.learning.case import Arm, Estimate, Features, Grade, Graded, Prior
from hulk.modules.router.ports.learning import Embeds, Learner, Learning
from support.learning import Truth, features, of_vector, one_arm_each

A, B = Arm(name="a"), Arm(name="b")
SMALL = Tuning(rows=50, nearest=10)
LEFT, RIGHT = features(1.0, 0.0), features(0.0, 1.0)


def row(id_: str, arm: str, quality: float, *, seen: object = LEFT, cost: float = 0.0, regime: str = "") -> Graded:
    return Graded(id=id_, features=seen, grades={arm: Grade(quality, cost, 1.0, regime)})  # type: ignore[arg-type]


async def learner(*rows: Graded, tuning: Tuning = SMALL, **regimes: str) -> Learner:
    learning: Learning = NumpyLearning(tuning)
    assert learning.rows == tuning.rows
    return await learning.learner(rows, regimes)


def of(learner: Learner, arm: Arm, seen: object = LEFT) -> Estimate:
    [found] = learner.predict(seen, [arm]).estimates  # type: ignore[arg-type]
    return found


async def test_a_model_nobody_graded_is_what_is_believed_of_it() -> None:
    believed = Arm(name="new", prior=Prior(quality=0.8, cost=0.02, seconds=3.0))
    for one in (await learner(), await learner(row("q1", "a", 0.1))):
        found = of(one, believed)
        assert (found.quality, found.cost, found.seconds, found.support) == pytest.approx((0.8, 0.02, 3.0, 0))
        assert found.width > 0.5


async def test_grades_move_the_estimate_and_more_of_them_more() -> None:
    few, many = [await learner(*(row(f"q{n}", "a", 1.0, cost=0.5) for n in range(count))) for count in (2, 40)]
    assert 0.5 < of(few, A).quality < of(many, A).quality < 1.0
    assert of(few, A).cost < of(many, A).cost < 0.5
    assert of(few, A).width > of(many, A).width


async def test_alike_questions_say_more_than_others() -> None:
    rows = [row(f"l{n}", "a", 1.0) for n in range(20)] + [row(f"r{n}", "a", 0.0, seen=RIGHT) for n in range(20)]
    one = await learner(*rows)
    assert of(one, A, LEFT).quality > 0.7 > 0.3 > of(one, A, RIGHT).quality


async def test_the_nearest_neighbours_are_told_with_likeness_and_grade() -> None:
    one = await learner(*(row(f"q{n}", "ab"[n % 2], n / 30, seen=features(1.0, n / 10)) for n in range(30)))
    told = one.predict(features(1.0, 0.0), [A, B]).nearest("b")
    assert [neighbour.id for neighbour in told[:2]] == ["q1", "q3"]
    assert [round(neighbour.quality, 3) for neighbour in told[:2]] == [0.033, 0.1]
    assert all(1 + 1e-3 >= before.similarity >= after.similarity for before, after in pairwise(told))


async def test_a_grade_that_comes_twice_counts_once_and_a_correction_replaces_it() -> None:
    rows = [row(f"q{n}", "a", 0.3, seen=features(1.0, n)) for n in range(20)]
    once, twice = await learner(*rows), await learner(*rows)
    for one in rows:
        twice.learn(one)
    assert _same(once, twice)
    twice.learn(replace(rows[3], grades={"a": Grade(1.0, 0.0, 1.0)}))
    assert of(twice, A).quality > of(once, A).quality
    twice.learn(rows[3])
    assert _same(once, twice)


async def test_a_reward_that_was_taken_back_is_learnt_no_more() -> None:
    rows = [row(f"q{n}", "a", 0.3) for n in range(5)]
    without, one = await learner(*rows[:4]), await learner(*rows[:4])
    one.learn(rows[4])
    one.learn(replace(rows[4], grades={}))
    assert _same(without, one, seen=False)


@given(st.lists(st.tuples(st.integers(0, 30), st.sampled_from("ab"), st.sampled_from([0.0, 0.25, 1.0])), min_size=1, max_size=80))
def test_what_is_held_is_always_the_sum_of_its_rows(said: list[tuple[int, str, float]]) -> None:
    """Corrections, rows that fall out of the ring and all: as if only the last grade of each of the newest rows had been learnt."""
    one = fitted(Tuning(rows=12, nearest=10), [row("q0", "a", 0.5)], {})
    for number, arm, quality in said:
        one.learn(row(f"q{number}", arm, quality, seen=features(1.0, number / 7)))
    lines = one._lines  # its invariant
    for arm, column in one._columns.items():
        held = [(slot, it.grades[arm]) for slot, it in enumerate(one._held) if arm in it.grades]
        spots = one._spots[[slot for slot, _ in held]]
        np.testing.assert_allclose(lines.gram[column], np.eye(spots.shape[1]) + spots.T @ spots, atol=1e-9)
        np.testing.assert_allclose(
            lines.moment[column],
            sum((it.quality * spot for (_, it), spot in zip(held, spots, strict=True)), np.zeros(spots.shape[1])),
            atol=1e-9,
        )
        assert lines.sums[column][0] == pytest.approx(len(held))
    assert one.seen <= 12


async def test_memory_is_bounded_by_the_newest_rows() -> None:
    one = await learner(*(row(f"q{n}", "a", float(n >= 150)) for n in range(200)))
    assert one.seen == 50
    assert {neighbour.id for neighbour in one.predict(LEFT, [A]).nearest("a")} <= {f"q{n}" for n in range(150, 200)}
    for n in range(200, 260):
        one.learn(row(f"q{n}", "a", 0.0))
    assert one.seen == 50
    assert of(one, A).quality < 0.1


async def test_grades_of_an_earlier_version_weigh_little() -> None:
    rows = [row(f"q{n}", "a", 1.0, regime="r1") for n in range(40)]
    one = await learner(*rows, a="r1")
    sure = of(one, A)
    one.reset("a", "r2")
    reset = of(one, A)
    assert reset.support < sure.support / 4
    assert reset.quality > 0.6  # still believed, for want of better
    for n in range(10):
        one.learn(row(f"n{n}", "a", 0.0, regime="r2"))
    assert of(one, A).quality < 0.4
    assert _same(one, await learner(*rows, *(row(f"n{n}", "a", 0.0, regime="r2") for n in range(10)), a="r2"))


async def test_a_learner_says_when_it_has_outgrown_what_it_was_fitted_to() -> None:
    one = await learner(tuning=Tuning())
    found = [one.outgrown]
    for n in range(60):
        one.learn(row(f"q{n}", "a", 0.5, seen=features(1.0, n)))
    assert [*found, one.outgrown] == [False, True]
    assert not (await learner(*(row(f"q{n}", "a", 0.5) for n in range(60)))).outgrown


async def test_estimates_are_numbers_whatever_is_asked() -> None:
    truth = Truth(seed=1)
    one = await learner(*one_arm_each(truth.graded(300), seed=1), tuning=Tuning())
    for seen in (features(), features(1.0, language="en", characters=10**9), of_vector(np.full(384, -1.0, np.float32), characters=0)):
        for found in one.predict(seen, truth.arms).estimates:
            assert all(map(math.isfinite, (found.quality, found.cost, found.seconds, found.width, found.support)))


def _same(one: Learner, other: Learner, *, seen: bool = True) -> bool:
    assert not seen or one.seen == other.seen
    for asked in (LEFT, RIGHT, features(1.0, 2.0)):
        found = [(it.quality, it.cost, it.width, it.support) for learner in (one, other) for it in learner.predict(asked, [A, B]).estimates]
        assert found[:2] == [pytest.approx(it, abs=1e-4) for it in found[2:]]
    return True


async def test_embeddings_are_half_floats_of_length_one() -> None:
    class Fixed:
        async def embed(self, texts: object, *, keep: bool = False) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
            return np.array([[0.6, 0.8]] * len(cast("list[str]", texts)), np.float32)

    embeds: Embeds = HalfFloats(Fixed())
    [one, two] = await embeds.packed(["a", "b"])
    assert one == two
    np.testing.assert_allclose(np.frombuffer(one, "<f2"), [0.6, 0.8], atol=1e-3)
    assert isinstance(await learner(), NumpyLearner)


@pytest.mark.parametrize("text", ["", "?!", "É", "a" * 5000, "ação e reação " * 3000])
async def test_words_are_half_floats_of_length_one_too(text: str) -> None:
    embeds: Embeds = HashedWords()
    [one, again, _] = await embeds.packed([text, text, "other"])
    assert one == again
    assert len(one) == SIZE
    length = float(np.linalg.norm(np.frombuffer(one, "<f2").astype(float)))
    assert length == pytest.approx(1.0 if any(letter.isalnum() for letter in text) else 0.0, abs=2e-3)


async def test_alike_in_words_is_alike_whatever_case_and_accents() -> None:
    said = ["Qual é o status da sprint?", "qual o STATUS da sprint", "escreva um poema sobre o mar"]
    one, other, third = (np.frombuffer(row, "<f2").astype(float) for row in await HashedWords().packed(said))
    assert one @ other > 0.7
    assert abs(one @ third) < 0.2


async def test_questions_embedded_otherwise_are_left_out() -> None:
    [words] = await HashedWords().packed(["qual o status?"])
    old = Graded(id="old", features=LEFT, grades={"a": Grade(1.0)})
    new = Graded(id="new", features=Features(embedding=words, language="pt", characters=14), grades={"a": Grade(0.0)})
    learner = await NumpyLearning(Tuning(size=SIZE)).learner([old, new, old], {})
    learner.learn(old)
    assert learner.seen == 1
    [estimate] = learner.predict(new.features, [A]).estimates
    assert estimate.quality < 0.5
