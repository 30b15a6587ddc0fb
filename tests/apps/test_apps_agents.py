"""Intents that agents work for: what is said of the intent holds for the task."""

from decimal import Decimal

import pytest

from hulk.apps.agents import Delegates
from hulk.kernel.durable import Change
from hulk.kernel.text import Language
from hulk.modules.agents.adapters.models import RouterModels
from hulk.modules.agents.ports import WantedTasks
from hulk.modules.router.domain.model import Completion, Model, Prompt
from hulk.modules.router.domain.sensitivity import Sensitivity
from hulk.runtime.store import Store
from support.intents import Bench
from support.routing import router
from support.team import a_team, an_agent

FAR = Model(name="far", url="https://far.example/v1", model="m", input_price=Decimal(1), output_price=Decimal(1), most_output_tokens=200)
INSIDE = Model(name="inside", url="http://127.0.0.1:9/v1", model="m", local=True, most_output_tokens=200)


class Noting:
    """A provider that notes which models are asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def complete(self, model: Model, _: Prompt) -> Completion:
        """See `Provider`."""
        self.asked.append(model.name)
        return Completion(text="Feito.", input_tokens=40, output_tokens=8, calls=(), finish="stop")


@pytest.mark.parametrize(
    ("said", "models", "asked", "status"),
    [
        pytest.param("public", (FAR,), ["far"], "completed", id="what may leave is asked outside"),
        pytest.param("p0", (FAR,), [], "failed", id="what may not leave is asked nobody when all models are outside"),
        pytest.param("p0", (FAR, INSIDE), ["inside"], "completed", id="what may not leave is asked inside"),
    ],
)
async def test_a_task_of_an_intent_that_must_stay_stays_whatever_a_scan_finds(
    store: Store, said: Sensitivity, models: tuple[Model, ...], asked: list[str], status: str
) -> None:
    provider = Noting()
    async with a_team(store, an_agent(), models=RouterModels(router(*models, provider=provider).once)) as team:
        agents = Delegates(team.agents.begin, team.agents.answer)
        bench = Bench(kind="agent", sensitivity=said, agents=agents, desk=team.place.desk, trail=team.place.trail, commit=store.commit)
        intent = await bench.answered("Diga bom dia", agent="buyer")
        [task] = await team.agents.tasks.find(WantedTasks(tenant="acme"))
    assert (provider.asked, intent.status, task.p0) == (asked, status, said == "p0")
    if task.p0:
        assert "Feito." not in (intent.answer or "")


@pytest.mark.parametrize("private", [pytest.param(True, id="a place that stays in the company"), pytest.param(False, id="any other place")])
async def test_an_answer_that_must_stay_is_told_whole_only_where_all_stays_and_shown_to_nobody_else(store: Store, private: bool) -> None:
    said = list[str]()

    def telling(intent: str, answer: str, language: Language, *, good: bool) -> Change[None]:  # the port's
        assert good
        return lambda _: said.append(answer)

    async with a_team(store, an_agent(), models=RouterModels(router(INSIDE, provider=Noting()).once)) as team:
        bench = Bench(
            kind="agent", sensitivity="p0", agents=Delegates(team.agents.begin, team.agents.answer), telling=telling,
            desk=team.place.desk, trail=team.place.trail, commit=store.commit,
        )  # fmt: skip
        intent = await bench.answered("Diga bom dia", agent="buyer", private=private)
    assert intent.answer is not None
    assert "Feito." not in intent.answer
    assert [("Feito." in one, one == intent.answer) for one in said] == [(private, not private)]
