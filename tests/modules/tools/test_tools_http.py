"""HTTP GET, against a real server on this machine."""

import gzip
import zlib
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import web

from hulk.kernel.errors import Forbidden, HulkError, NotFound, Refused, TooLarge, Unavailable
from hulk.modules.tools.adapters.http import HttpGet

BOMB = gzip.compress(b"\0" * 50_000_000)


ENCODED = {
    "gzip": (gzip.compress(b"hello"), "gzip"),
    "deflate": (zlib.compress(b"hello"), "deflate"),
    "bomb": (BOMB, "gzip"),
    "cut": (gzip.compress(b"hello" * 100)[:20], "gzip"),
    "rubbish": (b"hello", "gzip"),
    "brotli": (b"hello", "br"),
}


async def _hello(_: web.Request) -> web.StreamResponse:
    return web.json_response({"hello": "world"})


async def _status(request: web.Request) -> web.StreamResponse:
    return web.Response(status=int(request.match_info["status"]), headers={"Retry-After": "7"})


async def _hops(request: web.Request) -> web.StreamResponse:
    left = int(request.match_info["left"])
    raise web.HTTPFound(f"/hops/{left - 1}" if left else "/hello")


async def _to(request: web.Request) -> web.StreamResponse:
    raise web.HTTPTemporaryRedirect(request.query["url"])


async def _sized(request: web.Request) -> web.StreamResponse:
    return web.Response(body=b"x" * int(request.match_info["size"]))


async def _encoded(request: web.Request) -> web.StreamResponse:
    body, encoding = ENCODED[request.match_info["name"]]
    return web.Response(body=body, headers={"Content-Encoding": encoding})


async def _endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    try:
        while True:
            await response.write(b"x" * 10_000)
    except ConnectionResetError:
        return response


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """The port of a server on 127.0.0.1."""
    app = web.Application()
    app.router.add_get("/hello", _hello)
    app.router.add_get("/status/{status}", _status)
    app.router.add_get("/hops/{left}", _hops)
    app.router.add_get("/to", _to)
    app.router.add_get("/sized/{size}", _sized)
    app.router.add_get("/stream", _endless)
    app.router.add_get("/encoded/{name}", _encoded)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield runner.addresses[0][1]
    await runner.cleanup()


HOSTS = ("127.0.0.1", "localhost")
get = HttpGet(hosts=HOSTS, most_bytes=100_000, timeout=timedelta(seconds=3))


@pytest.mark.parametrize("host", HOSTS)
async def test_an_allowed_address_is_fetched(port: int, host: str) -> None:
    found = await get(f"http://{host}:{port}/hello")
    assert (found.status, found.media_type, found.body) == (200, "application/json", b'{"hello": "world"}')


@pytest.mark.parametrize("path", ["encoded/gzip", "encoded/deflate"])
async def test_a_compressed_body_is_decoded(port: int, path: str) -> None:
    assert (await get(f"http://localhost:{port}/{path}")).body == b"hello"


async def test_redirects_are_followed_to_the_fifth(port: int) -> None:
    found = await get(f"http://localhost:{port}/hops/4")
    assert found.url == f"http://localhost:{port}/hello"
    with pytest.raises(Refused, match="leads on more than 5 times"):
        await get(f"http://localhost:{port}/hops/5")


@pytest.mark.parametrize(
    "target",
    ["http://evil.example/", "file:///etc/passwd", "//169.254.169.254/latest/meta-data", "http://127.0.0.2/", "gopher://localhost"],
)
async def test_a_redirect_to_what_is_not_allowed_is_not_followed(port: int, target: str) -> None:
    with pytest.raises(Refused):
        await get(f"http://localhost:{port}/to?url={target}")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        pytest.param(404, NotFound, id="404"),
        pytest.param(410, NotFound, id="410"),
        pytest.param(401, Forbidden, id="401"),
        pytest.param(403, Forbidden, id="403"),
        pytest.param(400, Refused, id="400"),
        pytest.param(304, Refused, id="304"),
        pytest.param(429, Unavailable, id="429"),
        pytest.param(500, Unavailable, id="500"),
        pytest.param(503, Unavailable, id="503"),
    ],
)
async def test_statuses_are_told_by_what_can_be_done(port: int, status: int, kind: type[HulkError]) -> None:
    with pytest.raises(kind, match=str(status)) as refused:
        await get(f"http://localhost:{port}/status/{status}")
    assert type(refused.value) is kind
    assert kind is not Unavailable or getattr(refused.value, "retry_after", None) == 7


async def test_a_body_of_the_most_bytes_is_taken_and_one_more_is_not(port: int) -> None:
    assert len((await get(f"http://localhost:{port}/sized/100000")).body) == 100_000
    with pytest.raises(TooLarge, match="100000 bytes"):
        await get(f"http://localhost:{port}/sized/100001")


@pytest.mark.parametrize("path", ["stream", "encoded/bomb"])
async def test_a_body_without_an_honest_length_is_cut_off(port: int, path: str) -> None:
    with pytest.raises(TooLarge):
        await get(f"http://localhost:{port}/{path}")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        pytest.param("cut", Unavailable, id="compressed and cut"),
        pytest.param("rubbish", Unavailable, id="not compressed"),
        pytest.param("brotli", Refused, id="an encoding that was not asked for"),
    ],
)
async def test_a_body_that_cannot_be_decoded(port: int, path: str, kind: type[HulkError]) -> None:
    with pytest.raises(kind):
        await get(f"http://localhost:{port}/encoded/{path}")


async def test_a_slow_answer_is_not_waited_for(port: int) -> None:
    hasty = HttpGet(hosts=HOSTS, most_bytes=10**12, timeout=timedelta(seconds=0.3))
    with pytest.raises(Unavailable, match=r"within 0\.3 seconds"):
        await hasty(f"http://localhost:{port}/stream")


async def test_nobody_listening_is_unavailable(unused_tcp_port: int) -> None:
    with pytest.raises(Unavailable, match="cannot be reached"):
        await get(f"http://127.0.0.1:{unused_tcp_port}/")


@pytest.mark.parametrize("host", ["127.0.0.1", "0x7f.1", "2130706433", "127.1", "0"])
async def test_a_listed_suffix_does_not_open_private_addresses(port: int, host: str) -> None:
    with pytest.raises(Forbidden):
        await HttpGet(hosts=("*.example.com",))(f"http://{host}:{port}/hello")


async def test_a_name_of_a_private_address_is_forbidden_unless_it_is_localhost_or_an_ip(port: int) -> None:
    with pytest.raises(Forbidden, match="private network"):
        await HttpGet(hosts=("*.localhost", "0x7f.1"))(f"http://0x7f.1:{port}/hello")
