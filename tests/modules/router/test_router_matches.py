"""What was found for a sentence is found again by all processes, and by no other tenant; never what failed, never by its words."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import pytest

from hulk.kernel.errors import Unavailable
from hulk.kernel.text import Text
from hulk.modules.router import Candidate
from hulk.modules.router.adapters.matches import CachedMatches, kept_matches
from hulk.modules.router.domain.matching import Known, Match, Scored, Scores
from hulk.modules.router.ports import Fitted, Matches
from hulk.modules.router.usecases import Recognise
from hulk.runtime.cache import running
from support.caches import Hand, MemoryShared
from support.catalogue import Skills, built_in

KEY = b"k" * 32
SENTENCE = "que arquivos são os mais mexidos?"


@dataclass
class Counting:
    """A classifier that means the first skill, and counts what it was asked."""

    asked: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    fails: bool = False

    async def fit(self, known: Sequence[Known]) -> Fitted:
        self.known = known
        return self

    @property
    def left_out(self) -> Sequence[Scores]:
        skills = {one.skill for one in self.known if one.skill}
        return [{skill: float(skill == one.skill) for skill in skills} for one in self.known]

    def expect(self, text: str) -> None:
        self.expected.append(text)

    async def scores(self, text: str) -> Scored:
        self.asked.append(text)
        if self.fails:
            raise Unavailable("The model is away.")
        return Scored(scores={"code.churn": 0.9}, nearest="example")


@dataclass
class Cluster:
    """Processes over one shared level."""

    shared: MemoryShared
    stack: AsyncExitStack

    async def matches(self) -> Matches:
        """Those of one more process."""
        caches = await self.stack.enter_async_context(running(100, self.shared, now=self.shared.now))
        return CachedMatches(kept_matches(caches), KEY)


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    async with AsyncExitStack() as stack:
        yield Cluster(MemoryShared(Hand()), stack)


async def test_all_processes_find_it_once(cluster: Cluster) -> None:
    here, there = Counting(), Counting()
    one = await Recognise(built_in(), here, await cluster.matches())(SENTENCE, (), "t1")
    other = await Recognise(built_in(), there, await cluster.matches())(SENTENCE, (), "t1")
    assert one == other
    assert (len(here.asked), there.asked) == (1, [])


async def test_each_tenant_attachment_and_catalogue_is_found_for_anew(cluster: Cluster) -> None:
    classifier = Counting()
    matches = await cluster.matches()
    recognise = Recognise(built_in(), classifier, matches)
    await recognise(SENTENCE, (), "t1")
    await recognise(SENTENCE, ("file",), "t1")
    await recognise(SENTENCE, (), "t2")
    own = Candidate(name="own", examples={"pt": ("faça o que é meu",)})
    await Recognise(Skills((*built_in().all, own)), classifier, matches)(SENTENCE, (), "t1")
    await recognise(SENTENCE, (), "t1")
    assert len(classifier.asked) == 4


async def test_only_what_a_model_will_be_asked_is_expected_of_it() -> None:
    classifier, [example, *_] = Counting(), built_in().all[0].examples["pt"]
    recognise = Recognise(built_in(), classifier)
    recognise.expect(SENTENCE)
    assert classifier.expected == []  # nothing is learnt yet
    await recognise.warm()
    for text in (example, " ?! ", "quem mexeu em vendas-2026.xlsx?"):
        recognise.expect(text)
    await recognise("quem mexeu em vendas-2026.xlsx?")
    assert classifier.expected == classifier.asked == ["quem mexeu em arquivo.csv?"]


async def test_what_failed_is_tried_again(cluster: Cluster) -> None:
    classifier = Counting(fails=True)
    recognise = Recognise(built_in(), classifier, await cluster.matches())
    assert (await recognise(SENTENCE, (), "t1")).skill is None
    classifier.fails = False
    await recognise(SENTENCE, (), "t1")
    assert len(classifier.asked) == 2


async def test_no_sentence_stands_in_the_cache(cluster: Cluster) -> None:
    await Recognise(built_in(), Counting(), await cluster.matches())("de quem é o 529.982.247-25", (), "t1")
    kept = repr(cluster.shared.kept)
    assert "decisions:" in kept
    assert "529" not in kept
    assert "de quem" not in kept


async def test_what_is_made_is_kept_with_its_reason(cluster: Cluster) -> None:
    made = Match(
        skill="code.churn", best="code.churn", score=0.5, margin=0.25, threshold=0.125, nearest="x", reason=Text("Because {why}.", why=1)
    )

    def making(times: list[int]) -> Callable[[], Awaitable[Match]]:
        async def make() -> Match:
            times.append(1)
            return made

        return make

    times: list[int] = []
    first, second = await cluster.matches(), await cluster.matches()
    assert await first.found("t1", "x", making(times)) == await second.found("t1", "x", making(times)) == made
    assert times == [1]
