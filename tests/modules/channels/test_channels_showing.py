"""Who waits for an answer is shown that it is worked on, until the answer is on its way, and not for ever."""

from datetime import timedelta
from pathlib import Path

import pytest

from hulk.kernel import ids
from hulk.modules.channels.domain import Limits
from hulk.modules.channels.usecases import ShowWork
from hulk.modules.channels.usecases.showing import LONGEST, MOST
from hulk.runtime.store import Store
from support.channels import Room, ScriptedLine, a_room, trusting, wrote


@pytest.fixture
def room(store: Store, tmp_path: Path) -> Room:
    return a_room(store, tmp_path, trusting())


def showing(room: Room) -> ShowWork:
    """As a process that has just begun has it: what it knows is kept."""
    return ShowWork(channel="chat", line=room.line, inbox=room.inbox, clock=lambda: room.clock[0])


async def test_it_is_shown_again_until_the_answer_is_on_its_way(room: Room) -> None:
    await room.hear(wrote("Um", "1"), wrote("Dois", "2", address="b"))
    room.line.shown.clear()
    assert await showing(room).once() == 2
    assert sorted(room.line.shown) == ["a", "b"]
    await room.end(ids.derived("int", room.hulk.asked[0].key), "Pronto.")
    assert await showing(room).once() == 1
    room.later(LONGEST)
    assert await showing(room).once() == 0


async def test_what_became_no_intent_is_not_worked_on(room: Room) -> None:
    await room.hear(wrote("/help", "1"), wrote("x" * 40_000, "2"))
    assert await showing(room).once() == 0


async def test_of_many_those_are_shown_it_who_asked_last(room: Room) -> None:
    for number in range(MOST + 2):
        room.later(timedelta(seconds=1))
        await room.hear(wrote("Oi", str(number), address=f"c{number}"))
    room.line.shown.clear()
    assert await showing(room).once() == MOST
    assert not {"c0", "c1"} & set(room.line.shown)


async def test_a_channel_that_shows_nothing_is_left_alone(store: Store, tmp_path: Path) -> None:
    room = a_room(store, tmp_path, trusting(), ScriptedLine(limits=Limits(text=200)))
    await room.hear(wrote("Oi"))
    room.line.shown.clear()
    await showing(room)()
    assert room.line.shown == []
