"""What comes in is kept once and becomes what it should: a question, a command, an opinion, a decision, or a clear word."""

from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hulk.kernel import ids
from hulk.kernel.errors import Exhausted, Forbidden, HulkError, NotFound, Unavailable
from hulk.modules.channels.domain import Arrival, Attached, Pressed, Quiet, Sender, pressing
from hulk.modules.channels.usecases import code_hash
from hulk.modules.channels.usecases.saying import conversation_of
from hulk.runtime.store import Store
from support.channels import ANA, CHAT, NOW, SECRET, Room, a_room, open_to_all, trusting, wrote


@pytest.fixture
def room(store: Store, tmp_path: Path) -> Room:
    """A channel that vouches for who people are."""
    return a_room(store, tmp_path, trusting())


def guests(store: Store, folder: Path, **more: Any) -> Room:
    """A channel where anybody may ask."""
    return a_room(store, folder, open_to_all(**more))


async def outcomes(room: Room) -> list[str]:
    """What came of all that came in, oldest first."""
    return [one.outcome for one in reversed(await room.inbox.recent("default", None, 100))]


async def test_a_message_is_asked_once_however_often_it_comes(room: Room) -> None:
    for _ in range(3):
        await room.hear(wrote("Quantos pedidos?"), wrote("Quantos pedidos?"))
    assert [one.text for one in room.hulk.asked] == ["Quantos pedidos?"]
    assert room.hulk.asked[0].by == ANA
    assert await outcomes(room) == ["asked"]
    assert room.trail.types == ["hulk.channel.received.v1"]
    assert room.line.shown == ["a"]


async def test_nothing_is_taken_for_which_there_is_no_room_and_it_may_come_again(room: Room) -> None:
    def full() -> None:
        raise Exhausted("2000 pieces of work wait.")

    with pytest.raises(Exhausted):
        await replace(room.take, admit=full)(room.channel, [wrote("Oi")])
    assert await outcomes(room) == []
    assert await replace(room.take, admit=full)(room.channel, [wrote("", kind="receipt")]) != []
    await room.hear(wrote("Oi"))
    assert await outcomes(room) == ["asked"]


async def test_its_answer_goes_back_to_where_it_was_asked(room: Room) -> None:
    await room.hear(wrote("Quantos pedidos?", address="b", reply={"token": "t"}))
    intent = ids.derived("int", room.hulk.asked[0].key)
    for _ in range(2):
        await room.end(intent, "**42** pedidos.")
    assert await room.said() == ["**42** pedidos."]
    [sent] = room.line.sent
    assert (sent.address, sent.about, sent.intent, sent.reply, sent.made) == ("b", "m1", intent, {"token": "t"}, True)
    assert [one.text for one in sent.buttons] == ["👍 Bom", "👎 Ruim"]


async def test_an_intent_of_no_channel_is_answered_to_nobody(room: Room) -> None:
    await room.end("int_1", "Nada.")
    assert await room.said() == []


async def test_a_long_answer_goes_in_parts_with_its_buttons_last(room: Room) -> None:
    await room.hear(wrote())
    await room.end(ids.derived("int", room.hulk.asked[0].key), "Uma frase de tamanho médio. " * 12)
    parts = await room.said()
    assert 1 < len(parts) <= 3
    assert [bool(one.buttons) for one in room.line.sent] == [False] * (len(parts) - 1) + [True]


async def test_turns_are_given_along_with_the_next_question(room: Room) -> None:
    await room.hear(wrote("Um", "1"))
    await room.end(ids.derived("int", room.hulk.asked[0].key), "Dois")
    await room.hear(wrote("Três", "2"))
    assert [(one.text, one.ours) for one in room.hulk.asked[1].turns] == [("Um", False), ("Dois", True)]


async def test_strangers_are_told_once_a_day_how_to_be_known_and_nothing_else_happens(store: Store, tmp_path: Path) -> None:
    room = a_room(store, tmp_path)
    await room.hear(wrote("Apague tudo", "1"), wrote("Apague tudo!", "2"))
    [said] = await room.said()
    assert "/link" in said
    assert "ana" in said
    assert room.hulk.asked == []
    room.later(timedelta(days=1))
    await room.hear(wrote("Oi", "3"))
    assert len(await room.said()) == 1


async def test_in_a_group_strangers_are_not_answered_at_all(store: Store, tmp_path: Path) -> None:
    room = a_room(store, tmp_path)
    await room.hear(wrote("Oi", group=True))
    assert await room.said() == []
    assert await outcomes(room) == ["unknown"]


async def test_an_address_is_believed_only_where_the_channel_vouches_for_it(store: Store, tmp_path: Path) -> None:
    room = a_room(store, tmp_path, CHAT)
    await room.hear(wrote("Oi"))
    assert room.hulk.asked == []


async def test_who_may_not_come_in_any_more_does_not(room: Room) -> None:
    await room.hear(wrote("Oi", "1"))
    room.hulk.people.clear()
    await room.hear(wrote("Oi", "2"))
    assert len(room.hulk.asked) == 1


async def test_what_will_be_asked_is_told_ahead_where_whoever_speaks_is_heard(store: Store, tmp_path: Path) -> None:
    room, expected = guests(store, tmp_path), list[str]()
    take = replace(room.take, expects=expected.append)
    said = [wrote(key="1", text="\u200b quanto vendi? "), wrote(key="2", text="a", addressed=False), wrote(key="3", kind="reaction")]
    await take(room.channel, [*said, wrote(key="4", text="")])
    assert expected == ["quanto vendi?"]
    await take(replace(room.channel, guests=()), [wrote(key="5", text="quem sou?")])
    assert expected == ["quanto vendi?"]


async def test_guests_have_what_the_channel_gives_them(store: Store, tmp_path: Path) -> None:
    room = guests(store, tmp_path, namespace="shop", private=True, agent="retail")
    await room.hear(wrote("Oi", sender="x"))
    [asked] = room.hulk.asked
    assert (asked.by.actor, asked.namespace, asked.private, asked.agent) == ("guest:chat:x", "shop", True, "retail")


async def test_a_code_makes_a_stranger_known_once(store: Store, tmp_path: Path) -> None:
    room = a_room(store, tmp_path)
    await room.store.commit(room.contacts.invite("default", code_hash("K3M9-77QD"), "usr_ana", NOW + timedelta(hours=1)))
    await room.hear(wrote("/vincular k3m977qd", "1"))
    await room.hear(wrote("Oi", "2"), wrote("/link K3M9-77QD", "3", sender="bia", address="b"), wrote("Oi", "4", sender="bia", address="b"))
    assert [one.by for one in room.hulk.asked] == [ANA]
    assert "hulk.channel.linked.v1" in room.trail.types
    assert any("não está certo" in one for one in await room.said())


@pytest.mark.parametrize(
    ("code", "later", "group"),
    [
        pytest.param("WRONG", timedelta(0), False, id="wrong"),
        pytest.param("K3M9-77QD", timedelta(hours=2), False, id="too late"),
        pytest.param("K3M9-77QD", timedelta(0), True, id="seen by others"),
    ],
)
async def test_a_code_that_does_not_hold(store: Store, tmp_path: Path, code: str, later: timedelta, group: bool) -> None:
    room = a_room(store, tmp_path)
    await room.store.commit(room.contacts.invite("default", code_hash("K3M9-77QD"), "usr_ana", NOW + timedelta(hours=1)))
    room.later(later)
    await room.hear(wrote(f"/link {code}", "1", group=group), wrote("Oi", "2", at=room.clock[0]))
    assert room.hulk.asked == []
    assert await outcomes(room) == ["refused", "unknown"]


@pytest.mark.parametrize("who", ["ana", "bia"])
async def test_a_code_that_others_have_read_holds_for_nobody_any_more(store: Store, tmp_path: Path, who: str) -> None:
    room = a_room(store, tmp_path)
    await room.store.commit(room.contacts.invite("default", code_hash("K3M9-77QD"), "usr_ana", NOW + timedelta(hours=1)))
    await room.hear(wrote("/link K3M9-77QD", "1", group=True, address="g"), wrote("/link K3M9-77QD", "2", sender=who, address=who))
    await room.hear(wrote("Oi", "3", sender=who, address=who))
    assert await outcomes(room) == ["refused", "refused", "unknown"]


async def test_a_language_once_chosen_stays(room: Room) -> None:
    await room.hear(wrote("/language en", "1"))
    assert await room.said() == ["I answer you in English from now on."]
    await room.hear(wrote("Quantos?", "2"))
    assert room.hulk.asked[0].language == "en"


async def test_a_person_takes_over_and_gives_back(room: Room) -> None:
    await room.hear(wrote("/pessoa", "1"), wrote("Meu pedido não chegou", "2"))
    assert room.hulk.asked == []
    assert await outcomes(room) == ["commanded", "for a person"]
    [conversation] = await room.conversations.recent("default", "person", 10)
    assert [one.text for one in await room.conversations.turns(conversation.id, 10)][-1] == "Meu pedido não chegou"
    await room.hear(wrote("/hulk", "3"), wrote("Quantos?", "4"))
    assert [one.text for one in room.hulk.asked] == ["Quantos?"]


async def test_a_person_sees_that_files_were_sent(room: Room) -> None:
    await room.hear(wrote("/pessoa", "1"))
    files = (Attached(ref="f1", name="foto.jpg"), Attached(ref="f2", media_type="audio/ogg", voice=True))
    [kept] = await room.hear(wrote("", "2", files=files))
    assert [one.text for one in await room.conversations.turns(conversation_of(kept), 10)][-1] == "[foto.jpg]\n[audio/ogg]"


async def test_what_was_said_is_forgotten_when_wanted(room: Room) -> None:
    await room.hear(wrote("Um segredo", "1"), wrote("/esquecer", "2"), wrote("E agora?", "3"))
    assert "Um segredo" not in [one.text for one in room.hulk.asked[-1].turns]


async def test_what_is_forgotten_is_kept_nowhere(room: Room) -> None:
    [first] = await room.hear(wrote("Um segredo", "1"))
    await room.end(ids.derived("int", room.hulk.asked[0].key), "Do segredo nada digo")
    assert await room.said() == ["Do segredo nada digo"]
    await room.hear(wrote("/esquecer", "2"))
    assert [one.arrival.text for one in await room.inbox.recent("default", None, 10) if one.id == first.id] == [""]
    assert "Do segredo nada digo" not in [one.text for one in await room.outbox.recent("default", None, (), 10)]


async def test_files_are_fetched_kept_and_given_along(room: Room) -> None:
    room.line.kept = {"f1": b"dados"}
    await room.hear(wrote("Veja", files=(Attached(ref="f1", name="a.csv", media_type="text/csv", size=5),)))
    [asked] = room.hulk.asked
    assert [(one.blob, one.name, one.media_type) for one in asked.files] == [("blob-dados", "a.csv", "text/csv")]


@pytest.mark.parametrize(
    ("files", "told"),
    [
        pytest.param((Attached(ref="f1", name="a.csv", size=30_000_000),), "30000000 bytes", id="too large by its own word"),
        pytest.param((Attached(ref="gone", name="a.csv"),), "There is no such file", id="gone"),
        pytest.param(tuple(Attached(ref="f1") for _ in range(11)), "11", id="too many"),
        pytest.param((Attached(ref="f1", voice=True),), "voz", id="a voice note and nobody who listens"),
    ],
)
async def test_a_file_that_cannot_be_taken_is_told(room: Room, files: tuple[Attached, ...], told: str) -> None:
    room.line.kept = {"f1": b"x"}
    await room.hear(wrote("Veja", files=files))
    [said] = await room.said()
    assert told in said
    assert room.hulk.asked == []


async def test_reactions_are_opinions_of_the_answer(room: Room) -> None:
    await room.hear(wrote("Quantos?"))
    intent = ids.derived("int", room.hulk.asked[0].key)
    await room.end(intent, "42")
    await room.said()
    about = room.line.sent[0].id
    react = {"kind": "reaction", "about": f"v-{about}", "text": ""}
    await room.hear(
        wrote(key="r1", emoji="👍🏽", **react), wrote(key="r2", emoji="❤️", **react), wrote(key="r3", emoji="👍🏽", removed=True, **react),
        wrote(key="r4", emoji="👎", **{**react, "about": "another"}),
    )  # fmt: skip
    assert room.hulk.opinions == [(ANA.actor, intent, True), (ANA.actor, intent, None)]


async def test_a_reaction_is_found_whose_channel_does_not_tell_the_thread(room: Room) -> None:
    await room.hear(wrote("Quantos?", address="-1009/3"))
    intent = ids.derived("int", room.hulk.asked[0].key)
    await room.end(intent, "42")
    await room.said()
    about = f"v-{room.line.sent[0].id}"
    await room.hear(*(wrote(key=f"r{at}", kind="reaction", about=about, emoji="👍", address=at) for at in ("-1009", "-100", "-1009/4")))
    assert room.hulk.opinions == [(ANA.actor, intent, True)]


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(NotFound("There is no decision."), id="nobody decided on it"),
        pytest.param(Forbidden("Feedback needs the role operator."), id="theirs does not count"),
    ],
)
async def test_nobody_is_told_off_for_an_opinion(room: Room, error: HulkError) -> None:
    await room.hear(wrote("Quantos?"))
    intent = ids.derived("int", room.hulk.asked[0].key)
    await room.end(intent, "42", good=False)
    await room.said()
    assert room.line.sent[0].buttons == ()
    room.hulk.unmoved = error
    about = f"v-{room.line.sent[0].id}"
    await room.hear(wrote(key="r1", kind="reaction", about=about, emoji="👍"), press("bad", intent))
    assert await room.said() == ["Obrigado por avisar."]
    assert await outcomes(room) == ["asked", "heard", "pressed"]


def press(act: str, subject: str, **more: Any) -> Arrival:
    """Ana pressed that button of ours."""
    data = pressing(SECRET, "chat", "a", Pressed(act, subject), NOW + timedelta(days=1))  # type: ignore[arg-type]  # one of them
    return wrote(kind="press", text="", **{"key": "p1", "pressed": data, **more})


async def test_buttons_decide_on_tickets_and_answers(room: Room) -> None:
    ticket, other, intent = ids.derived("tkt", "1"), ids.derived("tkt", "2"), ids.derived("int", "1")
    await room.hear(
        press("approve", ticket), press("reject", other, key="p2"), press("good", intent, key="p3"), press("bad", intent, key="p4")
    )
    assert room.hulk.decided == [(ANA.actor, ticket, True), (ANA.actor, other, False)]
    assert room.hulk.opinions == [(ANA.actor, intent, True), (ANA.actor, intent, False)]


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"pressed": "a.xyz"}, id="forged"),
        pytest.param({"address": "b"}, id="of another conversation"),
        pytest.param({"sender": "bia"}, id="by somebody unknown"),
    ],
)
async def test_a_button_that_is_not_theirs_to_press_does_nothing(room: Room, more: dict[str, Any]) -> None:
    await room.hear(press("approve", ids.derived("tkt", "1"), **more))
    assert room.hulk.decided == []


async def test_who_wants_a_person_by_a_button_or_by_word_is_handed_over_and_that_is_told_once(room: Room) -> None:
    [kept] = await room.hear(wrote("Oi", "1"))
    conversation = conversation_of(kept)
    await room.hear(press("person", conversation), press("person", conversation, key="p2"), wrote("/pessoa", "3"))
    [told] = [one for one in room.trail.events if one.type == "hulk.channel.handed.v1"]
    assert (told.subject, told.actor, told.data) == (conversation, "channel:chat", {"channel": "chat", "sender": "ana"})
    assert (await room.conversations.get(conversation)).mode == "person"


async def test_what_was_sent_long_ago_is_asked_about_first(room: Room) -> None:
    room.later(timedelta(days=2))
    [kept] = await room.hear(wrote("Transfira 10 mil"))
    assert room.hulk.asked == []
    await room.said()
    [button] = room.line.sent[0].buttons
    await room.hear(wrote(kind="press", text="", key="p1", pressed=button.data, at=room.clock[0]))
    assert [one.text for one in room.hulk.asked] == ["Transfira 10 mil"]
    intent = ids.derived("int", room.hulk.asked[0].key)
    await room.end(intent, "Feito.")
    assert await room.said() == ["Feito."]
    assert (await room.inbox.get(kept.id)).outcome == "asked"


async def test_what_came_late_and_says_nothing_to_do_is_not_worked_on_when_it_is_still_wanted(room: Room) -> None:
    room.later(timedelta(days=2))
    await room.hear(wrote("\u200b"))
    [button] = (await room.messages())[-1].buttons
    await room.hear(wrote(kind="press", text="", key="p1", pressed=button.data, at=room.clock[0]))
    assert not room.hulk.asked
    assert (await room.said())[-1] == "Diga o que devo fazer com isto."
    assert await outcomes(room) == ["stale", "pressed"]


async def test_edits_and_deletions_change_what_is_remembered(room: Room) -> None:
    await room.hear(wrote("Um", "1"), wrote("Dois", "2"))
    await room.hear(wrote("Um!", "e1", kind="edit", id="m1"), wrote("", "d1", kind="deletion", id="m2"))
    await room.hear(wrote("Três", "3"))
    assert [one.text for one in room.hulk.asked[-1].turns] == ["Um!"]
    assert await outcomes(room) == ["asked", "asked", "edited", "deleted", "asked"]
    assert [one.arrival.text for one in await room.inbox.recent("default", None, 10) if one.arrival.id == "m2"] == ["", ""]


async def test_what_a_stranger_deletes_is_not_kept(store: Store, tmp_path: Path) -> None:
    room = a_room(store, tmp_path)
    await room.hear(wrote("Meu CPF é 529.982.247-25", "1"), wrote("", "d1", kind="deletion", id="m1"))
    assert await outcomes(room) == ["unknown", "deleted"]
    assert [one.arrival.text for one in await room.inbox.recent("default", None, 10)] == ["", ""]


async def test_who_deletes_their_question_is_not_answered_any_more(room: Room) -> None:
    await room.hear(wrote("Um", "1"))
    await room.end(ids.derived("int", room.hulk.asked[0].key), "Resposta")
    await room.hear(wrote("", "d1", kind="deletion", id="m1"))
    assert await room.said() == []


@pytest.mark.parametrize(
    ("arrival", "outcome", "said"),
    [
        pytest.param(wrote("   "), "refused", 1, id="nothing to do"),
        pytest.param(wrote("x" * 32_001), "refused", 1, id="too much to read"),
        pytest.param(wrote(kind="other", text="", problem="sticker"), "refused", 1, id="of a kind that is of no use"),
        pytest.param(wrote(kind="other", text="", group=True), "ignored", 0, id="the same among others"),
        pytest.param(wrote("Oi", addressed=False), "overheard", 0, id="not meant"),
        pytest.param(wrote("/pessoa@outro_bot", addressed=False, group=True), "overheard", 0, id="a command for another bot"),
        pytest.param(wrote("pending", addressed=False, group=True), "overheard", 0, id="a word of a command among others"),
        pytest.param(wrote("Oi", sender="ana", kind="deletion", id="never"), "ignored", 0, id="a deletion of what never came"),
        pytest.param(wrote("مرحبا 👩‍👩‍👧‍👦 \u202eabc"), "asked", 0, id="right to left, and joined emojis"),
        pytest.param(wrote("a\0b\ud800"), "asked", 0, id="what no store keeps"),
    ],
)
async def test_whatever_comes_is_handled(room: Room, arrival: Arrival, outcome: str, said: int) -> None:
    await room.hear(replace(arrival, text=arrival.text.encode("utf-8", "replace").decode()))
    assert await outcomes(room) == [outcome]
    assert len(await room.said()) == said


async def test_of_what_is_only_kept_to_be_seen_nobody_becomes_known(room: Room) -> None:
    """A mailbox gets more mails of nobody than of people, each under another name; contacts are never removed."""
    [kept] = await room.hear(wrote("Ganhe dinheiro", kind="other", addressed=False, sender="?spam", address="?spam"))
    assert await outcomes(room) == ["unknown"]
    assert await room.contacts.get("chat", "?spam") is None
    with pytest.raises(NotFound):
        await room.conversations.get(conversation_of(kept))


async def test_robots_and_blocked_people_are_not_heard(room: Room) -> None:
    await room.hear(wrote("Oi", "1", sender="x"))
    robot = Sender(id="bot", robot=True, email="ana@example.com")
    await room.hear(wrote("Oi", "2"))
    await room.store.commit(room.contacts.block("chat", "ana", blocked=True))
    await room.hear(wrote("Oi", "3"), replace(wrote("Oi", "4"), sender=robot))
    assert len(room.hulk.asked) == 1


async def test_who_is_blocked_or_unlinked_while_something_of_theirs_is_worked_on_stays_so(store: Store, tmp_path: Path) -> None:
    room = a_room(store, tmp_path, open_to_all(), transcribe=lambda *_: listened())
    room.line.kept = {"f1": b"x"}
    await room.hear(wrote("Oi", "1"))
    await store.commit(room.contacts.link("chat", "ana", "usr_ana"))

    async def listened() -> str:
        """Meanwhile an admin has heard enough of them."""
        await store.commit(room.contacts.block("chat", "ana", True), room.contacts.link("chat", "ana", None))
        return "Quantos?"

    await room.hear(wrote("", "2", files=(Attached(ref="f1", voice=True),)), wrote("Oi", "3"))
    found = await room.contacts.get("chat", "ana")
    assert found is not None
    assert (found.blocked, found.person) == (True, None)
    assert await outcomes(room) == ["asked", "asked", "ignored"]


async def test_who_was_a_stranger_is_known_once_they_have_an_account_of_their_address(room: Room) -> None:
    accounts, room.hulk.emails = room.hulk.emails, {}
    await room.hear(wrote("Oi", "1"))
    room.hulk.emails = accounts
    await room.hear(wrote("Oi", "2"))
    assert await outcomes(room) == ["unknown", "asked"]
    found = await room.contacts.get("chat", "ana")
    assert found is not None
    assert found.person == "usr_ana"


async def test_a_refusal_is_told_in_the_persons_language(room: Room) -> None:
    room.hulk.refusing = Forbidden("You asked for this yourself, so ticket {ticket} is for somebody else to approve.", ticket="tkt_1")
    await room.hear(wrote("Oi"))
    [said] = await room.said()
    assert said.startswith("Foi você quem pediu")
    assert await outcomes(room) == ["refused"]


async def test_what_may_work_later_is_tried_again_and_what_never_does_is_told(room: Room) -> None:
    room.hulk.refusing = Unavailable("The store is away.")
    await room.hear(wrote("Oi"))
    assert await outcomes(room) == ["failed"]
    assert len(await room.said()) == 1


async def test_receipts_settle_what_was_unknown_and_bounce_what_did_not_arrive(room: Room) -> None:
    room.line.has = None
    await room.hear(wrote("Oi"))
    await room.end(ids.derived("int", room.hulk.asked[0].key), "Resposta")
    await room.said()
    handle = room.line.sent[0].id
    await room.hear(wrote(kind="receipt", key="s1", text="", handle=handle, fate="failed", problem="window closed"))
    found = await room.outbox.get(handle)
    assert found.state == "failed"
    assert "window closed" in str(found.problem)
    await room.hear(wrote(kind="receipt", key="s2", text="", handle=handle, fate="delivered", id="v9"))
    assert ((await room.outbox.get(handle)).state, (await room.outbox.get(handle)).sent_id) == ("sent", "v9")


async def test_what_was_only_taken_on_is_no_news_of_what_did_not_arrive(room: Room) -> None:
    """Statuses come in no order: that Meta has it (`sent`) may be heard after that it failed."""
    await room.hear(wrote("Oi"))
    await room.end(ids.derived("int", room.hulk.asked[0].key), "Resposta")
    await room.said()
    handle = room.line.sent[0].id
    receipt = {"kind": "receipt", "text": "", "handle": handle, "id": "v9"}
    await room.hear(wrote(key="s1", fate="failed", problem="no WhatsApp", **receipt), wrote(key="s2", **receipt))
    assert (await room.outbox.get(handle)).state == "failed"


async def test_who_moves_to_another_id_stays_who_they_are(store: Store, tmp_path: Path) -> None:
    room = a_room(store, tmp_path)
    await room.store.commit(room.contacts.invite("default", code_hash("C"), "usr_ana", NOW + timedelta(hours=1)))
    await room.hear(wrote("/link C", "1"), wrote("", "2", kind="move", moved="ana-2"), wrote("Oi", "3", sender="ana-2"))
    assert [one.by for one in room.hulk.asked] == [ANA]


async def test_in_quiet_hours_only_what_was_just_asked_for_is_sent(store: Store, tmp_path: Path) -> None:
    quiet = Quiet(time(0), time(23, 59), ZoneInfo("UTC"))
    room = a_room(store, tmp_path, trusting(quiet=quiet))
    await room.hear(wrote("Um", "1"), wrote("Dois", "2"))
    first, second = (ids.derived("int", one.key) for one in room.hulk.asked)
    await room.end(first, "logo")
    room.later(timedelta(minutes=30))
    await room.end(second, "depois")
    assert await room.said() == ["logo"]
