"""Experiments between prompts and policies, as they are carried out: by episode, never for what must stay, and as they are recorded."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from hulk.kernel.errors import Invalid
from hulk.kernel.tenancy import Principal, everywhere
from hulk.kernel.time import utc_now
from hulk.modules.router import LearningActs, Model
from hulk.modules.router.adapters.learning.fitting import NumpyLearning, Tuning
from hulk.modules.router.adapters.learning.memory import MemoryChoices, MemoryExperiments, MemoryRegimes
from hulk.modules.router.adapters.learning.words import HashedWords
from hulk.modules.router.adapters.memory import MemoryDecisions
from hulk.modules.router.domain.learning.case import Aims
from hulk.modules.router.domain.learning.experiments import About, Experiment, Variant
from hulk.modules.router.domain.learning.exploring import Exploration
from hulk.modules.router.domain.model import Prompt
from hulk.modules.router.domain.policy import Policy
from hulk.modules.router.usecases.asking import Scan
from hulk.modules.router.usecases.choosing import ChooseByLearning
from hulk.modules.router.usecases.gateway import Call, Decided
from hulk.modules.router.usecases.learning.acts import acts
from hulk.modules.router.usecases.learning.choose import ChooseModel, Places
from hulk.modules.router.usecases.trials import Trials
from support.memory import Told, at_once
from support.routing import router

ANA = Principal(tenant="t1", actor="ana", grants=everywhere("admin"))
MODELS = (Model(name="large", url="http://x/v1", model="l", local=True), Model(name="small", url="http://x/v1", model="s", local=True))
PROMPTS = {"short": "Answer in one sentence.", "long": "Answer in full."}
POLICIES = {"cheap": Policy(name="cheap", deny=("large",))}


@dataclass
class Bench:
    """A router that tries."""

    decisions: MemoryDecisions = field(default_factory=MemoryDecisions)

    def __post_init__(self) -> None:
        places = Places(choices=MemoryChoices(), regimes=MemoryRegimes(), experiments=MemoryExperiments())
        choose = ChooseModel(NumpyLearning(Tuning()), places, Aims(), Exploration(), utc_now)
        values: dict[About, list[str]] = {"models": ["large", "small"], "prompts": ["none", *PROMPTS], "policies": ["none", *POLICIES]}
        self.learning: LearningActs = acts(places, choose, self.decisions, HashedWords(), Told(), at_once, utc_now, values)
        tries = Trials(choose, Scan(), PROMPTS, POLICIES)
        self.gateway = router(*MODELS, decisions=self.decisions, choose=ChooseByLearning(self.learning), tries=tries).gateway

    async def begin(self, about: About, values: Sequence[str]) -> Experiment:
        variants = tuple(Variant(name=f"v{place}", value=value, share=1 / len(values)) for place, value in enumerate(values))
        new = Experiment(id=f"exp_{about}", tenant="t1", name=about, about=about, variants=variants, by="ana", created=utc_now())
        return await self.learning.create_experiment(ANA, new)

    async def decided(self, episode: str, text: str = "qual o status?", wanted: str = "auto") -> Decided:
        return await self.gateway.decide(ANA, Call(prompt=Prompt.plain("", text), language="pt", episode=episode, wanted=wanted))

    async def enrolled(self, decided: Decided) -> dict[str, str]:
        return dict((await self.learning.places.choices.get("t1", decided.decision.id)).enrolled)


def instructions(decided: Decided) -> list[str]:
    """What every model of the chain would be told first."""
    return sorted({"/".join(one.text for one in able.prompt.messages if one.role == "system") for able in decided.chain})


async def test_an_episode_has_the_instructions_of_its_variant_and_keeps_them() -> None:
    bench = Bench()
    await bench.begin("prompts", ["short", "none"])
    seen: dict[str, set[str]] = {}
    for number in range(60):
        decided = await bench.decided(f"e{number % 20}")
        [said] = instructions(decided)
        seen.setdefault(f"e{number % 20}", set()).add(said)
        variant = (await bench.enrolled(decided))["exp_prompts"]
        assert said == ({"v0": PROMPTS["short"], "v1": ""}[variant])
    assert {len(one) for one in seen.values()} == {1}
    assert set.union(*seen.values()) == {PROMPTS["short"], ""}


async def test_a_policy_on_trial_holds_for_its_episodes_only() -> None:
    bench = Bench()
    await bench.begin("policies", ["cheap", "none"])
    for number in range(40):
        decided = await bench.decided(f"e{number}")
        names = {able.model.name for able in decided.chain}
        variant = (await bench.enrolled(decided))["exp_policies"]
        assert names == ({"small"} if variant == "v0" else {"large", "small"})


@pytest.mark.parametrize(
    ("text", "wanted"),
    [pytest.param("de quem é o cpf 529.982.247-25?", "auto", id="what must stay"), pytest.param("oi", "large", id="a named model")],
)
async def test_what_takes_no_part_is_asked_as_it_is(text: str, wanted: str) -> None:
    bench = Bench()
    await bench.begin("prompts", ["short", "long"])
    for number in range(10):
        decided = await bench.decided(f"e{number}", text, wanted)
        assert instructions(decided) == [""]
        if wanted == "auto":
            assert await bench.enrolled(decided) == {}


async def test_when_it_is_over_nothing_is_different() -> None:
    bench = Bench()
    await bench.begin("prompts", ["short", "long"])
    assert instructions(await bench.decided("e1")) != [""]
    await bench.learning.end_experiment(ANA, "prompts", "killed", "harm")
    assert instructions(await bench.decided("e1")) == [""]


@pytest.mark.parametrize(("about", "values"), [("models", ["large", "huge"]), ("prompts", ["short", "gone"]), ("policies", ["cheap", "x"])])
async def test_a_value_that_there_is_not_is_refused(about: About, values: list[str]) -> None:
    with pytest.raises(Invalid, match="values among"):
        await Bench().begin(about, values)
