"""What an answer of a vendor means, and one that does not come; what is asked is bounded in bytes and seconds."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from hulk.kernel.errors import Exhausted, Forbidden, HulkError, NotFound, Refused, TooLarge, Unauthenticated, Unavailable
from hulk.modules.channels.adapters.vendor import LARGEST_ANSWER, Answer, Vendor, retry_after, vendor
from hulk.modules.channels.ports import Uncertain
from support.ports import free_port

Serving = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def _cut(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"content-length": "1000"})
    await response.prepare(request)
    await response.write(b"half")
    assert request.transport is not None
    request.transport.close()
    return response


async def _hang(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.close()
    return web.Response()


async def _never(_: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError


async def _endless(request: web.Request) -> web.StreamResponse:
    """As long as somebody reads."""
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"x" * 65_536)


async def _whole(_: web.Request) -> web.StreamResponse:
    return web.Response(body=b"0123456789")


async def _sent_on(_: web.Request) -> web.StreamResponse:
    return web.Response(status=404)


async def _elsewhere(request: web.Request) -> web.StreamResponse:
    return web.Response(status=int(request.match_info["status"]), headers={"location": "/whole"})


WAYS: dict[str, Serving] = {"/cut": _cut, "/hang": _hang, "/never": _never, "/endless": _endless, "/whole": _whole, "/none": _sent_on}
WAYS["/elsewhere/{status:3..}"] = _elsewhere


@pytest.fixture
async def asked() -> AsyncIterator[Vendor]:
    """A vendor that behaves as the path says."""
    app = web.Application()
    for path, way in WAYS.items():
        app.router.add_route("*", path, way)
    async with TestServer(app, handler_cancellation=True) as server, vendor(str(server.make_url("")).rstrip("/"), "n8n") as made:
        yield made


@pytest.fixture
async def hurried(asked: Vendor) -> AsyncIterator[Vendor]:
    """The same, given little time."""
    async with vendor(asked.url, "n8n", 0.1) as made:
        yield made


@pytest.mark.parametrize(
    ("status", "headers", "error", "wait"),
    [
        pytest.param(400, {}, Refused, None, id="not taken"),
        pytest.param(401, {}, Unauthenticated, None, id="not known"),
        pytest.param(403, {}, Forbidden, None, id="not allowed"),
        pytest.param(404, {}, NotFound, None, id="not there"),
        pytest.param(410, {}, NotFound, None, id="not there any more"),
        pytest.param(422, {}, Refused, None, id="not understood"),
        pytest.param(429, {}, Exhausted, 5.0, id="too much"),
        pytest.param(429, {"retry-after": "17"}, Exhausted, 17.0, id="too much, with when to come again"),
        pytest.param(503, {"retry-after": "17"}, Unavailable, 17.0, id="not now"),
        pytest.param(500, {}, Uncertain, None, id="broken"),
        pytest.param(502, {}, Uncertain, None, id="a gateway's"),
    ],
)
def test_a_status_means_what_may_be_done(status: int, headers: dict[str, str], error: type[HulkError], wait: float | None) -> None:
    found = Vendor("http://x", "n8n").refusal(Answer(status, headers, b"secret"), sends=True)
    assert type(found) is error
    assert getattr(found, "retry_after", None) == wait
    assert "secret" not in str(found)
    if error is Uncertain:
        assert type(Vendor("http://x", "n8n").refusal(Answer(status, headers, b""))) is Unavailable


@pytest.mark.parametrize("path", ["/cut", "/hang", "/never"])
async def test_an_answer_that_does_not_come_is_uncertain_only_where_something_may_have_been_done(
    asked: Vendor, hurried: Vendor, path: str
) -> None:
    one = hurried if path == "/never" else asked
    with pytest.raises(Uncertain):
        await one.ask("POST", path, sends=True)
    with pytest.raises(Unavailable) as raised:
        await one.ask("GET", path)
    assert not isinstance(raised.value, Uncertain)


async def test_where_nobody_listens_nothing_was_taken() -> None:
    async with vendor(f"http://127.0.0.1:{free_port()}", "n8n") as nobody:
        with pytest.raises(Unavailable) as raised:
            await nobody.ask("POST", "/", sends=True)
    assert not isinstance(raised.value, Uncertain)


async def test_where_nobody_takes_up_the_line_nothing_was_taken() -> None:
    """Its queue is full, so that it is as silent as a host that is away."""
    with contextlib.ExitStack() as stack:
        full = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            waits = stack.enter_context(socket.socket())
            waits.setblocking(False)
            waits.connect_ex(full.getsockname())
        async with vendor(f"http://127.0.0.1:{full.getsockname()[1]}", "n8n", 0.5) as silent:
            with pytest.raises(Unavailable) as raised:
                await silent.ask("POST", "/", sends=True)
    assert not isinstance(raised.value, Uncertain)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_what_is_sent_elsewhere_was_not_taken(asked: Vendor, status: int) -> None:
    """Who follows asks the other address for something (RFC 9110, 15.4.2), and does not say there what is to be said."""
    answer = await asked.ask("POST", f"/elsewhere/{status}", sends=True)
    assert (answer.status, type(asked.refusal(answer, sends=True))) == (status, Unavailable)


async def test_no_more_of_an_answer_is_read_than_is_taken(asked: Vendor) -> None:
    with pytest.raises(Unavailable, match=str(LARGEST_ANSWER)):
        await asked.ask("GET", "/endless")
    with pytest.raises(Uncertain):
        await asked.ask("POST", "/endless", sends=True)


@pytest.mark.parametrize(
    ("path", "most", "error"),
    [
        pytest.param("/endless", 100_000, TooLarge, id="more than is taken"),
        pytest.param("/whole", 9, TooLarge, id="one byte more"),
        pytest.param("/none", 9, NotFound, id="not there"),
        pytest.param("/cut", 1000, Unavailable, id="cut"),
        pytest.param("/never", 1000, Unavailable, id="never"),
    ],
)
async def test_a_file_is_written_up_to_so_many_bytes(
    asked: Vendor, hurried: Vendor, tmp_path: Path, path: str, most: int, error: type[HulkError]
) -> None:
    with pytest.raises(error):
        await (hurried if path == "/never" else asked).download(asked.url + path, tmp_path / "got", most)
    assert not (tmp_path / "got").exists() or (tmp_path / "got").stat().st_size <= most


async def test_a_file_of_the_largest_size_is_written(asked: Vendor, tmp_path: Path) -> None:
    await asked.download(f"{asked.url}/whole", tmp_path / "got", 10)
    assert (tmp_path / "got").read_bytes() == b"0123456789"


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("7", 7.0), ("0", 0.0), ("99999", 3600.0), ("", None), ("-1", None), ("soon", None), ("9" * 50, None)],
)
def test_when_to_come_again_is_read_in_seconds(said: str, seconds: float | None) -> None:
    assert retry_after(Answer(429, {"retry-after": said}, b"")) == seconds


@pytest.mark.parametrize(("ahead", "low", "high"), [(60, 50, 60), (-60, 0, 0), (90_000, 3600, 3600)])
def test_when_to_come_again_is_read_as_a_date(ahead: int, low: float, high: float) -> None:
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=ahead), usegmt=True)
    found = retry_after(Answer(429, {"retry-after": at}, b""))
    assert found is not None
    assert low <= found <= high
