"""Starting and stopping, and answers that go on."""

import asyncio
import os
import signal
import socket
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Annotated

import pytest
from fastapi import APIRouter, Header
from starlette.responses import Response

from hulk.kernel.errors import Refused
from hulk.runtime.http import ServerEvent, bind, events, serve
from support.served import application, served


def test_port_0_takes_a_free_one() -> None:
    with bind("127.0.0.1", 0) as one, bind("127.0.0.1", 0) as two:
        assert 0 != one.getsockname()[1] != two.getsockname()[1]


def test_a_port_in_use_is_told_with_who_holds_it_and_what_to_do() -> None:
    with bind("127.0.0.1", 0) as held:
        port = held.getsockname()[1]
        with pytest.raises(Refused) as refused:
            bind("127.0.0.1", port)
    said = str(refused.value)
    assert said.startswith(f"Port {port} on 127.0.0.1 is in use by ")
    assert f"(process {os.getpid()})" in said
    assert "--port, server.port" in said


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid", "not a host"])
def test_an_address_that_is_not_ours_is_told(host: str) -> None:
    with pytest.raises(Refused, match=r"server\.host"):
        bind(host, 0)


async def test_the_real_address_is_given() -> None:
    async with serve(application(), bind("127.0.0.1", 0)) as serving:
        assert serving.url == f"http://127.0.0.1:{serving.port}"
        with socket.create_connection(("127.0.0.1", serving.port)):
            pass
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", serving.port))


def test_accepted_connections_send_at_once() -> None:
    with bind("127.0.0.1", 0) as listening:
        assert listening.proto == socket.IPPROTO_TCP, "asyncio sets TCP_NODELAY only for these: answers would wait 40 ms for an ACK"


async def test_it_is_served_on_ipv6_too() -> None:
    async with serve(application(), bind("::1", 0)) as serving:
        assert serving.url == f"http://[::1]:{serving.port}"


async def test_what_the_block_raises_comes_out_as_it_was() -> None:
    with pytest.raises(ValueError, match="mine"):
        async with serve(application(), bind("127.0.0.1", 0)):
            raise ValueError("mine")


async def test_signals_are_left_to_the_program() -> None:
    before = signal.getsignal(signal.SIGTERM)
    async with serve(application(), bind("127.0.0.1", 0)):
        assert signal.getsignal(signal.SIGTERM) is before


def slow(entered: asyncio.Event) -> APIRouter:
    """A route that takes a while."""
    router = APIRouter()

    @router.get("/slow")
    async def answer() -> str:
        entered.set()
        await asyncio.sleep(0.5)
        return "done"

    return router


async def test_a_stop_answers_what_was_asked() -> None:
    entered = asyncio.Event()
    async with serve(application([slow(entered)]), bind("127.0.0.1", 0)) as serving:
        reader, writer = await asyncio.open_connection("127.0.0.1", serving.port)
        writer.write(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await entered.wait()
    assert (await reader.read()).endswith(b'"done"')
    writer.close()


async def test_a_stop_does_not_wait_for_ever() -> None:
    entered = asyncio.Event()
    router = APIRouter()

    @router.get("/stuck")
    async def stuck() -> None:
        entered.set()
        await asyncio.sleep(60)

    began = time.monotonic()
    async with serve(application([router]), bind("127.0.0.1", 0), grace=timedelta(seconds=1)) as serving:
        _, writer = await asyncio.open_connection("127.0.0.1", serving.port)
        writer.write(b"GET /stuck HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await entered.wait()
    writer.close()
    assert time.monotonic() - began < 4


def streaming(source: AsyncIterator[ServerEvent], heartbeat: float = 15) -> APIRouter:
    """A route that goes on."""
    router = APIRouter()

    @router.get("/events")
    async def stream(last_event_id: Annotated[str | None, Header()] = None) -> Response:
        async def all_() -> AsyncIterator[ServerEvent]:
            yield ServerEvent(data=last_event_id or "none", event="from")
            async for event in source:
                yield event

        return events(all_(), heartbeat=timedelta(seconds=heartbeat))

    return router


async def some() -> AsyncIterator[ServerEvent]:
    """Two events and an end."""
    yield ServerEvent(id="1", event="ticket", data={"a": "ação"})
    yield ServerEvent(id="2", data="two\nlines")


async def test_events_go_over_the_wire_as_browsers_read_them() -> None:
    async with (
        served(application([streaming(some())])) as client,
        client.get("/events", headers={"Last-Event-ID": "41"}) as answer,
    ):
        assert answer.content_type == "text/event-stream"
        assert answer.headers["Cache-Control"] == "no-store"
        assert (await answer.read()).decode() == (
            'event: from\ndata: 41\n\nid: 1\nevent: ticket\ndata: {"a":"ação"}\n\nid: 2\ndata: two\ndata: lines\n\n'
        )


async def quiet(seconds: float, closed: asyncio.Event) -> AsyncIterator[ServerEvent]:
    """Nothing for a while."""
    try:
        await asyncio.sleep(seconds)
        yield ServerEvent(data="late")
    finally:
        closed.set()


async def test_a_quiet_stream_beats_and_loses_nothing() -> None:
    async with (
        served(application([streaming(quiet(0.5, asyncio.Event()), heartbeat=0.1)])) as client,
        client.get("/events") as answer,
    ):
        text = (await answer.read()).decode()
    assert 3 <= text.count(": still here\n\n") <= 5
    assert text.endswith("data: late\n\n")


async def test_a_stream_ends_when_the_caller_goes() -> None:
    closed = asyncio.Event()
    async with served(application([streaming(quiet(60, closed))])) as client:
        async with client.get("/events") as answer:
            await answer.content.readline()
        async with asyncio.timeout(5):
            await closed.wait()


async def test_a_stop_does_not_wait_for_open_streams() -> None:
    closed = asyncio.Event()
    async with asyncio.timeout(5):
        async with serve(application([streaming(quiet(60, closed))]), bind("127.0.0.1", 0)) as serving:
            reader, writer = await asyncio.open_connection("127.0.0.1", serving.port)
            writer.write(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            await reader.readuntil(b"data: none")
            began = time.monotonic()
        rest = await reader.read()
        writer.close()
    assert time.monotonic() - began < 2
    assert rest.endswith(b"0\r\n\r\n")
    assert closed.is_set()
