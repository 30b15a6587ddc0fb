"""Tools in a step: done once, and told honestly, whatever becomes of the process and of those who decide."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import Principal
from hulk.kernel.time import utc_now
from hulk.modules.agents import STEP
from hulk.modules.agents.adapters.hands import GovernedHands
from hulk.modules.agents.domain.talk import Offered, Thought
from hulk.modules.agents.ports import Ending, Question, Use, Used, WantedTasks
from hulk.runtime.store import Store
from support.restarts import DiesOnce, Killed, restarted, why
from support.team import Scripted, a_playbook, a_team, an_agent

ACT: JsonObject = {"tools": [{"use": ["shop.*"], "autonomy": "act", "sensitive": True}]}


async def test_a_write_whose_process_ended_in_the_middle_is_told_to_be_uncertain_and_is_not_done_again(store: Store) -> None:
    orders = {"key": "buy", "tool": "shop.order", "each": "${values.items}", "with": {"item": "${item}", "value": "1"}}
    agent = an_agent(
        **ACT, playbooks={"buy": a_playbook(orders, answer="${buy.done} feitos, ${buy.uncertain} incertos, ${buy.failed} não")}
    )
    async with a_team(store, agent, values={"buyer": {"items": ["a", "b"]}}) as team:
        team.place.shop.answer = dies = DiesOnce()
        with pytest.raises(Killed):
            await team.begin()
        task = await team.go_on((await team.agents.tasks.find(WantedTasks(tenant="acme")))[0])
    assert (task.answer or "").startswith("1 feitos, 1 incertos, 0 não")
    assert [item for _, item in team.place.shop.done] == ["b"]
    assert dies.asked == 2


async def test_a_single_write_that_is_uncertain_fails_its_step_with_that_reason(store: Store) -> None:
    agent = an_agent(**ACT, playbooks={"buy": a_playbook({"key": "buy", "tool": "shop.order", "with": {"item": "pão", "value": "1"}})})
    async with a_team(store, agent) as team:
        team.place.shop.answer = DiesOnce()
        with pytest.raises(Killed):
            await team.begin()
        task = await team.go_on((await team.agents.tasks.find(WantedTasks(tenant="acme")))[0])
    assert "shop.order was begun, and whether it was done is not known" in str(why(task.error))


async def test_a_step_whose_time_is_over_before_it_begins_calls_nothing(store: Store) -> None:
    look = {"key": "look", "tool": "shop.order", "with": {"item": "pão", "value": "1"}, "minutes": 1e-9}
    async with a_team(store, an_agent(**ACT, playbooks={"buy": a_playbook(look)})) as team:
        task = await team.begin()
    assert (task.state, team.place.shop.done, team.place.shop.asked) == ("failed", [], 0)
    assert "The time of the step “look” was over before shop.order was called" in str(why(task.error))


@dataclass
class _DiesBetween:
    """Hands; the process ends when the first call was begun, and before its run has heard of that."""

    inner: GovernedHands
    died: bool = False

    async def offered(self, by: Principal, agent: str, patterns: Sequence[str], *, p0: bool) -> Sequence[tuple[str, Offered]]:
        return await self.inner.offered(by, agent, patterns, p0=p0)

    async def use(self, use: Use) -> Used:
        used = await self.inner.use(use)
        if not self.died:
            self.died = True
            raise Killed
        return used

    async def require(self, by: Principal, agent: str, tool: str) -> None:
        await self.inner.require(by, agent, tool)

    async def ended(self, use: Use, call: str) -> Used:
        return await self.inner.ended(use, call)


async def test_a_yes_that_comes_while_no_process_has_the_run_is_not_taken_for_the_next_ones(store: Store) -> None:
    orders = {"key": "buy", "tool": "shop.order", "each": "${values.items}", "with": {"item": "${item}", "value": "1"}}
    agent = an_agent(playbooks={"buy": a_playbook(orders, answer="${buy.done} de ${buy.count}")})
    async with a_team(store, agent, values={"buyer": {"items": ["a", "b"]}}) as team:
        restarted(team, store, agent, hands=_DiesBetween(GovernedHands(team.place.acts)), values={"buyer": {"items": ["a", "b"]}})
        with pytest.raises(Killed):
            await team.begin()
        [step] = [run for run in team.place.desk.runs.values() if run.begun.workflow == STEP]
        step.status = "waiting"  # nobody has missed it yet
        await team.place.desk.drain()
        await team.decide(yes=True)
        await team.place.desk.drain()
        assert team.place.shop.done == [("order", "a")]
        step.status = "pending"
        await team.place.desk.drain()
        await team.decide(yes=True)
        task = await team.go_on((await team.agents.tasks.find(WantedTasks(tenant="acme")))[0])
    assert (task.answer or "").startswith("2 de 2"), task.error
    assert team.place.shop.done == [("order", "a"), ("order", "b")]


@pytest.mark.parametrize(
    "step",
    [
        pytest.param({"key": "look", "tool": "shop.list_orders"}, id="a tool"),
        pytest.param({"key": "think", "think": "Conte."}, id="a model"),
    ],
)
async def test_a_step_that_is_executed_again_after_its_task_has_ended_does_nothing(store: Store, step: JsonObject) -> None:
    """As when somebody has dead letters replayed."""
    agent = an_agent(**ACT, playbooks={"buy": a_playbook(step)})
    models = Scripted(reply=_dies)
    async with a_team(store, agent, models=models) as team:
        team.place.shop.answer = DiesOnce()
        with pytest.raises(Killed):
            await team.begin()
        task = (await team.agents.tasks.find(WantedTasks(tenant="acme")))[0]
        await store.commit(team.agents.tasks.end(task.id, Ending(state="failed", at=utc_now())))
        asked = len(models.asked)
        await team.go_on(task)
    assert (team.place.shop.done, len(models.asked)) == ([], asked)


async def _dies(_: Question) -> Thought:
    raise Killed
