"""What Telegram's updates are to us: every kind of them, and all that Telegram may yet invent."""

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.modules.channels.adapters.telegram.updates import Reader
from hulk.modules.channels.domain import Arrival
from support.twins.telegram import updates
from support.twins.telegram.updates import ANA, BOT, GROUP, SOMEBODY, edited, entity, file, message, post, pressed, reacted

NOW = datetime.now(UTC)
READER = Reader(4242, "hulk_twin_bot")
TO_US = "@hulk_twin_bot, quantos pedidos?"
TOPIC = {"chat": GROUP, "message_thread_id": 3, "is_topic_message": True}


def read(update: Mapping[str, Any]) -> Arrival:
    found = READER.read({"update_id": 9, **update}, NOW)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("update", "told"),
    [
        pytest.param(message("Olá 😀 مرحبا"), {"kind": "message", "text": "Olá 😀 مرحبا", "address": "1001", "id": "7"}, id="a text"),
        pytest.param(message("/start ABC"), {"kind": "message", "text": "/start ABC", "addressed": True}, id="a command"),
        pytest.param(edited("Oi"), {"kind": "edit", "text": "Oi", "id": "7"}, id="an edit"),
        pytest.param(message("a", **TOPIC), {"address": "-1009/3", "group": True, "addressed": False}, id="a topic"),
        pytest.param(message("a", chat=GROUP, message_thread_id=3), {"address": "-1009"}, id="a thread that is no topic"),
        pytest.param(
            message(TO_US, chat=GROUP, entities=[entity("mention", TO_US, "@hulk_twin_bot")]),
            {"addressed": True, "text": "quantos pedidos?"}, id="a mention",
        ),
        pytest.param(
            message("😀 @HULK_twin_bot", chat=GROUP, entities=[entity("mention", "😀 @HULK_twin_bot", "@HULK_twin_bot")]),
            {"addressed": True}, id="a mention behind an emoji",
        ),
        pytest.param(
            message("@hulk_twin_bot2 oi", chat=GROUP, entities=[entity("mention", "@hulk_twin_bot2 oi", "@hulk_twin_bot2")]),
            {"addressed": False, "text": "@hulk_twin_bot2 oi"}, id="a mention of another",
        ),
        pytest.param(
            message("Hulk, oi", chat=GROUP, entities=[entity("text_mention", "Hulk, oi", "Hulk", user=BOT)]), {"addressed": True},
            id="a mention by name",
        ),
        pytest.param(
            message("oi", chat=GROUP, reply_to_message=updates.said("x", by=BOT, chat=GROUP, number=5)), {"addressed": True, "about": "5"},
            id="an answer to us",
        ),
        pytest.param(message("oi", chat=GROUP, reply_to_message=updates.said("x", chat=GROUP)), {"addressed": False}, id="to another"),
        pytest.param(
            message("/help@hulk_twin_bot", chat=GROUP, entities=[entity("bot_command", "/help@hulk_twin_bot", "/help@hulk_twin_bot")]),
            {"addressed": True}, id="a command of ours",
        ),
        pytest.param(
            message("/help@other_bot", chat=GROUP, entities=[entity("bot_command", "/help@other_bot", "/help@other_bot")]),
            {"addressed": False}, id="a command of another's",
        ),
        pytest.param(post("Aviso"), {"kind": "message", "address": "-1010", "group": True, "addressed": False}, id="a post in a channel"),
        pytest.param(
            pressed("g.abc", chat=GROUP, message_thread_id=3, is_topic_message=True),
            {"kind": "press", "pressed": "g.abc", "address": "-1009/3", "id": "70", "reply": {"callback": "99887766"}}, id="a button",
        ),
        pytest.param(reacted("👍"), {"kind": "reaction", "emoji": "👍", "removed": False, "about": "70"}, id="a thumb"),
        pytest.param(reacted("👎", "👍"), {"kind": "reaction", "emoji": "👎", "removed": False}, id="another thumb"),
        pytest.param(reacted("", "👍"), {"kind": "reaction", "emoji": "👍", "removed": True}, id="a thumb taken back"),
        pytest.param(message(location={"latitude": -23.55, "longitude": -46.63}), {"text": "geo:-23.550000,-46.630000"}, id="a place"),
        pytest.param(message(sticker=file("sticker")), {"kind": "message", "text": "👍"}, id="a sticker"),
        pytest.param(message(poll={"id": "1"}), {"kind": "other", "addressed": True, "problem": "poll"}, id="a poll"),
        pytest.param(message(dice={"emoji": "🎲", "value": 3}), {"kind": "other", "problem": "dice"}, id="a die"),
        pytest.param(message(hologram={"x": 1}), {"kind": "other", "addressed": False, "problem": "hologram"}, id="not invented yet"),
        pytest.param(message(new_chat_title="x", chat=GROUP), {"kind": "other", "addressed": False}, id="what Telegram tells"),
        pytest.param(updates.blocked(), {"kind": "other", "addressed": False, "problem": "my_chat_member", "address": "1001"}, id="gone"),
        pytest.param({"inline_query": {"id": "1", "from": ANA}}, {"kind": "other", "problem": "inline_query"}, id="inline"),
        pytest.param({"new_thing": [1]}, {"kind": "other", "addressed": False, "address": "nobody"}, id="a new kind"),
        pytest.param({}, {"kind": "other", "problem": "nothing"}, id="nothing"),
        pytest.param({"message": "broken"}, {"kind": "other", "problem": "message"}, id="a kind of another shape"),
        pytest.param({"message": {"message_id": 1, "date": 1e300, "chat": ANA}}, {"kind": "other"}, id="a date of never"),
    ],
)  # fmt: skip
def test_an_update_becomes_an_arrival(update: dict[str, Any], told: dict[str, Any]) -> None:
    found = read(update)
    assert {name: getattr(found, name) for name in told} == told
    assert found.key == "4242:9"


@pytest.mark.parametrize(
    ("kind", "name", "media_type", "voice"),
    [
        pytest.param("voice", "voice.ogg", "audio/ogg", True, id="a voice note"),
        pytest.param("audio", "música.mp3", "audio/mpeg", False, id="music"),
        pytest.param("document", "relatório.csv", "text/csv", False, id="a document"),
        pytest.param("video", "video.mp4", "video/mp4", False, id="a video"),
        pytest.param("video_note", "video_note.mp4", "video/mp4", False, id="a round video"),
        pytest.param("animation", "animation.mp4", "video/mp4", False, id="an animation"),
    ],
)
def test_a_file_is_named_to_be_fetched_later(kind: str, name: str, media_type: str, voice: bool) -> None:
    found = read(message(caption="veja", **{kind: file(kind)}))
    assert found.text == "veja"
    assert [(one.ref, one.name, one.media_type, one.size, one.voice) for one in found.files] == [
        (f"{kind}-1", name, media_type, 4000, voice)
    ]


def test_of_a_picture_the_largest_copy_is_taken() -> None:
    sizes = [file("photo", file_id=f"p{width}", width=width) for width in (90, 1280, 320)]
    assert [one.ref for one in read(message(photo=sizes)).files] == ["p1280"]


@pytest.mark.parametrize(
    ("update", "sender"),
    [
        pytest.param(message("a"), ("1001", "Ana Souza", "", "pt", False), id="a person"),
        pytest.param(message("a", by=SOMEBODY), ("1002", "", "", None, False), id="somebody without a name or language"),
        pytest.param(message("a", by={**ANA, "language_code": "de"}), ("1001", "Ana Souza", "", None, False), id="another language"),
        pytest.param(message("a", by={**BOT, "id": 9}), ("9", "Hulk", "", None, True), id="a robot"),
        pytest.param(message("a", chat=GROUP, sender_chat=GROUP), ("-1009", "Operações", "", None, False), id="somebody of a group"),
        pytest.param(post("a"), ("-1010", "Avisos", "", None, False), id="a channel"),
        pytest.param(
            message(contact={"phone_number": "+5511", "first_name": "Ana", "user_id": 1001}), ("1001", "Ana Souza", "+5511", "pt", False),
            id="who gives their own number",
        ),
        pytest.param(
            message(contact={"phone_number": "+5511", "first_name": "Bia", "user_id": 5}), ("1001", "Ana Souza", "", "pt", False),
            id="who gives another's number",
        ),
    ],
)  # fmt: skip
def test_who_it_is(update: dict[str, Any], sender: tuple[Any, ...]) -> None:
    found = read(update).sender
    assert (found.id, found.name, found.phone, found.language, found.robot) == sender


def test_what_was_sent_long_ago_is_known_to_be_old() -> None:
    assert read(message("a", date=int(time.time()) - 90_000)).stale(NOW)
    assert read(message("a")).at >= NOW - timedelta(minutes=1)


def test_an_update_of_another_bot_with_the_same_number_is_another() -> None:
    other = Reader(7).read({"update_id": 9, **message("a")}, NOW)
    assert other is not None
    assert other.key != read(message("a")).key


@pytest.mark.parametrize("update", [{}, {"update_id": "9"}, {"update_id": True}, {"update_id": None, "message": {}}])
def test_what_has_no_number_is_no_update(update: dict[str, Any]) -> None:
    assert READER.read(update, NOW) is None


_JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5), lambda inside: (
    st.lists(inside, max_size=3) | st.dictionaries(st.sampled_from(["id", "chat", "from", "type", "date", "text", "x"]), inside)
), max_leaves=8)  # fmt: skip


@given(st.sampled_from([message("a"), pressed("b"), reacted("👍"), post("x"), edited("y"), message(photo=[file("photo")])]), st.data())
def test_whatever_an_update_holds_it_becomes_an_arrival_that_can_be_kept(update: dict[str, Any], data: st.DataObject) -> None:
    broken = json.loads(json.dumps(update))
    inside = broken[next(iter(broken))]
    inside[data.draw(st.sampled_from(sorted(inside)))] = data.draw(_JSON)
    found = read(broken)
    json.dumps(found.reply)
    for text in (found.text, found.address, found.sender.id, found.sender.name, found.emoji, found.pressed, found.id, found.problem):
        assert isinstance(text, str)
        text.encode()
