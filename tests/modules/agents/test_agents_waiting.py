"""A person is not waited for for ever: a call that nobody decides on and a question that nobody answers end, as do their tickets."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import update

from hulk.kernel.errors import Cancelled, Conflict
from hulk.kernel.records import JsonObject
from hulk.kernel.time import utc_now
from hulk.modules.agents import Agent
from hulk.modules.agents.domain.task import Task
from hulk.modules.agents.ports import WantedTasks
from hulk.modules.agents.usecases.timing import KeepTime
from hulk.modules.tickets import Filter, Ticket
from hulk.modules.tickets.adapters.sql.tables import ticket_table
from hulk.modules.tickets.usecases import Wish as Move
from hulk.modules.tools.ports import WantedCalls
from hulk.runtime.language import voice
from hulk.runtime.outbox import event_table
from hulk.runtime.store import Store
from support.restarts import restarted, why
from support.team import Scripted, Team, a_playbook, a_team, an_agent, says, wants
from support.tools import BOSS, a_rule

BUY: JsonObject = {"key": "buy", "title": "Comprar", "tool": "shop.order", "with": {"item": "pão", "value": "5"}}
ASK: JsonObject = {"key": "ask", "title": "Perguntar", "ask": "Qual cor?"}
LOOK: JsonObject = {"key": "look", "tool": "shop.list_orders", "with": {"customer": "ana"}}
THINK: JsonObject = {"key": "think", "think": "Compre pão.", "tools": ["shop.*"]}
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
AT_ONCE = "0.001ms"
"""A wait that is over when somebody looks."""


def impatient(*steps: JsonObject, wait: str = AT_ONCE, answer: str = "pronto") -> Agent:
    return an_agent(limits={"wait": wait}, playbooks={"buy": a_playbook(*steps, answer=answer)})


async def ticket_of(team: Team) -> Ticket:
    page = await team.place.tickets.find(BOSS, Filter(tenant="acme"), 50)
    [ticket] = page.tickets
    return ticket


async def events(store: Store) -> Sequence[Any]:
    return await store.read(lambda connection: connection.execute(event_table.select()).all())


async def time_passes(team: Team) -> Task:
    """What time does to tickets is done, and what that leads to."""
    await team.place.tickets.sweep()
    [task] = await team.agents.tasks.find(WantedTasks(tenant="acme"))
    return await team.go_on(task)


@pytest.mark.parametrize(
    ("step", "told"),
    [
        pytest.param(BUY, "Nobody decided on the call of shop.order within 0 h", id="a yes to a call"),
        pytest.param(ASK, "Nobody answered the step “ask” within 0 h", id="an answer to a question"),
        pytest.param({**THINK, "gives": {"type": "object", "required": ["n"]}}, "Nobody answered the step “think”", id="an escalation"),
    ],
)
async def test_what_nobody_decides_on_in_time_ends_with_its_ticket_and_its_task(store: Store, step: JsonObject, told: str) -> None:
    models = Scripted(next=[says("não sei"), says("não sei"), says("não sei")])
    async with a_team(store, impatient(step), models=models) as team:
        await team.begin()
        task = await time_passes(team)
        [made] = (await team.steps(task)).values()
        ticket = await ticket_of(team)
        account = await team.agents.accounts.of(task.id)
        waits = await team.agents.tasks.waits(task.id)
        told_of = {row.type for row in await events(store)}
    assert (task.state, task.error and task.error["code"], made.error and made.error["code"]) == ("failed", "expired", "expired")
    assert told in str(why(task.error))
    assert (ticket.status, ticket.problem and ticket.problem["code"], team.place.shop.done) == ("failed", "deadline", [])
    assert all(one.until is not None for one in waits), "the task's time stands still no more"
    assert account is not None
    assert account.tokens == 100 * len(models.asked), "what was set aside and not taken is given back"
    assert {"hulk.ticket.failed.v1", "hulk.agent.ended.v1"} <= told_of


async def test_the_call_is_kept_as_expired_and_the_trail_tells_it(store: Store) -> None:
    async with a_team(store, impatient(BUY)) as team:
        await team.begin()
        task = await time_passes(team)
        made = (await team.steps(task))["buy"]
        [call] = await team.place.acts.calls.find(BOSS, WantedCalls(tenant="acme"))
        told = [row.data for row in await events(store) if row.type == "hulk.tool.called.v1"]
    assert (call.status, call.error and call.error["code"]) == ("expired", "expired")
    assert [(one["error"], one["after"]) for one in told] == [("expired", {"status": "expired"})]
    assert made.status == "failed"


async def test_a_step_that_may_fail_is_left_out_and_the_rest_goes_on(store: Store) -> None:
    async with a_team(store, impatient({**BUY, "optional": True}, LOOK)) as team:
        await team.begin()
        task = await time_passes(team)
    assert (task.state, [one for one, _ in team.place.shop.done]) == ("completed", ["list"])
    assert "“Comprar”" in (task.answer or "")


async def test_of_a_list_those_in_time_are_done_and_the_others_are_told(store: Store) -> None:
    many = {**BUY, "each": "${values.items}", "with": {"item": "${item}", "value": "5"}}
    agent = impatient(many, wait="1h", answer="${buy.done} feitos, ${buy.expired} sem resposta")
    async with a_team(store, agent, values={"buyer": {"items": ["pão", "vinho"]}}) as team:
        await team.begin()
        await team.decide(yes=True)
        await store.commit(lambda tx: tx.execute(update(ticket_table).where(ticket_table.c.status == "open").values(deadline=LONG_AGO)))
        task = await time_passes(team)
    assert (task.state, (task.answer or "").splitlines()[0]) == ("completed", "1 feitos, 1 sem resposta")
    assert len(team.place.shop.done) == 1


async def test_a_model_is_told_that_nobody_decided_and_goes_on(store: Store) -> None:
    models = Scripted(next=[wants("shop__order", '{"item": "pão", "value": "5"}'), says("Ninguém decidiu.")])
    async with a_team(store, impatient(THINK, answer="${think.answer}"), models=models) as team:
        await team.begin()
        task = await time_passes(team)
    assert (task.state, task.answer) == ("completed", "Ninguém decidiu.")
    assert "expired: Nobody decided on the call of shop.order" in models.asked[-1].turns[-1].text


async def test_it_ends_after_a_restart_too_when_the_time_passed_while_nothing_ran(store: Store) -> None:
    agent = impatient(BUY)
    async with a_team(store, agent) as team:
        await team.begin()
        restarted(team, store, agent)
        task = await time_passes(team)
    assert (task.error and task.error["code"], team.place.shop.done) == ("expired", [])


async def test_a_yes_that_comes_after_the_time_is_refused_though_nothing_has_ended_the_ticket_yet(store: Store) -> None:
    async with a_team(store, impatient(BUY)) as team:
        await team.begin()
        ticket = await ticket_of(team)
        with pytest.raises(Conflict, match="is over"):
            await team.place.tickets.move(BOSS, Move(ticket=ticket.id, status="completed"))
        await time_passes(team)
    assert team.place.shop.done == []


async def test_the_person_sees_until_when_they_are_waited_for(store: Store) -> None:
    async with a_team(store, impatient(BUY, wait="2h")) as team:
        await team.begin()
        ticket = await ticket_of(team)
    assert ticket.deadline is not None
    assert (ticket.deadline - ticket.created).total_seconds() == 7200


@pytest.mark.parametrize(
    ("agent", "rule", "hours"),
    [
        pytest.param(None, None, 168, id="as the settings say"),
        pytest.param("2d", None, 48, id="an agent's file says less"),
        pytest.param("30d", None, 168, id="or more, in vain"),
        pytest.param("2d", "5h", 5, id="a rule says less"),
        pytest.param("2h", "5h", 2, id="the shortest counts"),
    ],
)
async def test_a_file_or_a_rule_may_make_the_wait_shorter(store: Store, agent: str | None, rule: str | None, hours: float) -> None:
    buyer = an_agent(limits={"wait": agent}, playbooks={"buy": a_playbook(BUY)})
    rules = [] if rule is None else [a_rule(name="hurry", agents=["buyer"], wait=rule)]
    async with a_team(store, buyer, rules=rules) as team:
        await team.begin()
        ticket = await ticket_of(team)
    assert ticket.deadline is not None
    assert (ticket.deadline - ticket.created).total_seconds() == hours * 3600


async def test_what_has_ended_is_told_in_the_words_of_who_reads_it(store: Store) -> None:
    async with a_team(store, impatient(BUY)) as team:
        await team.begin()
        task = await time_passes(team)
        with pytest.raises(Cancelled) as ended:
            await KeepTime(team.agents.tasks, utc_now).require_open(task.id)
    assert voice("pt").say(ended.value.text).endswith("(terminou com falha).")
