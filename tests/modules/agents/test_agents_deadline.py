"""The time of a whole task: kept over its steps and over restarts, and standing still while a person is waited for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.kernel.errors import Unavailable
from hulk.kernel.records import JsonObject
from hulk.kernel.time import utc_now
from hulk.modules.agents.domain.talk import Thought
from hulk.modules.agents.domain.task import Task
from hulk.modules.agents.domain.timing import Time, Wait, left, waited
from hulk.modules.agents.ports import Question, WantedTasks
from hulk.modules.tools import Calling, Output
from hulk.runtime.store import Store
from support.restarts import DiesOnce, Killed, restarted, why
from support.team import Scripted, Team, a_playbook, a_team, an_agent, says
from support.tools import hanging

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
LOOK: JsonObject = {"key": "look", "title": "Ver", "tool": "shop.list_orders", "with": {"customer": "ana"}}
AGAIN: JsonObject = {**LOOK, "key": "again", "title": "Rever", "after": ["look"]}
BUY: JsonObject = {"key": "buy", "tool": "shop.order", "with": {"item": "pão", "value": "5"}}
OVER = "The time of the task is over: it had 3600.0 s"


def at(minute: float) -> datetime:
    return NOON + timedelta(minutes=minute)


MINUTES = st.integers(0, 60)
WAITS = st.lists(
    st.tuples(MINUTES, st.none() | MINUTES).map(lambda one: Wait(at(one[0]), None if one[1] is None else at(one[0] + one[1]))), max_size=6
)


@given(WAITS, st.integers(0, 120))
def test_each_minute_in_which_somebody_was_waited_for_counts_once(waits: Sequence[Wait], now: int) -> None:
    minutes = [minute for minute in range(now) if any(one.since <= at(minute) < (one.until or at(now)) for one in waits)]
    assert waited(waits, at(now)) == timedelta(minutes=len(minutes))


@given(WAITS, MINUTES, MINUTES)
def test_what_is_left_never_grows_and_stands_still_while_somebody_is_waited_for(waits: Sequence[Wait], now: int, more: int) -> None:
    time = Time(began=NOON, seconds=3600)
    before, after = left(time, waits, at(now)), left(time, waits, at(now + more))
    assert after <= before
    waiting = any(one.since <= at(now) and (one.until is None or one.until >= at(now + more)) for one in waits)
    assert not waiting or after == before


@dataclass
class Watch:
    """A clock that is put forward."""

    ahead: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return utc_now() + self.ahead

    async def hours(self, what: str, _: Calling) -> Output | None:
        """Two pass while something is looked up."""
        self.ahead += 2 * HOUR if what == "list" else timedelta(0)
        return None


def an_hour(*steps: JsonObject, answer: str = "pronto", **more: Any) -> Any:
    """Whoever has an hour for a task of these steps."""
    return an_agent(limits={"minutes": 60}, playbooks={"buy": a_playbook(*steps, answer=answer)}, **more)


async def the_task(team: Team) -> Task:
    return (await team.agents.tasks.find(WantedTasks(tenant="acme")))[0]


async def test_a_step_that_would_begin_after_the_tasks_time_is_refused_and_ends_the_task(store: Store) -> None:
    watch = Watch()
    async with a_team(store, an_hour(LOOK, AGAIN), clock=watch) as team:
        team.place.shop.answer = watch.hours
        task = await team.begin()
        steps = await team.steps(task)
    assert (task.state, team.place.shop.done) == ("failed", [("list", "ana")])
    assert OVER in str(why(task.error))
    assert "“Rever”" in str(why(task.error))
    assert {key: one.status for key, one in steps.items()} == {"look": "done", "again": "failed"}


async def test_one_that_may_fail_is_left_out_and_the_answer_says_so(store: Store) -> None:
    watch = Watch()
    async with a_team(store, an_hour(LOOK, {**AGAIN, "optional": True}), clock=watch) as team:
        team.place.shop.answer = watch.hours
        task = await team.begin()
    assert task.state == "completed"
    assert "“Rever”" in (task.answer or "")


@pytest.mark.parametrize("yes", [True, False])
async def test_days_in_which_a_person_is_waited_for_do_not_count_however_they_decide(store: Store, yes: bool) -> None:
    watch = Watch()
    async with a_team(store, an_hour({**BUY, "optional": True}, {**LOOK, "after": ["buy"]} if yes else LOOK), clock=watch) as team:
        await team.begin()
        watch.ahead += timedelta(days=3)
        await team.decide(yes=yes)
        task = await team.go_on(await the_task(team))
        waits = await team.agents.tasks.waits(task.id)
    assert task.state == "completed", task.error
    assert [one.until is not None for one in waits] == [True]


async def test_the_time_in_which_a_person_answers_a_question_does_not_count(store: Store) -> None:
    watch = Watch()
    ask: JsonObject = {"key": "ask", "ask": "Qual?"}
    async with a_team(store, an_hour(ask, {**LOOK, "after": ["ask"]}), clock=watch) as team:
        await team.begin()
        watch.ahead += timedelta(days=3)
        await team.decide(yes=True, result={"answer": "azul"})
        task = await team.go_on(await the_task(team))
    assert (task.state, len(team.place.shop.done)) == ("completed", 1), task.error


async def test_time_goes_on_while_no_process_runs(store: Store) -> None:
    watch = Watch()
    agent = an_hour(LOOK, AGAIN)
    async with a_team(store, agent, clock=watch) as team:
        team.place.shop.answer = DiesOnce()
        with pytest.raises(Killed):
            await team.begin()
        watch.ahead += 2 * HOUR
        restarted(team, store, agent, clock=watch)
        task = await team.go_on(await the_task(team))
    assert (task.state, team.place.shop.done) == ("failed", [])


async def test_a_restart_with_another_file_gives_a_task_no_more_time(store: Store) -> None:
    watch = Watch()
    async with a_team(store, an_hour(LOOK, AGAIN), clock=watch) as team:
        team.place.shop.answer = DiesOnce()
        with pytest.raises(Killed):
            await team.begin()
        longer = an_agent(limits={"minutes": 600}, playbooks={"buy": a_playbook(LOOK, AGAIN)})
        restarted(team, store, longer, clock=watch)
        team.place.shop.answer = watch.hours
        task = await team.go_on(await the_task(team))
    assert OVER in str(why(task.error))


async def test_a_model_is_left_when_the_tasks_time_is_over_though_its_step_has_more(store: Store) -> None:
    async def reply(_: Question) -> Thought:
        await hanging()
        raise AssertionError

    think: JsonObject = {"key": "think", "think": "Conte.", "minutes": 60}
    agent = an_agent(limits={"minutes": 0.2 / 60}, playbooks={"buy": a_playbook(think)})
    async with a_team(store, agent, models=Scripted(reply=reply, most=700)) as team:
        task = await team.begin()
        account = await team.agents.accounts.of(task.id)
    assert "The time of the step “think” is over" in str(why(task.error))
    assert account is not None
    assert account.tokens == 700, "what may have been taken counts as taken"


async def test_no_plan_is_made_anew_when_the_time_is_over(store: Store) -> None:
    watch = Watch()

    async def reply(question: Question) -> Thought:
        if question.form is not None:
            step = '{"key": "s", "agent": "buyer", "goal": "Falhe.", "after": []}'
            return says('{"facts": [], "to_find": [], "guesses": [], "steps": [' + step + "]}")
        watch.ahead += 2 * HOUR
        raise Unavailable("away")

    boss = an_agent(name="boss", team=["buyer"], limits={"minutes": 60, "tokens": 60_000})
    models = Scripted(reply=reply)
    async with a_team(store, an_agent(), boss, models=models, clock=watch) as team:
        task = await team.begin("um; e depois dois", agent="boss", playbook="")
    assert len([one for one in models.asked if one.form is not None]) == 1
    assert OVER in str(why(task.error))
