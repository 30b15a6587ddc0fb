"""Talking to Hulk by a voice assistant that speaks Wyoming, with the official client of the protocol."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from wyoming.asr import Transcript, TranscriptChunk, TranscriptStart, TranscriptStop
from wyoming.audio import AudioChunk
from wyoming.handle import Handled, NotHandled
from wyoming.info import Describe, Info
from wyoming.ping import Ping, Pong

from hulk.kernel.text import Language, Text
from hulk.modules.channels.domain import Arrival, Sender
from hulk.modules.channels.ports import Inbox, Kept
from hulk.modules.channels.usecases import code_hash
from hulk.runtime.language import voice
from hulk.runtime.store import Store
from support.stores import a_store
from support.wyoming import House, a_house


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Store]:
    async with a_store("sqlite", tmp_path, _none) as store:
        yield store


def _none() -> Any:
    raise AssertionError("no server is needed")


@pytest.fixture
async def house(place: Store, tmp_path: Path) -> AsyncIterator[House]:
    async with a_house(place, tmp_path) as made:
        yield made


async def has_chat(house: House) -> None:
    """Ana, who lives there, has written on the other channel, too."""
    await house.hears("Bom dia", "Bom dia!")
    await house.link()
    arrival = Arrival(key="c", kind="message", address="room", sender=Sender(id="ana"), at=house.clock[0], id="c", text="/help")
    await house.channels.take(house.channels.answering.directory.get("chat"), [arrival])
    await house.desk.drain()
    await house.link("ana", "chat")


async def test_whoever_asks_is_told_what_hulk_does(house: House) -> None:
    info = Info.from_event(await house.told(Describe()))
    [program] = info.handle
    assert (program.name, program.installed, program.models[0].languages) == ("hulk", True, ["pt-BR", "pt", "en"])
    assert not info.asr + info.tts


async def test_an_answer_is_given_in_the_response_as_it_is_spoken(house: House) -> None:
    handled = Handled.from_event(
        await house.hears("Quantos pedidos houve ontem?", "Ontem houve **42** pedidos 🎉\n- [dois](http://x.y/z) de SP")
    )
    assert handled.text == "Ontem houve 42 pedidos.\ndois de SP."
    assert handled.context == {"conversation_id": "c1"}
    assert [(one.text, one.channel) for one in house.hulk.asked] == [("Quantos pedidos houve ontem?", "home")]
    assert (await house.states())[-1][1] == "sent"


async def test_a_transcript_that_comes_in_pieces_is_one_question(house: House) -> None:
    before = await house.came()
    async with house.client() as client:
        for one in (TranscriptStart(), TranscriptChunk("Quantos "), TranscriptChunk("pedidos?"), TranscriptStop()):
            await client.write_event(one.event())
        await house.worked(before)
        await house.answers("42.")
        event = await client.read_event()
    assert event is not None
    assert Handled.from_event(event).text == "42."
    assert [one.text for one in house.hulk.asked] == ["Quantos pedidos?"]


async def test_several_things_are_said_on_one_connection(house: House) -> None:
    async with house.client() as client:
        for text in ("Um", "Dois"):
            before = await house.came()
            await client.write_event(AudioChunk(16000, 2, 1, b"\0" * 2000).event())  # nothing that Hulk has use for
            await client.write_event(Transcript(text).event())
            await house.worked(before)
            await house.answers(f"{text}!")
            event = await client.read_event()
            assert event is not None
            assert Handled.from_event(event).text == f"{text}!"


@pytest.mark.parametrize(
    ("tag", "language"),
    [pytest.param("pt-BR", "pt", id="portuguese"), pytest.param("en_US", "en", id="english"), pytest.param("de", "en", id="other")],
)
async def test_nothing_is_not_handled(house: House, tag: str, language: Language) -> None:
    event = await house.hears("  ", language=tag)
    assert NotHandled.is_type(event.type)
    assert NotHandled.from_event(event).text == voice(language).say(Text("I did not understand that."))


async def test_a_ping_is_answered(house: House) -> None:
    assert Pong.from_event(await house.told(Ping("a"))).text == "a"


async def test_what_takes_longer_is_said_so_and_is_asked_for_later(place: Store, tmp_path: Path) -> None:
    async with a_house(place, tmp_path, wait=0.02) as house:
        event = await house.hears("Faça o relatório do mês")
        assert Handled.is_type(event.type)
        assert "demora mais" in str(event.data["text"]).lower()
        await house.answers("O relatório está pronto.")
        house.serves.wait = 30.0
        event = await house.hears("E agora?", conversation="another")
        assert "O relatório está pronto." in event.data["text"]
        assert [state for text, state in await house.states() if "relatório" in text] == ["sent"]


@dataclass
class Busy:
    """An inbox in which somebody works as soon as one has looked into it."""

    inbox: Inbox
    work: Callable[[], Awaitable[None]]

    async def get(self, id_: str) -> Kept:
        """What was there before."""
        found = await self.inbox.get(id_)
        await self.work()
        return found


async def test_what_was_kept_for_them_is_told_also_when_the_greeting_comes_between_two_looks(place: Store, tmp_path: Path) -> None:
    async with a_house(place, tmp_path, wait=0.02) as house:
        await house.hears("E agora?")
        [opening] = await house.channels.answering.inbox.recent("default", None, 1)
        await house.hears("Faça o relatório do mês")
        await house.answers("O relatório está pronto.")
        serve = house.at_work("home").serve
        [kept] = await serve.take(serve.open.channel, [replace(opening.arrival, key="again", id="again")])
        give = replace(serve.give, inbox=cast("Inbox", Busy(serve.give.inbox, house.desk.drain)))
        given = await give(serve.open.channel, kept, 5.0)
        assert given.message is not None
        assert "O relatório está pronto." in given.message.text


async def test_what_takes_longer_goes_to_another_channel_of_theirs(place: Store, tmp_path: Path) -> None:
    async with a_house(place, tmp_path) as house:
        await has_chat(house)
        house.serves.wait = 0.02
        event = await house.hears("Faça o relatório do mês")
        assert "chat" in event.data["text"]
        await house.answers("O relatório está pronto.")
        house.clock[0] += timedelta(seconds=9)
        await house.at_work("home").deliver.once()
        assert "O relatório está pronto." in (await house.states("chat"))[-1][0]
        assert (await house.states())[-1] == ("O relatório está pronto.", "withdrawn")


async def test_of_a_long_answer_the_rest_is_offered_and_a_yes_sends_it(place: Store, tmp_path: Path) -> None:
    async with a_house(place, tmp_path, longest=100) as house:
        await has_chat(house)
        long = " ".join(f"Linha {number} do relatório." for number in range(20))
        event = await house.hears("Leia o relatório", long)
        assert event.data["text"].startswith("Linha 0")
        assert event.data["text"].endswith("?")
        assert len(event.data["text"]) < 200
        event = await house.hears("sim")
        assert "chat" in event.data["text"]
        assert "Linha 19" in (await house.states("chat"))[-1][0]


async def test_a_no_to_what_was_offered_is_taken_as_that(place: Store, tmp_path: Path) -> None:
    async with a_house(place, tmp_path, longest=100) as house:
        await house.hears("Leia o relatório", "Linha do relatório. " * 20)
        assert (await house.hears("Não, obrigado")).data["text"] == "Tudo bem."
        await house.hears("Não", "Não o quê?")
        assert house.hulk.asked[-1].text == "Não"


async def test_who_is_not_known_is_told_how_to_be_and_then_is(place: Store, tmp_path: Path) -> None:
    async with a_house(place, tmp_path, guests=()) as house:
        event = await house.hears("Quantos pedidos?")
        assert NotHandled.is_type(event.type)
        assert "código" in event.data["text"]
        await _invited(house)
        assert Handled.is_type((await house.hears("vincular código K três M nove")).type)
        assert (await house.hears("Quantos pedidos?", "42.")).data["text"] == "42."
        assert house.hulk.asked[-1].by.account == "usr_ana"


async def _invited(house: House) -> None:
    until = house.clock[0] + timedelta(hours=1)
    await house.store.commit(house.channels.answering.contacts.invite("default", code_hash("K3M9"), "usr_ana", until))


async def test_an_answer_that_nobody_was_there_to_hear_waits(house: House) -> None:
    before = await house.came()
    async with house.client() as client:
        await client.write_event(Transcript("Quantos pedidos?").event())
        await house.worked(before)
    await house.answers("42.")
    await house.alone()
    event = await house.hears("E agora?")
    assert "42." in event.data["text"]


async def test_the_channel_proves_itself(house: House) -> None:
    checked = await house.at_work("home").open.line.check()
    assert len(checked.steps) == 1


async def test_two_rooms_are_answered_each_with_its_own(house: House) -> None:
    async with house.client() as kitchen, house.client() as office:
        await kitchen.write_event(Transcript("Um?").event())
        await house.worked(0)
        await office.write_event(Transcript("Dois?").event())
        await house.worked(1)
        await house.answers("Dois!", 1)
        await house.answers("Um!", 0)
        async with asyncio.TaskGroup() as group:
            both = [group.create_task(one.read_event()) for one in (kitchen, office)]
    assert [one.result().data["text"] for one in both if one.result()] == ["Um!", "Dois!"]
