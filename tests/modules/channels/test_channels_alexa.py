"""Talking to Hulk by a skill of Alexa's."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hulk.kernel.tenancy import Role
from hulk.modules.channels.domain import Arrival, Sender
from hulk.modules.channels.usecases import code_hash
from hulk.runtime.store import Store
from support.alexa import Skill, a_skill, amazon_twin
from support.channels import ANA, going
from support.stores import a_store
from support.twins.alexa import PERSON, asked, intent, said


@pytest.fixture(scope="module")
def twin() -> Iterator[str]:
    with amazon_twin() as url:
        yield url


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Store]:
    async with a_store("sqlite", tmp_path, _none) as store:
        yield store


def _none() -> Any:
    raise AssertionError("no server is needed")


@pytest.fixture
async def skill(place: Store, tmp_path: Path, twin: str) -> AsyncIterator[Skill]:
    """One to which Ana, who is known, has spoken."""
    async with a_skill(place, tmp_path, twin) as made:
        await known(made)
        yield made


async def known(skill: Skill) -> None:
    async with asyncio.TaskGroup() as group:
        answer = group.create_task(skill.hears(asked("LaunchRequest", "first")))
        await worked(skill)
        await answer
    await skill.link()


async def worked(skill: Skill, arrivals: int = 0) -> None:
    """What came in is worked on, once it is kept."""
    while await came(skill) <= arrivals:  # noqa: ASYNC110  # nobody rings for it here
        await asyncio.sleep(0)
    await skill.desk.drain()


async def came(skill: Skill) -> int:
    """How many arrivals are kept."""
    return len(await skill.channels.answering.inbox.recent("default", None, 100))


async def talk(skill: Skill, envelope: dict[str, Any], *answers: str) -> dict[str, Any]:
    """Amazon sends that; it is worked on, Hulk has these answers meanwhile; what is said."""
    before = await came(skill)
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(skill.hears(envelope))
        await worked(skill, before)
        for one in answers:
            await skill.answers(one)
        return await asking


def words(response: dict[str, Any]) -> str:
    """What Alexa says."""
    speech = response["response"].get("outputSpeech", {"ssml": ""})["ssml"]
    return re.sub(r"<[^>]+>", " ", speech).replace("&amp;", "&").strip()


async def has_chat(skill: Skill) -> None:
    """Ana has written on the other channel, too."""
    arrival = Arrival(key="c", kind="message", address="room", sender=Sender(id="ana"), at=skill.clock[0], id="c", text="/help")
    chat = skill.channels.answering.directory.get("chat")
    await skill.channels.take(chat, [arrival])
    await skill.desk.drain()
    await skill.link("ana", "chat")


async def test_an_answer_is_given_in_the_response(skill: Skill) -> None:
    response = await talk(skill, said("Quantos pedidos houve ontem?"), "Ontem houve **42** pedidos.")
    assert "Ontem houve 42 pedidos." in words(response)
    assert [(one.text, one.by) for one in skill.hulk.asked] == [("Quantos pedidos houve ontem?", ANA)]
    assert (await skill.states())[-1] == ("Ontem houve **42** pedidos.", "sent")


async def test_the_deliverer_sends_nothing_that_was_given(skill: Skill) -> None:
    await talk(skill, said("Quantos?"), "42.")
    skill.later(timedelta(minutes=1))
    await skill.deliverer("alexa").once()
    assert (await skill.states())[-1] == ("42.", "sent")


async def test_a_request_that_comes_again_gets_the_same_answer_and_is_asked_once(skill: Skill) -> None:
    first = await talk(skill, said("Quantos?", "7"), "42.")
    again = await skill.hears(said("Quantos?", "7"))
    assert again == first
    assert len(skill.hulk.asked) == 1


async def test_two_of_the_same_request_at_once_get_the_same_answer(skill: Skill) -> None:
    before = await came(skill)
    async with asyncio.TaskGroup() as group:
        both = [group.create_task(skill.hears(said("Quantos?", "8"))) for _ in range(2)]
        await worked(skill, before)
        await skill.answers("42.")
    assert both[0].result() == both[1].result()
    assert len([one for one in await skill.states() if one[0] == "42."]) == 1


async def test_what_takes_longer_is_sent_by_another_channel_of_the_same_person(place: Store, tmp_path: Path, twin: str) -> None:
    async with a_skill(place, tmp_path, twin, wait=0.01) as skill:
        await skill.hears(asked("LaunchRequest", "first"))
        await skill.desk.drain()
        await skill.link()
        await has_chat(skill)
        response = await skill.hears(said("Faça o relatório"))
        assert "chat" in words(response)
        await skill.desk.drain()
        await skill.answers("Está pronto.")
        assert await skill.deliverer("alexa").once() == 0  # somebody may still be waiting
        skill.later(timedelta(seconds=10))
        while await skill.deliverer("alexa").once():
            pass
        assert (await skill.states())[-1] == ("Está pronto.", "withdrawn")
        text, state = (await skill.states("chat"))[-1]
        assert text.endswith("Está pronto.")
        assert state == "waiting"
        await skill.deliverer("alexa").once()
        assert len([one for one in await skill.states("chat") if "Está pronto." in one[0]]) == 1


async def test_what_nobody_waited_for_is_told_when_they_come_back_and_once(place: Store, tmp_path: Path, twin: str) -> None:
    async with a_skill(place, tmp_path, twin, wait=0.01) as skill:
        await skill.hears(asked("LaunchRequest", "first"))
        await skill.desk.drain()
        await skill.link()
        await skill.hears(said("Faça o relatório"))
        await skill.desk.drain()
        await skill.answers("Está pronto.")
        skill.later(timedelta(hours=20))
        await skill.deliverer("alexa").once()
        assert (await skill.states())[-1] == ("Está pronto.", "waiting")
        for id_, expected in (("later", True), ("later", True), ("latest", False)):
            await skill.hears(asked("LaunchRequest", id_, at=skill.clock[0]))
            await skill.desk.drain()
            response = await skill.hears(asked("LaunchRequest", id_, at=skill.clock[0]))
            assert ("Está pronto." in words(response)) is expected


async def test_what_must_stay_in_the_company_is_not_sent_by_a_channel_where_it_does_not(place: Store, tmp_path: Path, twin: str) -> None:
    async with a_skill(place, tmp_path, twin, wait=0.01, private=True) as skill:
        await skill.hears(asked("LaunchRequest", "first"))
        await skill.desk.drain()
        await skill.link()
        await has_chat(skill)
        assert "chat" not in words(await skill.hears(said("Qual é o CPF da Ana?")))
        await skill.desk.drain()
        await skill.answers("529.982.247-25")
        skill.later(timedelta(minutes=1))
        await skill.deliverer("alexa").once()
        assert (await skill.states())[-1] == ("529.982.247-25", "waiting")
        assert not any("529" in text for text, _ in await skill.states("chat"))


@pytest.mark.parametrize(("minutes", "due"), [pytest.param(1, "now", id="just asked for"), pytest.param(60, "later", id="not any more")])
async def test_in_quiet_hours_only_what_was_just_asked_for_is_sent_elsewhere(
    place: Store, tmp_path: Path, twin: str, minutes: int, due: str
) -> None:
    here = datetime.now(ZoneInfo("America/Sao_Paulo"))
    quiet = f"{here - timedelta(hours=1):%H}:00-{here + timedelta(hours=3):%H}:00"
    async with a_skill(place, tmp_path, twin, wait=0.01, quiet=quiet) as skill:
        await skill.hears(asked("LaunchRequest", "first"))
        await skill.desk.drain()
        await skill.link()
        await has_chat(skill)
        await skill.hears(said("Faça o relatório"))
        await skill.desk.drain()
        skill.later(timedelta(minutes=minutes))
        await skill.answers("Está pronto.")
        skill.later(timedelta(seconds=10))
        while await skill.deliverer("alexa").once():
            pass
        [message] = [one for one in await skill.channels.answering.outbox.recent("default", "chat", (), 9) if "pronto" in one.text]
        assert (message.due > skill.clock[0]) is (due == "later")


async def left(skill: Skill, *texts: str) -> None:
    """Answers that nobody waited for."""
    old = {"channel": "alexa", "address": PERSON, "created": skill.clock[0], "due": skill.clock[0] + timedelta(hours=1)}
    outbox = skill.channels.answering.outbox
    await skill.store.commit(*(outbox.add(going(text, str(place), about="old", **old)) for place, text in enumerate(texts)))


async def test_who_left_many_answers_unheard_is_still_answered(skill: Skill) -> None:
    await left(skill, *(f"Resposta {place}." for place in range(40)))
    assert words(await talk(skill, said("Quantos?"), "42.")).startswith("42.")


async def test_who_comes_back_is_told_as_much_as_is_heard_and_the_rest_the_next_time(skill: Skill) -> None:
    texts = [f"Resposta {place}: {'muitos pedidos ' * 50}fim." for place in range(3)]
    await left(skill, *texts)
    heard = [words(await talk(skill, asked("LaunchRequest", f"back{place}"))) for place in range(3)]
    assert [[text for text in texts if text in one] for one in heard] == [[text] for text in texts]


async def test_a_process_that_dies_while_it_answers_leaves_it_to_be_seen_and_it_is_not_said_twice(skill: Skill) -> None:
    kept = await take(skill, "x")
    await skill.answers("42.")
    given = await skill.channels.give(skill.channels.answering.directory.get("alexa"), kept, 1)
    assert given.message is not None
    skill.later(timedelta(minutes=5))
    await skill.deliverer("alexa").look_after_left()
    assert (await skill.states())[-1] == ("42.", "unknown")
    await skill.channels.give.sent(given)  # it was not dead after all, but nobody holds it any more
    assert (await skill.states())[-1] == ("42.", "unknown")


async def take(skill: Skill, id_: str) -> Any:
    """Ana asked something, and it is worked on."""
    sender = Sender(id=PERSON, language="pt")
    arrival = Arrival(key=id_, kind="message", address=PERSON, sender=sender, at=skill.clock[0], id=id_, text="Quantos?")
    [kept] = await skill.channels.take(skill.channels.answering.directory.get("alexa"), [arrival])
    await skill.desk.drain()
    return kept


async def test_an_answer_that_nobody_took_waits_again(skill: Skill) -> None:
    kept = await take(skill, "x")
    await skill.answers("42.")
    channel = skill.channels.answering.directory.get("alexa")
    await skill.channels.give.back(await skill.channels.give(channel, kept, 1))
    assert (await skill.states())[-1] == ("42.", "waiting")
    again = await skill.channels.give(channel, kept, 1)
    assert again.message is not None
    assert again.message.text == "42."


async def test_who_is_not_known_is_told_so_each_time_and_asks_nothing(place: Store, tmp_path: Path, twin: str) -> None:
    async with a_skill(place, tmp_path, twin) as skill:
        for number in range(2):
            assert words(await talk(skill, said("Quantos?", str(number))))
        assert skill.hulk.asked == []


async def test_a_code_that_is_spelt_links_who_speaks(place: Store, tmp_path: Path, twin: str) -> None:
    async with a_skill(place, tmp_path, twin) as skill:
        until = skill.clock[0] + timedelta(hours=1)
        await place.commit(skill.channels.answering.contacts.invite("default", code_hash("4719-2038"), "usr_ana", until))
        linked = said("quatro sete um nove 2 0 três oito")
        linked["request"]["intent"]["name"] = "Link"
        await talk(skill, linked)
        assert words(await talk(skill, said("Quantos?", "2"), "42.")).startswith("42.")


async def test_a_voice_that_alexa_knows_is_somebody_of_their_own(skill: Skill) -> None:
    await talk(skill, said("Quantos?", "2", person="amzn1.ask.person.BEA"))
    assert skill.hulk.asked == []
    assert await skill.channels.answering.contacts.get("alexa", "amzn1.ask.person.BEA")


async def test_guests_may_ask_where_they_may_come_in(place: Store, tmp_path: Path, twin: str) -> None:
    role: Role = "viewer"
    async with a_skill(place, tmp_path, twin, guests=(role,)) as skill:
        assert words(await talk(skill, said("Quantos?"), "42.")).startswith("42.")


async def test_yes_says_that_an_answer_was_of_use(skill: Skill) -> None:
    first = await talk(skill, said("Quantos?", "1"), "42.")
    await talk(skill, intent("AMAZON.YesIntent", "2", attributes=first["sessionAttributes"]))
    await talk(skill, intent("AMAZON.NoIntent", "3", attributes=first["sessionAttributes"]))
    assert [good for _, _, good in skill.hulk.opinions] == [True, False]


async def test_a_yes_to_what_hulk_said_is_asked(skill: Skill) -> None:
    await talk(skill, intent("AMAZON.YesIntent", "2"), "Feito.")
    assert [one.text.casefold() for one in skill.hulk.asked] in (["sim"], ["yes"])


async def test_of_a_long_answer_the_beginning_is_said_and_yes_sends_the_whole_elsewhere(skill: Skill) -> None:
    await has_chat(skill)
    long = " ".join(f"Esta é a frase número {number}." for number in range(400))
    first = await talk(skill, said("Conte", "1"), long)
    spoken = words(first)
    assert spoken.startswith("Esta é a frase número 0.")
    assert len(spoken) < 1_400
    await talk(skill, intent("AMAZON.YesIntent", "2", attributes=first["sessionAttributes"]))
    assert (await skill.states("chat"))[-1][0].endswith(long)


async def test_no_leaves_the_rest(skill: Skill) -> None:
    long = " ".join(f"Esta é a frase número {number}." for number in range(400))
    first = await talk(skill, said("Conte", "1"), long)
    response = await skill.hears(intent("AMAZON.NoIntent", "2", attributes=first["sessionAttributes"]))
    assert response["response"]["shouldEndSession"]
    assert skill.hulk.opinions == []


@pytest.mark.parametrize(
    "envelope",
    [
        pytest.param(lambda: asked("SessionEndedRequest", reason="USER_INITIATED"), id="the session ends"),
        pytest.param(lambda: asked("CanFulfillIntentRequest", intent={"name": "Ask"}), id="could you"),
        pytest.param(lambda: asked("AlexaSkillEvent.SkillEnabled"), id="an event"),
        pytest.param(lambda: asked("AudioPlayer.PlaybackStarted"), id="another interface"),
        pytest.param(lambda: asked("Hulk.NeverHeardOf"), id="unknown"),
        pytest.param(lambda: said("Oi", user=""), id="nobody"),
    ],
)
async def test_what_waits_for_no_words_gets_none(skill: Skill, envelope: Callable[[], dict[str, Any]]) -> None:
    before = await came(skill)
    assert words(await skill.hears(envelope())) == ""
    assert await came(skill) == before


@pytest.mark.parametrize(
    ("name", "ends"),
    [
        ("AMAZON.HelpIntent", False), ("AMAZON.FallbackIntent", False), ("AMAZON.StopIntent", True), ("AMAZON.CancelIntent", True),
        ("AMAZON.NavigateHomeIntent", True), ("NothingUnderstood", False),
    ],
)  # fmt: skip
async def test_what_alexa_asks_of_every_skill_is_answered_at_once(skill: Skill, name: str, *, ends: bool) -> None:
    response = await skill.hears(intent(name, locale="en-US"))
    assert words(response)
    assert response["response"]["shouldEndSession"] is ends


async def test_the_language_is_that_of_the_device(skill: Skill) -> None:
    contact = await skill.channels.answering.contacts.get("alexa", PERSON)
    assert contact is not None
    assert contact.language == "pt"


async def test_who_speaks_another_language_by_another_device_is_answered_in_that(skill: Skill) -> None:
    """A house has several: what is read aloud is read as its own language."""
    await talk(skill, said("How many?", "2", locale="en-US"), "42.")
    await talk(skill, said("Quantos?", "3"), "42.")
    greeted = await talk(skill, asked("LaunchRequest", "4", locale="en-US"))
    assert [one.language for one in skill.hulk.asked] == ["en", "pt"]
    assert words(greeted) == "I am listening. What should I do?"


async def test_that_it_takes_longer_is_said_in_the_language_of_the_device(place: Store, tmp_path: Path, twin: str) -> None:
    async with a_skill(place, tmp_path, twin, wait=0.01) as skill:
        await skill.hears(asked("LaunchRequest", "first"))
        await skill.desk.drain()
        assert words(await skill.hears(said("How many?", locale="en-US"))).startswith("This takes longer.")


async def test_a_forged_request_is_refused_without_a_word_and_nothing_is_kept(skill: Skill) -> None:
    before = await came(skill)
    response = await skill.client.post("/v1/hooks/alexa", content=b"{}", headers={"signature-256": "AAAA"})
    assert (response.status_code, response.content) == (400, b"")
    assert await came(skill) == before


async def test_she_cannot_be_written_to(skill: Skill) -> None:
    open_ = next(one for one in skill.channels.answering.channels if one.name == "alexa")
    assert open_.channel.gives
    assert (await open_.line.check()).steps


async def test_a_blocked_person_is_not_heard_and_is_not_kept_waiting(skill: Skill) -> None:
    await skill.store.commit(skill.channels.answering.contacts.block("alexa", PERSON, True))
    assert words(await talk(skill, said("Quantos?", "2"))) == ""


async def test_what_is_blocked_is_not_handed_over(skill: Skill) -> None:
    await has_chat(skill)
    await take(skill, "x")
    await skill.answers("42.")
    await skill.store.commit(skill.channels.answering.contacts.block("chat", "ana", True))
    skill.later(timedelta(minutes=1))
    await skill.deliverer("alexa").once()
    assert (await skill.states())[-1] == ("42.", "waiting")


async def test_after_a_week_it_is_not_kept_any_more(skill: Skill) -> None:
    await take(skill, "x")
    await skill.answers("42.")
    skill.later(timedelta(days=8))
    await skill.deliverer("alexa").once()
    assert (await skill.states())[-1] == ("42.", "failed")
