"""A person is offered where Hulk was of no help, by the channel's means, and only where somebody answers."""

from pathlib import Path

import pytest

from hulk.kernel import ids
from hulk.kernel.text import Language, Text
from hulk.modules.channels.adapters.mattermost.buttons import LABEL
from hulk.modules.channels.adapters.telegram.line import LIMITS
from hulk.modules.channels.domain import Limits
from hulk.runtime.language import voice
from hulk.runtime.store import Store
from support.channels import Room, ScriptedLine, a_room, trusting, wrote

TALK = "Falar com uma pessoa"
WRITE = "Para falar com uma pessoa, escreva /pessoa."
HELPLESS = "Nenhuma habilidade serve."


@pytest.fixture
def room(store: Store, tmp_path: Path) -> Room:
    return a_room(store, tmp_path, trusting(people=True))


async def asked(room: Room) -> str:
    """Something is asked; the intent."""
    await room.hear(wrote("Quantos pedidos?"))
    return ids.derived("int", room.hulk.asked[-1].key)


async def offers(room: Room) -> list[list[str]]:
    """The buttons of each message, oldest first."""
    return [[one.text for one in message.buttons] for message in await room.messages()]


async def test_who_was_not_helped_is_offered_a_person_and_gets_one(room: Room) -> None:
    await room.end(await asked(room), HELPLESS, good=False)
    [answer] = await room.messages()
    assert [one.text for one in answer.buttons] == [TALK]
    await room.hear(wrote("", "2", kind="press", pressed=answer.buttons[0].data))
    conversation = await room.conversations.get(answer.conversation)
    assert (conversation.mode, conversation.by) == ("person", "")
    assert [event.subject for event in room.trail.events if event.type == "hulk.channel.handed.v1"] == [conversation.id]
    await room.hear(wrote("Alguém aí?", "3"))
    assert len(room.hulk.asked) == 1


async def test_who_was_helped_is_asked_for_an_opinion_only(room: Room) -> None:
    await room.end(await asked(room), "Foram 17.")
    assert await offers(room) == [["👍 Bom", "👎 Ruim"]]


async def test_who_says_that_it_was_bad_is_offered_a_person(room: Room) -> None:
    await room.end(await asked(room), "Foram 17.")
    [answer] = await room.messages()
    await room.hear(wrote("", "2", kind="press", pressed=answer.buttons[1].data))
    await room.hear(wrote("", "3", kind="press", pressed=answer.buttons[0].data))
    assert await offers(room) == [["👍 Bom", "👎 Ruim"], [TALK], []]


async def test_who_shows_that_it_was_bad_is_offered_a_person_once(room: Room) -> None:
    await room.end(await asked(room), "Foram 17.")
    await room.said()
    [answer] = await room.messages()
    for key, removed in (("2", False), ("3", True), ("4", False)):
        await room.hear(wrote("", key, kind="reaction", about=answer.sent_id, emoji="👎", removed=removed))
    assert await offers(room) == [["👍 Bom", "👎 Ruim"], [TALK]]


@pytest.mark.parametrize(("emoji", "group"), [pytest.param("👍", False, id="it was good"), pytest.param("👎", True, id="others read it")])
async def test_else_a_reaction_is_answered_by_nothing(room: Room, emoji: str, group: bool) -> None:
    await room.end(await asked(room), "Foram 17.")
    await room.said()
    [answer] = await room.messages()
    await room.hear(wrote("", "2", kind="reaction", about=answer.sent_id, emoji=emoji, group=group))
    assert len(await room.messages()) == 1


async def test_where_there_are_no_buttons_it_is_said_how(store: Store, tmp_path: Path) -> None:
    room = a_room(store, tmp_path, trusting(people=True), ScriptedLine(limits=Limits(text=200)))
    await room.end(await asked(room), HELPLESS, good=False)
    assert await room.said() == [f"{HELPLESS}\n\n{WRITE}"]
    await room.hear(wrote("/pessoa", "2"))
    [answer, *_] = await room.messages()
    assert (await room.conversations.get(answer.conversation)).mode == "person"


async def test_where_nobody_answers_nobody_is_offered(store: Store, tmp_path: Path) -> None:
    room = a_room(store, tmp_path, trusting())
    await room.end(await asked(room), HELPLESS, good=False)
    await room.hear(wrote("", "2", kind="reaction", about="v", emoji="👎"))
    assert await offers(room) == [[]]
    assert await room.said() == [HELPLESS]


async def test_where_answers_are_only_given_nobody_is_offered(store: Store, tmp_path: Path) -> None:
    room = a_room(store, tmp_path, trusting(people=True, gives=True))
    await room.end(await asked(room), HELPLESS, good=False)
    assert await offers(room) == [[]]


@pytest.mark.parametrize(("language", "words"), [("pt", TALK), ("en", "Talk to a person")])
def test_its_words_fit_on_every_channels_buttons(language: Language, words: str) -> None:
    assert voice(language).say(Text("Talk to a person")) == words
    assert len(words) <= min(LABEL, LIMITS.label, Limits(text=1).label)
