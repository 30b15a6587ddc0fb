"""A channel at which we listen is heard again whatever ended that, and says itself whether it is."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hulk.kernel.errors import Unauthenticated, Unavailable
from hulk.modules.channels.ports import Heard, Open
from hulk.modules.channels.usecases import Hear
from hulk.runtime.store import Store
from support.channels import Room, a_room, trusting, wrote


@dataclass
class Ear:
    """Listens as it is told to, once for each, and then says nothing more. `marks` is from where on it was begun each time."""

    script: list[Callable[[Heard, Callable[[str], Awaitable[None]]], Awaitable[None]]]
    silent: asyncio.Event = field(default_factory=asyncio.Event)
    marks: list[str] = field(default_factory=list)

    async def listen(self, heard: Heard, mark: str, marked: Callable[[str], Awaitable[None]]) -> None:
        """See `Listens`."""
        self.marks.append(mark)
        if self.script:
            await self.script.pop(0)(heard, marked)
            return
        self.silent.set()
        await asyncio.Event().wait()


def listening(room: Room, ear: Ear) -> Hear:
    """What hears it, which loses no time."""
    open_ = Open(channel=room.channel, line=room.line, listens=ear)
    return Hear(open=open_, take=room.take, conversations=room.conversations, commit=room.store.commit, pause=lambda _: 0.0)


@pytest.fixture
def room(store: Store, tmp_path: Path) -> Room:
    return a_room(store, tmp_path, trusting())


async def until_silent(hear: Hear, ear: Ear) -> None:
    """Until it has been through all that it was told to."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(hear())
        await ear.silent.wait()
        task.cancel()


@pytest.mark.parametrize(
    ("error", "why"),
    [
        pytest.param(Unavailable("It is away."), "It is away.", id="away"),
        pytest.param(Unauthenticated("Who are you?"), "Who are you?", id="its token was taken back"),
        pytest.param(KeyError("a fault of ours"), "KeyError", id="a fault"),
    ],
)
async def test_why_it_is_not_heard_is_said_until_it_is_again(room: Room, error: Exception, why: str) -> None:
    said = list[str]()

    async def fails(_: Heard, __: Callable[[str], Awaitable[None]]) -> None:
        raise error

    async def well(heard: Heard, _: Callable[[str], Awaitable[None]]) -> None:
        said.append(hear.why)
        await heard(())
        said.append(hear.why)

    ear = Ear([fails, well])
    hear = listening(room, ear)
    await until_silent(hear, ear)
    assert said == [why, ""]


async def test_it_is_begun_again_where_it_was_cut(room: Room) -> None:
    async def cut(heard: Heard, marked: Callable[[str], Awaitable[None]]) -> None:
        await heard([wrote("Oi")])
        await marked("17")

    ear = Ear([cut])
    await until_silent(listening(room, ear), ear)
    assert ear.marks == ["", "17"]
    assert [one.arrival.text for one in await room.inbox.recent("default", None, 10)] == ["Oi"]
