"""HTTP GET into a file, against a real server on this machine."""

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from hulk.kernel.errors import Forbidden, HulkError, NotFound, Refused, TooLarge, Unavailable
from hulk.modules.tools.adapters.http import HttpGet
from hulk.modules.tools.domain import Head

BOMB = gzip.compress(b"\0" * 50_000_000)


ENCODED = {
    "gzip": (gzip.compress(b"hello"), "gzip"),
    "members": (gzip.compress(b"hel") + gzip.compress(b"lo"), "gzip"),
    "deflate": (zlib.compress(b"hello"), "deflate"),
    "bomb": (BOMB, "gzip"),
    "large": (gzip.compress(b"hello" * 20_000), "gzip"),
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


def _raw(answer: bytes) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Answers with just these bytes, then hangs up, as no honest server does."""

    async def handler(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\n" + answer)
        request.transport.close()
        await asyncio.sleep(0)
        return web.Response()

    return handler


async def _stalled(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "10"})
    await response.prepare(request)
    await response.write(b"hello")
    await asyncio.sleep(5)
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
    app.router.add_get("/stalled", _stalled)
    app.router.add_get("/raw/short", _raw(b"Content-Length: 100\r\n\r\nhello"))
    app.router.add_get("/raw/chunks", _raw(b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"))
    app.router.add_get("/raw/endless", _raw(b"Connection: close\r\n\r\nhello"))
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield runner.addresses[0][1]
    await runner.cleanup()


HOSTS = ("127.0.0.1", "localhost")
get = HttpGet(hosts=HOSTS, most_bytes=100_000, timeout=timedelta(seconds=3))


@pytest.fixture
def into(tmp_path: Path) -> Callable[[Head], Path]:
    """Puts a body where the test finds it, beside what the answer said of itself."""

    def place(head: Head) -> Path:
        (tmp_path / "head").write_text(f"{head.url} {head.media_type} {head.name}")
        return tmp_path / "body"

    return place


Into = Callable[[Head], Path]


def nothing_is_left(folder: Path) -> bool:
    """Whether no file has the name of a whole one."""
    return not (folder / "body").exists()


@pytest.mark.parametrize("host", HOSTS)
async def test_an_allowed_address_is_fetched(port: int, host: str, into: Into, tmp_path: Path) -> None:
    path = await get(f"http://{host}:{port}/hello", into)
    assert path.read_bytes() == b'{"hello": "world"}'
    assert (tmp_path / "head").read_text() == f"http://{host}:{port}/hello application/json None"
    assert not (tmp_path / "part").exists()


@pytest.mark.parametrize(("name", "body"), [("gzip", b"hello"), ("deflate", b"hello"), ("members", b"hello"), ("large", b"hello" * 20_000)])
async def test_a_compressed_body_is_decoded(port: int, name: str, body: bytes, into: Into) -> None:
    assert (await get(f"http://localhost:{port}/encoded/{name}", into)).read_bytes() == body


async def test_redirects_are_followed_to_the_fifth(port: int, into: Into, tmp_path: Path) -> None:
    await get(f"http://localhost:{port}/hops/4", into)
    assert (tmp_path / "head").read_text().startswith(f"http://localhost:{port}/hello ")
    with pytest.raises(Refused, match="leads on more than 5 times"):
        await get(f"http://localhost:{port}/hops/5", into)


@pytest.mark.parametrize(
    "target",
    [
        *("http://evil.example/", "file:///etc/passwd", "//169.254.169.254/latest/meta-data", "http://127.0.0.2/", "gopher://localhost"),
        "http://ana:s3nha@localhost/",
    ],
)
async def test_a_redirect_to_what_is_not_allowed_is_not_followed(port: int, target: str, into: Into) -> None:
    with pytest.raises(Refused) as refused:
        await get(f"http://localhost:{port}/to?url={target}", into)
    assert "s3nha" not in str(refused.value)


async def test_an_address_that_can_be_read_as_two_hosts_is_refused(into: Into) -> None:
    with pytest.raises(Refused, match="two different hosts"):
        await HttpGet(hosts=("strasse.example",), most_bytes=1000)("https://straße.example/a.csv", into)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        pytest.param(404, NotFound, id="404"),
        pytest.param(410, NotFound, id="410"),
        pytest.param(401, Forbidden, id="401"),
        pytest.param(403, Forbidden, id="403"),
        pytest.param(400, Refused, id="400"),
        pytest.param(304, Refused, id="304"),
        pytest.param(206, Refused, id="a part"),
        pytest.param(429, Unavailable, id="429"),
        pytest.param(500, Unavailable, id="500"),
        pytest.param(503, Unavailable, id="503"),
    ],
)
async def test_statuses_are_told_by_what_can_be_done(port: int, status: int, kind: type[HulkError], into: Into) -> None:
    with pytest.raises(kind, match=str(status)) as refused:
        await get(f"http://localhost:{port}/status/{status}", into)
    assert type(refused.value) is kind
    assert kind is not Unavailable or getattr(refused.value, "retry_after", None) == 7


async def test_a_body_of_the_most_bytes_is_taken_and_one_more_is_not(port: int, into: Into, tmp_path: Path) -> None:
    assert (await get(f"http://localhost:{port}/sized/100000", into)).stat().st_size == 100_000
    (tmp_path / "body").unlink()
    with pytest.raises(TooLarge, match="100000 bytes"):
        await get(f"http://localhost:{port}/sized/100001", into)


@pytest.mark.parametrize("path", ["stream", "encoded/bomb"])
async def test_a_body_without_an_honest_length_is_cut_off(port: int, path: str, into: Into, tmp_path: Path) -> None:
    with pytest.raises(TooLarge, match=r"tools\.http\.max_size"):
        await get(f"http://localhost:{port}/{path}", into)
    assert nothing_is_left(tmp_path)
    assert (tmp_path / "part").stat().st_size <= 100_000


@pytest.mark.parametrize(
    ("path", "kind", "told"),
    [
        pytest.param("short", Unavailable, "cannot be reached", id="shorter than its length"),
        pytest.param("chunks", Unavailable, "cannot be reached", id="without the last chunk"),
        pytest.param("endless", Refused, "does not tell how long it is", id="ends where the connection does"),
    ],
)
async def test_a_part_is_never_taken_for_the_whole(
    port: int, path: str, kind: type[HulkError], told: str, into: Into, tmp_path: Path
) -> None:
    with pytest.raises(kind, match=told):
        await get(f"http://localhost:{port}/raw/{path}", into)
    assert nothing_is_left(tmp_path)


async def test_a_disk_that_takes_nothing_is_told(port: int, tmp_path: Path, into: Into) -> None:
    with pytest.raises(Unavailable, match="cannot be kept"):
        await get(f"http://localhost:{port}/hello", lambda _: tmp_path / "no folder" / "body")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        pytest.param("cut", Unavailable, id="compressed and cut"),
        pytest.param("rubbish", Unavailable, id="not compressed"),
        pytest.param("brotli", Refused, id="an encoding that was not asked for"),
    ],
)
async def test_a_body_that_cannot_be_decoded(port: int, path: str, kind: type[HulkError], into: Into) -> None:
    with pytest.raises(kind):
        await get(f"http://localhost:{port}/encoded/{path}", into)


async def test_a_server_that_falls_silent_is_not_waited_for(port: int, into: Into, tmp_path: Path) -> None:
    impatient = HttpGet(hosts=HOSTS, most_bytes=1000, silence=timedelta(seconds=0.2))
    with pytest.raises(Unavailable, match=r"has sent nothing for 0\.2 seconds"):
        await impatient(f"http://localhost:{port}/stalled", into)
    assert nothing_is_left(tmp_path)


async def test_what_is_secret_in_an_address_is_not_told(port: int, into: Into) -> None:
    with pytest.raises(NotFound) as missing:
        await get(f"http://localhost:{port}/status/404?token=s3nha", into)
    assert "s3nha" not in str(missing.value)


async def test_a_slow_answer_is_not_waited_for(port: int, into: Into) -> None:
    hasty = HttpGet(hosts=HOSTS, most_bytes=10**12, timeout=timedelta(seconds=0.3))
    with pytest.raises(Unavailable, match=r"within 0\.3 seconds"):
        await hasty(f"http://localhost:{port}/stream", into)


async def test_nobody_listening_is_unavailable(unused_tcp_port: int, into: Into) -> None:
    with pytest.raises(Unavailable, match="cannot be reached"):
        await get(f"http://127.0.0.1:{unused_tcp_port}/", into)


@pytest.mark.parametrize("host", ["127.0.0.1", "0x7f.1", "2130706433", "127.1", "0"])
async def test_a_listed_suffix_does_not_open_private_addresses(port: int, host: str, into: Into) -> None:
    with pytest.raises(Forbidden):
        await HttpGet(hosts=("*.example.com",), most_bytes=1000)(f"http://{host}:{port}/hello", into)


async def test_a_name_of_a_private_address_is_forbidden_unless_it_is_localhost_or_an_ip(port: int, into: Into) -> None:
    with pytest.raises(Forbidden, match="private network"):
        await HttpGet(hosts=("*.localhost", "0x7f.1"), most_bytes=1000)(f"http://0x7f.1:{port}/hello", into)
