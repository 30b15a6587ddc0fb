"""The routes that are tried for a path are all that could take it, in their order: what is answered is as if all were tried."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from starlette.responses import PlainTextResponse, Response

from hulk.runtime.http.signposts import Signposts

PATHS = ("/", "/v1/runs", "/v1/runs/newest", "/v1/runs/{run}", "/v1/{kind}/all", "/v1/files/{name:path}", "/{any:path}/end", "/console/")


def routers() -> list[APIRouter]:
    """One for each path, under its own name."""
    made = []
    for path in PATHS:
        router = APIRouter()

        @router.get(path)
        async def told(path: str = path) -> Response:
            return PlainTextResponse(path)

        made.append(router)
    return made


def an_app(*, signposts: bool, prefix: str = "") -> FastAPI:
    """The application, with or without them."""
    app = FastAPI(openapi_url=None)
    for router in routers():
        app.include_router(router, prefix=prefix)
    if signposts:
        app.router.middleware_stack = Signposts(app.router)
    return app


@pytest.fixture
async def both() -> AsyncIterator[list[httpx.AsyncClient]]:
    """With them, and without."""
    async with (
        httpx.AsyncClient(transport=httpx.ASGITransport(an_app(signposts=True)), base_url="http://x") as one,
        httpx.AsyncClient(transport=httpx.ASGITransport(an_app(signposts=False)), base_url="http://x") as other,
    ):
        yield [one, other]


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
@pytest.mark.parametrize(
    "path",
    [
        "/", "/v1/runs", "/v1/runs/", "/v1/runs/newest", "/v1/runs/run_1", "/v1/runs/run_1/more", "/v1/other/all", "/v1/runs/all", "/v1",
        "/v1//runs", "/v1/files/a/b/c", "/v1/files/", "/a/b/c/end", "/a/end", "/console", "/console/", "/console/x", "/nothing",
        "/v1/%2e%2e/runs",
    ],
)  # fmt: skip
async def test_a_request_is_answered_as_if_all_were_tried(both: list[httpx.AsyncClient], method: str, path: str) -> None:
    answers = [await client.request(method, path) for client in both]
    [(status, body, place)] = {(one.status_code, one.text, one.headers.get("location")) for one in answers}
    assert status in (200, 307, 404, 405), (body, place)


async def test_what_is_included_below_a_prefix_is_found() -> None:
    transport = httpx.ASGITransport(an_app(signposts=True, prefix="/api"))
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        assert (await client.get("/api/v1/runs/run_1")).text == "/v1/runs/{run}"


async def test_a_route_that_comes_later_is_found() -> None:
    app = an_app(signposts=True)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client:
        assert (await client.get("/v2/runs")).status_code == 404
        app.get("/v2/runs")(lambda: {"late": True})
        assert (await client.get("/v2/runs")).json() == {"late": True}
