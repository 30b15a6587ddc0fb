"""Tasks that are split, planned anew, restarted and answered."""

import json

import pytest

from hulk.kernel.errors import Unavailable
from hulk.kernel.records import JsonObject
from hulk.modules.agents.domain.talk import Thought
from hulk.modules.agents.ports import Question, WantedTasks
from hulk.modules.tools import Calling, Output
from hulk.modules.tools.adapters.backends.acts import said
from hulk.runtime.store import Store
from support.restarts import DiesOnce, Killed, restarted, why
from support.team import Scripted, a_playbook, a_team, an_agent, says, wants

ACT: JsonObject = {"tools": [{"use": ["shop.*"], "autonomy": "act", "sensitive": True}]}


def _split(*steps: tuple[str, str]) -> str:
    """A plan as a model gives it: keys and goals."""
    every = [{"key": key, "agent": "buyer", "goal": goal, "after": []} for key, goal in steps]
    return json.dumps({"facts": [], "to_find": [], "guesses": [], "steps": every})


async def test_a_task_goes_on_with_the_limits_that_it_began_with(store: Store) -> None:
    """Else it would take steps for begun that were not, and wait for them for ever."""
    steps = [{"key": key, "tool": "shop.list_orders"} for key in ("a", "b", "c")]
    agent = an_agent(limits={"parallel": 1}, playbooks={"buy": a_playbook(*steps)})
    async with a_team(store, agent) as team:
        team.place.shop.answer = DiesOnce()
        with pytest.raises(Killed):
            await team.begin()
        restarted(team, store, an_agent(limits={"parallel": 3}, playbooks={"buy": a_playbook(*steps)}))
        task = await team.go_on((await team.agents.tasks.find(WantedTasks(tenant="acme")))[0])
    assert task.state == "completed"
    assert len(team.place.shop.done) == 3


async def test_a_plan_made_anew_after_something_private_is_made_by_a_model_inside(store: Store) -> None:
    async def reply(question: Question) -> Thought:
        goal = question.turns[1].text
        if question.form is not None:
            return says(_split(("look", "Veja."), ("fail", "Falhe.")) if "parou" not in goal else _split(("last", "Diga.")))
        if "Falhe." in goal:
            raise Unavailable("away")
        tools = [turn for turn in question.turns if turn.who == "tool"]
        return says("visto") if tools or "Veja." not in goal else wants("shop__list_orders")

    async def secret(_: str, __: Calling) -> Output:
        return said({"name": "CPF 390.533.447-05"})

    models = Scripted(reply=reply)
    boss = an_agent(name="boss", team=["buyer"], limits={"tokens": 60_000, "replans": 1})
    async with a_team(store, an_agent(**ACT), boss, models=models) as team:
        team.place.shop.answer = secret
        task = await team.begin("veja; e depois falhe", agent="boss", playbook="")
    assert task.state == "completed", task.error
    assert [one.p0 for one in models.asked if one.form is not None] == [False, True]
    assert task.p0


async def test_a_model_may_split_work_into_as_many_steps_as_the_agent_is_allowed(store: Store) -> None:
    boss = an_agent(name="boss", team=["buyer"], limits={"steps": 3})
    plan = _split(*((f"s{n}", "Diga.") for n in range(3)))
    models = Scripted([says(plan), *(says("feito") for _ in range(4))])
    async with a_team(store, an_agent(), boss, models=models) as team:
        task = await team.begin("um; dois; e depois três", agent="boss", playbook="")
    assert task.state == "completed", task.error
    assert task.plan is not None
    assert [node.key for node in task.plan.nodes] == ["s0", "s1", "s2", "joined"]


async def test_a_plan_that_is_no_json_however_deep_is_asked_for_once_more(store: Store) -> None:
    boss = an_agent(name="boss", team=["buyer"])
    models = Scripted([says("[" * 100_000), says(_split(("one", "Diga."))), says("feito")])
    async with a_team(store, an_agent(), boss, models=models) as team:
        task = await team.begin("um; e depois dois", agent="boss", playbook="")
    assert (task.answer or "").startswith("feito"), task.error


async def test_a_plan_made_anew_is_priced_without_what_is_done(store: Store) -> None:
    """The steps that are done take nothing any more, and what they took is not there again."""

    async def reply(question: Question) -> Thought:
        goal = question.turns[1].text
        if question.form is not None:
            again = "parou" in goal
            return says(_split(("c", "Diga.")) if again else _split(("a", "Diga."), ("b", "Falhe.")))
        if "Falhe." in goal:
            raise Unavailable("away")
        return says("feito", tokens=500)

    boss = an_agent(name="boss", team=["buyer"], limits={"tokens": 60_000, "replans": 1})
    async with a_team(store, an_agent(), boss, models=Scripted(reply=reply)) as team:
        task = await team.begin("um; e depois dois", agent="boss", playbook="")
    assert task.state == "completed", task.error
    assert task.plan is not None
    assert {node.key: node.tokens for node in task.plan.nodes} == {"a": 18_000, "c": 24_000, "joined": 24_000}


async def test_an_answer_that_refers_to_what_is_not_there_says_that_it_is_the_answer(store: Store) -> None:
    look = {"key": "look", "tool": "shop.list_orders"}
    async with a_team(store, an_agent(playbooks={"buy": a_playbook(look, answer="${look.nothing}")})) as team:
        task = await team.begin()
    assert "The answer could not be put together: There is nothing at ${look.nothing}" in str(why(task.error))


@pytest.mark.parametrize(
    ("answer", "state", "error"),
    [pytest.param("pronto", "completed", None, id="well"), pytest.param("${look.nothing}", "failed", "refused", id="badly")],
)
async def test_every_end_of_a_task_is_told_with_the_same_things(store: Store, answer: str, state: str, error: str | None) -> None:
    look = {"key": "look", "tool": "shop.list_orders"}
    async with a_team(store, an_agent(playbooks={"buy": a_playbook(look, answer=answer)})) as team:
        task = await team.begin()
        [event] = [one for one in await team.place.trail.of_subjects("acme", [task.id]) if one.event.type == "hulk.agent.ended.v1"]
    about = {"agent": "buyer", "run": task.run, "state": state, "error": error, "p0": False, "limited": False}
    assert event.event.data == about
