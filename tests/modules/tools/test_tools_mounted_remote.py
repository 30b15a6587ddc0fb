"""All that a hostile or broken MCP server at an address may do to us is bounded, and told clearly: whether something may have been done."""

import json
import socket
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from hulk.kernel.errors import Forbidden, HulkError, Refused, Unavailable
from hulk.modules.tools.adapters.backends.mounted import Client, Remote
from hulk.modules.tools.ports import Uncertain
from support.foreign.mounting import call, running, serve, words


@pytest.fixture(scope="module")
def hostile() -> Iterator[str]:
    with running("hostile_http") as url:
        yield url


def seen(url: str) -> list[dict[str, Any]]:
    """The headers of all requests that came to the server so far."""
    with urllib.request.urlopen(url.replace("/mcp", "/seen")) as answer:  # noqa: S310 - our own server
        found: list[dict[str, Any]] = json.load(answer)
        return found


def knock(url: str) -> None:
    """Connect until nobody listens there any more: a process that ends lets go of its sockets one after the other."""
    while True:
        socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2].partition("/")[0]))).close()


@pytest.mark.parametrize(
    ("name", "error", "says"),
    [
        pytest.param("html", Uncertain, "answered with text/html where JSON is expected", id="a page for json"),
        pytest.param("empty", Uncertain, "answered with nothing where JSON is expected", id="nothing"),
        pytest.param("garbage", Uncertain, "an answer that is none of MCP", id="broken json"),
        pytest.param("flood", Uncertain, "it gave more than 1000000 bytes", id="a gigabyte"),
        pytest.param("large_event", Uncertain, "SSE stream failed", id="an event of a gigabyte"),
        pytest.param("cut", Uncertain, "its answer ended too early", id="a cut answer"),
        pytest.param("cut_events", Uncertain, "SSE stream ended without a response", id="a stream that ends"),
        pytest.param("packed", Uncertain, "it packs its answers", id="packed though asked not to"),
        pytest.param("status_500", Uncertain, r"it failed \(status 500\)", id="500"),
        pytest.param("accepted", Uncertain, "with 202 Accepted", id="accepted, without an answer"),
        pytest.param("wrong_id", Uncertain, "has not answered within 0.5 seconds", id="answers what was not asked"),
        pytest.param("resumed", Uncertain, "has not answered within 0.5 seconds", id="wants to be asked again and again"),
        pytest.param("status_400", Refused, r"does not take it \(status 400\)", id="400"),
        pytest.param("status_401", Forbidden, "refuses who we are", id="401"),
        pytest.param("status_404", Unavailable, "has forgotten our session", id="404 in a session"),
        pytest.param("status_429", Unavailable, r"does not take requests now \(status 429\)", id="429"),
        pytest.param("status_503", Unavailable, r"does not take requests now \(status 503\)", id="503"),
        pytest.param("redirect", Refused, "redirects to another place", id="another host"),
    ],
)
async def test_what_may_have_been_done_is_told_so(name: str, error: type[HulkError], says: str, hostile: str) -> None:
    async with serve(Remote(url=hostile)) as server:
        with pytest.raises(error, match=says) as told:
            await call(server, name, 0.5 if name in ("wrong_id", "resumed") else 20)
        assert isinstance(told.value, Uncertain) == (error is Uncertain)
        assert "secret of the proxy" not in str(told.value)
        assert words(await call(server, "echo")) == "heard"


@pytest.mark.parametrize(
    ("name", "answer"),
    [("events", "by events"), ("flood_events", "after all"), ("redirect_here", "moved")],
    ids=["events", "storm", "same place"],
)
async def test_what_ends_well_is_given(name: str, answer: str, hostile: str) -> None:
    async with serve(Remote(url=hostile)) as server:
        assert words(await call(server, name)) == answer


async def test_how_long_to_wait_is_passed_on(hostile: str) -> None:
    async with serve(Remote(url=hostile)) as server:
        with pytest.raises(Unavailable) as told:
            await call(server, "status_429")
        assert told.value.retry_after == 7


async def test_a_server_that_is_not_there_has_surely_done_nothing() -> None:
    with running("hostile_http") as url:
        async with serve(Remote(url=url)) as server:
            with pytest.raises(Uncertain, match=r"the connection to 127\.0\.0\.1 broke"):
                await call(server, "die")
            with pytest.raises(ConnectionRefusedError):
                knock(url)
            with pytest.raises(Unavailable, match=r"127\.0\.0\.1 cannot be reached") as told:
                await call(server, "echo")
            assert not isinstance(told.value, Uncertain)


async def test_headers_are_followed_at_each_request_and_stay_there(hostile: str) -> None:
    tokens = ["Bearer first-token"]
    async with serve(Remote(url=hostile, headers={"Authorization": lambda: tokens[-1]})) as server:
        await call(server, "echo")
        tokens.append("Bearer second-token")
        await call(server, "echo")
        assert server.lives == 1
        with pytest.raises(Refused):
            await call(server, "redirect")
    sent = [one["Authorization"] for one in seen(hostile) if "Authorization" in one]
    assert [sent[0], sent[-1]] == tokens
    assert not any("elsewhere" in one.get("Host", "") or one.get("Host", "").startswith("localhost") for one in seen(hostile))


async def test_a_stream_that_ends_again_and_again_is_not_asked_for_more_than_once_a_second(hostile: str) -> None:
    before = len([one for one in seen(hostile) if "GET" in one])
    async with serve(Remote(url=hostile)) as server:
        await call(server, "flood_events")
    assert len([one for one in seen(hostile) if "GET" in one]) - before <= 4


@pytest.fixture(scope="module")
def guarded() -> Iterator[tuple[str, str]]:
    """The address of a server that wants tokens, and of who gives them."""
    with running("guarded", ports=2) as said:
        url, port = said.split()
        yield url, f"http://localhost:{port}"


async def test_a_token_is_got_for_a_server_that_wants_one(guarded: tuple[str, str]) -> None:
    url, issuer = guarded
    client = Client(id="hulk", secret=lambda: "client-secret", issuer=issuer)
    async with serve(Remote(url=url, client=client)) as server:
        assert words(await call(server, "echo")) == "heard"


@pytest.mark.parametrize(
    ("issuer", "secret", "says"),
    [
        pytest.param("", "client-secret", "refuses who we are", id="no token at all"),
        pytest.param("same", "wrong-secret", "far: ", id="a wrong secret"),
        pytest.param("http://localhost:1", "client-secret", "far: ", id="a server that leads to another issuer"),
    ],
)
async def test_without_a_token_it_cannot_be_used(issuer: str, secret: str, says: str, guarded: tuple[str, str]) -> None:
    url, real = guarded
    client = Client(id="hulk", secret=lambda: secret, issuer=real if issuer == "same" else issuer) if issuer else None
    async with serve(Remote(url=url, client=client)) as server:
        with pytest.raises(Unavailable, match=says) as told:
            await server.tools()
        assert secret not in str(told.value)
