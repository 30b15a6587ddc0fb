"""Files that tools make and keep go with an agent's answer, to those to whom the answer goes."""

from typing import Any

import pytest

from hulk.kernel.errors import NotFound
from hulk.kernel.records import JsonObject
from hulk.modules.agents.domain.agent import Agent
from hulk.modules.tools import Calling, File, Output, Words
from hulk.runtime.store import Store
from support.team import Scripted, Team, a_playbook, a_team, an_agent, says, wants
from support.tools import ANA, STRANGER

LOOK: JsonObject = {"key": "look", "tool": "shop.list_orders"}
OWN_NUMBER = "O cpf é 529.982.247-25"


def a_file(name: str = "chart.png", blob: str = "a") -> File:
    """A picture that was kept."""
    return File(name=name, media_type="image/png", blob=blob * 64, size=9)


def an_analyst(*steps: JsonObject, sensitive: bool = True) -> Agent:
    """Who looks at orders, and sees what is private if it is so."""
    tools = [{"use": ["shop.*"], "sensitive": sensitive}]
    return an_agent(tools=tools, playbooks={"buy": a_playbook(*steps)} if steps else {})


def drawing(*files: File, words: str = "ok") -> Any:
    """A shop that makes these files, whatever it is asked."""

    async def drawn(_: str, __: Calling) -> Output:
        return Output(data={"said": words}, pieces=(Words(words),), files=files)

    return drawn


async def names(team: Team, run: str) -> list[str]:
    """Of the files that go with the intent's answer."""
    return [one.name for one in await team.agents.answer.files(run)]


async def test_the_files_of_all_steps_go_with_the_answer_each_under_a_name_of_its_own(store: Store) -> None:
    async with a_team(store, an_analyst(LOOK, {**LOOK, "key": "again", "after": ["look"]})) as team:
        team.place.shop.answer = drawing(a_file(), a_file("table.csv", "b"), a_file(blob="c"))
        task = await team.begin()
        shown = await team.acts.show(ANA, task.id)
        found = await names(team, task.run)
    own = ["chart.png", "table.csv", "look-chart.png", "again-chart.png", "again-table.csv", "again-2-chart.png"]
    assert found == own
    assert [(one.name, one.blob[0]) for one in shown.files] == list(zip(own, "abcabc", strict=True))


async def test_so_do_those_of_tools_that_a_model_has_called(store: Store) -> None:
    models = Scripted([wants("shop__list_orders"), wants("shop__list_orders"), says("Veja o gráfico.")])
    async with a_team(store, an_analyst(), models=models) as team:
        team.place.shop.answer = drawing(a_file())
        task = await team.begin(playbook="")
        found = await names(team, task.run)
    assert (task.answer or "", found) == (task.answer, ["chart.png"])


@pytest.mark.parametrize(
    ("sensitive", "words", "in_intent", "with_task"),
    [
        pytest.param(True, "ok", ["chart.png"], ["chart.png"], id="public"),
        pytest.param(True, OWN_NUMBER, [], ["chart.png"], id="private: to who asked only"),
        pytest.param(False, OWN_NUMBER, [], [], id="private, and not for the agent either"),
    ],
)
async def test_they_go_to_nobody_to_whom_the_answer_does_not(
    store: Store, sensitive: bool, words: str, in_intent: list[str], with_task: list[str]
) -> None:  # fmt: skip
    async with a_team(store, an_analyst(LOOK, sensitive=sensitive)) as team:
        team.place.shop.answer = drawing(a_file(), words=words)
        task = await team.begin()
        shown = await team.acts.show(ANA, task.id)
        found = await names(team, task.run)
        with pytest.raises(NotFound):
            await team.acts.show.file(STRANGER, task.id, "chart.png")
        with pytest.raises(NotFound):
            await team.acts.show.file(ANA, task.id, "other.png")
    assert (found, [one.name for one in shown.files]) == (in_intent, with_task)


async def test_before_it_has_begun_there_are_none(store: Store) -> None:
    async with a_team(store, an_analyst(LOOK)) as team:
        assert await names(team, "run_01kanobody") == []


async def test_what_comes_later_of_what_must_stay_in_the_company_keeps_its_files_there(store: Store) -> None:
    """The answer is private when any of its steps is."""
    async with a_team(store, an_analyst(LOOK, {**LOOK, "key": "secret", "after": ["look"], "private": True})) as team:
        team.place.shop.answer = drawing(a_file())
        task = await team.begin()
        assert (task.p0, await names(team, task.run)) == (True, [])


async def test_what_a_tool_says_in_its_data_is_no_file(store: Store) -> None:
    """Only who keeps a file says that it was kept: another's id in an answer gives nothing out."""
    said = {"artefacts": [{"name": "x.png", "media_type": "image/png", "size": 1, "sha256": "a" * 64, "blob": "a" * 64}]}

    async def told(_: str, __: Calling) -> Output:
        return Output(data=said, pieces=(Words("x"),))

    async with a_team(store, an_analyst(LOOK)) as team:
        team.place.shop.answer = told
        task = await team.begin()
        assert await names(team, task.run) == []
