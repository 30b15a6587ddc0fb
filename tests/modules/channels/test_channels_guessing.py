"""Codes may be tried so often only, and nothing is told of them by how a try ends."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.kernel.tenancy import Principal, everywhere
from hulk.modules.channels.domain import OF_CHANNEL, OF_SENDER, Directory, Guesses, Patience
from hulk.modules.channels.domain.guessing import FORGOTTEN
from hulk.modules.channels.usecases import Introduce, Rights, code_hash
from hulk.runtime.store import Store
from support.channels import NOW, Room, a_room, wrote

CODE = "K3M9-77QD"


@pytest.fixture
def room(store: Store, tmp_path: Path) -> Room:
    """A channel that nobody is known at."""
    return a_room(store, tmp_path)


async def invited(room: Room) -> None:
    """Ana has a code."""
    await room.store.commit(room.contacts.invite("default", code_hash(CODE), "usr_ana", NOW + timedelta(days=30)))


async def tries(room: Room, code: str, times: int, sender: str = "ana", name: str = "") -> list[str]:
    """They say it so often; what they are told."""
    said = [wrote(f"/link {code}", f"{sender}{name}{at}", sender=sender, address=sender, at=room.clock[0]) for at in range(times)]
    await room.hear(*said)
    return await room.said()


async def is_known(room: Room, sender: str = "ana") -> bool:
    contact = await room.contacts.get("chat", sender)
    return contact is not None and contact.person == "usr_ana"


@pytest.mark.parametrize("patience", [pytest.param(OF_SENDER, id="of a sender"), pytest.param(OF_CHANNEL, id="of a channel")])
@given(count=st.integers(min_value=1, max_value=10**6))
def test_one_never_waits_shorter_for_more_guesses_nor_longer_than_they_are_remembered(patience: Patience, count: int) -> None:
    less, more = (patience.until(Guesses(number, NOW)) - NOW for number in (count, count + 1))
    assert timedelta() <= less <= more <= patience.longest < FORGOTTEN
    assert (less == timedelta()) == (count < patience.free)


def test_guesses_are_forgotten_after_a_day_without_any() -> None:
    assert Guesses(9, NOW).one_more(NOW + FORGOTTEN) == Guesses(10, NOW + FORGOTTEN)
    assert Guesses(9, NOW).one_more(NOW + FORGOTTEN + timedelta(seconds=1)).count == 1


async def test_who_guesses_too_often_waits_and_the_right_code_is_not_told_from_a_wrong_one_meanwhile(room: Room) -> None:
    await invited(room)
    assert len(set(await tries(room, "WRONG", OF_SENDER.free))) == 1
    [right] = await tries(room, CODE, 1, name="right")
    [wrong] = await tries(room, "WRONG", 1, name="wrong")
    assert right == wrong
    assert "1 min" in right
    assert not await is_known(room)
    room.later(timedelta(minutes=1))
    await tries(room, CODE, 1, name="later")
    assert await is_known(room)


async def test_each_that_was_looked_at_is_told_to_the_trail_and_none_that_was_not(room: Room) -> None:
    await tries(room, "WRONG", OF_SENDER.free + 20)
    told = [one for one in room.trail.events if one.type == "hulk.channel.guessed.v1"]
    assert [one.data["tries"] for one in told] == list(range(1, OF_SENDER.free + 1))
    assert {(one.subject, one.actor, one.data["channel"]) for one in told} == {("ana", "channel:chat", "chat")}


async def test_one_waits_twice_as_long_after_each_and_who_said_a_right_one_begins_anew(room: Room) -> None:
    await invited(room)
    await tries(room, "WRONG", OF_SENDER.free)
    room.later(timedelta(minutes=1))
    assert "2 min" in (await tries(room, "WRONG", 2, name="again"))[-1]
    room.later(timedelta(minutes=2))
    await tries(room, CODE, 1, name="right")
    assert len(set(await tries(room, "WRONG", OF_SENDER.free, name="after"))) == 1


async def test_another_sender_has_tries_of_their_own_until_all_together_had_too_many(room: Room) -> None:
    await invited(room)
    await tries(room, "WRONG", OF_SENDER.free)
    senders, each = [f"s{at}" for at in range(OF_CHANNEL.free // OF_SENDER.free)], OF_SENDER.free
    for sender in senders[1:]:
        await tries(room, "WRONG", each, sender)
    assert "min" in (await tries(room, CODE, 1, "bia"))[0]
    room.later(OF_CHANNEL.longest)
    await tries(room, CODE, 1, "bia", "later")
    assert await is_known(room, "bia")


async def test_who_is_no_longer_somebody_is_not_again_by_the_code_they_had(room: Room) -> None:
    await invited(room)
    await tries(room, CODE, 1)
    assert await is_known(room)
    rights = Rights(Directory.of([room.channel]))
    acts = Introduce(
        rights=rights, contacts=room.contacts, people=room.hulk, trail=room.trail, commit=room.store.commit, clock=lambda: room.clock[0]
    )
    admin = Principal(tenant="default", actor="person:bia@example.com", grants=everywhere("admin"))
    await acts.link(admin, "chat", "ana", None, "the phone was stolen")
    await tries(room, CODE, 1, name="again")
    assert not await is_known(room)


async def test_nothing_is_no_guess(room: Room) -> None:
    assert "/vincular CÓDIGO" in (await tries(room, "", 1))[0]
    assert "hulk.channel.guessed.v1" not in room.trail.types
