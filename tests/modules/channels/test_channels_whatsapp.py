"""What comes in by WhatsApp: each type of message as an arrival."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hulk.modules.channels.adapters.whatsapp.arrivals import arrivals, digest
from hulk.modules.channels.domain import Arrival
from support.twins.whatsapp.payloads import (
    BODIES,
    NUMBER,
    PERSON,
    PHONE,
    SHA256,
    message,
    person,
    status,
    user_id_update,
    value,
    webhook,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HANDLE = "msg_01h455vb4pex5vsknk084sn02q"


def read(payload: Any) -> tuple[Arrival, ...]:
    return arrivals(payload, NUMBER, NOW)


def one(kind: str, **other: Any) -> Arrival:
    [found] = read(webhook(value(messages=[message(kind, **other)])))
    return found


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        pytest.param("text", {"kind": "message", "text": "Quantos pedidos houve ontem?"}, id="text"),
        pytest.param("image", {"kind": "message", "text": "A nota"}, id="picture with words"),
        pytest.param("location", {"kind": "message", "text": "geo:-23.55,-46.63 Sé, Praça da Sé"}, id="place"),
        pytest.param("contacts", {"kind": "message", "text": "Bia Souza +55 11 99999-0000"}, id="card"),
        pytest.param("order", {"kind": "message", "text": "Para hoje\n2 × sku-7 (BRL 10.5)"}, id="order"),
        pytest.param("button", {"kind": "message", "text": "Sim, por favor"}, id="button of a template"),
        pytest.param("button reply", {"kind": "press", "pressed": "a.data", "text": "Sim"}, id="button of ours"),
        pytest.param("list reply", {"kind": "press", "pressed": "b.data", "text": "Não"}, id="row of a list of ours"),
        pytest.param("reaction", {"kind": "reaction", "about": "wamid.OURS", "emoji": "👍🏽", "removed": False}, id="reaction"),
        pytest.param("reaction taken back", {"kind": "reaction", "about": "wamid.OURS", "emoji": "", "removed": True}, id="no reaction"),
        pytest.param("edit", {"kind": "edit", "id": "wamid.BEFORE", "text": "Quantos hoje?"}, id="edited"),
        pytest.param("revoke", {"kind": "deletion", "id": "wamid.BEFORE"}, id="deleted"),
        pytest.param("unsupported", {"kind": "other", "problem": "unsupported: Message type unknown", "addressed": True}, id="unsupported"),
        pytest.param("changed number", {"kind": "move", "moved": "BR.2000"}, id="another number"),
    ],
)
def test_each_type_of_message_is_an_arrival(kind: str, expected: dict[str, Any]) -> None:
    found = one(kind)
    assert {name: getattr(found, name) for name in expected} == expected
    assert (found.key, found.address, found.sender.id) == ("wamid.HBgN1", PERSON, PERSON)


@pytest.mark.parametrize(
    ("kind", "name", "media_type", "voice"),
    [
        pytest.param("image", "", "image/jpeg", False, id="picture"),
        pytest.param("audio", "", "audio/mpeg", False, id="music"),
        pytest.param("voice note", "", "audio/ogg", True, id="voice note"),
        pytest.param("document", "ação.pdf", "application/pdf", False, id="document"),
        pytest.param("video", "", "video/mp4", False, id="video"),
        pytest.param("sticker", "", "image/webp", False, id="sticker"),
    ],
)
def test_files_are_named_to_be_fetched_later(kind: str, name: str, media_type: str, voice: bool) -> None:
    [file] = one(kind).files
    assert (file.name, file.media_type, file.voice) == (name, media_type, voice)
    assert file.ref.startswith("10033834213872")
    assert file.sha256 == digest(SHA256) != ""


@pytest.mark.parametrize("kind", BODIES)
def test_the_answered_message_and_the_time_are_told_of_every_type(kind: str) -> None:
    found = one(kind, context={"from": "15550783881", "id": "wamid.OURS"}, at=1795200000)
    assert found.at == datetime.fromtimestamp(1795200000, UTC)
    assert found.about == "wamid.OURS"


@pytest.mark.parametrize(
    ("sent", "contacts", "expected"),
    [
        pytest.param({}, [person()], (PERSON, "Ana", f"+{PHONE}", {"to": PHONE}), id="id and phone"),
        pytest.param({"from": None}, [person(phone=None)], (PERSON, "Ana", "", {}), id="no phone"),
        pytest.param({"from_user_id": None}, [person(user=None)], (PHONE, "Ana", f"+{PHONE}", {"to": PHONE}), id="phone only"),
        pytest.param({"from_user_id": None}, [person()], (PERSON, "Ana", f"+{PHONE}", {"to": PHONE}), id="id with the contact only"),
        pytest.param({}, [], (PERSON, "", f"+{PHONE}", {"to": PHONE}), id="no contacts"),
        pytest.param({}, [person(name=None)], (PERSON, "", f"+{PHONE}", {"to": PHONE}), id="no name"),
        pytest.param({"from": None}, [{"user_id": PERSON, "profile": {"username": "@ana"}}], (PERSON, "@ana", "", {}), id="username"),
        pytest.param(
            {}, [person("Bia", "5511000000000", "BR.9"), person("عائشة 🌷")], (PERSON, "عائشة 🌷", f"+{PHONE}", {"to": PHONE}),
            id="one of several, right to left",
        ),
    ],
)  # fmt: skip
def test_people_are_their_business_scoped_id(sent: Any, contacts: Any, expected: Any) -> None:
    [found] = read(webhook(value(messages=[message("text", **sent)], contacts=contacts)))
    reply = {name: part for name, part in found.reply.items() if name != "at"}
    assert (found.sender.id, found.sender.name, found.sender.phone, reply) == expected
    assert found.address == found.sender.id


def test_who_is_nobody_and_what_has_no_id_is_passed_over() -> None:
    unsaid: dict[str, Any] = {"from": None, "from_user_id": None}
    nobody = message("text", **unsaid)
    no_id = {name: part for name, part in message("text").items() if name != "id"}
    assert read(webhook(value(messages=[nobody, no_id], contacts=[]))) == ()


def test_a_call_brings_many_and_only_those_to_our_number_are_taken() -> None:
    ours = value(messages=[message("text", id_="wamid.1"), message("image", id_="wamid.2")], statuses=[status("wamid.9", "read", HANDLE)])
    others = value(messages=[message("text", id_="wamid.3")], number="999999999")
    payload = webhook(ours, others, value(messages=[message("text", id_="wamid.4")]))
    payload["entry"] += webhook(value(messages=[message("text", id_="wamid.5")]))["entry"]
    assert [found.key for found in read(payload)] == ["wamid.1", "wamid.2", "wamid.9:read", "wamid.4", "wamid.5"]


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param({"type": "poll_creation"}, id="a type that nobody knows"),
        pytest.param({"type": "text", "text": None}, id="no words"),
        pytest.param({"type": "text", "text": ["?"]}, id="another shape"),
        pytest.param({"type": "location", "location": {"latitude": "here"}}, id="no number"),
        pytest.param({"type": "interactive", "interactive": {"type": "nfm_reply", "nfm_reply": {}}}, id="a form"),
        pytest.param({"type": "interactive"}, id="nothing pressed"),
        pytest.param({"type": "image", "image": {"mime_type": "image/png"}}, id="a file without id"),
    ],
)
def test_what_cannot_be_read_of_one_message_keeps_no_other_from_being_taken(broken: dict[str, Any]) -> None:
    first = {**message("text", id_="wamid.1", text=None), **broken}
    odd, good = read(webhook(value(messages=[first, message("text", id_="wamid.2")])))
    assert (odd.kind, odd.sender.id, odd.addressed) == ("other", PERSON, True)
    assert odd.problem.startswith(broken["type"])
    assert good.kind == "message"


@pytest.mark.parametrize("payload", [None, 1, [], {}, {"entry": 1}, {"entry": [1, {"changes": {}}]}, webhook({}), webhook({"metadata": 1})])
def test_what_is_no_webhook_of_ours_brings_nothing(payload: Any) -> None:
    assert read(payload) == ()


@pytest.mark.parametrize("timestamp", ["", "soon", "9" * 40, "²", "-5"])
def test_a_time_that_is_none_is_now(timestamp: str) -> None:
    assert one("text", timestamp=timestamp).at == NOW


def test_what_was_sent_more_than_a_day_ago_is_stale() -> None:
    assert one("text", at=int((NOW - timedelta(days=2)).timestamp())).stale(NOW)


def test_in_a_group_only_answers_to_us_are_for_us() -> None:
    said = one("text", group_id="Y2FwaV9ncm91cDox")
    assert (said.address, said.group, said.addressed) == ("Y2FwaV9ncm91cDox", True, False)
    answer = one("text", group_id="Y2FwaV9ncm91cDox", context={"from": "15550783881", "id": "wamid.OURS"})
    assert (answer.addressed, answer.reply["group"]) == (True, True)


@pytest.mark.parametrize(
    ("payload", "old", "new"),
    [
        pytest.param(user_id_update(PERSON, "BR.2000"), PERSON, "BR.2000", id="told by id"),
        pytest.param(
            webhook(value(messages=[message("changed number", from_user_id=None, system={
                "type": "user_changed_number", "wa_id": "5521912345678", "body": "changed",
            })], contacts=[])), PHONE, "5521912345678", id="known by number",
        ),
        pytest.param(
            webhook(value(messages=[message("changed number", from_user_id=None, system={
                "type": "customer_changed_number", "new_wa_id": "5521912345678", "customer": "5511000000000", "body": "changed",
            })], contacts=[])), "5511000000000", "5521912345678", id="as told before version 12",
        ),
    ],
)  # fmt: skip
def test_people_who_change_their_number_stay_who_they_are(payload: Any, old: str, new: str) -> None:
    [found] = read(payload)
    assert (found.kind, found.sender.id, found.moved) == ("move", old, new)


def test_a_changed_number_of_one_known_by_id_alone_tells_nothing() -> None:
    found = one("changed number", system={"type": "user_changed_number", "wa_id": "5521912345678", "body": "changed"})
    assert (found.kind, found.addressed) == ("other", False)


@pytest.mark.parametrize(
    ("what", "fate"),
    [("sent", None), ("delivered", "delivered"), ("read", "read"), ("played", "read"), ("failed", "failed"), ("warned", None)],
)
def test_what_became_of_a_message_is_a_receipt(what: str, fate: str | None) -> None:
    [found] = read(webhook(value(statuses=[status("wamid.OUT1", what, HANDLE)])))
    assert (found.kind, found.id, found.handle, found.fate) == ("receipt", "wamid.OUT1", HANDLE, fate)


@pytest.mark.parametrize(
    ("what", "handle", "expected"),
    [
        pytest.param("delivered", f"{HANDLE}/1", "", id="a part that came through says nothing of the whole"),
        pytest.param("failed", f"{HANDLE}/1", HANDLE, id="a part that did not does"),
        pytest.param("delivered", "somebody else's", "", id="of another program"),
        pytest.param("delivered", None, "", id="without a handle"),
    ],
)
def test_only_our_handles_are_taken(what: str, handle: str | None, expected: str) -> None:
    [found] = read(webhook(value(statuses=[status("wamid.OUT1", what, handle)])))
    assert found.handle == expected


def test_why_a_message_could_not_be_delivered_is_told_with_what_to_do() -> None:
    fault = {"code": 131047, "title": "Re-engagement message", "error_data": {"details": "More than 24 hours have passed."}}
    [found] = read(webhook(value(statuses=[status("wamid.OUT1", "failed", HANDLE, errors=[fault])])))
    assert found.problem.startswith("Re-engagement message (131047): More than 24 hours have passed.")
    assert "channels.whatsapp.template" in found.problem


@pytest.mark.parametrize(
    ("said", "expected"),
    [(SHA256, 64), ("A" * 64, 64), ("", 0), ("not one", 0), ("é" * 44, 0), ("QUJD", 0)],
    ids=["base 64", "hexadecimal", "none", "spaces", "not ASCII", "too short"],
)
def test_digests_are_read_in_both_ways_that_meta_writes_them(said: str, expected: int) -> None:
    assert len(digest(said)) == expected
