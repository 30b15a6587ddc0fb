"""Graded sets: how they are read, how a router is judged on them."""

import math
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from hulk.kernel.errors import Refused
from hulk.modules.router.adapters.learning.fitting import NumpyLearning
from hulk.modules.router.adapters.learning.graded_files import graded_set
from hulk.modules.router.domain.learning.case import Aims
from hulk.modules.router.domain.learning.graded import (
    Answered,
    Asked,
    Point,
    apgr,
    bootstrapped,
    described,
    evaluated,
    halves,
    models_of,
)
from hulk.modules.router.usecases.learning.evaluate import EvaluateRouter
from support.learning import DIMENSIONS, Truth, of_vector

ROOT = Path(__file__).parents[3]
LINES = '{"id": "q7", "question": "Oi?", "models": {"s": {"score": 0.5}, "l": {"score": 1, "cost": 0.2}}, "topic": "x"}\n\n'
CSV = "question,model,score,cost\nOi?,s,0.5,\nOi?,l,1,0.2\n"
ONE = Asked(id="q7", text="Oi?", answers={"s": Answered(score=0.5), "l": Answered(score=1.0, cost=0.2)})


@pytest.mark.parametrize(
    ("name", "text", "id_"),
    [
        pytest.param("x.jsonl", LINES, "q7", id="JSON lines"),
        pytest.param("x.json", f"[{LINES.strip()}]", "q7", id="JSON array"),
        pytest.param("x.csv", CSV, "1", id="CSV"),
        pytest.param("x.csv", "\ufeff" + CSV, "1", id="CSV as Excel writes it"),
    ],
)
def test_a_graded_set_is_read(name: str, text: str, id_: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    [found] = graded_set(tmp_path / name)
    assert (found.id, found.text, found.answers) == (id_, ONE.text, ONE.answers)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        pytest.param("x.jsonl", '{"question": "a", "models": {}}\n{"question": 7, "models": {}}', "line 2: question", id="wrong type"),
        pytest.param("x.jsonl", '{"question": "a", "models": {"s": {"score": 7}}}', "line 1: models.s.score", id="score out of bounds"),
        pytest.param("x.jsonl", '{"question": "a", "models": {"s": {"score": 1, "cost": NaN}}}', "cost", id="cost is no number"),
        pytest.param("x.jsonl", '{"question"', "not JSON lines", id="cut off"),
        pytest.param("x.csv", "question,model,score\na,s,good\n", "line 2: score", id="word for a number"),
        pytest.param("x.csv", "question,score\na,1\n", "line 2: model", id="no model"),
    ],
)
def test_what_is_wrong_with_a_graded_set_is_told_with_its_line(name: str, text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(Refused, match=words):
        graded_set(tmp_path / name)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b"\xff\xfe\x00")
    for name in ("x.csv", "none.jsonl"):
        with pytest.raises(Refused, match="cannot be read"):
            graded_set(tmp_path / name)


def test_a_set_needs_questions_that_the_same_two_models_have_answered() -> None:
    assert models_of([ONE]) == ("l", "s")
    other = Asked(id="q8", text="x", answers={"s": Answered(score=1)})
    for asked, words in (([], "no question"), ([ONE, other], "q8"), ([other], "at least two")):
        with pytest.raises(Refused, match=words):
            models_of(asked)


def test_questions_with_the_same_words_are_not_split() -> None:
    asked = [Asked(id=str(number), text=f"t{number % 10}", answers=ONE.answers) for number in range(100)]
    known, judged = halves(asked, 0.5, 1)
    assert len(known) == len(judged) == 50
    assert not {one.text for one in known} & {one.text for one in judged}
    assert halves(asked, 0.5, 1) == (known, judged) != halves(asked, 0.5, 2)


@pytest.mark.parametrize(
    ("frontier", "share"),
    [
        pytest.param([], 0.55, id="mixing the two by chance"),
        pytest.param([Point(name="", score=0.9, cost=0.1)], 1.0, id="all of it for a tenth of the cost"),
        pytest.param([Point(name="", score=0.5, cost=0.9)], 0.1, id="a useless router"),
    ],
)
def test_the_apgr_is_the_mean_share_of_the_quality_between_the_cheapest_and_the_best(frontier: list[Point], share: float) -> None:
    cheap, best = Point(name="s", score=0.5, cost=0.0), Point(name="l", score=0.9, cost=1.0)
    assert apgr(frontier, cheap, best) == pytest.approx(share)
    assert math.isnan(apgr(frontier, best, best))


def test_the_bootstrap_is_as_wide_as_theory_says() -> None:
    rng = random.Random(1)
    values = [rng.gauss(0.1, 1.0) for _ in range(400)]
    low, high = bootstrapped(values, 1)
    assert high - low == pytest.approx(2 * 1.96 / 20, rel=0.15)
    assert low < sum(values) / 400 < high


def test_a_router_that_picks_as_the_oracle_recovers_all() -> None:
    asked = [Asked(id=str(n), text=str(n), answers={"s": Answered(score=n % 2), "l": Answered(score=1 - n % 2)}) for n in range(20)]
    found = evaluated(asked, ["s" if n % 2 else "l" for n in range(20)], [], best="l", learnt=5, seed=1)
    assert (found.router.score, found.oracle.score, found.recovered, found.gain) == (1.0, 1.0, 1.0, 0.5)
    assert 0 < found.low < 0.5 < found.high
    assert "+50.0 points" in str(described(found)[1])


class OfTruth:
    """Embeddings of the questions of a known world."""

    def __init__(self, vectors: dict[str, bytes]) -> None:
        self._vectors = vectors

    async def packed(self, texts: Sequence[str]) -> Sequence[bytes]:
        """See `Embeds`."""
        return [self._vectors[text] for text in texts]


def world(count: int) -> tuple[list[Asked], dict[str, bytes]]:
    """A set of which it is known that a router can gain: each model is good at some topics, and dearer the higher its number."""
    truth, asked, vectors = Truth(2, models=4, topics=6), list[Asked](), dict[str, bytes]()
    for number in range(count):
        features, chance = truth.question()
        vectors[f"q{number}"] = features.embedding
        answers = {arm: Answered(score=truth.grade(one), cost=0.001 * 4 ** int(arm[1:])) for arm, one in chance.items()}
        asked.append(Asked(id=f"q{number}", text=f"q{number}", answers=answers))
    return asked, vectors


async def test_the_router_is_judged_on_questions_it_has_not_seen() -> None:
    asked, vectors = world(1500)
    evaluate = EvaluateRouter(NumpyLearning(), OfTruth(vectors))
    found = await evaluate(asked, Aims())
    assert (found.learnt, found.questions) == (1050, 450)
    assert found.low > 0, "it gains over the best single model"
    assert found.best.score < found.router.score < found.oracle.score
    assert 0 < found.recovered < 1
    dear = await evaluate(asked, Aims(cost=20.0))
    assert dear.router.cost < found.router.cost / 2


async def test_where_nothing_can_be_learnt_it_claims_nothing() -> None:
    rng = random.Random(3)
    asked = [Asked(id=f"q{n}", text=f"q{n}", answers={arm: Answered(score=float(rng.random() < 0.5)) for arm in "ab"}) for n in range(600)]
    noise = np.random.default_rng(1)
    vectors = {f"q{n}": of_vector(noise.standard_normal(DIMENSIONS).astype(np.float32)).embedding for n in range(600)}
    found = await EvaluateRouter(NumpyLearning(), OfTruth(vectors))(asked, Aims())
    assert found.low < 0.02


def test_the_example_can_be_read() -> None:
    found = graded_set(ROOT / "examples/graded.csv")
    assert (len(found), models_of(found)) == (150, ("large", "medium", "small"))
