"""Tasks from their beginning to their answer, over a real store."""

from typing import Any

import pytest

from hulk.modules.agents.api.tasks import shown_view
from hulk.modules.agents.usecases.show import ShowTasks
from hulk.runtime.language import voice
from hulk.runtime.store import Store
from support.restarts import why
from support.team import Scripted, a_playbook, a_team, an_agent, says, wants
from support.tools import ANA

LOOK = {"key": "look", "tool": "shop.list_orders", "with": {"customer": "ana"}}
BUY = {"key": "buy", "tool": "shop.order", "with": {"item": "pão", "value": "5"}}


async def test_a_playbook_calls_its_tools_and_answers_from_what_they_gave(store: Store) -> None:
    agent = an_agent(playbooks={"buy": a_playbook(LOOK, answer="Pedido ${look.number} de ${look.about}")})
    async with a_team(store, agent) as team:
        task = await team.begin()
    assert task.state == "completed"
    assert task.answer is not None
    assert task.answer.startswith("Pedido 1 de ana")
    assert team.place.shop.done == [("list", "ana")]


async def test_a_write_waits_for_a_person_and_the_task_with_it(store: Store) -> None:
    agent = an_agent(playbooks={"buy": a_playbook(BUY, answer="Comprei: ${buy.number}")})
    async with a_team(store, agent) as team:
        task = await team.begin()
        assert (task.state, team.place.shop.done) == ("running", [])
        await team.decide(yes=True)
        task = await team.go_on(task)
    assert task.state == "completed"
    assert team.place.shop.done == [("order", "pão")]
    assert (task.answer or "").startswith("Comprei: 1")


async def test_a_no_ends_the_task_with_the_reason_and_nothing_done(store: Store) -> None:
    agent = an_agent(playbooks={"buy": a_playbook(BUY)})
    async with a_team(store, agent) as team:
        task = await team.begin()
        await team.decide(yes=False)
        task = await team.go_on(task)
    assert (task.state, team.place.shop.done) == ("failed", [])
    assert "did not approve" in str(task.error)


async def test_a_list_is_done_item_by_item_and_tells_what_came_of_each(store: Store) -> None:
    first: dict[str, Any] = {**LOOK, "gives": {"type": "object"}}
    many = {"key": "many", "tool": "shop.order", "each": "${values.items}", "with": {"item": "${item}", "value": "1"}}
    agent = an_agent(playbooks={"buy": a_playbook(first, many, answer="${many.done} de ${many.count}, ${many.rejected} não")})
    async with a_team(store, agent, values={"buyer": {"items": ["a", "b", "c"]}}) as team:
        task = await team.begin()
        for yes in (True, False, True):
            await team.place.desk.drain()
            await team.decide(yes=yes)
        task = await team.go_on(task)
    assert task.state == "completed"
    assert (task.answer or "").startswith("2 de 3, 1 não")
    assert sorted(team.place.shop.done) == [("list", "ana"), ("order", "a"), ("order", "c")]


async def test_a_model_has_tools_called_and_answers(store: Store) -> None:
    models = Scripted([wants("shop__list_orders", '{"customer": "bia"}'), says("Bia tem um pedido.")])
    async with a_team(store, an_agent(), models=models) as team:
        task = await team.begin(playbook="")
    assert task.state == "completed"
    assert (task.answer or "").startswith("Bia tem um pedido.")
    assert team.place.shop.done == [("list", "bia")]
    shown = models.asked[1].turns[-1].text
    assert shown.startswith('<dados fonte="tcl_')


async def test_a_model_cannot_use_what_the_agents_file_does_not_name(store: Store) -> None:
    models = Scripted([wants("shop__cancel", '{"order": 1}'), says("Não pude.")])
    async with a_team(store, an_agent(), models=models) as team:
        task = await team.begin(playbook="")
    assert (task.state, team.place.shop.done) == ("completed", [])


async def test_an_answer_of_the_wrong_form_is_mended_once(store: Store) -> None:
    step = {
        "key": "think",
        "think": "Conte.",
        "gives": {"type": "object", "required": ["count"], "properties": {"count": {"type": "integer"}}},
    }
    models = Scripted([says("três"), says('{"count": 3}')])
    async with a_team(store, an_agent(playbooks={"buy": a_playbook(step, answer="São ${think.count}")}), models=models) as team:
        task = await team.begin()
    assert (task.answer or "").startswith("São 3")
    assert len(models.asked) == 2


async def test_what_a_model_cannot_do_is_put_to_a_person(store: Store) -> None:
    step = {
        "key": "think",
        "think": "Conte.",
        "gives": {"type": "object", "required": ["count"], "properties": {"count": {"type": "integer"}}},
    }
    models = Scripted([says("três"), says("quatro")])
    async with a_team(store, an_agent(playbooks={"buy": a_playbook(step, answer="São ${think.count}")}), models=models) as team:
        task = await team.begin()
        assert task.state == "running"
        await team.decide(yes=True, result={"count": 7})
        task = await team.go_on(task)
    assert (task.answer or "").startswith("São 7")


async def test_without_a_model_a_step_gives_what_the_file_says_and_the_answer_says_so(store: Store) -> None:
    step = {"key": "think", "think": "Resuma.", "with": {"look": "${look.number}"}, "otherwise": "Há ${look.number} pedido."}
    async with a_team(store, an_agent(playbooks={"buy": a_playbook(LOOK, step, answer="${think.answer}")})) as team:
        task = await team.begin()
    assert task.limited
    assert "Há 1 pedido." in (task.answer or "")
    assert "sem modelo" in (task.answer or "")


async def test_a_plan_that_needs_a_model_is_refused_before_anything_is_begun(store: Store) -> None:
    step = {"key": "think", "think": "Resuma."}
    async with a_team(store, an_agent(playbooks={"buy": a_playbook(LOOK, step)})) as team:
        task = await team.begin()
    assert (task.state, team.place.shop.done) == ("failed", [])
    assert "think" in str(task.error)


async def test_no_question_is_asked_beyond_the_tasks_tokens(store: Store) -> None:
    agent = an_agent(limits={"tokens": 2500, "turns": 20})
    models = Scripted([wants("shop__list_orders", tokens=900) for _ in range(20)])
    async with a_team(store, agent, models=models) as team:
        task = await team.begin(playbook="")
        account = await team.agents.accounts.of(task.id)
    assert account is not None
    assert account.tokens <= 2500
    assert len(models.asked) == 2
    assert task.state == "failed"


@pytest.mark.parametrize("parallel", [1, 3])
async def test_the_work_is_split_and_put_together(store: Store, parallel: int) -> None:
    helper = an_agent(name="helper", about="Ajuda.")
    boss = an_agent(name="boss", team=["buyer", "helper"], limits={"parallel": parallel, "tokens": 40_000})
    plan = (
        '{"facts": ["há uma loja"], "to_find": [], "guesses": [], "steps": ['
        '{"key": "one", "agent": "buyer", "goal": "Veja os pedidos.", "after": []},'
        '{"key": "two", "agent": "helper", "goal": "Veja os clientes.", "after": []}]}'
    )
    models = Scripted([says(plan), says("um"), says("dois"), says("tudo junto")])
    async with a_team(store, an_agent(), helper, boss, models=models) as team:
        task = await team.begin("veja os pedidos; e depois os clientes", agent="boss", playbook="")
    assert (task.answer or "").startswith("tudo junto")
    assert task.plan is not None
    assert [node.key for node in task.plan.nodes] == ["one", "two", "joined"]


async def test_no_tool_outside_is_called_in_a_task_that_must_stay(store: Store) -> None:
    look = {"key": "look", "tool": "shop.list_orders"}
    async with a_team(store, an_agent(playbooks={"buy": a_playbook(look)}), outside=True) as team:
        task = await team.begin(p0=True)
    assert (task.state, task.p0, team.place.shop.done) == ("failed", True, [])
    assert "must stay in the company" in str(why(task.error))


async def test_what_a_list_has_beyond_its_most_is_told_to_whoever_reads(store: Store) -> None:
    many = {
        "key": "many", "title": "Ver", "tool": "shop.list_orders", "each": "${values.items}", "most": 2, "with": {"customer": "${item}"},
    }  # fmt: skip
    agent = an_agent(playbooks={"buy": a_playbook(many, answer="${many.count} vistos, ${many.left_out} não")})
    async with a_team(store, agent, values={"buyer": {"items": ["ana", "bia", "caio", "davi", "eva"]}}) as team:
        task = await team.begin()
        view = await ShowTasks(team.agents.tasks, team.agents.accounts, team.agents.book)(ANA, task.id)
    shown = shown_view(view, voice("pt"))
    assert (task.answer or "").startswith("2 vistos, 3 não\n\n")
    assert "“Ver” deixou de fora 3 da sua lista: é feito para no máximo 2." in (task.answer or "")
    assert [(one["left_out"], one["most"]) for one in shown["steps"]] == [(3, 2)]


async def test_an_answer_says_how_many_lines_it_leaves_out(store: Store) -> None:
    look = {"key": "look", "tool": "shop.list_orders"}
    play = a_playbook(look) | {"answer": [{"text": "- ${item}", "each": "${values.items}", "needs": ["look"], "most": 2}]}
    async with a_team(store, an_agent(playbooks={"buy": play}), values={"buyer": {"items": ["a", "b", "c"]}}) as team:
        task = await team.begin()
    assert (task.answer or "").startswith("- a\n- b\n\n*mais 1")
