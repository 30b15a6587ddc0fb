"""What a voice assistant may send, who may connect, and what stops the start."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from wyoming.event import Event as Official
from wyoming.event import read_event, write_event

from hulk.kernel.errors import Unavailable
from hulk.modules.channels.adapters.wyoming import Allowed, Bounds, Event, Malformed, WyomingServes, read
from hulk.modules.channels.adapters.wyoming.events import packed
from hulk.modules.channels.adapters.wyoming.hearing import arrival, decided
from hulk.modules.channels.settings import WyomingSettings
from hulk.runtime.language import voice
from support.channels import NOW
from support.stores import a_store
from support.wyoming import House, a_house

EVERYWHERE = "0.0.0.0"  # noqa: S104  # what the settings may say
SMALL = Bounds(header=200, data=300, payload=100)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda one: st.lists(one) | st.dictionaries(st.text(), one), max_leaves=8
)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with a_store("sqlite", tmp_path, _none) as store, a_house(store, tmp_path, idle=0.2) as made:
        yield made


def _none() -> Any:
    raise AssertionError("no server is needed")


async def taken(raw: bytes, bounds: Bounds = SMALL) -> Event | None:
    reader = asyncio.StreamReader(limit=bounds.header)
    reader.feed_data(raw)
    reader.feed_eof()
    return await read(reader, bounds)


MALFORMED = [
    pytest.param(b"GET / HTTP/1.1\r\n\r\n", id="another protocol"),
    pytest.param(b'{"type": "transcript"', id="it ends within the header"),
    pytest.param(b'{"type": "' + b"x" * 200_000 + b'"}\n', id="a header too long"),
    pytest.param(b'{"type": "a", "data_length": 10000000000}\n', id="more data than is taken"),
    pytest.param(b'{"type": "a", "payload_length": 10000000}\n', id="more sound than is taken"),
    pytest.param(b'{"type": "a", "data_length": -1}\n', id="less than nothing"),
    pytest.param(b'{"type": "a", "data_length": true}\n1', id="a length that is no number"),
    pytest.param(b'{"type": "a", "data_length": 1.5}\n12', id="a length that is not whole"),
    pytest.param(b'{"type": "a", "data_length": 9}\n{"a": 1', id="it ends within the data"),
    pytest.param(b'{"type": "a", "data_length": 2}\n[]', id="data that is no object"),
    pytest.param(b'{"type": "a", "data": []}\n', id="data in the header that is no object"),
    pytest.param(b'{"data": {}}\n', id="no type"),
    pytest.param(b'{"type": 7}\n', id="a type that is no text"),
    pytest.param(b"[" * 5_000 + b"\n", id="nested too deep"),
    pytest.param(b"\xff\xfe\n", id="no text"),
]


@pytest.mark.parametrize("raw", MALFORMED)
async def test_what_is_no_event_is_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed):
        await taken(raw)


@given(st.binary(max_size=400))
async def test_any_bytes_are_an_event_the_end_or_malformed(raw: bytes) -> None:
    try:
        found = await taken(raw)
    except Malformed:
        return
    assert found is None or found.type


@given(st.text(max_size=20), st.dictionaries(st.text(max_size=10), JSON, max_size=4), st.binary(max_size=50))
async def test_what_the_official_package_writes_is_read_and_the_reverse(type_: str, data: dict[str, Any], payload: bytes) -> None:
    wide = Bounds(header=100_000, data=1_000_000, payload=100)
    written = io.BytesIO()
    write_event(Official(type_, data, payload or None), written)
    assert await taken(written.getvalue(), wide) == Event(type_, data, payload)
    assert read_event(io.BytesIO(packed(Event(type_, data, payload)))) == Official(type_, data, payload or None)


@pytest.mark.parametrize("raw", MALFORMED)
async def test_a_connection_that_sends_it_is_closed_and_nobody_else_minds(house: House, raw: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", house.serves.bound)
    writer.write(raw)
    writer.write_eof()
    assert await _rest(reader) == b""
    writer.close()
    assert (await house.hears("Quantos?", "42.")).data["text"] == "42."


async def _rest(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read()
    except ConnectionResetError:  # closed with bytes of ours unread
        return b""


async def test_a_connection_that_says_nothing_is_closed(house: House) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", house.serves.bound)
    assert await reader.read() == b""
    writer.close()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param({}, id="no text"),
        pytest.param({"text": 7}, id="a text that is none"),
        pytest.param({"text": "\x00"}, id="a NUL"),
        pytest.param({"text": "Oi", "language": ["pt"], "context": "x"}, id="a language and a context that are none"),
        pytest.param({"text": "Oi", "context": {"conversation_id": {"a": 1}}}, id="a conversation that is none"),
        pytest.param({"text": "x" * 100_000}, id="more than is taken"),
    ],
)
async def test_whatever_stands_in_a_transcript_is_answered(house: House, data: dict[str, Any]) -> None:
    house.serves.wait = 0.05
    event = await house.sent(Official("transcript", data))
    assert event.type in ("handled", "not-handled")


@given(st.text(max_size=200), st.dictionaries(st.sampled_from(["language", "context"]), JSON))
def test_anything_that_was_said_is_an_arrival(text: str, data: dict[str, Any]) -> None:
    came = arrival(text, data, NOW)
    assert came.kind in ("message", "opening")
    came.text.encode()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        pytest.param("E agora?", "opening", id="and now"),
        pytest.param("Hulk, já terminou?", "opening", id="by name"),
        pytest.param("Any news, Hulk?", "opening", id="english"),
        pytest.param("E agora, quantos pedidos houve?", "message", id="more than that"),
        pytest.param("Que horas são?", "message", id="anything else"),
    ],
)
def test_who_only_asks_for_what_was_left_to_say_says_nothing_new(text: str, kind: str) -> None:
    assert arrival(text, {}, NOW).kind == kind


@pytest.mark.parametrize(
    ("text", "said"), [("Sim!", True), ("Não, obrigada.", False), ("Yes please", True), ("no", False), ("talvez", None)]
)
def test_a_yes_and_a_no(text: str, said: bool | None) -> None:
    assert decided(text) is said


@pytest.mark.parametrize(
    ("networks", "address", "may"),
    [
        pytest.param((), "127.0.0.1", True, id="this machine"),
        pytest.param((), "::1", True, id="this machine by IPv6"),
        pytest.param((), "192.168.1.20", False, id="nobody else"),
        pytest.param(("192.168.1.0/24",), "192.168.1.20", True, id="a network"),
        pytest.param(("192.168.1.0/24",), "::ffff:192.168.1.20", True, id="a network, as IPv6 writes it"),
        pytest.param(("192.168.1.0/24",), "192.168.2.20", False, id="another network"),
        pytest.param(("192.168.1.0/24",), "127.0.0.1", False, id="this machine, where others are named"),
        pytest.param(("fe80::/10",), "fe80::1%eth0", True, id="with a scope"),
        pytest.param((), "", False, id="no address"),
        pytest.param((), "nobody", False, id="no address at all"),
    ],
)
def test_who_may_connect(networks: tuple[str, ...], address: str, may: bool) -> None:
    assert (address in Allowed(tuple(map(ip_network, networks)))) is may


async def test_who_may_not_connect_is_told_nothing(tmp_path: Path) -> None:
    async with a_store("sqlite", tmp_path, _none) as store, a_house(store, tmp_path, peers=("192.0.2.0/24",)) as house:
        reader, writer = await asyncio.open_connection("127.0.0.1", house.serves.bound)
        writer.write(packed(Event("describe")))
        assert await _rest(reader) == b""
        writer.close()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        pytest.param({"host": EVERYWHERE}, "peers", id="everywhere, for anybody"),
        pytest.param({"host": "192.168.1.10"}, "peers", id="elsewhere, for anybody"),
        pytest.param({"host": "::"}, "peers", id="everywhere by IPv6"),
        pytest.param({"host": EVERYWHERE, "peers": ["0.0.0.0/0"]}, "whole world", id="peers that are everybody"),
        pytest.param({"host": EVERYWHERE, "peers": ["::/0"]}, "whole world", id="peers that are everybody by IPv6"),
        pytest.param({"peers": ["home"]}, "network", id="a peer by name"),
        pytest.param({"host": "home.local"}, "address", id="a host by name"),
        pytest.param({"wait": "30s"}, "7", id="longer than an answer is kept back"),
    ],
)
def test_what_stops_the_start(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        WyomingSettings(name="home", **given)


def test_a_house_may_be_let_in() -> None:
    made = WyomingSettings(name="home", host=EVERYWHERE, peers=("192.168.1.20", "10.0.0.0/8"))
    assert [str(one) for one in made.networks] == ["192.168.1.20/32", "10.0.0.0/8"]


async def test_a_port_that_is_taken_is_said_so(house: House) -> None:
    other = WyomingServes("127.0.0.1", house.serves.bound, Allowed(), voice, lambda: NOW)
    with pytest.raises(Unavailable, match=str(house.serves.bound)):
        await other.serve(house.at_work("home").serve.told)


async def test_where_nobody_listens_the_check_says_so(unused_tcp_port: int) -> None:
    with pytest.raises(Unavailable, match=str(unused_tcp_port)):
        await WyomingServes("127.0.0.1", unused_tcp_port, Allowed(), voice, lambda: NOW).reach()


def test_the_official_reader_has_no_bounds_of_its_own() -> None:
    """Why events are read here by code of our own."""
    header = json.dumps({"type": "a", "payload_length": 3_000_000}).encode() + b"\n"
    found = read_event(io.BytesIO(header + b"x" * 3_000_000))
    assert found is not None
    assert len(found.payload or b"") == 3_000_000
