"""What every door promises (`ports.Door`), each called as its vendor calls it. Forgers are in test_channels_forged.py."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest

from hulk.kernel.records import to_json
from hulk.kernel.text import writable
from hulk.modules.channels.domain import Outgoing
from hulk.modules.channels.ports import Accepted, Door, Refusal, Request
from support.channels import NOW
from support.doors import CALLERS, Caller, without_proof
from support.lines import Twins

every = pytest.mark.parametrize("kind", sorted(CALLERS))


@pytest.fixture(scope="module")
def twins() -> Iterator[Twins]:
    """Those of this file."""
    with ExitStack() as stack:
        yield Twins(stack)


@pytest.fixture
async def caller(kind: str, twins: Twins) -> AsyncIterator[Caller]:
    """The vendor of that kind."""
    async with CALLERS[kind](twins) as made:
        yield made


async def answer(caller: Caller, request: Request) -> Accepted | Refusal:
    """What is answered; whatever is raised besides is a fault."""
    try:
        return await caller.door.accept(request)
    except Refusal as refusal:
        return refusal


@every
async def test_what_the_vendor_brings_is_taken(caller: Caller) -> None:
    door: Door = caller.door
    accepted = await door.accept(caller.said("Quantos pedidos houve ontem?"))
    [said] = accepted.arrivals
    assert said.kind == "message"
    assert said.text.endswith("Quantos pedidos houve ontem?")
    assert said.key
    assert said.address
    assert said.sender.id
    assert said.at.tzinfo is not None
    assert 200 <= accepted.status < 300
    assert accepted.wait >= 0


@every
async def test_what_is_brought_again_has_the_key_that_it_had_and_nothing_else_has(caller: Caller) -> None:
    said = [(await caller.door.accept(caller.said(id_=id_))).arrivals[0] for id_ in ("7", "7", "8")]
    first, again, other = (one.key for one in said)
    assert first == again != other


@every
async def test_without_a_proof_nothing_is_taken(caller: Caller) -> None:
    for request in (without_proof(caller.said(), caller.proofs), caller.other):
        with pytest.raises(Refusal) as raised:
            await caller.door.accept(request)
        assert 400 <= raised.value.status < 500
        assert raised.value.why


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "", "ção"])
@every
async def test_other_methods_are_refused(caller: Caller, method: str) -> None:
    with pytest.raises(Refusal):
        await caller.door.accept(replace(caller.said(), method=method))


RUBBISH = [
    b"", b"{", b"[]", b"null", b"1", b'"x"', b"{}", b"[" * 100_000, b'{"a":' * 100_000, b"\xff\xfe\x00", b"\x00" * 100, b'{"id": 1e999}',
    b'{"id": NaN}', b'{"text": "\\ud800", "id": "\\u0000"}', b'{"object": 1, "entry": {}}', b'{"entry": [{"changes": [{"value": []}]}]}',
    b'{"update_id": 99999999999999999999999, "message": []}', b'{"update_id": 5, "message": {"chat": 1, "from": []}}',
    b'{"request": {"type": "IntentRequest"}}', b"token=%FF&text=%00", b"a=1&" * 5000, b"x" * 4_000_000,
    b'{"text": "Oi", "sender": {"id": "ana"}, "at": "0001-01-01T00:00:00+14:00"}',
]  # fmt: skip


@every
async def test_rubbish_is_answered_or_refused_though_it_is_proved(caller: Caller) -> None:
    """Whoever may send may still send anything: it is refused, or told what it should be, and never breaks the door."""
    for body in RUBBISH:
        answered = await answer(caller, caller.proved(body))
        if isinstance(answered, Refusal):
            assert 400 <= answered.status < 500, body[:40]
        else:
            assert {one.kind for one in answered.arrivals} <= {"other"}, body[:40]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a\x00b\x01c", id="characters that no store keeps"),
        pytest.param("a\ud83db", id="half of a character"),
        pytest.param("مرحبا \u202e 👍🏽 שלום", id="right to left"),
        pytest.param("Oi " * 20_000, id="very long"),
    ],
)
@every
async def test_whatever_is_said_can_be_kept(caller: Caller, text: str) -> None:
    answered = await answer(caller, caller.said(text))
    if isinstance(answered, Refusal):
        assert answered.status == 400
        return
    for arrival in answered.arrivals:
        json.dumps(to_json(arrival), ensure_ascii=False).encode()
        assert [one for one in _strings(to_json(arrival)) if writable(one) != one] == []


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _strings(one)


@pytest.mark.parametrize("kind", ["alexa", "mattermost"])
async def test_what_cannot_be_proved_now_is_refused_so_that_it_comes_again(caller: Caller) -> None:
    assert caller.gone is not None
    with pytest.raises(Refusal) as raised:
        await caller.gone.accept(caller.said())
    assert raised.value.status == 503


@every
async def test_a_response_says_the_answer_or_nothing(caller: Caller) -> None:
    accepted = await caller.door.accept(caller.said())
    [arrival] = accepted.arrivals
    said = Outgoing(
        id="msg_1", tenant="default", channel="x", address=arrival.address, text="Foram 17.", language="pt", created=NOW, due=NOW
    )
    for message in (said, None):
        replied = caller.door.replied(arrival, message)
        assert 200 <= replied.status < 300
        assert not replied.arrivals
        assert ("Foram 17." in replied.body.decode()) == (message is not None and accepted.wait > 0)
        if replied.media_type.startswith("application/json"):
            json.loads(replied.body)
