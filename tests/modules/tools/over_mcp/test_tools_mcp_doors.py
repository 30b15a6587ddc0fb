"""Who gets to MCP and how: names and pages, keys, virtual servers, sessions that are somebody's, messages that are too large or broken."""

import asyncio
import io
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from hulk.modules.identity.usecases import LOCAL
from hulk.modules.tools import Server
from hulk.modules.tools.mcp import Guard
from hulk.modules.tools.ports import WantedCalls
from hulk.modules.tools.settings import McpSettings
from hulk.runtime.config import ServerSettings
from hulk.runtime.store import Store
from support.mcp import Place, a_place
from support.patience import until, until_found

ACCEPT = {"accept": "application/json, text/event-stream", "content-type": "application/json", "accept-language": "en"}
MODERN = {"mcp-protocol-version": "2026-07-28"}
EVERYWHERE = ServerSettings(host="0.0.0.0", rate_limit=100_000)  # noqa: S104  # so that no door of loopback stands before it


def message(method: str, **params: Any) -> dict[str, Any]:
    """A request."""
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}


INITIALIZE = message("initialize", protocolVersion="2025-11-25", capabilities={}, clientInfo={"name": "test", "version": "1"})
LIST = message("tools/list")


def modern(method: str, **params: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """A request of 2026-07-28, with its headers."""
    meta = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}
    headers = {**MODERN, "mcp-method": method, **({"mcp-name": params["name"]} if "name" in params else {})}
    return message(method, **params, _meta=meta), headers


class Asking:
    """A program without manners."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.session, self.url = session, url

    async def __call__(
        self, body: Any = INITIALIZE, path: str = "", method: str = "POST", key: str = "ana", **headers: str
    ) -> tuple[int, str, Mapping[str, str]]:
        """Status, body and headers."""
        sent = {**ACCEPT, "authorization": f"Bearer {key}", **{name.replace("_", "-"): value for name, value in headers.items()}}
        data = None if method == "GET" else io.BytesIO(body if isinstance(body, bytes) else json.dumps(body).encode())
        async with self.session.request(method, self.url + path, data=data, headers=sent) as answer:
            return answer.status, await answer.text(), answer.headers


@asynccontextmanager
async def asking(store: Store, **more: Any) -> AsyncIterator[tuple[Asking, Place]]:
    """It, and where it asks."""
    async with a_place(store, **more) as place, aiohttp.ClientSession() as session:
        yield Asking(session, place.url), place


@pytest.mark.parametrize("everywhere", [pytest.param(False, id="on loopback"), pytest.param(True, id="elsewhere")])
@pytest.mark.parametrize("revision", ["2025-11-25", "2026-07-28"])
@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"host": "evil.example"}, id="another name"),
        pytest.param({"host": "127.0.0.1.evil.example"}, id="a name that begins alike"),
        pytest.param({"host": "localhost:80@evil.example"}, id="a name after a sign"),
        pytest.param({"origin": "http://evil.example"}, id="another site's page"),
        pytest.param({"origin": "http://localhost.evil.example"}, id="a site that begins alike"),
        pytest.param({"origin": "null"}, id="a page of no site"),
    ],
)
async def test_other_names_and_other_sites_pages_are_refused(
    store: Store, headers: dict[str, str], revision: str, *, everywhere: bool
) -> None:
    async with asking(store, server=EVERYWHERE if everywhere else None) as (ask, place):
        body, more = modern("tools/list") if revision == "2026-07-28" else (INITIALIZE, {})
        status, said, _ = await ask(body, **{**more, **headers})
        assert (status, "2.0" in said) == (403, False)
        assert (await ask(body, **more))[0] == 200
        assert place.backend.done == 0


async def test_names_and_sites_of_the_settings_are_let_in(store: Store) -> None:
    settings = {"hosts": ["hulk.internal:*"], "origins": ["https://tools.example"]}
    async with asking(store, server=EVERYWHERE, settings=settings, public="https://hulk.example") as (ask, _):
        for headers in ({"host": "hulk.internal:8080"}, {"host": "hulk.example"}, {"origin": "https://tools.example"}):
            assert (await ask(**headers))[0] == 200
        assert (await ask(host="hulk.internal:x"))[0] == 403


def test_a_guard_knows_the_names_of_where_it_listens() -> None:
    guard = Guard.of(McpSettings(), "10.0.0.7", "https://hulk.example/base")
    assert {"10.0.0.7", "10.0.0.7:*", "hulk.example", "localhost:*"} <= set(guard.hosts)
    assert {"https://hulk.example", "http://10.0.0.7:*"} <= set(guard.origins)


async def test_wrong_keys_are_told_so(store: Store) -> None:
    async with asking(store) as (ask, _):
        status, said, headers = await ask(key="wrong")
        assert (status, headers["www-authenticate"]) == (401, 'Bearer realm="hulk"')
        assert "not valid" in json.loads(said)["detail"]


@pytest.mark.parametrize(
    ("path", "key", "status"),
    [
        pytest.param("/admins", "ana", 404, id="one for others"),
        pytest.param("/nothing", "ana", 404, id="one that there is not"),
        pytest.param("/suite", "eve", 200, id="one without tools for her"),
        pytest.param("/hers", "eve", 404, id="another tenant's"),
        pytest.param("/hers", "ana", 200, id="the tenant's own"),
        pytest.param("/../v1/tools", "ana", 404, id="none at all"),
    ],
)
async def test_a_virtual_server_is_there_for_whom_it_is_for(store: Store, path: str, key: str, status: int) -> None:
    async with asking(store) as (ask, place):
        await place.acts.servers.put(LOCAL, Server(name="hers", tools=("test.add",)))
        assert (await ask(path=path, key=key))[0] == status


async def test_a_session_is_its_owners_and_of_its_server_only(store: Store) -> None:
    async with asking(store) as (ask, _):
        _, _, headers = await ask()
        mine = headers["mcp-session-id"]
        await ask({"jsonrpc": "2.0", "method": "notifications/initialized"}, mcp_session_id=mine)
        assert (await ask(LIST, mcp_session_id=mine))[0] == 200
        for key, path in (("vic", ""), ("eve", ""), ("ana", "/suite"), ("ana", "/sums")):
            for method in ("POST", "DELETE", "GET"):
                assert (await ask(LIST, path=path, key=key, method=method, mcp_session_id=mine))[0] == 404, (key, path, method)
        for unknown in ("0" * 32, "x", "a" * 5000):
            assert (await ask(LIST, mcp_session_id=unknown))[0] == 404
        assert (await ask(LIST, mcp_session_id=mine))[0] == 200
        assert (await ask(method="DELETE", mcp_session_id=mine))[0] == 200
        assert (await ask(LIST, mcp_session_id=mine))[0] == 404


async def test_a_session_that_was_not_given_out_cannot_be_brought_along(store: Store) -> None:
    async with asking(store) as (ask, _):
        assert (await ask(INITIALIZE, mcp_session_id="fixed"))[0] == 404


async def test_there_are_so_many_sessions_at_most_and_room_when_one_ends(store: Store) -> None:
    async with asking(store, settings={"sessions": 2}) as (ask, _):
        first = (await ask())[2]["mcp-session-id"]
        assert (await ask())[0] == 200
        assert (await ask())[0] == 503
        assert (await ask(method="DELETE", mcp_session_id=first))[0] == 200
        assert (await ask())[0] == 200


async def test_a_session_that_nobody_uses_ends(store: Store) -> None:
    async with asking(store, settings={"idle": 0.2}) as (ask, _):
        mine = (await ask())[2]["mcp-session-id"]

        async def ended() -> bool:
            await asyncio.sleep(0.3)  # each look is a use
            return (await ask(LIST, mcp_session_id=mine))[0] == 404

        while not await ended():
            pass


@pytest.mark.parametrize("revision", ["2025-11-25", "2026-07-28"])
async def test_messages_of_four_megabytes_are_refused(store: Store, revision: str) -> None:
    async with asking(store) as (ask, place):
        body, headers = modern("tools/call", name="test.echo", arguments={"text": "x" * 4_200_000})
        status, said, _ = await ask(body, **(headers if revision == "2026-07-28" else {}))
        assert status == 413
        assert "server.max_body" in said
        assert place.backend.done == 0


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{", id="no JSON"),
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(b"null", id="null"),
        pytest.param(b"[]", id="an empty batch"),
        pytest.param(b'[{"jsonrpc":"2.0","id":1,"method":"tools/list"}]', id="a batch"),
        pytest.param(b'{"jsonrpc":"2.0","id":{},"method":"tools/list"}', id="an id that is none"),
        pytest.param(b'{"jsonrpc":"1.0","id":1,"method":"tools/list"}', id="another version"),
        pytest.param(b'{"jsonrpc":"2.0","id":1,"result":{}}', id="an answer to nothing"),
        pytest.param(b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":7}', id="params that are none"),
        pytest.param(b"\xff\xfe", id="no text"),
        pytest.param(b'{"jsonrpc":"2.0","id":' + b"9" * 5000 + b',"method":"tools/list"}', id="a number without end"),
    ],
)
async def test_broken_messages_are_the_senders_mistake(store: Store, body: bytes) -> None:
    async with asking(store) as (ask, _):
        for headers in ({}, MODERN):
            status, said, _ = await ask(body, **headers)
            assert 400 <= status < 500, (status, said)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"mcp-protocol-version": "2099-01-01"}, id="of the future"),
        pytest.param({"mcp-protocol-version": "x"}, id="none"),
        pytest.param({"accept": "text/html"}, id="an answer that we do not give"),
        pytest.param({"content-type": "text/plain"}, id="a body of another kind"),
    ],
)
async def test_what_is_asked_for_in_vain_is_told(store: Store, headers: dict[str, str]) -> None:
    async with asking(store) as (ask, _):
        assert 400 <= (await ask(**headers))[0] < 500


async def test_a_caller_who_hangs_up_amid_a_write_leaves_it_uncertain(store: Store) -> None:
    async with asking(store) as (ask, place):
        body, headers = modern("tools/call", name="test.hanging_write", arguments={})
        body["params"]["_meta"]["hulk/idempotency-key"] = "k1"
        calling = asyncio.ensure_future(ask(body, **headers))  # noqa: TID251  # it is cancelled, which a group would make its own
        await until(lambda: place.backend.hanging == 1)
        calling.cancel()
        await asyncio.wait([calling])
        await until(lambda: place.backend.hanging == 0)

        async def ended() -> bool:
            [call] = await place.acts.calls.calls.find(WantedCalls(tenant="default"))
            return call.status != "running"

        await until_found(ended)
        status, said, _ = await ask(body, **headers)
        assert (status, json.loads(said)["result"]["_meta"]["hulk/status"]) == (200, "uncertain")
        assert place.backend.hanging == 0


async def test_where_the_library_is_not_installed_it_says_what_to_install(store: Store) -> None:
    def missing(*_: Any) -> Any:
        raise ImportError

    async with asking(store, methods=missing) as (ask, _):
        for _again in range(2):
            status, said, _ = await ask()
            assert (status, "hulk-ops[tools]" in said) == (503, True)


async def test_an_open_stream_does_not_hold_up_the_end(store: Store) -> None:
    async with aiohttp.ClientSession() as session:
        async with a_place(store) as place:
            ask = Asking(session, place.url)
            mine = (await ask())[2]["mcp-session-id"]
            await ask({"jsonrpc": "2.0", "method": "notifications/initialized"}, mcp_session_id=mine)
            stream = await session.get(place.url, headers={**ACCEPT, "authorization": "Bearer ana", "mcp-session-id": mine})
            assert stream.status == 200
            begun = time.monotonic()
        assert time.monotonic() - begun < 4  # of the five seconds that are given to what runs
        assert await stream.read() == b""
