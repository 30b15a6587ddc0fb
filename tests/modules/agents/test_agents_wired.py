"""The adapters by which agents reach other modules: tools by their rules, models by way of the router, memory and reasoning."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from hulk.kernel.errors import Forbidden
from hulk.kernel.records import JsonObject
from hulk.kernel.time import utc_now
from hulk.modules.agents.adapters.backend import RECALL, REMEMBER, MemoryTools
from hulk.modules.agents.adapters.hands import GovernedHands
from hulk.modules.agents.adapters.mind import Mindful
from hulk.modules.agents.adapters.models import RouterModels
from hulk.modules.agents.domain.agent import AgentBook
from hulk.modules.agents.domain.failures import Nobody
from hulk.modules.agents.domain.talk import Offered, Turn
from hulk.modules.agents.domain.task import Made
from hulk.modules.agents.ports import Hands, Models, Question, Use, Used
from hulk.modules.agents.usecases.memory import Asked
from hulk.modules.agents.wiring.mind import mind
from hulk.modules.router.domain.model import Abilities, Completion, Model, Prompt, ToolCall
from hulk.modules.tickets.usecases import Wish
from hulk.modules.tickets.wiring import board_of
from hulk.modules.tools import Calling
from hulk.runtime.outbox import Outbox
from hulk.runtime.store import Store
from support.minds import WordEmbedder
from support.routing import router
from support.team import Scripted, a_playbook, a_team, an_agent, says
from support.tools import ANA, BOSS, KEY, a_place, a_rule

LOOK = {"key": "look", "tool": "shop.list_orders", "title": "Pedidos", "tells": "Há pedidos de Ana.", "so": "${look.number}"}
THINK = {"key": "think", "think": "Resuma.", "with": {"look": "${look.number}"}}
BUY = {"key": "buy", "tool": "shop.order", "with": {"item": "pão", "value": "5"}, "after": ["think"], "title": "Comprar"}


async def test_an_agent_is_offered_what_it_may_use_and_nothing_that_carries_p0_out(store: Store) -> None:
    rule = a_rule(agents=["buyer"])
    async with a_place(store, [rule], outside=True) as place:
        hands: Hands = GovernedHands(place.acts)
        await hands.require(ANA, "buyer", "shop.order")
        with pytest.raises(Forbidden):
            await hands.require(ANA, "somebody", "shop.order")
        names = [name for name, _ in await hands.offered(ANA, "buyer", ("shop.*",), p0=False)]
        inside = await hands.offered(ANA, "buyer", ("shop.*",), p0=True)
        few = [offered.name for _, offered in await hands.offered(ANA, "buyer", ("shop.list*",), p0=False)]
        others = await hands.offered(ANA, "somebody", ("shop.*",), p0=False)
    assert names == ["shop.cancel", "shop.list_orders", "shop.order"]
    assert (inside, few, others) == ([], ["shop__list_orders"], [])


async def test_a_use_waits_for_a_person_and_is_told_when_it_has_ended(store: Store) -> None:
    async with a_place(store, [a_rule(agents=["buyer"])]) as place:
        hands = GovernedHands(place.acts)
        use = Use(by=ANA, agent="buyer", tool="shop.order", arguments={"item": "pão", "value": "5"}, key="k", run="run_x", language="pt")
        first = await hands.use(use)
        await place.desk.drain()
        ticket = (await place.acts.calls(BOSS, first.call)).call.ticket
        waiting = await hands.ended(use, first.call)
    assert (first.status, first.writes, place.shop.done) == ("waiting", True, [])
    assert waiting.ticket == ticket


class Answering:
    """A provider that answers with one call of a tool."""

    async def complete(self, _: Model, prompt: Prompt) -> Completion:
        """See `Provider`."""
        (tool,) = prompt.tools
        call = ToolCall(id="c1", name=tool.name, arguments='{"customer": "ana"}')
        return Completion(text="", input_tokens=40, output_tokens=8, calls=(call,), finish="tool_calls")


def a_model(**more: Any) -> Model:
    """A local one, which costs nothing."""
    return Model(name="inside", url="http://127.0.0.1:9/v1", model="m", local=True, most_output_tokens=200, **more)


def a_question(**more: Any) -> Question:
    """Ana's, with a tool."""
    tool = Offered(name="shop__list_orders", description="Orders", parameters={"type": "object", "properties": {}})
    given: dict[str, Any] = {
        "by": ANA, "turns": (Turn(who="system", text="Seja breve."), Turn(who="user", text="Quantos pedidos tem Ana?")), "agent": "buyer",
        "task": "tsk_x", "key": "req_x", "language": "pt", "tools": (tool,), **more,
    }  # fmt: skip
    return Question(**given)


async def test_a_question_is_weighed_before_it_is_asked_and_told_what_it_took() -> None:
    models: Models = RouterModels(router(a_model(), provider=Answering()).once, frozenset({"inside"}))
    weighed = await models.weigh(a_question())
    thought = await weighed.ask()
    assert weighed.tokens >= 248
    assert (thought.tokens, thought.model, thought.limited, thought.local) == (48, "inside", True, True)
    assert [(wish.name, wish.arguments) for wish in thought.wishes] == [("shop__list_orders", '{"customer": "ana"}')]


@pytest.mark.parametrize("tools", [True, False], ids=["tools as they are", "tools in words"])
@pytest.mark.parametrize("schema", [True, False], ids=["forms as they are", "forms in words"])
@pytest.mark.parametrize("form", [None, {"type": "object", "required": ["n"]}], ids=["words", "a form"])
async def test_money_is_set_aside_for_just_the_tokens_that_are(tools: bool, schema: bool, form: JsonObject | None) -> None:
    able = Abilities(tools=tools, schema=schema)
    model = replace(FAR, abilities=able)
    weighed = await RouterModels(router(model, provider=Answering()).once).weigh(a_question(form=form))
    assert weighed.cost == Decimal(weighed.tokens) / 1_000_000, "a token of that model costs a millionth"


FAR = Model(name="far", url="https://far.example/v1", model="m", input_price=Decimal(1), output_price=Decimal(1))


@pytest.mark.parametrize(
    ("models", "more"),
    [
        ((), {}),
        ((Model(name="far", url="https://far.example/v1", model="m", input_price=Decimal(1), output_price=Decimal(1)),), {"p0": True}),
    ],
    ids=["no model", "none that may see it"],
)
async def test_where_no_model_may_answer_it_is_said_why(models: tuple[Model, ...], more: dict[str, Any]) -> None:
    with pytest.raises(Nobody):
        await RouterModels(router(*models, provider=Answering()).once).weigh(a_question(**more))


async def test_what_a_task_was_decided_by_can_be_read_afterwards(store: Store) -> None:
    models = Scripted([says("Ana tem um pedido; falta pão.")])
    agent = an_agent(playbooks={"buy": a_playbook(LOOK, THINK, BUY)})
    acts = mind(store, Outbox(store, KEY), WordEmbedder(), board_of(store))
    mindful = Mindful(acts, AgentBook([agent]))
    async with a_team(store, agent, models=models, note=mindful.note, recall=mindful.recall) as team:
        task = await team.begin()
        await team.decide(yes=True)
        task = await team.go_on(task)
        read = await acts.show(BOSS, task.id)
    assert task.state == "completed"
    assert [one.kind for one in read.case.objects.values()] == ["hypothesis", "evidence", "inference", "inference", "decision"]


async def test_what_was_remembered_is_told_to_the_model_the_next_time(store: Store) -> None:
    models = Scripted([says("Sim.")])
    agent = an_agent(memory={"recall": 3})
    acts = mind(store, Outbox(store, KEY), WordEmbedder(), board_of(store))
    tools, mindful = MemoryTools(acts), Mindful(acts, AgentBook([agent]))
    calling = Calling(
        id="tcl_1", key="k1", tenant="acme", actor=ANA.actor, deadline=utc_now() + timedelta(seconds=5), agent="buyer"
    )  # fmt: skip
    await tools.call(REMEMBER, {"text": "Ana compra pão às segundas."}, calling)
    found = await tools.call(RECALL, {"query": "Quando Ana compra pão?"}, calling)
    async with a_team(store, agent, models=models, note=mindful.note, recall=mindful.recall) as team:
        await team.begin("Quando Ana compra pão?", playbook="")
    assert found.data is not None
    assert [one["text"] for one in found.data["memories"]] == ["Ana compra pão às segundas."]
    assert "Ana compra pão às segundas." in models.asked[0].turns[-1].text


async def test_a_made_step_without_a_plan_says_nothing_of_reasoning(store: Store) -> None:
    agent = an_agent()
    acts = mind(store, Outbox(store, KEY), WordEmbedder(), board_of(store))
    async with a_team(store, agent, models=Scripted([says("oi")])) as team:
        task = await team.begin(playbook="")
        node = task.plan.node("answer") if task.plan else None
    assert node is not None
    assert Mindful(acts, AgentBook([agent])).note(task, node, Made(task=task.id, key="answer", status="failed")) == ()


async def test_a_call_that_is_being_done_after_a_yes_is_waited_for_and_not_taken_for_ended(store: Store) -> None:
    async with a_place(store, [a_rule(agents=["buyer"])]) as place:
        hands, seen = GovernedHands(place.acts), list[Used]()
        use = Use(by=ANA, agent="buyer", tool="shop.order", arguments={"item": "pão", "value": "5"}, key="k", run="run_x", language="pt")

        async def looks(what: str, calling: Calling) -> None:
            assert what == "order"
            seen.extend([await hands.ended(use, calling.id), await hands.use(use)])

        place.shop.answer = looks
        first = await hands.use(use)
        await place.desk.drain()
        ticket = (await place.acts.calls(BOSS, first.call)).call.ticket or ""
        await place.tickets.move(BOSS, Wish(ticket=ticket, status="completed", reason="é isso"))
        await place.desk.drain()
        last = await hands.ended(use, first.call)
    assert [(one.status, one.waiting) for one in seen] == [("running", True), ("running", True)]
    assert (last.status, last.waiting, place.shop.done) == ("done", False, [("order", "pão")])


@pytest.mark.parametrize("autonomy", ["act", "approve"])
async def test_what_is_remembered_in_a_task_that_must_stay_stays_too(store: Store, autonomy: str) -> None:
    """Else the next task would tell it to models outside."""
    remember = {"key": "keep", "tool": "memory.remember", "with": {"text": "A obra de Ana começa na segunda."}}
    agent = an_agent(tools=[{"use": ["memory.*"], "autonomy": autonomy}], playbooks={"buy": a_playbook(remember)})
    acts = mind(store, Outbox(store, KEY), WordEmbedder(), board_of(store))
    mindful = Mindful(acts, AgentBook([agent]))
    async with a_team(store, agent, recall=mindful.recall, others=[MemoryTools(acts)]) as team:
        task = await team.begin(p0=True)
        if autonomy == "approve":
            await team.decide(yes=True)
            task = await team.go_on(task)
        seen = await mindful.recall(task, "Quando começa a obra de Ana?")
        inside = await acts.recall(ANA, Asked(agent="buyer", query="Quando começa a obra de Ana?", sensitive=True))
    assert task.state == "completed", task.error
    assert (seen.text, inside.p0, len(inside.memories)) == ("", True, 1)
