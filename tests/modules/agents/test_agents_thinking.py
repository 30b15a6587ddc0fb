"""Models in a step: within its tokens and its time, whatever they say."""

from collections.abc import Sequence

import pytest

from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import Principal
from hulk.modules.agents.adapters.hands import GovernedHands
from hulk.modules.agents.domain.talk import Offered, Thought
from hulk.modules.agents.ports import Hands, Question
from hulk.runtime.store import Store
from support.restarts import restarted, why
from support.team import Scripted, a_playbook, a_team, an_agent, says, wants
from support.tools import hanging

COUNT = {"type": "object", "required": ["count"], "properties": {"count": {"type": "number"}, "note": {"type": "string"}}}
THINK: JsonObject = {"key": "think", "think": "Conte.", "gives": COUNT}


async def test_a_step_takes_no_more_tokens_than_it_was_given_whatever_the_task_has_left(store: Store) -> None:
    step = {**THINK, "tokens": 2000, "tools": ["shop.list_orders"]}
    models = Scripted([wants("shop__list_orders", tokens=900) for _ in range(8)])
    async with a_team(store, an_agent(playbooks={"buy": a_playbook(step)}), models=models) as team:
        task = await team.begin()
        account = await team.agents.accounts.of(task.id)
    assert account is not None
    assert (account.tokens, len(models.asked)) == (1800, 2)
    assert "“think” could not be done: The step may take 2000 tokens and has 200 left" in str(why(task.error))


async def test_a_model_that_never_answers_is_left_when_the_time_of_its_step_is_over(store: Store) -> None:
    async def never(_: Question) -> Thought:
        await hanging()
        raise AssertionError("it answered")

    agent = an_agent(playbooks={"buy": a_playbook({**THINK, "minutes": 0.05 / 60})})
    async with a_team(store, agent, models=Scripted(reply=never)) as team:
        task = await team.begin()
        account = await team.agents.accounts.of(task.id)
    assert "The time of the step “think” is over: it had 0.05 s" in str(why(task.error))
    assert account is not None
    assert account.tokens == 1000, "it may have been answered: that counts"


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param('{"count": NaN}', id="no number"),
        pytest.param('{"count": 1, "note": "\\ud800"}', id="half a character"),
        pytest.param("[" * 100_000, id="too deep"),
        pytest.param('{"count":' * 50_000, id="deep objects"),
    ],
)
async def test_an_answer_that_cannot_be_kept_is_no_answer(store: Store, wrong: str) -> None:
    models = Scripted([says(wrong), says('{"count": 3, "note": "\\u0000"}')])
    async with a_team(store, an_agent(playbooks={"buy": a_playbook(THINK, answer="São ${think.count}")}), models=models) as team:
        task = await team.begin()
    assert (task.answer or "").startswith("São 3"), task.error
    assert len(models.asked) == 2


@pytest.mark.parametrize("text", ['{"status": "ok"}', "[1, 2]", "42"])
async def test_words_that_happen_to_be_json_are_an_answer_in_words(store: Store, text: str) -> None:
    async with a_team(store, an_agent(), models=Scripted([says(text)])) as team:
        task = await team.begin("responda em JSON", playbook="")
    assert (task.state, (task.answer or "")[: len(text)]) == ("completed", text)


class Counted:
    """Hands that count how often they are asked which tools there are."""

    def __init__(self, inner: Hands) -> None:
        self.asked = 0
        self.require, self.use, self.ended = inner.require, inner.use, inner.ended
        self._inner = inner

    async def offered(self, by: Principal, agent: str, patterns: Sequence[str], *, p0: bool) -> Sequence[tuple[str, Offered]]:
        """See `Hands`."""
        self.asked += 1
        return await self._inner.offered(by, agent, patterns, p0=p0)


async def test_tools_are_looked_up_once_for_each_question_that_offers_them(store: Store) -> None:
    models = Scripted([wants("shop__list_orders"), wants("shop__list_orders"), says("feito")])
    async with a_team(store, an_agent(), models=models) as team:
        hands = Counted(GovernedHands(team.place.acts))
        restarted(team, store, an_agent(), hands)
        task = await team.begin(playbook="")
    assert (task.state, len(models.asked), len(team.place.shop.done)) == ("completed", 3, 2)
    assert hands.asked == 3
