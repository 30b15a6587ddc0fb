"""What goes out goes out in its order, at most once at a time; what is not known is shown and not done again."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hulk.kernel.bells import Listener
from hulk.kernel.durable import Change
from hulk.kernel.errors import Exhausted, Forbidden, HulkError, NotFound, Refused, Unauthenticated, Unavailable
from hulk.modules.channels.domain import HELD, Limits, Outgoing, Pace, Shown, State
from hulk.modules.channels.ports import Presence, Sent, Uncertain
from hulk.modules.channels.usecases import Deliver, Patient, Sole
from hulk.runtime.store import Store
from support.channels import NOW, Answer, Room, ScriptedLine, a_room, going
from support.patience import until_found


def raising(error: Exception) -> Answer:
    """The line says that."""

    async def act(_: Outgoing) -> Sent:
        raise error

    return act


def taken_silently(line: ScriptedLine) -> Answer:
    """The vendor takes it, and its answer is lost."""

    async def act(message: Outgoing) -> Sent:
        if line.has is not None:
            line.has[message.id] = Sent("v")
        line.sent.append(message)
        raise Uncertain("Nobody answers.")

    return act


@pytest.fixture
def room(store: Store, tmp_path: Path) -> Room:
    """One over each kind of store."""
    return a_room(store, tmp_path)


async def put(room: Room, *messages: Outgoing) -> None:
    """They are to go out."""
    await room.store.commit(*(room.outbox.add(one) for one in messages))


async def state(room: Room, name: str = "1") -> State:
    """What became of one."""
    return (await room.outbox.get(going(name=name).id)).state


async def test_messages_of_an_address_go_out_in_their_order_whatever_the_others_do(room: Room) -> None:
    room.line.script = [raising(Unavailable("Not now.")), raising(Unavailable("Not now."))]
    await put(room, going("a1", "1"), going("a2", "2"), going("b1", "3", address="b"), going("b2", "4", address="b"))
    assert await room.said() == []
    room.later(timedelta(seconds=3))
    await room.said()
    assert [one.text for one in room.line.sent if one.address == "a"] == ["a1", "a2"]
    assert [one.text for one in room.line.sent if one.address == "b"] == ["b1", "b2"]


async def test_the_same_message_is_kept_once(room: Room) -> None:
    assert await room.store.commit(room.outbox.add(going()), room.outbox.add(going())) == [True, False]
    assert await room.said() == ["Olá"]
    await put(room, going())
    assert await room.said() == []


@pytest.mark.parametrize(
    ("error", "became"),
    [
        pytest.param(Refused("Never."), "failed", id="refused"),
        pytest.param(Forbidden("They blocked us."), "failed", id="forbidden"),
        pytest.param(NotFound("They have gone."), "failed", id="nobody there"),
        pytest.param(Unavailable("Not now."), "waiting", id="not now"),
        pytest.param(Exhausted("Slowly.", retry_after=7), "waiting", id="too many"),
        pytest.param(Unauthenticated("Who are you?"), "waiting", id="not known any more"),
    ],
)
async def test_what_the_channel_says_decides(room: Room, error: HulkError, became: State) -> None:
    room.line.script = [raising(error)]
    await put(room, going(), going("dois", "2"))
    await room.said()
    assert await state(room) == became
    found = await room.outbox.get(going().id)
    assert found.problem is not None
    assert found.problem["code"] == error.code
    if became == "failed":  # and those after it do not wait for it
        assert await state(room, "2") == "sent"


async def test_a_channel_that_wants_rest_gets_it_for_all(room: Room) -> None:
    room.line.script = [raising(Exhausted("Slowly.", retry_after=30))]
    await put(room, going())
    await room.said()
    await put(room, going("outro", "2", address="b"))
    room.later(timedelta(seconds=29))
    assert await room.said() == []
    room.later(timedelta(seconds=2))
    assert sorted(await room.said()) == ["Olá", "outro"]


async def test_a_revoked_token_keeps_everything_and_is_told_until_it_is_mended(room: Room) -> None:
    room.line.script = [raising(Unauthenticated("Token revoked.")) for _ in range(2)]
    await put(room, going(), going("b", "2", address="b"))
    await room.deliver.once()
    assert room.deliver.told_off == "Token revoked."
    room.later(timedelta(minutes=2))
    assert sorted(await room.said()) == ["Olá", "b"]
    assert room.deliver.told_off == ""


async def test_what_cannot_be_sent_for_a_day_is_given_up(room: Room) -> None:
    room.line.script = [raising(Unavailable("Not now.")) for _ in range(3)]
    await put(room, going())
    await room.said()
    room.later(timedelta(days=1, seconds=1))
    assert await room.said() == []
    assert await state(room) == "failed"
    assert room.trail.types[-1] == "hulk.channel.failed.v1"


async def test_what_the_vendor_has_is_not_sent_again_though_its_answer_was_lost(room: Room) -> None:
    room.line.script = [taken_silently(room.line)]
    await put(room, going())
    await room.said()
    assert await state(room) == "sent"
    assert len(room.line.sent) == 1


async def test_what_the_vendor_surely_has_not_is_sent_again(room: Room) -> None:
    room.line.script = [raising(Uncertain("Nobody answers."))]
    await put(room, going())
    assert await room.said() == []
    room.later(timedelta(seconds=5))
    assert await room.said() == ["Olá"]


async def test_where_the_vendor_cannot_be_asked_it_is_unknown_and_never_sent_again_by_itself(room: Room) -> None:
    room.line.has = None
    room.line.script = [taken_silently(room.line)]
    await put(room, going(), going("dois", "2"))
    assert await room.said() == ["Olá", "dois"]
    assert await state(room) == "unknown"
    room.later(timedelta(days=2))
    assert await room.said() == []


async def test_a_person_has_an_unknown_one_sent_again_and_a_receipt_settles_it(room: Room) -> None:
    room.line.has = None
    room.line.script = [taken_silently(room.line), taken_silently(room.line)]
    await put(room, going(), going("dois", "2", address="b"))
    await room.said()
    assert await room.store.commit(room.outbox.again(going().id, room.clock[0])) == [True]
    assert await room.said() == ["Olá"]
    assert await room.store.commit(room.outbox.told(going(name="2").id, "v2", room.clock[0])) == [True]
    assert await state(room, "2") == "sent"
    assert await room.store.commit(room.outbox.again(going(name="2").id, room.clock[0])) == [False]


class Killed(BaseException):
    """The process ends there."""


@pytest.mark.parametrize("reached", [pytest.param(True, id="after the vendor took it"), pytest.param(False, id="before")])
@pytest.mark.parametrize("asked", [pytest.param(True, id="the vendor can be asked"), pytest.param(False, id="it cannot")])
async def test_a_process_that_dies_while_sending(room: Room, reached: bool, asked: bool) -> None:
    line = room.line
    line.has = {} if asked else None

    async def dies(message: Outgoing) -> Sent:
        if reached and line.has is not None:
            line.has[message.id] = Sent("v")
        raise Killed

    line.script = [dies]
    await put(room, going(), going("dois", "2"))
    with suppress(BaseExceptionGroup, Killed):
        await room.deliver.once()
    assert await state(room) == "sending"
    room.deliver = replaced(room, "two")
    assert await room.deliver.look_after_left() == 0  # the lease still holds
    room.later(HELD + timedelta(seconds=1))
    assert await room.deliver.look_after_left() == 1
    texts = await room.said()
    if not asked:
        assert (texts, await state(room)) == (["dois"], "unknown")
    elif reached:
        assert (texts, await state(room)) == (["dois"], "sent")
    else:
        assert (texts, await state(room)) == (["Olá", "dois"], "sent")


def replaced(room: Room, holder: str) -> Deliver:
    """Another process that sends."""
    return Deliver(
        channel="chat", holder=holder, line=room.line, outbox=room.outbox, files=room.hulk, trail=room.trail, commit=room.store.commit,
        clock=lambda: room.clock[0], ticks=lambda: room.clock[0].timestamp(), chance=lambda: 0.0,
    )  # fmt: skip


@dataclass
class Registry:
    """Who is there. `held`: whether we are seen."""

    there: set[str] = field(default_factory=set)
    held: bool = True

    async def gone(self, holder: str) -> bool:
        """See `Presence`."""
        return holder not in self.there


@pytest.mark.parametrize(
    ("presence", "became"),
    [
        pytest.param(Sole("one"), "sent", id="nobody else can be"),
        pytest.param(Registry(), "sent", id="it is gone"),
        pytest.param(Registry({"dead"}), "sending", id="it is there"),
        pytest.param(Patient(), "sending", id="nobody knows"),
    ],
)
async def test_what_a_process_left_is_seen_to_at_once_when_it_is_no_more(room: Room, presence: Presence, became: State) -> None:
    await put(room, going(), going(name="2", address="b"))
    await room.store.commit(room.outbox.claim(going().id, "dead", NOW + HELD))
    room.line.has = {going().id: Sent("v")}
    room.deliver.presence = presence
    async with asyncio.TaskGroup() as group:
        task = group.create_task(room.deliver.run(Listener()))
        await until_found(lambda: _sent(room, "2"))
        task.cancel()
    assert await state(room) == became


async def test_a_process_that_is_taken_for_gone_sends_nothing_and_leaves_it_to_others(room: Room) -> None:
    await put(room, going())
    room.deliver.presence = Registry(held=False)
    assert await room.said() == []
    other = replaced(room, "two")
    other.presence = Registry()
    room.later(timedelta(seconds=5))
    assert await other.once() == 1
    assert [one.text for one in room.line.sent] == ["Olá"]


async def test_what_was_not_sent_because_nobody_saw_the_process_is_sent_when_it_is_seen_again(room: Room) -> None:
    """Also where the channel cannot be asked for it: it is known that it was not sent."""
    room.line.has = None
    await put(room, going())
    room.deliver.presence = Registry(held=False)
    assert await room.said() == []
    room.deliver.presence = Registry({"one"})
    room.later(HELD + timedelta(seconds=1))
    assert await room.deliver.look_after_left() == 0
    assert await room.said() == ["Olá"]
    assert await state(room) == "sent"


async def test_a_channel_that_takes_its_time_to_say_what_it_has_keeps_nobody_else_waiting(room: Room) -> None:
    asked = asyncio.Event()

    class Slow(ScriptedLine):
        async def find(self, message: Outgoing) -> Sent | None:
            await asked.wait()
            return await super().find(message)

    room.deliver.line = room.line = Slow(has={going().id: Sent("v")})
    room.deliver.presence = Sole("one")
    await put(room, going(), going(name="2", address="b"))
    await room.store.commit(room.outbox.claim(going().id, "dead", NOW + HELD))
    async with asyncio.TaskGroup() as group:
        task = group.create_task(room.deliver.run(Listener()))
        await until_found(lambda: _sent(room, "2"))
        assert await state(room) == "sending"
        asked.set()
        await until_found(lambda: _sent(room, "1"))
        task.cancel()


async def test_what_takes_longer_than_a_claim_holds_stays_with_who_sends_it(room: Room) -> None:
    heard = asyncio.Event()

    async def slowly(message: Outgoing) -> Sent:
        await heard.wait()
        return Sent(f"v-{message.id}")

    room.line.script = [slowly]
    await put(room, going())
    async with asyncio.TaskGroup() as group:
        task = group.create_task(room.deliver.run(listener := Listener()))
        await until_found(lambda: _is(room, "1", "sending"))
        for _ in range(4):
            room.later(HELD / 2)
            listener.ring()
            await until_found(lambda: _held(room))
            assert await room.outbox.left("chat", room.clock[0], 10) == []
        heard.set()
        await until_found(lambda: _sent(room, "1"))
        task.cancel()


async def _is(room: Room, name: str, wanted: State) -> bool:
    return await state(room, name) == wanted


async def _held(room: Room) -> bool:
    """Whether it is held for as long as a claim holds, by now."""
    return await room.outbox.left("chat", room.clock[0] + HELD - timedelta(seconds=1), 10) == []


@pytest.mark.parametrize("back", [timedelta(minutes=2), timedelta(hours=6)], ids=str)
async def test_what_waits_when_the_clock_is_set_back_does_not_wait_for_as_long(room: Room, back: timedelta) -> None:
    room.line.script = [raising(Unavailable("Not now."))]
    passed = [0.0]
    room.deliver.ticks = lambda: passed[0]
    await put(room, going(created=NOW, due=NOW), going(name="2", address="b"))
    async with asyncio.TaskGroup() as group:
        task = group.create_task(room.deliver.run(listener := Listener()))
        await until_found(lambda: _sent(room, "2"))
        room.clock[0] -= back
        await put(room, going(name="3", address="c", created=NOW, due=NOW))
        passed[0] += 10
        listener.ring()
        for name in ("1", "3"):
            await until_found(lambda name=name: _sent(room, name))  # type: ignore[misc]
        task.cancel()


async def test_what_waits_for_a_time_of_the_day_waits_for_it_whatever_is_done_to_the_clock(room: Room) -> None:
    await put(room, going(due=NOW + timedelta(hours=1)))
    room.later(-timedelta(hours=6))
    assert await room.said() == []
    room.later(timedelta(hours=7))
    assert await room.said() == ["Olá"]


async def test_that_it_went_out_is_not_forgotten_while_the_store_is_away(room: Room) -> None:
    kept, broken = room.store.commit, [False]

    async def sometimes(*changes: Change[Any]) -> list[Any]:
        if broken[0]:
            broken[0] = False
            raise Unavailable("The disk is full.")
        return await kept(*changes)

    async def breaks(message: Outgoing) -> Sent:
        broken[0] = True
        return Sent(f"v-{message.id}")

    await put(room, going())
    room.line.script, room.deliver.commit = [breaks], sometimes
    async with asyncio.TaskGroup() as group:
        task = group.create_task(room.deliver.run(Listener()))
        await until_found(lambda: _sent(room, "1"))
        task.cancel()
    assert len(room.line.sent) == 1


async def _sent(room: Room, name: str) -> bool:
    return await state(room, name) == "sent"


async def test_of_two_processes_only_one_sends_a_message(room: Room) -> None:
    await put(room, *(going(str(number), str(number), address=str(number)) for number in range(20)))
    other = replaced(room, "two")
    while await room.deliver.once() + await other.once():
        pass
    assert sorted(int(one.text) for one in room.line.sent) == list(range(20))


async def test_one_that_lost_its_claim_writes_nothing(room: Room) -> None:
    await put(room, going())
    message = going()
    await room.store.commit(room.outbox.claim(message.id, "one", room.clock[0] + HELD))
    room.later(HELD * 2)
    assert await room.store.commit(room.outbox.adopt(message.id, "two", room.clock[0], room.clock[0] + HELD)) == [True]
    late = replace(message, state="sent", sent_id="late")
    assert await room.store.commit(room.outbox.settle(late, "one")) == [False]
    assert await state(room) == "sending"


async def test_paces_are_kept(store: Store, tmp_path: Path) -> None:
    room = a_room(store, tmp_path, line=ScriptedLine(paces=(Pace(rate=10, burst=3), Pace(rate=1, burst=1))))
    await put(room, *(going(str(number), str(number), address=str(number % 4)) for number in range(8)))
    assert len(await room.said()) == 3
    room.later(timedelta(seconds=0.1))
    assert len(await room.said()) == 1
    room.later(timedelta(seconds=10))
    assert len(await room.said()) == 3


TOO_LARGE = "Olá\n\nO arquivo chart.png tem 1100 bytes; aqui são aceitos no máximo 1000."


@pytest.mark.parametrize(
    ("size", "sent", "said"),
    [pytest.param(900, ["chart.png"], "Olá", id="a file that fits"), pytest.param(1100, [], TOO_LARGE, id="one that is too large")],
)
async def test_what_was_made_goes_along(room: Room, size: int, sent: list[str], said: str) -> None:
    (room.hulk.folder / "b1").write_bytes(b"x" * size)
    room.hulk.artefacts = [Shown("b1", "chart.png", "image/png")]
    await put(room, going(intent="int_1", made=True))
    assert await room.said() == [said]
    assert [name for name, _ in room.line.files[0]] == sent


async def test_what_is_said_is_not_lost_for_a_file_that_is_no_more(room: Room) -> None:
    (room.hulk.folder / "b1").write_bytes(b"x")
    room.hulk.artefacts = [Shown("gone", "old.csv", "text/csv"), Shown("b1", "chart.png", "image/png")]
    await put(room, going(intent="int_1", made=True))
    assert await room.said() == ["Olá\n\nO arquivo old.csv não é mais guardado."]
    assert [name for name, _ in room.line.files[0]] == ["chart.png"]


@pytest.mark.parametrize(
    ("count", "text", "names"),
    [
        pytest.param(3, "Olá", ["f0", "f1", "f2"], id="as many as are taken"),
        pytest.param(3, "palavra " * 100, ["answer.md", "f0", "f1"], id="as many, and a text that is one as well"),
        pytest.param(5, "Olá", ["f0", "f1"], id="too many"),
    ],
)
async def test_of_more_files_than_are_taken_at_once_some_go_along(
    store: Store, tmp_path: Path, count: int, text: str, names: list[str]
) -> None:  # fmt: skip
    room = a_room(store, tmp_path, line=ScriptedLine(limits=Limits(text=200, parts=2, file=10_000, files=3)))
    for number in range(count):
        (room.hulk.folder / f"b{number}").write_bytes(b"x")
    room.hulk.artefacts = [Shown(f"b{number}", f"f{number}", "text/plain") for number in range(count)]
    await put(room, going(text, intent="int_1", made=True))
    [said] = await room.said()
    sent = [name for name, _ in room.line.files[0]]
    assert sent == names
    left = count - sum(name.startswith("f") for name in sent)
    told = said + "".join(data.decode() for name, data in room.line.files[0] if name == "answer.md")
    assert (f"Arquivos que não vão junto: {left}." in told) == (left > 0)


async def test_a_text_that_takes_too_many_parts_goes_as_a_file(store: Store, tmp_path: Path) -> None:
    room = a_room(store, tmp_path, line=ScriptedLine(limits=Limits(text=50, parts=2, file=10_000)))
    text = "palavra " * 100
    await put(room, going(text))
    [shown] = await room.said()
    assert len(shown) <= 50
    assert room.line.files[0] == [("answer.md", text.encode())]


async def test_who_sends_is_woken_by_what_is_added(room: Room) -> None:
    with room.bells.listening("chat") as listener:
        listener.looks()
        await put(room, going())
        assert await listener.heard(5)
