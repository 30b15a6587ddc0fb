"""Bytes and seconds that a request may take, over real sockets."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta

import fastapi
import pytest
from fastapi import APIRouter
from starlette.responses import Response, StreamingResponse

from hulk.runtime.config import ServerSettings
from support.asgi import Request, asked
from support.served import application, served

SMALL = ServerSettings(
    max_body=1000, max_upload=100_000, max_hook=50_000, read_timeout=timedelta(seconds=0.3), write_timeout=timedelta(seconds=0.3)
)


def routes() -> APIRouter:
    """Counts bytes, sleeps, streams."""
    router = APIRouter()

    @router.post("/count")
    @router.post("/files")
    @router.post("/files/one")
    @router.post("/hooks/chat")
    async def count(request: fastapi.Request) -> int:
        return sum([len(chunk) async for chunk in request.stream()])

    @router.post("/json")
    async def parsed(body: dict[str, str]) -> int:
        return len(body)

    @router.get("/sleep")
    async def sleep() -> None:
        await asyncio.sleep(20)

    @router.get("/slowly")
    async def slowly() -> Response:
        async def parts() -> AsyncIterator[bytes]:
            for _ in range(5):
                yield b"x"
                await asyncio.sleep(0.15)

        return StreamingResponse(parts())

    return router


async def chunks(count: int, size: int, pause: float = 0.0) -> AsyncIterator[bytes]:
    """A body whose length is not declared."""
    for _ in range(count):
        yield b"x" * size
        await asyncio.sleep(pause)


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [
        pytest.param("/count", 1000, 200, id="just fits"),
        pytest.param("/count", 1001, 413, id="a byte too many"),
        pytest.param("/count", 900_000, 413, id="far too many"),
        pytest.param("/files", 1001, 200, id="an upload may be larger"),
        pytest.param("/files/one", 100_000, 200, id="below the upload's path too"),
        pytest.param("/files", 100_001, 413, id="but not any size"),
        pytest.param("/hooks/chat", 50_000, 200, id="a vendor may bring more"),
        pytest.param("/hooks/chat", 50_001, 413, id="and is told when it is too much"),
        pytest.param("/filesystem", 1001, 413, id="a path that only begins alike"),
    ],
)
async def test_a_request_may_be_so_large(path: str, size: int, status: int) -> None:
    async with (
        served(application([routes()], server=SMALL, uploads=["/files"], hooks=["/hooks"])) as client,
        client.post(path, data=b"x" * size) as answer,
    ):
        assert answer.status == status
        assert "server.max_" in await answer.text() or status == 200


@pytest.mark.parametrize("digits", [19, 5000])
async def test_a_length_of_any_number_of_digits_is_too_large(digits: int) -> None:
    promised = Request(method="POST", target=b"/count", headers=((b"host", b"localhost"), (b"content-length", b"9" * digits)), body=(b"x",))
    assert (await asked(application([routes()], server=SMALL), promised)).status == 413


async def test_bytes_are_counted_when_no_length_is_declared() -> None:
    async with served(application([routes()], server=SMALL)) as client:
        async with client.post("/count", data=chunks(9, 100)) as answer:
            assert (answer.status, await answer.json()) == (200, 900)
        async with client.post("/count", data=chunks(40, 100)) as answer:
            assert answer.status == 413


async def test_a_parsed_body_that_is_too_large_is_told_as_that() -> None:
    async with (
        served(application([routes()], server=SMALL)) as client,
        client.post("/json", data=chunks(40, 100), headers={"Content-Type": "application/json"}) as answer,
    ):
        assert answer.status == 413


async def test_a_request_that_takes_too_long_is_ended() -> None:
    began = time.monotonic()
    async with served(application([routes()], server=SMALL)) as client, client.get("/sleep") as answer:
        assert (answer.status, (await answer.json(content_type=None))["type"]) == (504, "urn:hulk:problem:timed_out")
    assert time.monotonic() - began < 5


async def test_a_body_that_stops_coming_is_not_waited_for() -> None:
    async with served(application([routes()], server=SMALL)) as client, client.post("/count", data=chunks(2, 10, pause=1.5)) as answer:
        assert answer.status == 504


async def test_an_upload_that_moves_may_take_its_time() -> None:
    async with (
        served(application([routes()], server=SMALL, uploads=["/files"])) as client,
        client.post("/files", data=chunks(6, 10, pause=0.12)) as answer,
    ):
        assert (answer.status, await answer.json()) == (200, 60)


async def test_an_answer_that_has_begun_is_not_cut() -> None:
    async with served(application([routes()], server=SMALL)) as client, client.get("/slowly") as answer:
        assert await answer.read() == b"xxxxx"
