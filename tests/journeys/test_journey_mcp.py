"""Tools over MCP from a started Hulk, over HTTP and from `hulk mcp`, asked by the official client of Python."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import mcp_types as types
import pytest
from mcp import Client, StdioServerParameters
from mcp.shared.exceptions import MCPDeprecationWarning

from support.patience import until_found
from support.program import BIN, Up, calling, environment, run, started

SETTINGS = {
    "tools": {
        "rules": [{"name": "mine", "tools": ["tickets.*", "schedules.list*"], "autonomy": "approve", "sensitive": True}],
        "servers": [{"name": "desk", "tools": ["tickets.*"], "names": "short"}],
    }
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With settings."""
    folder = tmp_path_factory.mktemp("world")
    (folder / "hulk.yaml").write_text(json.dumps(SETTINGS))
    return folder


@asynccontextmanager
async def relayed(up: Up, mode: str, *options: str, **more: Any) -> AsyncIterator[Client]:
    """A client of `hulk mcp`."""
    arguments = ["mcp", "--data", str(up.data), *options]
    program = StdioServerParameters(command=str(BIN / "hulk"), args=arguments, env=environment(), cwd=up.data)
    async with Client(program, mode=mode, cache=None, **more) as client:
        yield client


def said(result: types.CallToolResult) -> str:
    """All that it says."""
    return "\n".join(block.text for block in result.content if isinstance(block, types.TextContent))


@pytest.mark.parametrize(
    ("way", "mode"),
    [pytest.param("http", "legacy"), pytest.param("http", "2026-07-28"), pytest.param("stdio", "legacy")],
)
async def test_a_program_finds_the_tools_and_calls_one(up: Up, way: str, mode: str) -> None:
    async with Client(f"{up.url}/mcp", mode=mode) if way == "http" else relayed(up, mode) as client:
        names = {tool.name for tool in (await client.list_tools()).tools}
        assert {"hulk.call_status", "tickets.list", "schedules.list"} <= names
        result = await client.call_tool("tickets.list", {})
        assert not result.is_error, said(result)


async def filled_in(_: Any, params: types.ElicitRequestParams) -> types.ElicitResult:
    """A person who names a ticket that there is not."""
    assert isinstance(params, types.ElicitRequestFormParams)
    assert params.requested_schema["required"] == ["ticket"]
    return types.ElicitResult(action="accept", content={"ticket": "tkt_none"})


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
async def test_a_program_of_its_own_reads_begins_completes_and_asks_its_person(up: Up, mode: str) -> None:
    async with relayed(up, mode, elicitation_callback=filled_in) as client:
        assert "hulk://tickets" in {one.uri for one in (await client.list_resources()).resources}
        assert "hulk://tickets/{ticket}" in {one.uri_template for one in (await client.list_resource_templates()).resource_templates}
        [found] = (await client.read_resource("hulk://tickets")).contents
        assert isinstance(found, types.TextResourceContents)
        assert "tickets" in json.loads(found.text)
        assert {one.name for one in (await client.list_prompts()).prompts} == {"choose-tool", "follow-call"}
        reference = types.ResourceTemplateReference(uri="hulk://tools/{tool}")
        assert "tickets.list" in (await client.complete(reference, {"name": "tool", "value": "tickets.l"})).completion.values
        assert len((await client.get_prompt("choose-tool", {"task": "look"})).messages) == 2
        asked = await client.call_tool("tickets.show", {})
        assert (asked.is_error, "tkt_none" in said(asked)) == (True, True), said(asked)


async def test_a_program_of_its_own_hears_of_what_it_subscribed_to(up: Up) -> None:
    heard = asyncio.Event()

    async def told(message: Any) -> None:
        if isinstance(message, types.ResourceUpdatedNotification) and message.params.uri == "hulk://tool-calls":
            heard.set()

    async with relayed(up, "legacy", message_handler=told) as client:
        with pytest.warns(MCPDeprecationWarning):
            await client.subscribe_resource("hulk://tool-calls")
        while not heard.is_set():  # it is listened to a moment later
            await client.call_tool("tickets.list", {})
            await asyncio.sleep(0.05)


async def test_what_a_person_must_approve_is_done_after_a_yes_and_asked_for_again(up: Up) -> None:
    async with calling(up) as person, Client(f"{up.url}/mcp", mode="2026-07-28") as client:
        assert (await person.call("PUT", "/v1/ticket-kinds/desk.task", json={"input_schema": {"type": "object"}}))[0] in (200, 201, 204)
        key: Any = {"hulk/idempotency-key": "desk-1"}
        wanted = {"kind": "desk.task", "title": "Trocar a lâmpada"}
        asked = await client.call_tool("tickets.create", wanted, meta=key)
        assert asked.structured_content["status"] == "waiting", said(asked)
        assert asked.structured_content["ticket"] in said(asked)
        assert (await person.call("POST", f"/v1/tickets/{asked.structured_content['ticket']}/approve"))[0] == 200

        async def done() -> bool:
            later = await client.call_tool("hulk.call_status", {"call": asked.structured_content["call"]})
            return bool((later.meta or {})["hulk/status"] == "done")

        await until_found(done)
        again = await client.call_tool("tickets.create", wanted, meta=key)
        assert "tkt_" in said(again)
        assert (again.meta or {})["hulk/replayed"] is True


async def test_a_virtual_server_by_short_names_asked_often_at_once(up: Up) -> None:
    async with relayed(up, "2026-07-28", "--server", "desk") as client:
        names = {tool.name for tool in (await client.list_tools()).tools}
        assert "call_status" in names
        assert not any("." in name for name in names)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(client.call_tool("call_status", {"call": f"tcl_{number}"})) for number in range(20)]
        assert all(task.result().is_error for task in tasks)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param(["--data", "nowhere"], "No Hulk runs", id="none there"),
        pytest.param(["--url", "http://127.0.0.1:9"], "does not answer", id="nobody answers"),
    ],
)
def test_who_finds_no_hulk_is_told(tmp_path: Path, options: list[str], words: str) -> None:
    done = run("hulk", "mcp", *options, cwd=tmp_path)
    assert done.returncode != 0
    assert words in done.stderr
    assert done.stdout == ""


def test_who_may_not_is_told_before_anything_else(up: Up) -> None:
    for options, words in ((["--server", "nothing"], "nothing"), (["--key", "hulk_wrong"], "not valid")):
        done = run("hulk", "mcp", "--data", str(up.data), *options, cwd=up.data)
        assert done.returncode != 0
        assert words in done.stderr
        assert done.stdout == ""


async def test_a_hulk_that_ends_is_told_and_one_that_is_back_is_asked_again(world: Path, tmp_path: Path) -> None:
    with started(tmp_path / "data", cwd=world) as first:
        port = first.url.rpartition(":")[2]
        async with relayed(first, "legacy", "--url", first.url) as client:
            assert (await client.list_tools()).tools
            begun = time.monotonic()
            assert first.stop() == 0
            assert time.monotonic() - begun < 8  # the stream on which it listens for changes does not hold it up
            with pytest.raises(Exception, match=r"127\.0\.0\.1|answer|closed|error"):
                await client.list_tools()
            with started(tmp_path / "data", "--port", port, cwd=world):
                assert (await client.list_tools()).tools
