"""What says that something is worked on becomes the answer, whatever goes wrong: never lost, never said twice, never left standing."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from hulk.kernel import ids
from hulk.kernel.errors import Exhausted, Forbidden, HulkError, NotFound, Refused, Unauthenticated, Unavailable
from hulk.modules.channels.domain import HELD, Outgoing, Shown
from hulk.modules.channels.ports import Sent, Uncertain
from hulk.modules.channels.usecases import Deliver, Sole
from hulk.modules.channels.usecases.replacing import LOOKS
from hulk.runtime.store import Store
from support.channels import ANA, Room, a_room, taken, trusting, wrote

WORKING = "⏳ Estou cuidando disso. A resposta vem aqui."
AFTER = timedelta(seconds=10)


@pytest.fixture
def room(store: Store, tmp_path: Path) -> Room:
    return a_room(store, tmp_path, trusting(progress=AFTER))


async def asked(room: Room, key: str = "1", **more: str) -> str:
    """Something is asked, and takes its time; the intent."""
    await room.hear(wrote("Quantos pedidos?", key, **more))
    room.later(AFTER)
    return ids.derived("int", room.hulk.asked[-1].key)


async def shown(room: Room, key: str = "1", **more: str) -> str:
    """The same, and it says so."""
    intent = await asked(room, key, **more)
    await room.show.once()
    await room.said()
    return intent


async def states(room: Room) -> list[str]:
    return [one.state for one in await room.messages()]


async def test_what_takes_long_is_said_once_and_becomes_the_answer(room: Room) -> None:
    intent = await shown(room)
    await room.show.once()
    await room.said()
    assert room.edits.reads == [WORKING]
    assert await states(room) == ["shown"]
    await room.end(intent, "Foram **17**.")
    await room.said()
    assert room.edits.reads == ["Foram **17**."]
    working, answer = await room.messages()
    assert (working.state, answer.state) == ("withdrawn", "sent")
    assert answer.sent_id == f"v-{working.id}"


async def test_it_is_told_once_of_each_that_it_went_out(room: Room) -> None:
    intent = await shown(room)
    await room.end(intent, "Foram 17.")
    await room.said()
    told = [event for event in room.trail.events if event.type == "hulk.channel.sent.v1"]
    assert [event.subject for event in told] == [one.id for one in await room.messages()]


async def test_what_is_quick_says_nothing_before(room: Room) -> None:
    await room.hear(wrote("Oi"))
    room.later(AFTER - timedelta(seconds=1))
    await room.show.once()
    assert await room.messages() == []


async def test_what_is_said_of_it_is_no_turn_of_the_conversation(room: Room) -> None:
    intent = await shown(room)
    await room.end(intent, "Foram 17.")
    await room.said()
    [working, _] = await room.messages()
    assert [one.text for one in await room.conversations.turns(working.conversation, 9)] == ["Quantos pedidos?", "Foram 17."]


async def test_where_it_cannot_be_changed_nothing_is_said(room: Room) -> None:
    await asked(room, address="private")
    await room.show.once()
    assert await room.messages() == []


async def test_where_the_settings_want_none_nothing_is_said(store: Store, tmp_path: Path) -> None:
    room = a_room(store, tmp_path, trusting())
    intent = await asked(room)
    await room.show.once()
    await room.end(intent, "Foram 17.")
    assert await room.said() == ["Foram 17."]
    assert len(await room.messages()) == 1


async def test_an_opinion_of_the_answer_finds_it(room: Room) -> None:
    intent = await shown(room)
    await room.end(intent, "Foram 17.")
    await room.said()
    [_, answer] = await room.messages()
    await room.hear(wrote("", "2", kind="reaction", about=answer.sent_id, emoji="👍"))
    assert room.hulk.opinions == [(ANA.actor, intent, True)]


async def test_an_answer_that_is_there_before_it_is_said_leaves_nothing_to_say(room: Room) -> None:
    intent = await asked(room)
    await room.show.once()
    await room.end(intent, "Foram 17.")
    assert await room.said() == ["Foram 17."]
    assert await states(room) == ["withdrawn", "sent"]


async def test_it_is_not_said_when_its_answer_came_beside(room: Room) -> None:
    """Another process added it when the answer was already there."""
    intent = await asked(room)
    await room.end(intent, "Foram 17.")
    kept = (await room.inbox.recent("default", None, 1))[0]
    assert room.show.say is not None
    await room.store.commit(room.show.say.say.working(room.channel, kept, "pt"))
    assert await room.said() == ["Foram 17."]
    assert await states(room) == ["sent", "withdrawn"]


async def test_what_nobody_knows_of_is_put_there_again_and_is_not_unknown(room: Room) -> None:
    room.line.has = None  # as Telegram, which cannot be asked
    intent = await shown(room)
    await room.end(intent, "Foram 17.")
    room.edits.script = ["lost", "lost"]
    for _ in range(3):
        await room.said()
        room.later(timedelta(minutes=1))
    assert room.edits.reads == ["Foram 17."]
    assert await states(room) == ["withdrawn", "sent"]


@pytest.mark.parametrize("wrong", [NotFound("Gone."), Refused("Too old."), Forbidden("Not here.")], ids=lambda one: type(one).__name__)
async def test_where_it_cannot_take_its_place_the_answer_is_a_message_of_its_own(room: Room, wrong: HulkError) -> None:
    intent = await shown(room)
    await room.end(intent, "Foram 17.")
    room.edits.script = [wrong]
    await room.said()
    assert room.edits.reads == ["Foram 17."]
    assert await states(room) == ["withdrawn", "sent"]


@pytest.mark.parametrize(
    "wrong",
    [Unavailable("Away."), Exhausted("Too much.", retry_after=3.0), Unauthenticated("Who?")],
    ids=lambda one: type(one).__name__,
)
async def test_what_may_work_later_is_tried_later(room: Room, wrong: HulkError) -> None:
    intent = await shown(room)
    await room.end(intent, "Foram 17.")
    room.edits.script = [wrong]
    await room.said()
    assert room.edits.reads == [WORKING]
    room.later(timedelta(minutes=1, seconds=1))
    await room.said()
    assert room.edits.reads == ["Foram 17."]


async def test_who_looks_no_more_is_called_by_a_message(room: Room) -> None:
    intent = await shown(room)
    room.later(LOOKS + timedelta(seconds=1))
    await room.end(intent, "Foram 17.")
    assert await room.said() == ["Foram 17."]
    assert room.edits.reads == ["Foram 17."]


async def test_an_answer_with_files_is_a_message_of_its_own(room: Room) -> None:
    intent = await shown(room)
    (room.hulk.folder / "blob").write_bytes(b"a;b")
    room.hulk.artefacts = [Shown("blob", "a.csv", "text/csv")]
    await room.end(intent, "Segue.")
    assert await room.said() == ["Segue."]
    assert room.edits.reads == ["Segue."]


async def test_of_a_long_answer_the_first_part_stands_there(room: Room) -> None:
    intent = await shown(room)
    await room.end(intent, "Uma frase. " * 30)
    await room.said()
    assert WORKING not in room.edits.reads
    assert len(room.edits.reads) == 2
    assert "".join(room.edits.reads).count("Uma frase.") == 30


async def test_what_could_not_be_said_is_not_said_later(room: Room) -> None:
    async def away(_: Outgoing) -> Sent:
        raise Unavailable("Away.")

    room.line.script = [away]
    intent = await shown(room)
    assert await states(room) == ["withdrawn"]
    room.later(timedelta(seconds=9))
    await room.show.once()
    assert await room.said() == []
    await room.end(intent, "Foram 17.")
    assert await room.said() == ["Foram 17."]


async def test_where_nobody_knows_whether_it_was_said_it_is_listed_and_the_answer_is_a_message_of_its_own(room: Room) -> None:
    async def silent(_: Outgoing) -> Sent:
        raise Uncertain("Nobody knows.")

    room.line.has, room.line.script = None, [silent]
    intent = await shown(room)
    assert await states(room) == ["unknown"]
    await room.end(intent, "Foram 17.")
    assert await room.said() == ["Foram 17."]
    assert await states(room) == ["unknown", "sent"]


async def test_what_was_said_after_all_is_found_and_becomes_the_answer(room: Room) -> None:
    async def lost(message: Outgoing) -> Sent:
        assert room.line.has is not None
        room.line.has[message.id] = await taken(message)
        room.line.sent.append(message)
        raise Uncertain("Nobody knows.")

    room.line.script = [lost]
    intent = await shown(room)
    assert await states(room) == ["shown"]
    await room.end(intent, "Foram 17.")
    await room.said()
    assert room.edits.reads == ["Foram 17."]


async def ended_amid(room: Room, message: str) -> Deliver:
    """The process that was sending it is no more; what looks after it now."""
    await room.store.commit(room.outbox.claim(message, "dead", room.clock[0] + HELD))
    return replace(room.deliver, holder="two", presence=Sole("two"))


@pytest.mark.parametrize("came", [True, False], ids=["it had come there", "it had not"])
async def test_a_kill_while_it_takes_the_place_loses_nothing_and_says_nothing_twice(room: Room, came: bool) -> None:
    room.line.has = None
    intent = await shown(room)
    await room.end(intent, "Foram 17.")
    [working, answer] = await room.messages()
    if came:
        await room.edits.put(answer, working.sent_id)
    second = await ended_amid(room, answer.id)
    await second.look_after_left()
    while await second.once():
        pass
    assert room.edits.reads == ["Foram 17."]
    assert await states(room) == ["withdrawn", "sent"]


async def test_a_kill_after_it_was_taken_away_and_while_the_answer_is_sent_says_nothing_twice(room: Room) -> None:
    room.line.has = None
    intent = await shown(room)
    room.later(LOOKS * 2)
    await room.end(intent, "Foram 17.")
    [working, answer] = await room.messages()
    assert room.deliver.place is not None
    await room.deliver.place.away(working)
    await room.line.send(answer, [])
    second = await ended_amid(room, answer.id)
    await second.look_after_left()
    while await second.once():
        pass
    assert room.edits.reads == ["Foram 17."]
    assert await states(room) == ["withdrawn", "unknown"]


async def test_a_kill_between_both_loses_nothing(room: Room) -> None:
    intent = await shown(room)
    await room.end(intent, "Foram 17.")
    second = replace(room.deliver, holder="two", presence=Sole("two"))
    while await second.once():
        pass
    assert room.edits.reads == ["Foram 17."]


@pytest.mark.parametrize("how", ["withdrawn", "failed"])
async def test_what_stands_for_an_answer_that_never_comes_is_taken_away(room: Room, how: str) -> None:
    intent = await shown(room)
    await room.end(intent, "Foram 17.")
    [_, answer] = await room.messages()
    if how == "withdrawn":
        await room.store.commit(room.outbox.withdraw(intent, room.clock[0]))
    else:
        room.later(timedelta(days=2))
        await room.said()
    assert (await room.outbox.get(answer.id)).state == how
    await room.show.once()
    assert room.edits.reads == []
    assert (await states(room))[0] == "withdrawn"


async def test_it_is_taken_away_behind_however_many_that_stand_for_work_that_takes_long(room: Room) -> None:
    assert room.deliver.place is not None
    room.deliver.place.most = 2
    *_, last = [await shown(room, key) for key in "12345"]
    await room.end(last, "Foram 17.")
    await room.store.commit(room.outbox.withdraw(last, room.clock[0]))
    for _ in range(3):
        await room.show.once()
    assert (await states(room))[:5] == ["shown"] * 4 + ["withdrawn"]


@pytest.mark.parametrize("wrong", [Unavailable("Away."), Unauthenticated("Who?")], ids=lambda one: type(one).__name__)
async def test_what_cannot_be_taken_away_now_is_taken_away_later(room: Room, wrong: HulkError) -> None:
    intent = await shown(room)
    await room.end(intent, "Foram 17.")
    await room.store.commit(room.outbox.withdraw(intent, room.clock[0]))
    room.edits.script = [wrong]
    with pytest.raises(type(wrong)):
        await room.show.once()
    assert room.edits.reads == [WORKING]
    await room.show.once()
    assert room.edits.reads == []


@pytest.mark.parametrize("forever", [Forbidden("Not allowed."), Refused("Too old.")], ids=lambda one: type(one).__name__)
async def test_what_can_never_be_taken_away_stays_and_is_tried_once(room: Room, forever: HulkError) -> None:
    intent = await shown(room)
    await room.end(intent, "Foram 17.")
    await room.store.commit(room.outbox.withdraw(intent, room.clock[0]))
    room.edits.script = [forever]
    await room.show.once()
    await room.show.once()
    assert room.edits.reads == [WORKING]
    assert (await states(room))[0] == "withdrawn"


async def test_what_stands_while_it_is_worked_on_stays(room: Room) -> None:
    await shown(room)
    for _ in range(3):
        room.later(timedelta(hours=1))
        await room.show.once()
    assert room.edits.reads == [WORKING]


async def test_nobody_else_waits_for_what_says_so(room: Room) -> None:
    first = await shown(room)
    await room.hear(wrote("E ontem?", "2"))
    second: Callable[[], str] = lambda: ids.derived("int", room.hulk.asked[-1].key)  # noqa: E731  # short
    await room.end(second(), "Ontem, 9.")
    assert await room.said() == ["Ontem, 9."]
    await room.end(first, "Hoje, 17.")
    await room.said()
    assert room.edits.reads == ["Hoje, 17.", "Ontem, 9."]
