"""What everything that learns which skill a sentence means promises (`ports.Classifier`, `ports.Fitted`)."""

import contextlib
from collections.abc import Callable, Iterator

import pytest

from hulk.kernel.errors import Unavailable
from hulk.modules.router.adapters.ridge import EagerVectors, Ridge
from hulk.modules.router.domain.matching import Known
from hulk.modules.router.ports import Classifier
from hulk.runtime.models import LocalEmbedder, Remembered

KNOWN = (
    Known("Quais arquivos mais mudaram?", "churn"), Known("Which files changed most?", "churn"),
    Known("Arquivos com mais autores", "churn"),
    Known("Descreva esta tabela", "profile"), Known("Profile this data file", "profile"), Known("Como são os dados deste CSV?", "profile"),
    Known("Bom dia, tudo bem?", None), Known("What is the capital of France?", None), Known("Conte uma piada", None),
)  # fmt: skip

CONFORMING: dict[str, Callable[[EagerVectors], Classifier]] = {"ridge": Ridge}


@pytest.fixture(scope="module")
def embedder() -> Iterator[LocalEmbedder]:
    """The real model."""
    with contextlib.closing(LocalEmbedder()) as local:
        yield local


@pytest.fixture(params=list(CONFORMING))
def classifier(request: pytest.FixtureRequest, embedder: LocalEmbedder) -> Classifier:
    """Each in turn."""
    return CONFORMING[request.param](Remembered(embedder, begin=embedder.begin))


async def test_a_sentence_is_scored_for_every_skill_that_is_known(classifier: Classifier) -> None:
    fitted = await classifier.fit(KNOWN)
    scored = await fitted.scores("Qual arquivo mudou mais vezes?")
    assert scored.scores.keys() == {"churn", "profile"}
    assert scored.scores["churn"] > scored.scores["profile"]
    assert scored.nearest in {one.text for one in KNOWN}


async def test_known_sentences_are_scored_as_if_each_alone_had_not_been_seen(classifier: Classifier) -> None:
    left_out = (await classifier.fit(KNOWN)).left_out
    assert [scores.keys() for scores in left_out] == [{"churn", "profile"}] * len(KNOWN)
    place = 3
    without = await classifier.fit((*KNOWN[:place], *KNOWN[place + 1 :]))
    alone = (await without.scores(KNOWN[place].text)).scores
    assert left_out[place] == pytest.approx(alone, abs=0.1)  # what all sentences have in common is reckoned with it, once


async def test_the_same_is_learnt_again(classifier: Classifier) -> None:
    one, other = await classifier.fit(KNOWN), await classifier.fit(KNOWN)
    assert list(one.left_out) == list(other.left_out)
    assert await one.scores("hello") == await other.scores("hello")


async def test_what_is_expected_is_scored_as_what_is_not(classifier: Classifier) -> None:
    one, other = await classifier.fit(KNOWN), await classifier.fit(KNOWN)
    one.expect("Quem mexeu nisto?")
    assert await one.scores("Quem mexeu nisto?") == await other.scores("Quem mexeu nisto?")


@pytest.mark.parametrize("text", ["", "\0", "🦜", "x" * 5000], ids=["empty", "NUL", "no letters", "long"])
async def test_any_sentence_is_scored(classifier: Classifier, text: str) -> None:
    assert (await (await classifier.fit(KNOWN)).scores(text)).scores.keys() == {"churn", "profile"}


class Away:
    """A model that does not answer."""

    @property
    def model(self) -> str:
        return "away"

    async def embed(self, texts: object) -> object:
        raise Unavailable("The embeddings server does not answer.")


@pytest.mark.parametrize("make", CONFORMING.values(), ids=CONFORMING)
async def test_what_it_needs_and_does_not_answer_is_told(make: Callable[[EagerVectors], Classifier]) -> None:
    with pytest.raises(Unavailable):
        await make(Remembered(Away())).fit(KNOWN)  # type: ignore[arg-type]  # it gives nothing
