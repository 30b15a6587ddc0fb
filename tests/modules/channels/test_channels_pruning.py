"""What is older than the settings say is removed, but for what somebody must still decide on or wait for."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from hulk.modules.channels.adapters.sql import SqlGuessed
from hulk.modules.channels.domain import Guesses, State
from hulk.modules.channels.usecases.saying import conversation_of
from hulk.modules.channels.wiring.watching import BATCH, PruneChannels
from hulk.runtime.store import Store
from support.channels import NOW, Room, a_room, going, trusting, wrote

LONG_AGO = NOW - timedelta(days=31)


def pruning(room: Room) -> PruneChannels:
    """It keeps 30 days."""
    return PruneChannels(
        inbox=room.inbox, outbox=room.outbox, conversations=room.conversations, contacts=room.contacts, guessed=SqlGuessed(),
        commit=room.store.commit, clock=lambda: room.clock[0], retention=timedelta(days=30),
    )  # fmt: skip


async def test_what_ended_long_ago_is_removed_and_the_rest_stays(store: Store, tmp_path: Path) -> None:
    room = a_room(store, tmp_path)
    states: tuple[State, ...] = ("waiting", "sending", "sent", "failed", "unknown", "withdrawn")
    old = [replace(going(state, state), state=state, ended=LONG_AGO) for state in states]
    await store.commit(*(room.outbox.add(one) for one in (*old, replace(going("new", "new"), state="sent", ended=NOW))))
    await pruning(room)()
    assert {one.text for one in await room.messages()} == {"waiting", "sending", "unknown", "new"}


async def test_what_came_in_and_was_said_is_removed_once_it_is_old_and_more_than_fits_one_transaction(store: Store, tmp_path: Path) -> None:
    room = a_room(store, tmp_path, trusting())
    [kept, *_] = await room.hear(*(wrote(key=str(number)) for number in range(3)))
    assert await pruning(room)() == 0
    room.later(timedelta(days=31))
    old = [replace(going(name=str(number)), state="sent", ended=LONG_AGO) for number in range(BATCH + 1)]
    await store.commit(*(room.outbox.add(one) for one in old))
    removed = await pruning(room)()
    assert removed == 3 + 3 + BATCH + 1
    assert await room.inbox.recent("default", None, 10) == []
    assert await room.conversations.turns(conversation_of(kept), 10) == []


async def test_codes_that_hold_no_more_and_guesses_are_removed_and_those_that_hold_stay(store: Store, tmp_path: Path) -> None:
    room, guessed = a_room(store, tmp_path), SqlGuessed()
    ends = {"a": LONG_AGO, "b": LONG_AGO, "c": NOW - timedelta(days=1), "d": NOW + timedelta(days=1)}
    await store.commit(*(room.contacts.invite("default", code * 64, f"usr_{code}", until) for code, until in ends.items()))
    await store.commit(room.contacts.redeem("default", "b" * 64, LONG_AGO - timedelta(hours=1), "chat:ana"))
    await store.commit(guessed.put("chat", "ana", Guesses(9, LONG_AGO)), guessed.put("chat", "", Guesses(9, NOW)))
    assert await pruning(room)() == 3
    assert {one.person for one in await room.contacts.invitations("default", 10)} == {"usr_c", "usr_d"}
    assert await store.commit(guessed.of("chat", "ana"), guessed.of("chat", "")) == [None, Guesses(9, NOW)]
