"""What a step of a split plan is offered: the tools that the plan names for it, and no others."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from hulk.kernel.errors import Refused
from hulk.modules.agents import Agent
from hulk.modules.agents.domain.agent import Limits
from hulk.modules.agents.domain.splitting import form_of_plan, planned
from hulk.modules.agents.ports import Question
from hulk.runtime.store import Store
from support.team import Scripted, Team, a_team, an_agent, says

KNOWN = {"buyer": ("shop.cancel", "shop.list_orders", "shop.order")}
BUYER = an_agent(tools=[{"use": ["shop.*"], "autonomy": "approve"}])


def the_plan(*steps: dict[str, Any]) -> dict[str, Any]:
    every = [{"key": f"s{place}", "agent": "buyer", "goal": "Diga.", "after": [], **step} for place, step in enumerate(steps)]
    return {"facts": [], "to_find": [], "guesses": [], "steps": every}


def a_boss() -> Agent:
    return an_agent(name="boss", team=["buyer"], limits={"tokens": 60_000})


async def split(store: Store, *said: dict[str, Any], then: Sequence[str] = ("um", "dois", "os dois")) -> tuple[Team, Scripted, Any]:
    models = Scripted([*(says(json.dumps(one)) for one in said), *(says(one) for one in then)])
    async with a_team(store, BUYER, a_boss(), models=models) as team:
        return team, models, await team.begin("um; e depois dois", agent="boss", playbook="")


def offered(models: Scripted) -> list[list[str]]:
    """By question, of those that are no plans."""
    return [sorted(tool.name for tool in one.tools) for one in models.asked if not _plan(one)]


def _plan(question: Question) -> bool:
    return question.form is not None and "steps" in question.form.get("properties", {})


async def test_a_step_is_offered_just_the_tools_that_the_plan_names_for_it(store: Store) -> None:
    _, models, task = await split(store, the_plan({"tools": ["shop.list_orders"]}, {"tools": []}))
    assert task.state == "completed", task.error
    assert sorted(offered(models)) == [[], [], ["shop__list_orders"]]


async def test_one_that_names_none_at_all_has_those_of_its_agent(store: Store) -> None:
    _, models, _ = await split(store, the_plan({}), then=("um",))
    assert offered(models) == [["shop__cancel", "shop__list_orders", "shop__order"]]


async def test_the_names_that_a_plan_may_choose_among_are_told_with_each_agent(store: Store) -> None:
    _, models, _ = await split(store, the_plan({"tools": []}), then=("um",))
    assert "(tools: shop.cancel, shop.list_orders, shop.order)" in models.asked[0].turns[-1].text


async def test_a_plan_with_a_tool_that_its_agent_has_not_is_asked_for_once_more_with_what_it_has(store: Store) -> None:
    wrong, right = the_plan({"tools": ["bank.pay"]}), the_plan({"tools": ["shop__order"]})
    _, models, task = await split(store, wrong, right, then=("um",))
    told = models.asked[1].turns[-1].text
    assert ("bank.pay" in told, "shop.list_orders" in told, task.state) == (True, True, "completed")
    assert offered(models) == [["shop__order"]]


@pytest.mark.parametrize(
    ("after", "joined"),
    [
        pytest.param([[], [], ["s0", "s1"]], False, id="the last is handed all others"),
        pytest.param([[], [], ["s1"]], True, id="or only some of them"),
        pytest.param([[], ["s0"]], True, id="two of which one goes on from the other"),
        pytest.param([[]], False, id="one alone"),
    ],
)
def test_nobody_puts_together_what_the_last_step_has_already(after: list[list[str]], joined: bool) -> None:
    given = the_plan(*({"after": one, "tools": []} for one in after))
    plan = planned(a_boss(), [BUYER], given, Limits(tokens=60_000), 1, tools=KNOWN)
    last = plan.nodes[-1].key
    assert (last == "joined") is joined
    assert plan.answer[0].rests_on == {last}


def test_a_tool_of_another_agent_is_none_of_its_own() -> None:
    other = an_agent(name="other")
    with pytest.raises(Refused, match="other has none of that name; it has: —"):
        planned(a_boss(), [BUYER, other], the_plan({"agent": "other", "tools": ["shop.order"]}), Limits(tokens=60_000), 1, tools=KNOWN)


def test_the_form_bounds_what_a_plan_may_say() -> None:
    step = form_of_plan([BUYER], 3)["properties"]["steps"]["items"]
    assert (step["properties"]["tools"]["maxItems"], "tools" in step["required"]) == (8, False)
