"""What may be read and begun with over MCP, by the official Python client: with the reader's rights, in their language, told of changes."""

import asyncio
import json
from typing import Any

import mcp_types as types
import pytest
from mcp.client.subscriptions import Subscription
from mcp.shared.exceptions import MCPDeprecationWarning, MCPError
from mcp.shared.subscriptions import ResourceUpdated

from hulk.modules.identity.usecases import LOCAL
from hulk.modules.tickets.usecases import Wish
from hulk.modules.tools import Rule
from hulk.modules.tools.ports import WantedCalls
from hulk.runtime.store import Store
from support.mcp import Place, a_place
from support.mcp_clients import client
from support.patience import until, until_found

CPF = "529.982.247-25"
PLAIN = ({"name": "all", "tools": ["test.*"], "autonomy": "act"},)


async def read(connected: Any, uri: str) -> Any:
    """The first of what is there; its data, if it is any."""
    found = (await connected.read_resource(uri)).contents[0]
    return json.loads(found.text) if found.mime_type == "application/json" else found.text


async def test_what_tools_read_is_listed_by_its_address_for_those_who_may_use_them(store: Store, mode: str) -> None:
    async with a_place(store) as place:
        async with client(place.url, mode) as ana:
            assert {"hulk://tools", "hulk://tool-calls", "test://static-text"} <= {
                one.uri for one in (await ana.list_resources()).resources
            }
            templates = {one.uri_template for one in (await ana.list_resource_templates()).resource_templates}
            assert {"hulk://tools/{tool}", "hulk://tool-calls/{call}", "test://template/{id}/data"} <= templates
        async with client(place.url, mode, "eve") as eve:
            assert {one.uri for one in (await eve.list_resources()).resources} == {"hulk://tools", "hulk://tool-calls"}
            with pytest.raises(MCPError, match="nothing to read"):
                await eve.read_resource("test://static-text")


async def test_to_read_is_to_call_the_tool(store: Store, mode: str) -> None:
    async with a_place(store) as place, client(place.url, mode) as connected:
        assert await read(connected, "test://template/123/data") == {"id": "123", "templateTest": True, "data": "Data for ID: 123"}
        assert await read(connected, "test://number/7") == 'number: {"value": 7}'
        assert await read(connected, "test://files/a/b%20c.txt") == 'file: {"path": "a/b c.txt"}'
        kept = await place.acts.calls.find(LOCAL, WantedCalls(tenant="default"))
        assert sorted(one.tool for one in kept) == ["test.read_data", "test.read_file", "test.read_number"]


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        pytest.param("test://nothing", "nothing to read", id="no such address"),
        pytest.param("test://number/seven", r"arguments\.value", id="what the tool does not take"),
        pytest.param("test://template/125/data", r"arguments\.id", id="what its schema does not list"),
        pytest.param("hulk://tools/test.nothing", "no tool", id="no such tool"),
        pytest.param("hulk://tool-calls/tcl_nothing", "no call", id="no such call"),
        pytest.param("test://files/" + "x" * 3000, "nothing to read", id="longer than is looked at"),
    ],
)
async def test_what_is_not_there_is_an_error_that_says_why(store: Store, mode: str, uri: str, says: str) -> None:
    async with a_place(store) as place, client(place.url, mode) as connected:
        with pytest.raises(MCPError, match=says) as caught:
            await connected.read_resource(uri)
        assert caught.value.error.data["uri"] == uri


async def test_what_one_may_not_see_is_masked_or_withheld_here_too(store: Store, mode: str) -> None:
    async with a_place(store, rules=PLAIN) as place, client(place.url, mode) as connected:
        assert await read(connected, f"test://files/{CPF}") == 'file: {"path": "[CPF_1]"}'
        with pytest.raises(MCPError, match="attachment"):
            await connected.read_resource("test://static-binary")


async def test_a_virtual_server_has_what_its_tools_read(store: Store, mode: str) -> None:
    async with a_place(store) as place, client(f"{place.url}/sums", mode) as connected:
        assert [one["name"] for one in (await read(connected, "hulk://tools"))["tools"]] == ["test.add"]
        with pytest.raises(MCPError):
            await connected.read_resource("test://static-text")


async def test_the_tools_and_ones_own_calls_may_be_read(store: Store, mode: str) -> None:
    async with a_place(store) as place, client(place.url, mode) as connected:
        told = await connected.call_tool("test.write", {"text": "hello"})
        call = (told.meta or {})["hulk/call"]
        assert "test.add" in {one["name"] for one in (await read(connected, "hulk://tools"))["tools"]}
        assert (await read(connected, "hulk://tools/test.add"))["inputSchema"]["required"] == ["a", "b"]
        assert [one["call"] for one in (await read(connected, "hulk://tool-calls"))["calls"]] == [call]
        facts, words = (await connected.read_resource(f"hulk://tool-calls/{call}")).contents
        assert isinstance(facts, types.TextResourceContents)
        assert isinstance(words, types.TextResourceContents)
        assert (json.loads(facts.text)["status"], words.text) == ("done", "hello")
        assert await read(connected, f"hulk://tool-calls/{call}/0") == "hello"
        with pytest.raises(MCPError, match="no part"):
            await connected.read_resource(f"hulk://tool-calls/{call}/1")
        async with client(place.url, mode, "vic") as vic:
            assert (await read(vic, "hulk://tool-calls"))["calls"] == []
            with pytest.raises(MCPError, match="no call"):
                await vic.read_resource(f"hulk://tool-calls/{call}")


async def test_no_more_tools_are_told_than_a_tool_may_answer(store: Store) -> None:
    async with a_place(store, many=5000) as place, client(place.url, "2026-07-28") as connected:
        [found] = (await connected.read_resource("hulk://tools")).contents
        assert isinstance(found, types.TextResourceContents)
        assert len(found.text.encode()) < 260 * 1024
        assert json.loads(found.text)["more"] > 0


async def test_prompts_are_there_for_those_they_are_for_in_their_language(store: Store, mode: str) -> None:
    async with a_place(store) as place:
        async with client(place.url, mode, headers={"accept-language": "pt"}) as ana:
            found = {one.name: one for one in (await ana.list_prompts()).prompts}
            assert {"test_simple_prompt", "mine", "choose-tool", "follow-call"} <= set(found)
            assert "late" not in found
            arguments = found["test_prompt_with_arguments"].arguments or []
            assert [(one.name, one.description, one.required) for one in arguments] == [
                ("arg1", "O primeiro.", True), ("arg2", "The second.", True),
            ]  # fmt: skip
            told = await ana.get_prompt("test_prompt_with_arguments", {"arg1": "{arg2}", "arg2": "b"})
            assert told.messages[0].content == types.TextContent(text="Com argumentos: {arg2}, b")
        async with client(place.url, mode, "vic") as vic:
            assert "mine" not in {one.name for one in (await vic.list_prompts()).prompts}
            with pytest.raises(MCPError, match="no prompt"):
                await vic.get_prompt("mine", {"path": "x"})


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        pytest.param("nothing", {}, "no prompt", id="no such prompt"),
        pytest.param("test_prompt_with_arguments", {"arg1": "a"}, r"arguments\.arg2", id="one missing"),
        pytest.param("test_prompt_with_arguments", {"arg1": "a", "arg2": " "}, r"arguments\.arg2", id="one blank"),
        pytest.param("test_simple_prompt", {"more": "a"}, r"arguments\.more", id="one too many"),
        pytest.param("test_prompt_with_arguments", {"arg1": "a", "arg2": "x" * 20_001}, "20000", id="too long"),
        pytest.param("test_prompt_with_embedded_resource", {"resourceUri": "file:///etc/x"}, "nothing to read", id="elsewhere"),
    ],
)
async def test_a_prompt_that_cannot_be_filled_in_says_why(store: Store, name: str, arguments: Any, says: str) -> None:
    async with a_place(store) as place, client(place.url, "2026-07-28") as connected:
        with pytest.raises(MCPError, match=says):
            await connected.get_prompt(name, arguments)


async def test_what_is_filled_into_an_address_stays_one_step_of_it(store: Store, mode: str) -> None:
    async with a_place(store) as place, client(place.url, mode) as connected:
        found = (await connected.get_prompt("mine", {"path": "../secret?x#y"})).messages[0].content
        assert isinstance(found, types.EmbeddedResource)
        assert found.resource.uri == "test://files/..%2Fsecret%3Fx%23y"


async def test_a_prompt_tells_of_ones_own_call(store: Store, mode: str) -> None:
    async with a_place(store) as place, client(place.url, mode) as connected:
        call = ((await connected.call_tool("test.write", {"text": "hello"})).meta or {})["hulk/call"]
        [_, said, asked] = (await connected.get_prompt("follow-call", {"call": call})).messages
        assert isinstance(said.content, types.EmbeddedResource)
        assert isinstance(asked.content, types.TextContent)
        reference = types.PromptReference(name="follow-call")
        assert (await connected.complete(reference, {"name": "call", "value": "tcl_"})).completion.values == [call]


@pytest.mark.parametrize(
    ("reference", "argument", "values"),
    [
        pytest.param(
            types.PromptReference(name="test_prompt_with_arguments"), ("arg1", "TEST"), ["testing", "a test"], id="what begins so is first"
        ),
        pytest.param(types.PromptReference(name="test_prompt_with_arguments"), ("arg2", "x"), [], id="nothing is known of it"),
        pytest.param(types.ResourceTemplateReference(uri="test://template/{id}/data"), ("id", "12"), ["123", "124"], id="a schema's"),
        pytest.param(types.ResourceTemplateReference(uri="hulk://tools/{tool}"), ("tool", "test.add"), ["test.add"], id="a tool"),
    ],
)
async def test_what_is_typed_is_completed(store: Store, reference: Any, argument: tuple[str, str], values: list[str]) -> None:
    async with a_place(store) as place, client(place.url, "legacy") as connected:
        found = await connected.complete(reference, {"name": argument[0], "value": argument[1]})
        assert (found.completion.values, found.completion.total) == (values, len(values))
        with pytest.raises(MCPError):
            await connected.complete(types.PromptReference(name="nothing"), {"name": "x", "value": ""})


async def test_who_may_use_nothing_completes_nothing(store: Store, mode: str) -> None:
    async with a_place(store) as place, client(place.url, mode, "eve") as eve:
        found = await eve.complete(types.ResourceTemplateReference(uri="hulk://tools/{tool}"), {"name": "tool", "value": "test"})
        assert found.completion.values == []
        with pytest.raises(MCPError):
            await eve.complete(types.ResourceTemplateReference(uri="test://template/{id}/data"), {"name": "id", "value": ""})


async def told_of(changes: Subscription) -> str:
    """The address of the next change."""
    async for event in changes:
        if isinstance(event, ResourceUpdated):
            return str(event.uri)
    raise AssertionError("the stream has ended")


async def waiting(place: Place, connected: Any) -> Any:
    """A call that waits for a person, with its ticket."""
    async with asyncio.TaskGroup() as group:
        calling = group.create_task(connected.call_tool("ask.write", {"text": "please"}))
        await until_found(lambda: _kept(place))
        await place.desk.drain()
    return calling.result().structured_content


async def _kept(place: Place) -> bool:
    return bool(await place.acts.calls.find(LOCAL, WantedCalls(tenant="default")))


async def test_who_listens_hears_when_a_person_has_decided(store: Store) -> None:
    async with a_place(store) as place, client(place.url, "2026-07-28") as connected:
        facts = await waiting(place, connected)
        uri = f"hulk://tool-calls/{facts['call']}"
        async with connected.listen(resource_subscriptions=[uri, "hulk://tool-calls/tcl_other"]) as changes:
            assert changes.honored.resource_subscriptions == [uri]
            await place.tickets.move(LOCAL, Wish(ticket=facts["ticket"], status="completed", reason="yes"))
            await place.desk.drain()
            assert await told_of(changes) == uri


async def test_a_session_hears_of_what_it_subscribed_to_and_no_more_afterwards(store: Store) -> None:
    heard: list[str] = []

    async def told(message: Any) -> None:
        if isinstance(message, types.ResourceUpdatedNotification):
            heard.append(message.params.uri)

    async with a_place(store) as place, client(place.url, "legacy", message_handler=told) as connected:
        for uri in ("test://watched-resource", "hulk://tools"):
            with pytest.warns(MCPDeprecationWarning):
                await connected.subscribe_resource(uri)
        while not heard:  # the stream on which it is told opens a moment after the session
            await connected.call_tool("test.write", {"text": "other"})
            await asyncio.sleep(0.02)
        assert set(heard) == {"test://watched-resource"}
        with pytest.warns(MCPDeprecationWarning):
            await connected.unsubscribe_resource("test://watched-resource")
        heard.clear()
        await connected.call_tool("test.write", {"text": "other"})
        await place.acts.rules.put(LOCAL, Rule(name="less", tools=("test.write",), deny=True))
        await until(lambda: bool(heard))
        assert heard == ["hulk://tools"]


async def test_nobody_subscribes_to_what_they_may_not_read(store: Store) -> None:
    async with a_place(store) as place, client(place.url, "legacy", "eve") as eve:
        for uri in ("test://watched-resource", "test://nothing"):
            with pytest.raises(MCPError, match="nothing to read"), pytest.warns(MCPDeprecationWarning):
                await eve.subscribe_resource(uri)


async def test_others_are_not_told_of_what_happens_in_a_tenant(store: Store) -> None:
    rules = [*PLAIN, {"name": "theirs", "tools": ["test.*"], "autonomy": "act", "tenants": ["other"]}]
    uri = "test://watched-resource"
    async with (
        a_place(store, rules=rules) as place,
        client(place.url, "2026-07-28") as ana,
        client(place.url, "2026-07-28", "eve") as eve,
        ana.listen(resource_subscriptions=[uri]) as hers,
        eve.listen(resource_subscriptions=[uri, "hulk://tool-calls"]) as theirs,
    ):
        await ana.call_tool("test.write", {"text": "mine"})
        assert await told_of(hers) == uri
        await eve.call_tool("test.read_watched", {})
        assert await told_of(theirs) == "hulk://tool-calls"


async def test_who_listens_hears_that_prompts_are_others(store: Store) -> None:
    async with a_place(store) as place, client(place.url, "2026-07-28") as connected:
        async with connected.listen(prompts_list_changed=True) as changes:
            await connected.call_tool("test.test_trigger_prompt_change", {})
            async for _ in changes:
                break
        assert "late" in {one.name for one in (await connected.list_prompts()).prompts}
