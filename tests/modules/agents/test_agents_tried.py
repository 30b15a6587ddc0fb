"""Which tools a model asked for is known of steps that fail, too: by whatever they fail."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.kernel.errors import Refused, Unavailable
from hulk.kernel.records import JsonObject
from hulk.modules.agents.api.tasks import shown_view
from hulk.modules.agents.domain.talk import Thought
from hulk.modules.agents.domain.task import Made, Task, Tried, Tries, following, with_tries
from hulk.modules.agents.ports import Question
from hulk.modules.agents.usecases.show import ShowTasks
from hulk.runtime.language import voice
from hulk.runtime.store import Store
from support.team import Scripted, Team, a_playbook, a_team, an_agent, says, wants
from support.tools import ANA, hanging

LOOKS = wants("shop__list_orders", '{"customer": "ana"}')
NOBODY_HAS_IT = wants("shop__steal", "{}")
THINK: JsonObject = {"key": "think", "think": "Conte.", "tools": ["shop.*"]}
KNOWN = [Tried(tool="shop.list_orders", status="done"), Tried(tool="shop__steal", status="failed")]


def thinker(**step: Any) -> Any:
    return an_agent(playbooks={"buy": a_playbook({**THINK, **step}, answer="${think.answer}")})


def failing_with(what: Exception | None) -> Scripted:
    """Asks for a tool, for one that is not there, and fails then; it hangs when there is nothing to fail with."""

    async def reply(question: Question) -> Thought:
        told = sum(turn.who == "tool" for turn in question.turns)
        if told < 2:
            return (LOOKS, NOBODY_HAS_IT)[told]
        if what is None:
            await hanging()
            raise AssertionError
        raise what

    return Scripted(reply=reply)


async def tried(team: Team, task: Task) -> Sequence[Tried]:
    made = (await team.steps(task))["think"]
    assert made.status == "failed"
    return made.tried


@pytest.mark.parametrize(
    "what",
    [
        pytest.param(None, id="its time is over"),
        pytest.param(Unavailable("The breaker of the model is open."), id="the model's breaker is open"),
        pytest.param(Refused("The budget is used up."), id="a budget is used up"),
    ],
)
async def test_a_step_that_fails_tells_which_tools_it_asked_for(store: Store, what: Exception | None) -> None:
    step = {} if what is not None else {"minutes": 0.4 / 60}
    async with a_team(store, thinker(**step), models=failing_with(what)) as team:
        task = await team.begin()
        assert task.state == "failed"
        assert await tried(team, task) == tuple(KNOWN)
        shows = ShowTasks(team.agents.tasks, team.agents.accounts, team.agents.book)
        [shown] = shown_view(await shows(ANA, task.id), voice("pt"))["steps"]
    assert shown["tried"] == [{"tool": one.tool, "status": one.status} for one in KNOWN]
    assert (len(shown["calls"]), shown["model"]) == (1, "twin")


async def test_one_that_is_used_up_in_the_middle_of_its_tokens_tells_them(store: Store) -> None:
    models = Scripted(next=[LOOKS, NOBODY_HAS_IT, says("x")], most=900)
    async with a_team(store, thinker(tokens=1_050), models=models) as team:
        task = await team.begin()
        assert [one.tool for one in await tried(team, task)] == ["shop.list_orders", "shop__steal"]


async def test_what_a_person_does_in_the_place_of_a_model_keeps_what_that_tried(store: Store) -> None:
    gives = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}
    models = Scripted(next=[LOOKS, says("x"), says("não sei"), says("não sei")])
    agent = an_agent(playbooks={"buy": a_playbook({**THINK, "gives": gives}, answer="${think.n}")})
    async with a_team(store, agent, models=models) as team:
        task = await team.begin()
        await team.decide(yes=True, result={"n": 3})
        task = await team.go_on(task)
        made = (await team.steps(task))["think"]
    assert (task.state, made.output, [one.tool for one in made.tried]) == ("completed", {"n": 3}, ["shop.list_orders"])


async def test_a_call_that_waits_for_a_person_is_told_while_it_does(store: Store) -> None:
    models = Scripted(next=[wants("shop__order", '{"item": "pão", "value": "5"}'), says("feito")])
    async with a_team(store, thinker(), models=models) as team:
        task = await team.begin()
        waiting = (await team.steps(task))["think"]
        await team.decide(yes=True)
        done = (await team.steps(await team.go_on(task)))["think"]
    assert (waiting.status, waiting.tried) == ("running", (Tried(tool="shop.order", status="waiting"),))
    assert (done.status, done.tried) == ("done", (Tried(tool="shop.order", status="done"),))


STATUSES = st.sampled_from(["asked", "done"])
TRIED = st.lists(st.builds(lambda tool, status: Tried(tool=tool, status=status), st.sampled_from("abc"), STATUSES))


@given(TRIED, TRIED, st.booleans())
def test_of_each_place_the_last_word_counts_and_another_run_has_none(before: list[Tried], more: list[Tried], p0: bool) -> None:
    made = Made(task="t", key="k", status="running", run="r", tried=tuple(before))
    tries = Tries(task="t", key="k", run="r", first=len(before), tried=tuple(more), p0=p0)
    after = with_tries(with_tries(made, tries), tries)
    assert (after.tried, after.p0) == ((*before, *more), p0)
    assert with_tries(after, Tries(task="t", key="k", run="other", first=0, tried=tuple(more))) == after
    failed = following(after, Made(task="t", key="k", status="failed", run="r"))
    assert (failed.status, failed.tried, failed.p0) == ("failed", after.tried, p0)
    assert following(after, Made(task="t", key="k", status="running", run="other")).tried == ()
