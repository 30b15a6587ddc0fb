"""A ticket that waits for a yes or no asks for it where the work was asked for, and who presses hears what became of it."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hulk.kernel import ids
from hulk.kernel.durable import Started
from hulk.kernel.events import Event
from hulk.kernel.text import Text
from hulk.modules.channels.domain import Outgoing
from hulk.modules.channels.ports import Waiting
from hulk.modules.channels.usecases import DECISION, TICKET, decision
from hulk.runtime.store import Store
from support.channels import ANA, NOW, Room, a_room, trusting, wrote

TICKET_ID = ids.derived("tkt", "1")
WAITS = Waiting(title=Text("Call {tool}, asked for by {who}", tool="shop.order", who="Ana"), intent="", language="pt", at=NOW)
BIA = replace(ANA, actor="person:bia@example.com", account="usr_bia")


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
