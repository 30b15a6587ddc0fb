"""Streams that are cut: messages are held for each session by itself, bounded, and given to whoever comes back; and addresses, as laws."""

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp.server.streamable_http import EventMessage
from mcp_types import JSONRPCNotification

from hulk.modules.tools.domain import filled, matched, variables
from hulk.modules.tools.mcp.replay import Held, Replay
from hulk.runtime.store import Store
from support.mcp import a_place

HEADERS = {
    "accept": "application/json, text/event-stream", "content-type": "application/json", "authorization": "Bearer ana",
    "mcp-protocol-version": "2025-11-25",
}  # fmt: skip
SENT = st.lists(st.tuples(st.integers(0, 2), st.sampled_from("ab"), st.text(max_size=50)), max_size=60)


def message(text: str) -> JSONRPCNotification:
    """That says so."""
    return JSONRPCNotification(jsonrpc="2.0", method="told", params={"text": text})


async def replayed(session: Replay, after: str) -> list[str]:
    """What is given to a client that has heard that one last."""
    found: list[str] = []

    async def send(event: EventMessage) -> None:
        found.append((event.message.params or {})["text"])  # type: ignore[union-attr]  # these are notifications

    await session.replay_events_after(after, send)
    return found


@given(SENT)
async def test_who_comes_back_gets_the_rest_of_that_stream_of_that_session(sent: list[tuple[int, str, str]]) -> None:
    held = Held(1_000_000)
    sessions = [held.session() for _ in range(3)]
    begun = {(number, stream): await one.store_event(stream, None) for number, one in enumerate(sessions) for stream in "ab"}
    for number, stream, text in sent:
        await sessions[number].store_event(stream, message(text))
    for (number, stream), first in begun.items():
        assert await replayed(sessions[number], first) == [text for *place, text in sent if place == [number, stream]]


@given(st.lists(st.text(max_size=300), max_size=60), st.integers(200, 3_000))
async def test_no_more_is_held_than_is_allowed_and_the_newest_is(texts: list[str], most: int) -> None:
    held = Held(most)
    session = held.session()
    first = await session.store_event("a", None)
    for text in texts:
        await session.store_event("a", message(text))
    found = await replayed(session, first)
    assert found == texts[len(texts) - len(found) :]
    assert sum(len(message(text).model_dump_json(by_alias=True, exclude_none=True)) for text in found) <= most


@pytest.mark.parametrize("last", ["", "7", "x-a", "99-a", "-1-a", "²-a", "9" * 5000 + "-a", "0" * 30 + "-a"])
async def test_what_was_never_given_is_followed_by_nothing(last: str) -> None:
    session = Held(1_000).session()
    await session.store_event("a", message("secret"))
    assert await replayed(session, last) == []


async def test_an_answer_whose_stream_was_closed_is_come_back_for_by_its_session_alone(store: Store) -> None:
    async with a_place(store, settings={"close_after": "0.05s"}) as place, aiohttp.ClientSession(headers=HEADERS) as http:
        mine, other = await begun(http, place.url), await begun(http, place.url)
        asked = {"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": "test.test_reconnection", "arguments": {}}}
        async with http.post(place.url, json=asked, headers=mine) as answer:
            cut = await answer.text()
        assert ("retry: 500" in cut, "result" in cut) == (True, False)
        last = {"last-event-id": cut.partition("id: ")[2].split()[0]}
        async with http.get(place.url, headers=mine | last) as again:
            told = [json.loads(line[6:]) async for line in lines(again, until="result")]
        assert told[-1]["id"] == 7
        async with http.get(place.url, headers=other | last) as stranger:
            assert await stranger.text() == ""


async def begun(http: aiohttp.ClientSession, url: str) -> dict[str, str]:
    """A session, by its header."""
    client = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
    async with http.post(url, json={"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": client}) as answer:
        mine = {"mcp-session-id": answer.headers["mcp-session-id"]}
    async with http.post(url, json={"jsonrpc": "2.0", "method": "notifications/initialized"}, headers=mine) as answer:
        assert answer.status == 202
    return mine


async def lines(answer: aiohttp.ClientResponse, until: str) -> AsyncIterator[str]:
    """Those with data, to the one that has that word."""
    async for line in answer.content:
        text = line.decode().strip()
        if text.startswith("data: {"):
            yield text
        if until in text:
            return


VALUES = st.text(min_size=1, max_size=40)


@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), VALUES, min_size=1))
def test_what_is_put_into_an_address_is_read_out_of_it(given_values: dict[str, str]) -> None:
    address = "hulk://x/" + "/".join(f"{{{name}}}" for name in given_values) + "/end"
    uri = filled(address, {name: quote(value, safe="") for name, value in given_values.items()})
    assert list(variables(address)) == list(given_values)
    assert matched(address, uri) == given_values


@pytest.mark.parametrize(
    ("address", "uri", "found"),
    [
        pytest.param("hulk://a", "hulk://a", {}, id="nothing open"),
        pytest.param("hulk://a", "hulk://ab", None, id="more than that"),
        pytest.param("hulk://a.b/{x}", "hulk://acb/1", None, id="a dot is a dot"),
        pytest.param("hulk://a/{x}", "hulk://a/1/2", None, id="a step is one step"),
        pytest.param("hulk://a/{+x}", "hulk://a/1/2", {"x": "1/2"}, id="or many"),
        pytest.param("hulk://a/{+x}/i/{n}", "hulk://a/o/r/i/7", {"x": "o/r", "n": "7"}, id="and on"),
        pytest.param("hulk://a/{x}", "hulk://a/1?q=2", None, id="no query"),
        pytest.param("hulk://a/{x}", "hulk://a/", None, id="not empty"),
    ],
)
def test_an_address_stands_for_these(address: str, uri: str, found: Any) -> None:
    assert matched(address, uri) == found
