"""Fetching behind breakers, against a real server that is switched off and on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import TypeAlias

import pytest
from aiohttp import web

from hulk.kernel.errors import Forbidden, NotFound, Refused, Unavailable
from hulk.modules.tools.adapters.guarded import GuardedFetch
from hulk.modules.tools.adapters.http import HttpGet
from hulk.modules.tools.domain import Head
from hulk.runtime.breaker import Breakers, Tripped
from support.patience import until
from support.ports import free_port

Fetch: TypeAlias = "GuardedFetch[[], bytes]"
HOSTS = ("127.0.0.1",)
GET = HttpGet(hosts=HOSTS, most_bytes=1000, timeout=timedelta(seconds=2))


def answered(_: Head) -> Path:
    raise Refused("it answered")


@asynccontextmanager
async def serving(port: int) -> AsyncIterator[None]:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(text="hello", status={"/hello": 200, "/broken": 500}.get(request.path, 404))

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield
    finally:
        await runner.cleanup()


@pytest.fixture
async def breakers() -> AsyncIterator[Breakers]:
    async with Breakers().working() as working:
        yield working


@pytest.fixture
def fetch(breakers: Breakers, tmp_path: Path) -> Fetch:
    async def fetched(url: str) -> bytes:
        return (await GET(url, lambda _: tmp_path / "body")).read_bytes()  # a few bytes

    return GuardedFetch(fetch=fetched, probe=lambda root: GET(root, answered), hosts=HOSTS, breakers=breakers)


async def test_a_server_that_is_away_is_left_alone_and_taken_up_without_being_asked(fetch: Fetch, breakers: Breakers) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/hello"
    for _ in range(5):
        with pytest.raises(Unavailable, match="cannot be reached"):
            await fetch(url)
    with pytest.raises(Tripped, match=f"http:127.0.0.1:{port} is not asked right now"):
        await fetch(url)
    async with serving(port):  # whose / is a 404: it answers
        assert await until(lambda: breakers.find(f"http:127.0.0.1:{port}").state == "closed") < 2
        assert await fetch(url) == b"hello"


async def test_a_page_that_is_missing_says_nothing_one_that_is_broken_does(fetch: Fetch, breakers: Breakers) -> None:
    port = free_port()
    async with serving(port):
        for _ in range(10):
            with pytest.raises(NotFound):
                await fetch(f"http://127.0.0.1:{port}/nowhere")
        assert breakers.find(f"http:127.0.0.1:{port}").state == "closed"
        for _ in range(5):
            with pytest.raises(Unavailable):
                await fetch(f"http://127.0.0.1:{port}/broken")
        assert breakers.find(f"http:127.0.0.1:{port}").state == "open"


async def test_a_host_that_is_not_allowed_gets_no_breaker(fetch: Fetch, breakers: Breakers) -> None:
    with pytest.raises(Forbidden):
        await fetch("http://example.org/")
    assert list(breakers) == []
