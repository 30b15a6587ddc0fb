"""A ticket that waits for a yes or no asks for it where the work was asked for, and who presses hears what became of it."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hulk.kernel import ids
from hulk.kernel.durable import Started
from hulk.kernel.errors import Forbidden
from hulk.kernel.events import Event
from hulk.kernel.tenancy import everywhere
from hulk.kernel.text import Text
from hulk.modules.channels.domain import Contact, Outgoing, Pressed, Quiet, pressing
from hulk.modules.channels.ports import Waiting
from hulk.modules.channels.usecases import DECISION, TICKET, decision
from hulk.modules.channels.usecases.pending import MOST_SHOWN
from hulk.runtime.store import Store
from support.channels import ANA, NOW, SECRET, Room, a_room, trusting, wrote

TICKET_ID = ids.derived("tkt", "1")
WAITS = Waiting(title=Text("Call {tool}, asked for by {who}", tool="shop.order", who="Ana"), intent="", language="pt", at=NOW)
BIA = replace(ANA, actor="person:bia@example.com", account="usr_bia", grants=everywhere("approver"))


@pytest.fixture
async def room(store: Store, tmp_path: Path) -> Room:
    """Ana asked for something, and Bia has written before, too."""
    room = a_room(store, tmp_path, trusting())
    room.hulk.people["usr_bia"], room.hulk.emails["bia@example.com"] = BIA, "usr_bia"
    await room.hear(wrote("Compre leite", "1"), wrote("/help", "2", sender="bia", address="b"))
    await room.said()
    room.line.sent.clear()
    return room


async def waits(room: Room, person: str | None = None, intent: str | None = None, until: datetime | None = None) -> list[Outgoing]:
    """The ticket is made, which is told twice; what goes out then."""
    room.hulk.waits[TICKET_ID] = replace(WAITS, intent=intent or ids.derived("int", room.hulk.asked[0].key), person=person, until=until)
    for _ in range(2):
        await room.store.commit(room.desk.begin(Started(workflow=DECISION, data={"ticket": TICKET_ID}, tenant="default", id="run_1")))
        await room.desk.drain()
    await room.said()
    return room.line.sent


async def pressed(room: Room, place: int, key: str, sender: str = "ana", at: int = 0) -> str:
    """Somebody presses a button of a message; what they are told."""
    message = room.line.sent[at]
    data = message.buttons[place].data
    await room.hear(wrote("", key, kind="press", pressed=data, address=message.address, sender=sender))
    [told] = await room.said()
    return told


async def test_it_is_asked_once_where_the_work_was_asked_for(room: Room) -> None:
    [sent] = await waits(room)
    assert "shop.order" in sent.text
    assert (sent.address, len(sent.buttons)) == ("a", 2)


@pytest.mark.parametrize(("place", "approved"), [pytest.param(0, True, id="approved"), pytest.param(1, False, id="rejected")])
async def test_a_press_decides_once_and_says_who_did(room: Room, place: int, approved: bool) -> None:
    await waits(room)
    first = await pressed(room, place, "p1")
    again = await pressed(room, 1 - place, "p2")
    assert room.hulk.decided == [(ANA.actor, TICKET_ID, approved)]
    assert ANA.actor in first
    assert ANA.actor in again
    assert first != again


async def test_who_is_to_decide_is_asked_where_they_were_heard_last(room: Room) -> None:
    sent = await waits(room, person="usr_bia")
    assert sorted(one.address for one in sent) == ["a", "b"]
    theirs = next(at for at, one in enumerate(sent) if one.address == "b")
    assert BIA.actor in await pressed(room, 0, "p1", sender="bia", at=theirs)
    assert ANA.actor not in await pressed(room, 0, "p2", at=1 - theirs)


async def test_a_ticket_decided_elsewhere_says_so(room: Room) -> None:
    await waits(room)
    room.hulk.decided.append(("person:chefe@example.com", TICKET_ID, False))
    assert "person:chefe@example.com" in await pressed(room, 0, "p1")
    assert len(room.hulk.decided) == 1


async def test_what_nobody_asked_for_by_a_channel_is_asked_of_nobody(room: Room) -> None:
    assert await waits(room, intent="int_of_the_console") == []


async def test_what_is_decided_already_is_not_asked(room: Room) -> None:
    await room.store.commit(room.desk.begin(Started(workflow=DECISION, data={"ticket": TICKET_ID}, tenant="default", id="run_1")))
    await room.desk.drain()
    assert await room.said() == []


CAIO = replace(ANA, actor="person:caio@example.com", account="usr_caio", grants=everywhere("viewer"))


async def a_team_room(store: Store, folder: Path, **more: Any) -> Room:
    """Ana asked for something; Bia, who may approve, and Caio, who may not, have written before."""
    room = a_room(store, folder, trusting(**more))
    room.hulk.people |= {"usr_bia": BIA, "usr_caio": CAIO}
    room.hulk.emails |= {"bia@example.com": "usr_bia", "caio@example.com": "usr_caio"}
    said = [wrote("/help", f"{who}{where}", sender=who, address=f"{who}{where}") for who in ("bia", "caio") for where in (1, 2)]
    await room.hear(wrote("Compre leite", "1"), *said[:2], wrote("/help", "g", sender="bia", address="all", group=True), *said[2:])
    await room.said()
    room.line.sent.clear()
    return room


@pytest.mark.parametrize("person", [pytest.param(None, id="nobody in particular"), pytest.param("usr_bia", id="somebody")])
async def test_who_did_not_just_write_is_not_asked_in_quiet_hours(store: Store, tmp_path: Path, person: str | None) -> None:
    room = await a_team_room(store, tmp_path, approvals=True, quiet=Quiet(time(14), time(17), ZoneInfo("UTC")))
    room.later(timedelta(minutes=30))
    await room.hear(wrote("Compre pão", "2", at=room.clock[0]))
    room.hulk.waits[TICKET_ID] = replace(WAITS, intent=ids.derived("int", room.hulk.asked[1].key), person=person, at=room.clock[0])
    await room.store.commit(room.desk.begin(Started(workflow=DECISION, data={"ticket": TICKET_ID}, tenant="default", id="run_1")))
    await room.desk.drain()
    await room.said()
    assert [one.address for one in room.line.sent] == ["a"]
    room.later(timedelta(hours=2))
    await room.said()
    assert [one.address[:3] for one in room.line.sent] == ["a", "bia"]


async def test_who_may_decide_is_asked_alone_and_once_where_their_channel_is_for_that(store: Store, tmp_path: Path) -> None:
    room = await a_team_room(store, tmp_path, approvals=True)
    room.later(timedelta(minutes=1))
    await room.hear(wrote("/help", "b3", sender="bia", address="bia1"))
    await room.said()
    room.line.sent.clear()
    sent = await waits(room)
    assert sorted(one.address for one in sent) == ["a", "bia1"]
    theirs = next(at for at, one in enumerate(sent) if one.address == "bia1")
    assert BIA.actor in await pressed(room, 0, "p1", sender="bia", at=theirs)


async def test_who_may_decide_is_asked_however_many_others_wrote_since(store: Store, tmp_path: Path) -> None:
    room = await a_team_room(store, tmp_path, approvals=True)
    seen = room.clock[0] + timedelta(minutes=1)
    strangers = [Contact(channel="chat", sender=f"s{at}", tenant="default", seen=seen) for at in range(250)]
    await store.commit(*(room.contacts.put(one) for one in strangers))
    assert {one.address[:3] for one in await waits(room)} == {"a", "bia"}


@pytest.mark.parametrize("person", [pytest.param(None, id="nobody in particular"), pytest.param("usr_bia", id="somebody")])
async def test_each_is_asked_in_their_language(store: Store, tmp_path: Path, person: str | None) -> None:
    room = await a_team_room(store, tmp_path, approvals=True)
    await room.hear(wrote("/language en", "l", sender="bia", address="bia1"))
    await room.said()
    room.line.sent.clear()
    asked = {one.address[:3]: [button.text for button in one.buttons] for one in await waits(room, person)}
    assert asked == {"a": ["✔ Aprovar", "✘ Rejeitar"], "bia": ["✔ Approve", "✘ Reject"]}


async def test_all_are_asked_who_may_decide(store: Store, tmp_path: Path) -> None:
    room = await a_team_room(store, tmp_path, approvals=True)
    room.hulk.people["usr_caio"] = replace(CAIO, grants=everywhere("approver"))
    asked = {one.address.rstrip("12"): len(one.buttons) for one in await waits(room)}
    assert asked == {"a": 2, "bia": 2, "caio": 2}


@pytest.mark.parametrize(
    ("approvals", "person", "asked"),
    [
        pytest.param(False, None, ["a"], id="who asked, where the channel is not for that"),
        pytest.param(True, "usr_caio", ["a", "caio2"], id="who asked and whom it is for, where it is for somebody"),
    ],
)
async def test_nobody_else_is_asked(store: Store, tmp_path: Path, approvals: bool, person: str | None, asked: list[str]) -> None:
    room = await a_team_room(store, tmp_path, approvals=approvals)
    places = [one.address for one in await waits(room, person=person)]
    assert sorted(one.rstrip("12") for one in places) == sorted(one.rstrip("12") for one in asked)


@pytest.mark.parametrize("words", ["/pending", "/pendências", "Pendências?", "pendencias"])
async def test_who_asks_what_waits_for_them_is_shown_it_with_buttons(store: Store, tmp_path: Path, words: str) -> None:
    room = await a_team_room(store, tmp_path)
    room.hulk.waits[TICKET_ID] = WAITS
    await room.hear(wrote(words, "p", sender="bia", address="bia1"), wrote(words, "q", sender="caio", address="caio1"))
    shown = dict(zip((await room.said()), room.line.sent, strict=True))
    assert {one.address: len(one.buttons) for one in shown.values()} == {"bia1": 2, "caio1": 0}
    assert any("shop.order" in text for text in shown)
    at = next(at for at, one in enumerate(room.line.sent) if one.buttons)
    assert BIA.actor in await pressed(room, 0, "p1", sender="bia", at=at)
    assert room.hulk.decided == [(BIA.actor, TICKET_ID, True)]


async def test_who_presses_without_the_right_is_told_why_and_nothing_is_decided(store: Store, tmp_path: Path) -> None:
    room = await a_team_room(store, tmp_path)
    room.hulk.undecided = Forbidden("You may not do this: it needs “approve” on tickets.")
    data = pressing(SECRET, "chat", "caio1", Pressed("approve", TICKET_ID), NOW + timedelta(days=1))
    await room.hear(wrote("", "p", kind="press", pressed=data, address="caio1", sender="caio"))
    assert await room.said() == ["You may not do this: it needs “approve” on tickets."]
    assert room.hulk.decided == []


async def test_of_much_that_waits_some_is_shown_at_once(store: Store, tmp_path: Path) -> None:
    room = await a_team_room(store, tmp_path)
    room.hulk.waits |= {ids.derived("tkt", str(number)): WAITS for number in range(MOST_SHOWN + 1)}
    await room.hear(wrote("/pending", "p", sender="bia", address="bia1"))
    await room.said()
    assert [bool(one.buttons) for one in room.line.sent] == [False] + [True] * MOST_SHOWN


async def test_what_waits_is_not_shown_where_others_read_it(store: Store, tmp_path: Path) -> None:
    room = await a_team_room(store, tmp_path)
    room.hulk.waits[TICKET_ID] = WAITS
    await room.hear(wrote("/pending", "p", sender="bia", address="all", group=True))
    [told] = await room.said()
    assert "shop.order" not in told


async def test_who_is_asked_sees_until_when(room: Room) -> None:
    [sent] = await waits(room, until=datetime(2026, 11, 30, 15, 4, tzinfo=UTC))
    assert "2026-11-30 15:04 UTC" in sent.text


@pytest.mark.parametrize(
    ("owner", "intent", "begins"),
    [
        pytest.param("person", "int_1", True, id="for a person"),
        pytest.param("worker", "int_1", False, id="for a worker"),
        pytest.param("person", None, False, id="of no intent"),
    ],
)
def test_which_tickets_are_looked_at(owner: str, intent: str | None, begins: bool) -> None:
    event = Event(type=TICKET, subject=TICKET_ID, tenant="default", actor="hulk", intent=intent, data={"owner": owner})
    begun = decision(event)
    assert (begun is not None) is begins
    assert begun is None or (begun.workflow, begun.data) == (DECISION, {"ticket": TICKET_ID})
