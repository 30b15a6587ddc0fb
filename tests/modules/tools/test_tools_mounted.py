"""A third party's MCP server as a backend: with a good one, made with the official SDK, as a program and at an address."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hulk.kernel.errors import Conflict, Refused, Unavailable
from hulk.modules.tools.adapters.backends.mounted import Remote, Way
from hulk.modules.tools.adapters.memory_pins import MemoryPins
from hulk.modules.tools.domain import Bytes, Link, Words
from hulk.modules.tools.ports import Uncertain
from hulk.modules.tools.usecases.pinning import ApprovedTools, FirstUse, PinnedBackend
from support.foreign.mounting import call, calling, good, hostile, running, serve, tool, words
from support.memory import Told, at_once


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with running("good", "http", "0") as url:
        yield url


@pytest.fixture(params=["program", "address"])
def way(request: pytest.FixtureRequest, tmp_path: Path) -> Way:
    return good(tmp_path) if request.param == "program" else Remote(url=request.getfixturevalue("address"))


async def test_tools_are_listed_called_and_answer(way: Way) -> None:
    async with serve(way) as server:
        tools = {one.name: one for one in await server.tools()}
        adding = tools["far.add"]
        assert (adding.description, adding.effect, adding.owner, adding.tags) == ("Adds two numbers.", "write", "ops", ("mcp",))
        assert (tools["far.listissues"].title, tools["far.listissues"].effect) == ("Issues", "read")
        assert tools["far.environment"].effect == "destroy"
        assert (await call(server, "add", a=2, b=3)).data == {"total": 5}
        assert words(await call(server, "listissues", state="closed")) == "3 closed"
        failed = await call(server, "fail")
        assert (failed.failed, words(failed)) == (True, "Error executing tool fail")
        assert (await call(server, "everything")).pieces == (
            Words("words"), Bytes(b"image", "image/png"), Bytes(b"sound", "audio/wav"), Link("file:///a.txt", "a", "text/plain"),
            Words("inside"),
        )  # fmt: skip


async def test_how_far_it_is_is_told(way: Way) -> None:
    told: list[tuple[float, float | None, str]] = []

    async def hear(done: float, whole: float | None, message: str) -> None:
        told.append((done, whole, message))

    async with serve(way) as server:
        assert words(await server.call(await tool(server, "steps"), {"count": 2}, calling(progress=hear))) == "done"
    assert (2, 2, "step 2") in told or (1, 2, "step 1") in told


async def test_what_it_asks_of_us_before_it_goes_on_it_does_not_get(address: str) -> None:
    async with serve(Remote(url=address)) as server:
        with pytest.raises(Refused, match="it asks for roots/list before it goes on, which it is not given"):
            await call(server, "ask")


async def test_a_call_for_which_there_is_no_time_left_is_not_made(tmp_path: Path) -> None:
    async with serve(hostile(tmp_path)) as server:
        echo = await tool(server, "echo")
        with pytest.raises(Unavailable, match=r"no time left to call far\.echo; nothing was done") as told:
            await server.call(echo, {}, replace(calling(), deadline=datetime.now(UTC)))
        assert not isinstance(told.value, Uncertain)


async def test_a_tool_that_changes_meanwhile_is_not_called_as_it_was(tmp_path: Path) -> None:
    async with serve(hostile(tmp_path)) as server:
        before = next(one for one in await server.listed() if one.said.name == "changes")
        assert words(await server.call_listed(before, {}, calling())) == "version 2"
        with pytest.raises(Conflict, match=r"far: it says something else of far\.changes by now"):
            await server.call_listed(before, {}, calling())
        after = next(one for one in await server.listed() if one.said.name == "changes")
        assert (before.said.description, after.said.description) == ("version 1", "version 2")


async def test_a_server_that_is_pinned_is_used_as_it_was_at_first(tmp_path: Path) -> None:
    pins = MemoryPins()
    async with serve(hostile(tmp_path)) as server:
        pinned = PinnedBackend(server, ApprovedTools(pins), FirstUse(pins, Told(), at_once, lambda: datetime.now(UTC)))
        changing = next(one for one in await pinned.tools() if one.name == "far.changes")
        assert words(await pinned.call(changing, {}, calling())) == "version 2"
        with pytest.raises(Conflict, match=r"far\.changes is not what was approved"):
            await pinned.call(changing, {}, calling())
        assert "far.changes" not in [one.name for one in await pinned.tools()]
        assert "far.echo" in [one.name for one in await pinned.tools()]


async def test_a_new_life_is_looked_at_anew(tmp_path: Path) -> None:
    """What it says after it has died may be anything."""
    async with serve(hostile(tmp_path)) as server:
        await call(server, "changes")
        changed = next(one for one in await server.listed() if one.said.name == "changes")
        with pytest.raises(Uncertain):
            await call(server, "die")
        with pytest.raises(Conflict):
            await server.call_listed(changed, {}, calling())


async def test_a_tool_that_is_added_shows_before_it_is_time_to_look_again(address: str) -> None:
    async with serve(Remote(url=address)) as server:
        assert "far.grown" not in [one.name for one in await server.tools()]
        await call(server, "grow")
        while "far.grown" not in [one.name for one in await server.tools()]:
            await call(server, "add", a=1, b=1)
        assert words(await call(server, "grown")) == "grown"


async def test_many_calls_go_at_once(address: str) -> None:
    async with serve(Remote(url=address)) as server, asyncio.TaskGroup() as group:
        tasks = [group.create_task(call(server, "add", a=place, b=1)) for place in range(40)]
    assert [task.result().data for task in tasks] == [{"total": place + 1} for place in range(40)]


async def test_a_call_that_is_called_off_leaves_the_session_as_it_was(tmp_path: Path) -> None:
    async with serve(hostile(tmp_path)) as server:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(call(server, "hang"))
            await call(server, "echo")
            task.cancel()
        assert words(await call(server, "echo")) == "{}"
        assert server.lives == 1


async def test_when_it_dies_all_calls_are_told(tmp_path: Path) -> None:
    async def hung() -> str:
        with pytest.raises(Uncertain, match="exit 3") as told:
            await call(server, "hang")
        return type(told.value).__name__

    async with serve(hostile(tmp_path)) as server:
        await server.tools()
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(hung()) for _ in range(5)]
            await call(server, "echo")
            with pytest.raises(Uncertain):
                await call(server, "die")
    assert [task.result() for task in tasks] == ["Uncertain"] * 5
