"""Sending by WhatsApp, to a twin of Meta that keeps its rules."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hulk.kernel.errors import Exhausted, Forbidden, HulkError, Refused, Unauthenticated, Unavailable
from hulk.modules.channels.adapters.whatsapp import WhatsAppLine
from hulk.modules.channels.domain import Outgoing
from hulk.modules.channels.ports import Uncertain, Unknowable
from support.twins.whatsapp import PERSON, PHONE, Meta, meta
from support.whatsapp import MESSAGE, NOW, buttons, line, outgoing


@pytest.fixture(scope="module")
def running() -> Iterator[Meta]:
    with meta() as twin:
        yield twin


@pytest.fixture
def twin(running: Meta) -> Meta:
    running.reset()
    return running


async def test_a_message_goes_to_the_phone_in_whatsapps_marks_as_an_answer_with_our_handle(twin: Meta) -> None:
    async with line(twin) as to:
        sent = await to.send(outgoing(), [])
    [said] = twin.sent()
    assert sent.id == said["wamid"]
    assert said["text"]["body"] == "Houve *7* pedidos."
    assert (said["to"], said["context"], said["biz_opaque_callback_data"]) == (PHONE, {"message_id": "wamid.HBgN1"}, MESSAGE)


@pytest.mark.parametrize(
    ("address", "reply", "expected"),
    [
        pytest.param(PERSON, {"to": PHONE}, {"to": PHONE, "recipient_type": "individual"}, id="phone known"),
        pytest.param(PERSON, {}, {"recipient": PERSON, "recipient_type": "individual"}, id="by id only"),
        pytest.param(PHONE, {}, {"to": PHONE, "recipient_type": "individual"}, id="by phone only"),
        pytest.param("Y2FwaV9", {"to": "Y2FwaV9", "group": True}, {"to": "Y2FwaV9", "recipient_type": "group"}, id="group"),
    ],
)
async def test_people_are_reached_by_what_is_known_of_them(twin: Meta, address: str, reply: Any, expected: dict[str, Any]) -> None:
    async with line(twin) as to:
        await to.send(outgoing(address=address, reply=reply), [])
    [said] = twin.sent()
    assert {name: said.get(name) for name in ("to", "recipient", "recipient_type") if name in said} == expected


async def test_three_buttons_stand_with_the_text_and_more_in_a_list(twin: Meta) -> None:
    async with line(twin) as to:
        await to.send(outgoing(buttons=buttons(3)), [])
        await to.send(outgoing(id=f"{MESSAGE[:-1]}r", buttons=buttons(5)), [])
    few, many = (said["interactive"] for said in twin.sent())
    assert [one["reply"] for one in few["action"]["buttons"]][2] == {"id": "a.2", "title": "Botão 2"}
    assert (many["type"], many["action"]["button"], len(many["action"]["sections"][0]["rows"])) == ("list", "Escolher", 5)


async def test_a_long_text_with_buttons_goes_before_them_and_only_the_last_carries_the_handle(twin: Meta) -> None:
    text = "\n\n".join(f"Parágrafo {number}. " + "Há muito o que dizer. " * 9 for number in range(12))
    async with line(twin) as to:
        sent = await to.send(outgoing(text, buttons=buttons(2)), [])
    first, last = twin.sent()
    assert [one["biz_opaque_callback_data"] for one in (first, last)] == [f"{MESSAGE}/1", MESSAGE]
    assert sent.id == last["wamid"]
    assert f"{first['text']['body']} {last['interactive']['body']['text']}".split() == text.split()


async def test_files_are_uploaded_and_sent_each_as_what_it_is(twin: Meta, tmp_path: Path) -> None:
    names = ["nota.png", "fala.ogg", "dados.csv", "relatório.pdf", "tudo.zip", "vazio.txt"]
    for name in names:
        (tmp_path / name).write_bytes(b"" if name == "vazio.txt" else b"content")
    async with line(twin) as to:
        await to.send(outgoing(speak=True), [(name, tmp_path / name) for name in names])
    picture, voice, table, report, text = twin.sent()
    assert [said["type"] for said in (picture, voice, table, report, text)] == ["image", "audio", "document", "document", "text"]
    assert (voice["audio"]["voice"], table["document"]["filename"], report["document"]["filename"]) == (True, "dados.csv", "relatório.pdf")
    assert text["text"]["body"].endswith("O WhatsApp não leva este arquivo: tudo.zip, vazio.txt")
    uploads = [one["body"] for one in twin.seen() if one["path"].endswith("/media")]
    assert len(uploads) == 4
    assert "text/plain" in uploads[2]


async def test_a_picture_with_few_words_is_one_message(twin: Meta, tmp_path: Path) -> None:
    (tmp_path / "g.png").write_bytes(b"content")
    async with line(twin) as to:
        await to.send(outgoing(), [("g.png", tmp_path / "g.png")])
    [said] = twin.sent()
    assert said["image"]["caption"] == "Houve *7* pedidos."


@pytest.mark.parametrize(
    ("code", "error", "wait"),
    [
        pytest.param(130429, Exhausted, 4.0, id="too many of this number"),
        pytest.param(131056, Unavailable, 1.0, id="too many to this person"),
        pytest.param(131016, Unavailable, None, id="service away"),
        pytest.param(131000, Uncertain, None, id="went wrong"),
        pytest.param(131047, Refused, None, id="24 hours over"),
        pytest.param(131026, Refused, None, id="undeliverable"),
        pytest.param(131062, Refused, None, id="not by id"),
        pytest.param(131009, Refused, None, id="wrong parameter"),
        pytest.param(190, Unauthenticated, None, id="token over"),
        pytest.param(368, Forbidden, None, id="restricted"),
        pytest.param(131005, Forbidden, None, id="no permission"),
    ],
)
async def test_an_error_of_metas_says_what_may_be_done(twin: Meta, code: int, error: type[HulkError], wait: float | None) -> None:
    twin.be(code=code)
    async with line(twin) as to:
        with pytest.raises(HulkError) as raised:
            await to.send(outgoing(), [])
    assert type(raised.value).__mro__[: 1 if error is not Refused else 2][-1] is error or type(raised.value) is error
    assert getattr(raised.value, "retry_after", None) == wait
    assert twin.sent() == []


@pytest.mark.parametrize(("attempt", "wait"), [(1, 1.0), (2, 4.0), (3, 16.0), (9, 3600.0), (500, 3600.0)])
async def test_a_pair_that_is_too_fast_waits_four_times_longer_each_time(twin: Meta, attempt: int, wait: float) -> None:
    twin.be(code=131056)
    async with line(twin) as to:
        with pytest.raises(Unavailable) as raised:
            await to.send(outgoing(attempts=attempt), [])
    assert raised.value.retry_after == wait
    assert not isinstance(raised.value, Exhausted)  # which would hold all others, too


@pytest.mark.parametrize("fault", ["500", "502 after all", "503", "lost", "hung up", "garbage", "html", "deep", "cut", "flood"])
async def test_when_nobody_knows_whether_it_was_taken_that_is_said(twin: Meta, fault: str) -> None:
    twin.upset(fault)
    async with line(twin) as to:
        with pytest.raises(Unavailable) as raised:
            await to.send(outgoing(), [])
        assert isinstance(raised.value, Uncertain) or fault == "flood"
        with pytest.raises(Unknowable):
            await to.find(outgoing())


async def test_an_answer_that_does_not_come_in_time_is_uncertain(twin: Meta) -> None:
    twin.upset("slow")
    async with line(twin, seconds=0.2) as to:
        with pytest.raises(Uncertain):
            await to.send(outgoing(), [])


async def test_who_cannot_be_reached_has_surely_not_taken_it() -> None:
    async with line(Meta("http://127.0.0.1:9", "")) as to:
        with pytest.raises(Unavailable) as raised:
            await to.send(outgoing(), [])
    assert not isinstance(raised.value, Uncertain)


async def test_429_with_a_time_waits_that_long(twin: Meta) -> None:
    twin.upset("429 after 7")
    async with line(twin) as to:
        with pytest.raises(Exhausted) as raised:
            await to.send(outgoing(), [])
    assert raised.value.retry_after == 7


async def test_a_part_that_is_out_is_not_sent_again_with_the_rest(twin: Meta, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"a")
    (tmp_path / "b.pdf").write_bytes(b"b")
    files = [(name, tmp_path / name) for name in ("a.pdf", "b.pdf")]
    async with line(twin) as to:
        twin.upset("429", skip="/media")
        with pytest.raises(Exhausted):
            await to.send(outgoing(), files)
        await to.send(outgoing(attempts=2), files)
        assert [said["type"] for said in twin.sent()] == ["document", "document", "text"]
        other = outgoing(id=f"{MESSAGE[:-1]}r")
        await _interrupted(to, twin, other, files)
    assert [said["type"] for said in twin.sent()[3:]] == ["document", "document", "text"]
    assert len([one for one in twin.seen() if one["path"].endswith("/media")]) == 4


async def _interrupted(to: WhatsAppLine, twin: Meta, message: Outgoing, files: Any) -> None:
    twin.be(after=1, later=131056)
    with pytest.raises(Unavailable):
        await to.send(message, files)
    await to.send(replace(message, attempts=2), files)


async def test_the_burst_to_one_person_is_what_our_pace_lets_through(twin: Meta) -> None:
    async with line(twin) as to:
        burst = int(to.paces[1].burst)
        for number in range(burst):
            await to.send(outgoing(id=f"msg_{number:026d}"), [])
        with pytest.raises(Unavailable):
            await to.send(outgoing(), [])
        await to.send(outgoing(address="BR.2", reply={"to": "5521900000000"}), [])
    assert burst == 45


async def test_after_24_hours_a_template_goes_in_place_of_the_text(twin: Meta) -> None:
    twin.be(closed=True)
    async with line(twin, template=("resposta", "pt_BR")) as to:
        await to.send(outgoing("# Vendas\n\nHouve **7** pedidos."), [])
        await to.send(outgoing(reply={"to": PHONE, "at": int((NOW - timedelta(hours=25)).timestamp())}), [])
    first, second = twin.sent()
    assert first["template"]["name"] == second["template"]["name"] == "resposta"
    assert first["template"]["components"][0]["parameters"] == [{"type": "text", "text": "Vendas Houve 7 pedidos."}]
    assert first["biz_opaque_callback_data"] == MESSAGE
    assert len([one for one in twin.seen() if one["path"].endswith("/messages")]) == 3  # the second was not even tried as a text


async def test_after_24_hours_without_a_template_the_refusal_says_what_to_do(twin: Meta) -> None:
    twin.be(closed=True)
    async with line(twin) as to:
        with pytest.raises(Refused, match=r"channels\.whatsapp\.template"):
            await to.send(outgoing(), [])
