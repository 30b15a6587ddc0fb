"""Tools over MCP, asked by the official Python client in both revisions: listed, called, told honestly, kept apart."""

import asyncio
from typing import Any

import mcp_types as types
import pytest
from mcp.shared.exceptions import MCPError

from hulk.modules.identity.usecases import LOCAL
from hulk.modules.tickets.usecases import Wish
from hulk.modules.tools import Rule
from hulk.modules.tools.mcp.protocol import KEY
from hulk.modules.tools.ports import WantedCalls
from hulk.runtime.store import Store
from support.mcp import Place, a_place
from support.mcp_clients import client, text
from support.patience import until, until_found


async def test_the_tools_that_one_may_use_are_listed_with_what_one_must_know(store: Store, mode: str) -> None:
    async with a_place(store) as place, client(place.url, mode) as connected:
        found = {tool.name: tool for tool in (await connected.list_tools()).tools}
        add, write = found["test.add"], found["test.write"]
        assert add.annotations is not None
        assert (add.title, add.annotations.read_only_hint, add.annotations.destructive_hint) == ("add", True, False)
        assert add.output_schema is not None
        assert write.annotations is not None
        assert (write.annotations.read_only_hint, write.annotations.idempotent_hint, write.output_schema) == (False, False, None)
        assert (write.meta or {})["hulk/autonomy"] == "act"
        assert "hulk.call_status" in found


async def test_what_one_may_not_use_is_not_there(store: Store, mode: str) -> None:
    async with a_place(store) as place:
        async with client(place.url, mode, "vic") as viewer:
            names = {tool.name for tool in (await viewer.list_tools()).tools}
            assert ("test.add" in names, "test.write" in names) == (True, False)
        async with client(place.url, mode, "eve") as stranger:
            assert {tool.name for tool in (await stranger.list_tools()).tools} == {"hulk.call_status"}
            assert (await stranger.call_tool("test.add", {"a": 1, "b": 2})).is_error


async def test_a_call_gives_content_and_data(store: Store, mode: str) -> None:
    async with a_place(store) as place, client(place.url, mode) as connected:
        result = await connected.call_tool("test.add", {"a": 1, "b": 2.5})
        assert (result.structured_content, result.is_error, text(result)) == ({"sum": 3.5}, False, '{"sum": 3.5}')
        assert (result.meta or {})["hulk/status"] == "done"


@pytest.mark.parametrize(
    ("tool", "arguments", "says"),
    [
        pytest.param("test.add", {"a": 1}, "arguments", id="arguments that do not fit"),
        pytest.param("test.add", {"a": "x", "b": 1}, "arguments.a", id="of another type"),
        pytest.param("test.test_error_handling", {}, "intentionally", id="what the tool refuses"),
        pytest.param("test.broken_promise", {"text": "x"}, "x", id="what is not as the tool promised"),
        pytest.param("hulk.call_status", {"call": "tcl_nothing"}, "no call", id="a call that there is not"),
        pytest.param("hulk.call_status", {}, "call", id="no call named"),
    ],
)
async def test_what_is_refused_is_an_answer_that_says_why(store: Store, mode: str, tool: str, arguments: Any, says: str) -> None:
    async with a_place(store) as place, client(place.url, mode) as connected:
        result = await connected.call_tool(tool, arguments)
        assert result.is_error
        assert says in text(result)


@pytest.mark.parametrize("name", ["test.nothing", "nothing", "", "x" * 5000, "test.add ", "../test.add"])
async def test_a_tool_that_there_is_not_is_an_error_of_the_protocol(store: Store, mode: str, name: str) -> None:
    async with a_place(store) as place, client(place.url, mode) as connected:
        with pytest.raises(MCPError) as caught:
            await connected.call_tool(name, {})
        assert caught.value.code == types.INVALID_PARAMS


async def test_one_is_answered_in_ones_own_language(store: Store, mode: str) -> None:
    async with a_place(store) as place, client(place.url, mode, headers={"accept-language": "pt"}) as connected:
        assert (await connected.call_tool("hulk.call_status", {"call": "tcl_x"})).is_error


async def test_a_write_with_a_key_is_done_once(store: Store, mode: str) -> None:
    async with a_place(store) as place, client(place.url, mode) as connected:
        key: Any = {KEY: "k1"}
        first, again = [await connected.call_tool("test.write", {"text": "once"}, meta=key) for _ in range(2)]
        assert (text(first), text(again), place.backend.done) == ("once", "once", 1)
        assert ("hulk/replayed" in (first.meta or {}), "hulk/replayed" in (again.meta or {})) == (False, True)
        assert (await connected.call_tool("test.write", {"text": "other"}, meta=key)).is_error
        no_key: Any = {KEY: 7}
        assert (await connected.call_tool("test.write", {"text": "bad"}, meta=no_key)).is_error
        await connected.call_tool("test.write", {"text": "again"})
        assert place.backend.done == 2


async def test_a_call_that_waits_for_a_person_says_so_and_is_looked_at_later(store: Store, mode: str) -> None:
    async with a_place(store) as place, client(place.url, mode) as connected:
        async with asyncio.TaskGroup() as group:
            calling = group.create_task(connected.call_tool("ask.write", {"text": "please"}))
            await until_found(lambda: _kept(place))
            await place.desk.drain()
        result = calling.result()
        assert (result.is_error, place.asking.done) == (False, 0), text(result)
        facts = result.structured_content
        assert facts["status"] == "waiting"
        assert facts["ticket"].startswith("tkt_")
        assert facts["call"] in text(result)
        await place.tickets.move(LOCAL, Wish(ticket=facts["ticket"], status="completed", reason="yes"))
        await place.desk.drain()
        later = await connected.call_tool("hulk.call_status", {"call": facts["call"]})
        assert (text(later), place.asking.done) == ("please", 1)
        async with client(place.url, mode, "vic") as other:
            assert (await other.call_tool("hulk.call_status", {"call": facts["call"]})).is_error


async def test_who_asks_for_progress_hears_of_it(store: Store, mode: str) -> None:
    heard: list[tuple[float, float | None, str | None]] = []

    async def told(progress: float, total: float | None, message: str | None) -> None:
        heard.append((progress, total, message))

    async with a_place(store) as place, client(place.url, mode) as connected:
        await connected.call_tool("test.test_tool_with_progress", {}, progress_callback=told)
    assert [one[:2] for one in heard] == [(0.0, 100.0), (50.0, 100.0), (100.0, 100.0)]
    assert heard[0][2] == "Tool execution started"


async def test_a_thousand_tools_are_listed_in_pages_and_found_by_words(store: Store, mode: str) -> None:
    async with a_place(store, many=1000) as place, client(place.url, mode) as connected:
        names: list[str] = []
        cursor: str | None = None
        while True:
            page = await connected.list_tools(cursor=cursor)
            names += [tool.name for tool in page.tools]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert len(names) == len(set(names)) > 1000
        assert names[:2] == ["hulk.call_status", "hulk.search_tools"]
        found = await connected.call_tool("hulk.search_tools", {"query": "idle 0123", "most": 3})
        assert found.structured_content["tools"][0]["name"] == "test.idle_0123"
        with pytest.raises(MCPError):
            await connected.list_tools(cursor="not one of ours")


CPF = "529.982.247-25"
PLAIN = ({"name": "all", "tools": ["test.*"], "autonomy": "act"},)


async def test_what_one_may_not_see_is_masked_or_withheld(store: Store, mode: str) -> None:
    async with a_place(store, rules=PLAIN) as place, client(place.url, mode) as connected:
        told = await connected.call_tool("test.echo", {"text": f"cpf {CPF}"})
        assert (told.is_error, text(told)) == (False, "cpf [CPF_1]")
        picture = await connected.call_tool("test.test_image_content", {})
        assert (picture.is_error, [block.type for block in picture.content]) == (True, ["text"])
        assert "attachment" in text(picture)


async def test_what_may_only_be_suggested_is_not_done_and_says_so(store: Store, mode: str) -> None:
    rules = [{"name": "all", "tools": ["test.*"], "autonomy": "suggest"}]
    async with a_place(store, rules=rules) as place, client(place.url, mode) as connected:
        result = await connected.call_tool("test.write", {"text": "x"})
        assert (result.is_error, place.backend.done) == (True, 0)
        assert "suggested only" in text(result)


async def test_a_virtual_server_has_its_tools_by_short_names(store: Store, mode: str) -> None:
    async with a_place(store) as place, client(f"{place.url}/suite", mode) as connected:
        names = {tool.name for tool in (await connected.list_tools()).tools}
        assert {"add", "write", "call_status"} <= names
        assert not any(name.startswith("ask") for name in names)
        assert (await connected.call_tool("add", {"a": 1, "b": 1})).structured_content == {"sum": 2}
        for name in ("test.add", "ask.write", "ask.add"):
            with pytest.raises(MCPError):
                await connected.call_tool(name, {"a": 1, "b": 1})


async def test_a_virtual_server_narrows(store: Store, mode: str) -> None:
    async with a_place(store) as place, client(f"{place.url}/sums", mode) as connected:
        assert {tool.name for tool in (await connected.list_tools()).tools} == {"test.add", "hulk.call_status"}
        with pytest.raises(MCPError):
            await connected.call_tool("test.write", {})


async def test_who_is_connected_hears_that_rules_have_changed(store: Store) -> None:
    changed = asyncio.Event()

    async def heard(message: Any) -> None:
        if isinstance(message, types.ToolListChangedNotification):
            changed.set()

    async with a_place(store) as place, client(place.url, "legacy", message_handler=heard) as connected:
        await connected.list_tools()
        while not changed.is_set():  # the stream on which it is told opens a moment after the session
            await place.acts.rules.put(LOCAL, Rule(name="less", tools=("test.write",), deny=True))
            await asyncio.sleep(0.02)
        assert "test.write" not in {tool.name for tool in (await connected.list_tools()).tools}


async def test_who_listens_hears_that_rules_have_changed(store: Store) -> None:
    async with a_place(store) as place, client(place.url, "2026-07-28") as connected:
        async with connected.listen(tools_list_changed=True) as changes:
            await place.acts.rules.put(LOCAL, Rule(name="less", tools=("test.write",), deny=True))
            async for _ in changes:
                break
        assert "test.write" not in {tool.name for tool in (await connected.list_tools()).tools}


async def test_a_call_that_is_given_up_ends(store: Store, mode: str) -> None:
    async with a_place(store) as place, client(place.url, mode) as connected:
        async with asyncio.TaskGroup() as group:
            calling = group.create_task(connected.call_tool("test.hang", {}))
            await until(lambda: place.backend.hanging == 1)
            calling.cancel()
        await until(lambda: place.backend.hanging == 0)


async def _kept(place: Place) -> bool:
    """Whether there is a call."""
    return bool(await place.acts.calls.find(LOCAL, WantedCalls(tenant="default")))
