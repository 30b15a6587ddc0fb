"""What everything promises that changes messages at a channel (`ports.Edits`), each with its vendor's twin."""

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Any, Literal

import pytest

from hulk.kernel import ids
from hulk.kernel.errors import Exhausted, HulkError, NotFound, Refused, Unauthenticated, Unavailable
from hulk.modules.channels.domain import Button, Outgoing, Pressed, pressing
from hulk.modules.channels.ports import Edits, Uncertain
from support.lines import RIGS, Fault, Rig, Twins

KINDS = ("mattermost", "telegram")
pytestmark = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(scope="module")
def twins() -> Iterator[Twins]:
    with ExitStack() as stack:
        yield Twins(stack)


@dataclass(frozen=True)
class Board:
    """Where one of our messages stands already, which the channel calls `there`."""

    rig: Rig
    edits: Edits
    there: str

    def message(self, text: str = "Foram 17 pedidos.", **more: Any) -> Outgoing:
        """One that may take its place."""
        return self.rig.message(text, **{"id": ids.derived("msg", "answer"), "address": self.rig.here, **more})


@pytest.fixture
async def board(kind: str, twins: Twins) -> AsyncIterator[Board]:
    async with RIGS[kind][1](twins[kind]) as rig:
        assert rig.edits is not None
        sent = await rig.line.send(rig.message("Um momento.", address=rig.here), [])
        yield Board(rig, rig.edits, sent.id)


async def test_a_message_stands_where_the_other_stood(board: Board) -> None:
    assert board.edits.can(board.rig.here)
    sent = await board.edits.put(board.message("Foram **17** pedidos 👍🏽"), board.there)
    assert sent.id == board.there
    [text] = board.rig.texts()
    assert "17" in text
    assert "momento" not in text


async def test_put_there_twice_it_stands_there_once(board: Board) -> None:
    message = board.message()
    for _ in range(2):
        assert (await board.edits.put(message, board.there)).id == board.there
    assert board.rig.texts() == [message.text]


async def test_its_buttons_come_with_it(board: Board, kind: str) -> None:
    data = pressing(b"s" * 32, "chat", board.rig.here, Pressed("good", ids.new("int")), board.message().created)
    await board.edits.put(board.message(buttons=(Button("👍 Boa", data),)), board.there)
    await board.edits.put(board.message("Outra."), board.there)
    assert board.rig.texts() == ["Outra."]
    assert kind in KINDS


async def test_it_may_be_as_long_as_any_message(board: Board) -> None:
    text = "x" * board.rig.line.limits.text
    await board.edits.put(board.message(text), board.there)
    assert board.rig.texts() == [text]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        pytest.param("too much", Exhausted, id="too much was asked"),
        pytest.param("away", Unavailable, id="surely not done now"),
        pytest.param("broken", Uncertain, id="the vendor breaks"),
        pytest.param("never", Refused, id="never done"),
    ],
)
@pytest.mark.parametrize("act", ["put", "remove"])
async def test_what_goes_wrong_says_what_may_be_done(
    board: Board, act: Literal["put", "remove"], fault: Fault, error: type[HulkError]
) -> None:  # fmt: skip
    board.rig.fault_of(act, fault)
    with pytest.raises(HulkError) as raised:
        await (board.edits.put(board.message(), board.there) if act == "put" else board.edits.remove(board.rig.here, board.there))
    kinds = (Uncertain, Exhausted, Unauthenticated, Unavailable, Refused)
    assert next((one for one in kinds if isinstance(raised.value, one)), None) is error


async def test_what_is_done_and_not_said_is_done_again_and_makes_no_two(board: Board) -> None:
    """What may be done twice, a client of HTTP asks for again by itself on a line that it has kept (RFC 9110, 9.2.2)."""
    board.rig.fault_of("put", "lost")
    with suppress(Uncertain):
        await board.edits.put(board.message(), board.there)
    await board.edits.put(board.message(), board.there)
    assert board.rig.texts() == [board.message().text]
    board.rig.fault_of("remove", "lost")
    for _ in range(2):
        with suppress(Uncertain, NotFound):
            await board.edits.remove(board.rig.here, board.there)
    assert board.rig.texts() == []


async def test_what_is_removed_stands_there_no_more(board: Board) -> None:
    await board.edits.remove(board.rig.here, board.there)
    assert board.rig.texts() == []
    for again in (board.edits.put(board.message(), board.there), board.edits.remove(board.rig.here, board.there)):
        with pytest.raises(HulkError) as raised:
            await again
        assert not isinstance(raised.value, Unavailable)
    assert board.rig.texts() == []


async def test_what_somebody_deleted_is_not_there(board: Board) -> None:
    board.rig.gone_by(board.there)
    with pytest.raises((NotFound, Refused)):
        await board.edits.put(board.message(), board.there)
    with pytest.raises(NotFound):
        await board.edits.remove(board.rig.here, board.there)


async def test_what_may_not_be_changed_any_more_stays(board: Board) -> None:
    board.rig.locked(board.there)
    with pytest.raises((NotFound, Refused)):
        await board.edits.put(board.message(), board.there)
    assert board.rig.texts() == ["Um momento."]


async def test_who_is_not_known_any_more_is_told_so(board: Board) -> None:
    board.rig.revoke()
    with pytest.raises(Unauthenticated):
        await board.edits.put(board.message(), board.there)


@pytest.mark.parametrize("id_", ["", "none", "0" * 40, "../x", "12 34"])
async def test_what_is_no_message_there_is_not_found(board: Board, id_: str) -> None:
    with pytest.raises((NotFound, Refused)):
        await board.edits.put(board.message(), id_)
    with pytest.raises((NotFound, Refused)):
        await board.edits.remove(board.rig.here, id_)
    assert board.rig.texts() == ["Um momento."]
