"""Cases of agents' evaluation sets: judged by rules, and rehearsed so that nothing is changed and nobody is asked."""

from collections.abc import Sequence
from typing import Any

import pytest

from hulk.kernel import ids
from hulk.kernel.durable import Change
from hulk.kernel.errors import Exhausted, Forbidden, NotFound
from hulk.kernel.records import JsonObject
from hulk.kernel.time import utc_now
from hulk.modules.agents.domain.agent import Agent
from hulk.modules.agents.domain.evaluating import judged
from hulk.modules.agents.domain.failures import Nobody
from hulk.modules.agents.domain.plan import Node, Plan
from hulk.modules.agents.domain.task import Made, Task, Tried
from hulk.modules.agents.ports import Utterance, WantedTasks
from hulk.modules.tickets import Filter
from hulk.runtime.store import Store
from support.team import Scripted, a_playbook, a_team, an_agent, says, wants
from support.tools import ANA, BOSS, VIEWER

BUY = {"key": "buy", "tool": "shop.order", "with": {"item": "pão", "value": "5"}}
LOOK = {"key": "look", "tool": "shop.list_orders"}
ACTING = [{"use": ["shop.list_orders"]}, {"use": ["shop.order"], "autonomy": "act"}]


def a_buyer(*steps: JsonObject, **case: Any) -> Agent:
    """Who may order without a person, with one case."""
    case = {"ask": "compre o que falta", "playbook": "buy", **case}
    return an_agent(tools=ACTING, playbooks={"buy": a_playbook(*steps, answer="Comprei pão.")}, evaluation={"bread": case})


async def heard(said: Utterance) -> tuple[str, Sequence[Change[Any]]]:
    """As it is meant."""
    return (f"agents.{said.addressed}" if said.addressed else "agents.buyer.buy"), ()


def a_task(**more: Any) -> Task:
    """One that has ended well."""
    nodes = (Node(key="look", does="tool", tool="shop.list_orders"), Node(key="buy", does="tool", tool="shop.order"))
    plan = Plan(agent="buyer", origin="playbook", nodes=nodes, answer=())
    given: dict[str, Any] = {
        "id": ids.new("tsk"), "tenant": "acme", "agent": "buyer", "actor": ANA.actor, "grants": ANA.grants, "text": "x", "language": "pt",
        "run": ids.new("run"), "at": utc_now(), "state": "completed", "plan": plan, "answer": "Comprei pão.", "case": "bread",
        "found": "agents.buyer.buy",
    }  # fmt: skip
    return Task(**given | more)


MADE = {
    "look": Made(task="t", key="look", status="done", tried=(Tried(tool="shop.list_orders", status="done"),)),
    "buy": Made(task="t", key="buy", status="done", tried=(Tried(tool="shop.order", status="suggested"),)),
}


@pytest.mark.parametrize(
    ("case", "task", "made", "wrong"),
    [
        pytest.param({"calls": ["shop.list_orders", "shop.order"], "says": ["PÃO"]}, {}, MADE, [], id="as it should be"),
        pytest.param({}, {"found": "data.profile"}, MADE, ["data.profile"], id="taken for something else"),
        pytest.param({}, {"state": "failed"}, MADE, ["failed"], id="failed"),
        pytest.param({"ends": "failed"}, {"state": "failed"}, MADE, [], id="failed as it should"),
        pytest.param({"ends": "failed"}, {}, MADE, ["completed"], id="did not fail and should"),
        pytest.param({"calls": ["shop.cancel"]}, {}, MADE, ["shop.cancel"], id="a tool was not called"),
        pytest.param({"calls": ["shop.*"]}, {}, MADE, [], id="one of those was"),
        pytest.param({"never": ["shop.ord*"]}, {}, MADE, ["shop.order"], id="one was that must not be"),
        pytest.param({"says": ["pão", "leite"]}, {}, MADE, ["leite"], id="words are missing"),
        pytest.param({"says": ["pão"]}, {"answer": None}, MADE, ["pão"], id="no answer"),
        pytest.param(
            {"calls": ["shop.order"], "never": ["shop.order"]}, {}, {"buy": Made(task="t", key="buy", status="failed")},
            ["not called", "must not"], id="asked in vain",
        ),
        pytest.param({"calls": ["shop.order"]}, {"plan": None}, {}, ["shop.order"], id="no plan"),
    ],
)  # fmt: skip
def test_a_case_is_judged_by_what_its_file_says(case: JsonObject, task: JsonObject, made: dict[str, Made], wrong: list[str]) -> None:
    agent = a_buyer(LOOK, BUY, **case)
    found = judged(agent, agent.cases[0], a_task(**task), made)
    said = [str(one) for one in found.wrong]
    assert len(said) == len(wrong), said
    assert [part for part, text in zip(wrong, said, strict=True) if part not in text] == []


def test_what_takes_a_model_where_there_is_none_says_nothing_of_the_agent() -> None:
    agent, error = a_buyer(LOOK), {"code": Nobody.code, "text": {"msgid": "none"}}
    assert judged(agent, agent.cases[0], a_task(state="failed", error=error), MADE).left_out
    assert not judged(agent, agent.cases[0], a_task(state="failed", error={**error, "code": "refused"}), MADE).left_out


async def test_a_rehearsal_changes_nothing_even_where_no_person_would_be_asked(store: Store) -> None:
    async with a_team(store, a_buyer(LOOK, BUY, calls=["shop.order"]), hears=heard) as team:
        task = await team.rehearse("bread")
        view = await team.acts.show(ANA, task.id)
        tickets = (await team.place.tickets.find(BOSS, Filter(tenant="acme"), 50)).tickets
        again = await team.begin()
    assert (task.state, task.case, task.found) == ("completed", "bread", "agents.buyer.buy")
    assert view.judged is not None
    assert (view.judged.wrong, view.judged.proposed) == ((), ("shop.order",))
    assert tickets == ()
    assert [what for what, _ in team.place.shop.done] == ["list", "list", "order"], "and what is no rehearsal is done"
    assert again.state == "completed"


async def test_what_a_model_wants_changed_in_a_rehearsal_is_noted_and_told_to_it(store: Store) -> None:
    models = Scripted([wants("shop__order", '{"item": "leite", "value": 3}'), says("Proposto.", written=7)])
    agent = an_agent(tools=ACTING, evaluation={"milk": {"ask": "compre leite", "calls": ["shop.order"], "says": ["proposto"]}})
    async with a_team(store, agent, models=models, hears=heard) as team:
        task = await team.rehearse("milk", model="other")
        view = await team.acts.show(ANA, task.id)
    assert view.judged is not None
    assert (view.judged.wrong, view.judged.proposed, team.place.shop.done) == ((), ("shop.order",), [])
    assert [one.model for one in models.asked] == ["other", "other"]
    assert "rehearsal" in models.asked[1].turns[-1].text
    assert view.account is not None
    assert (view.account.tokens, view.account.written) == (200, 7)


@pytest.mark.parametrize(
    ("steps", "optional"),
    [
        pytest.param([{"key": "say", "ask": "O que falta?"}], False, id="a person's step"),
        pytest.param([LOOK, {"key": "say", "ask": "O que falta?", "optional": True}], True, id="one that may fail"),
        pytest.param([{"key": "say", "think": "Diga.", "gives": {"type": "object", "required": ["x"]}}], False, id="a model that cannot"),
    ],
)
async def test_nobody_is_asked_in_a_rehearsal(store: Store, steps: list[JsonObject], optional: bool) -> None:
    models = Scripted([says("nada"), says("nada")])
    async with a_team(store, a_buyer(*steps), models=models, hears=heard) as team:
        task = await team.rehearse("bread")
        tickets = (await team.place.tickets.find(BOSS, Filter(tenant="acme"), 50)).tickets
    assert (task.state, tickets) == ("completed" if optional else "failed", ())


async def test_where_there_is_no_room_nothing_is_begun(store: Store) -> None:
    async with a_team(store, a_buyer(LOOK), hears=heard, room=lambda _: lambda _: Exhausted("No more today.")) as team:
        with pytest.raises(Exhausted):
            await team.rehearse("bread")
        assert await team.agents.tasks.find(WantedTasks(tenant="acme")) == []


async def test_a_case_whose_tools_are_not_there_is_not_begun(store: Store) -> None:
    agent = a_buyer(LOOK, calls=["crm.find"])
    async with a_team(store, agent, hears=heard) as team:
        with pytest.raises(NotFound, match="crm"):
            await team.rehearse("bread")
        with pytest.raises(NotFound, match="bread"):
            await team.rehearse("milk")
        with pytest.raises(Forbidden):
            await team.rehearse("bread", by=VIEWER)
