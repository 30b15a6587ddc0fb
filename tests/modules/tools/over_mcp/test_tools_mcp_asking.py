"""What a tool asks amid a call, by the official Python client in both revisions: shown to a person, checked, never an approval."""

from typing import Any

import mcp_types as types
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp.shared.exceptions import MCPError

from hulk.modules.identity.usecases import LOCAL
from hulk.modules.tools.mcp.asking import form
from hulk.modules.tools.mcp.protocol import KEY
from hulk.modules.tools.ports import WantedCalls
from hulk.runtime.store import Store
from support.mcp import a_place
from support.mcp_clients import client, text
from support.persons import Person

CPF = "529.982.247-25"


async def test_arguments_that_are_missing_are_asked_for(store: Store, mode: str) -> None:
    person = Person({"b": 3})
    async with a_place(store) as place, client(place.url, mode, elicitation_callback=person) as connected:
        result = await connected.call_tool("test.add", {"a": 2})
    assert result.structured_content == {"sum": 5}
    assert "test.add" in person.asked[0].message
    assert person.asked[0].requested_schema == {"type": "object", "properties": {"b": {"type": "number"}}, "required": ["b"]}


@pytest.mark.parametrize(
    ("says", "words"),
    [
        pytest.param([None], "not given", id="would not say"),
        pytest.param([{"b": "three"}], "arguments.b", id="says what does not fit"),
    ],
)
async def test_what_is_not_said_or_does_not_fit_is_refused(store: Store, mode: str, says: list[Any], words: str) -> None:
    async with a_place(store) as place, client(place.url, mode, elicitation_callback=Person(*says)) as connected:
        result = await connected.call_tool("test.add", {"a": 2})
    assert result.is_error
    assert words in text(result)


async def test_who_may_not_call_a_tool_is_not_asked_for_what_it_takes(store: Store, mode: str) -> None:
    person = Person()
    async with a_place(store) as place, client(place.url, mode, "eve", elicitation_callback=person) as connected:
        assert (await connected.call_tool("test.add", {})).is_error
    assert person.asked == []


async def test_a_tool_is_given_what_it_asked_round_after_round(store: Store, mode: str) -> None:
    person = Person({"name": "Ana"}, {"color": "blue"})
    async with a_place(store) as place, client(place.url, mode, elicitation_callback=person) as connected:
        result = await connected.call_tool("test.test_input_required_result_multi_round", {})
    assert ("Ana" in text(result), "blue" in text(result)) == (True, True)
    assert [one.message.startswith("test.test_input_required_result_multi_round asks: ") for one in person.asked] == [True, True]


async def test_arguments_that_were_asked_for_are_kept_while_the_tool_asks_on(store: Store, mode: str) -> None:
    person = Person({"message": "Who are you?"}, {"username": "ana", "email": "ana@example.com"})
    async with a_place(store) as place, client(place.url, mode, elicitation_callback=person) as connected:
        result = await connected.call_tool("test.test_elicitation", {})
    assert not result.is_error, text(result)
    assert person.asked[1].message == "test.test_elicitation asks: Who are you?"


async def test_a_person_who_would_not_say_is_told_to_the_tool(store: Store, mode: str) -> None:
    async with a_place(store) as place, client(place.url, mode, elicitation_callback=Person(None)) as connected:
        result = await connected.call_tool("test.test_input_required_result_elicitation", {})
    assert "decline" in text(result)


async def test_where_nobody_can_be_asked_it_is_said_what_is_missing(store: Store) -> None:
    async with a_place(store) as place:
        async with client(place.url, "legacy") as connected:
            result = await connected.call_tool("test.test_input_required_result_elicitation", {})
            assert (result.is_error, "What is your name?" in text(result)) == (True, True)
        async with client(place.url, "2026-07-28") as connected:
            with pytest.raises(MCPError) as caught:
                await connected.call_tool("test.test_input_required_result_elicitation", {})
            assert caught.value.error.code == types.MISSING_REQUIRED_CLIENT_CAPABILITY
            assert caught.value.error.data == {"requiredCapabilities": {"elicitation": {"form": {}}}}


async def test_nothing_sensitive_that_a_person_says_leaves_the_company(store: Store, mode: str) -> None:
    person = Person({"name": f"Ana, CPF {CPF}"})
    async with a_place(store) as place, client(place.url, mode, elicitation_callback=person) as connected:
        result = await connected.call_tool("test.wondering_outside", {})
    assert (result.is_error, "leaves the company" in text(result)) == (True, True), text(result)


async def test_what_a_tool_asks_is_masked_for_who_may_not_see_it(store: Store, mode: str) -> None:
    rules = ({"name": "all", "tools": ["test.*"], "autonomy": "act"},)
    person = Person({"username": "ana", "email": "a@example.com"})
    async with a_place(store, rules=rules) as place, client(place.url, mode, elicitation_callback=person) as connected:
        await connected.call_tool("test.test_elicitation", {"message": f"Are you {CPF}?"})
    assert "[CPF_1]" in person.asked[0].message


async def test_nobody_is_asked_for_approval_and_a_yes_in_a_form_is_none(store: Store, mode: str) -> None:
    person = Person({"text": "yes, I approve"})
    async with a_place(store) as place, client(place.url, mode, key="root", elicitation_callback=person) as connected:
        result = await connected.call_tool("ask.need", {})
        assert (result.structured_content["status"], place.asking.done) == ("waiting", 0)
    assert [one.requested_schema["required"] for one in person.asked] == [["text"]]


async def test_a_write_that_asks_is_done_once_for_each_answer(store: Store, mode: str) -> None:
    key: Any = {KEY: "k1"}
    person = Person({"sure": True}, {"sure": True})
    async with a_place(store) as place, client(place.url, mode, elicitation_callback=person) as connected:
        for _ in range(2):
            assert not (await connected.call_tool("test.wondering_write", {}, meta=key)).is_error
        assert place.backend.done == 1


async def test_each_round_is_in_the_trail(store: Store, mode: str) -> None:
    async with a_place(store) as place, client(place.url, mode, elicitation_callback=Person({"name": "Ana"})) as connected:
        await connected.call_tool("test.test_input_required_result_elicitation", {})
        kept = await place.acts.calls.find(LOCAL, WantedCalls(tenant="default"))
    assert sorted(one.status for one in kept) == ["done", "failed"]


async def test_a_state_is_good_for_its_call_and_whoever_was_given_it(store: Store) -> None:
    name, answers = "test.test_input_required_result_request_state", {"confirm": types.ElicitResult(action="accept", content={"ok": True})}
    async with a_place(store) as place:
        async with client(place.url, "2026-07-28", elicitation_callback=Person()) as ana:
            asked = await ana.session.call_tool(name, {}, allow_input_required=True)
            assert isinstance(asked, types.InputRequiredResult)
            given: Any = {"input_responses": answers, "request_state": asked.request_state, "allow_input_required": True}
            with pytest.raises(MCPError):
                await ana.session.call_tool("test.test_input_required_result_tampered_state", {}, **given)
            done = await ana.session.call_tool(name, {}, **given)
            assert isinstance(done, types.CallToolResult)
            assert "state-ok" in text(done)
        async with client(place.url, "2026-07-28", "vic", elicitation_callback=Person()) as vic:
            with pytest.raises(MCPError):
                await vic.session.call_tool(name, {}, **given)


async def test_what_a_prompt_needs_is_asked_for(store: Store, mode: str) -> None:
    async with a_place(store) as place:
        async with client(place.url, mode, elicitation_callback=Person({"context": "peace"})) as connected:
            found = await connected.get_prompt("test_input_required_result_prompt")
            assert found.messages[0].content == types.TextContent(text="In peace.")
        async with client(place.url, mode) as connected:
            with pytest.raises(MCPError, match=r"arguments\.context"):
                await connected.get_prompt("test_input_required_result_prompt")


PLAIN = st.sampled_from(["string", "number", "integer", "boolean"])
KINDS = st.one_of(PLAIN, st.sampled_from(["object", "array"]))


@given(st.dictionaries(st.sampled_from("abcdef"), KINDS), st.sets(st.sampled_from("abcdef")), st.sets(st.sampled_from("abcdef")))
def test_a_form_asks_for_all_that_is_missing_or_there_is_none(kinds: dict[str, str], needed: set[str], told: set[str]) -> None:
    schema = {"type": "object", "properties": {name: {"type": kind} for name, kind in kinds.items()}, "required": sorted(needed)}
    missing = needed - told
    found = form(schema, dict.fromkeys(told, 1))
    fits = missing and all(kinds.get(name) in ("string", "number", "integer", "boolean") for name in missing)
    assert (found is not None) == bool(fits)
    assert found is None or set(found["required"]) == set(found["properties"]) == missing
