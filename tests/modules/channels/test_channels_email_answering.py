"""Mails at work: who is proven is answered, who is not gets nothing, and nobody joins another's conversation."""

from pathlib import Path

from hulk.modules.channels.usecases import code_hash
from hulk.runtime.store import Store
from support.channels import NOW, Room, a_room, open_to_all, trusting
from support.mailboxes import heard, mail

UNPROVEN = ("Authentication-Results",)


async def test_who_is_proven_is_asked_for_and_answered_in_the_thread(store: Store, tmp_path: Path) -> None:
    room = a_room(store, tmp_path, trusting())
    (kept,) = await room.hear(heard(mail()))
    assert [one.text for one in room.hulk.asked] == ["Pedidos\n\nQuantos pedidos houve ontem?"]
    found = await room.inbox.get(kept.id)
    assert found.intent is not None
    await room.end(found.intent, "Foram 17.")
    await room.said()
    (sent,) = room.line.sent
    assert (sent.address, sent.about) == (kept.arrival.address, "<1@example.com>")
    assert sent.reply["subject"] == "Pedidos"


async def test_the_same_mail_is_asked_once(store: Store, tmp_path: Path) -> None:
    room = a_room(store, tmp_path, trusting())
    await room.hear(heard(mail()))
    await room.hear(heard(mail()))
    assert len(room.hulk.asked) == 1


async def _silent(room: Room) -> bool:
    return not room.hulk.asked and not await room.said() and not await room.messages()


async def test_who_is_not_proven_gets_no_right_and_no_answer_even_where_guests_may_ask(store: Store, tmp_path: Path) -> None:
    room = a_room(store, tmp_path, open_to_all(trusts_email=True))
    kept = [await room.hear(heard(mail(text, drop=UNPROVEN, Message_ID=f"<{text}@x.y>"))) for text in ("oi", "/ajuda", "/person")]
    assert await _silent(room)
    assert [(await room.inbox.get(one.id)).outcome for many in kept for one in many] == ["ignored"] * 3


async def test_who_is_not_proven_cannot_use_a_code_nor_be_who_used_one(store: Store, tmp_path: Path) -> None:
    room = a_room(store, tmp_path)
    await store.commit(room.contacts.invite("default", code_hash("K3M9-77QD"), "usr_ana", NOW.replace(year=2027)))
    await room.hear(heard(mail("/link K3M9-77QD", drop=UNPROVEN)))
    assert await _silent(room)
    await room.hear(heard(mail("/link K3M9-77QD")))
    await room.hear(heard(mail("Oi", Message_ID="<2@example.com>")))
    assert len(room.hulk.asked) == 1
    await room.hear(heard(mail("Oi de novo", drop=UNPROVEN, Message_ID="<3@example.com>")))
    assert len(room.hulk.asked) == 1


async def test_nobody_hears_what_another_said_in_the_same_thread(store: Store, tmp_path: Path) -> None:
    room = a_room(store, tmp_path, open_to_all())
    await room.hear(heard(mail("segredo", Message_ID="<r@example.com>")))
    await room.hear(heard(mail("e então?", From="bob@example.com", References="<r@example.com>", Message_ID="<b@example.com>")))
    assert room.hulk.asked[1].turns == ()


async def test_a_mail_that_cannot_be_read_is_answered_with_why(store: Store, tmp_path: Path) -> None:
    room = a_room(store, tmp_path, trusting())
    await room.hear(heard(mail("--b\n" * 30_000, Content_Type="multipart/mixed; boundary=b")))
    (said,) = await room.said()
    assert "a mail that cannot be read" in said
