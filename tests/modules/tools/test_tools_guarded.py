"""Fetching behind breakers, against a real server that is switched off and on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from aiohttp import web

from hulk.kernel.errors import Forbidden, NotFound, Unavailable
from hulk.modules.tools.adapters.guarded import GuardedFetch
from hulk.modules.tools.adapters.http import HttpGet
from hulk.modules.tools.domain import Fetched
from hulk.runtime.breaker import Breakers, Tripped
from support.patience import until
from support.ports import free_port

HOSTS = ("127.0.0.1",)
FETCH = HttpGet(hosts=HOSTS, timeout=timedelta(seconds=2))


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
def fetch(breakers: Breakers) -> "GuardedFetch[[], Fetched]":
    return GuardedFetch(fetch=FETCH, probe=FETCH, hosts=HOSTS, breakers=breakers)


async def test_a_server_that_is_away_is_left_alone_and_taken_up_without_being_asked(
    fetch: "GuardedFetch[[], Fetched]", breakers: Breakers
) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/hello"
    for _ in range(5):
        with pytest.raises(Unavailable, match="cannot be reached"):
            await fetch(url)
    with pytest.raises(Tripped, match=f"http:127.0.0.1:{port} is not asked right now"):
        await fetch(url)
    async with serving(port):  # whose / is a 404: it answers
        assert await until(lambda: breakers.find(f"http:127.0.0.1:{port}").state == "closed") < 2
        assert (await fetch(url)).body == b"hello"


async def test_a_page_that_is_missing_says_nothing_one_that_is_broken_does(fetch: "GuardedFetch[[], Fetched]", breakers: Breakers) -> None:
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


async def test_a_host_that_is_not_allowed_gets_no_breaker(fetch: "GuardedFetch[[], Fetched]", breakers: Breakers) -> None:
    with pytest.raises(Forbidden):
        await fetch("http://example.org/")
    assert list(breakers) == []
