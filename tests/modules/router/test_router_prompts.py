"""What a model is asked: its name, its bound, its tokens counted, and how a model is asked that cannot do all of it."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.kernel.errors import Refused
from hulk.modules.router.adapters.vendors.provider import DIALECTS
from hulk.modules.router.domain.model import (
    ABILITIES,
    Abilities,
    Completion,
    Counter,
    Kind,
    MediaPart,
    Message,
    Model,
    Prompt,
    Schema,
    TextPart,
    Tool,
    ToolCall,
    ToolChoice,
    fitted,
    most_input_tokens,
    reread,
)
from hulk.runtime.schemas import RustSchemas

texts = st.text(max_size=60)
names = st.from_regex(r"[a-z]{1,12}", fullmatch=True)
schemas = st.fixed_dictionaries({"type": st.just("object"), "properties": st.dictionaries(names, st.just({"type": "string"}), max_size=3)})
tools = st.builds(Tool, name=names, description=texts, parameters=schemas)
calls = st.builds(ToolCall, id=names, name=names, arguments=st.dictionaries(names, texts, max_size=2).map(json.dumps))
turns = st.one_of(
    st.builds(Message.of, st.sampled_from(("system", "user", "assistant")), texts),
    st.builds(Message, role=st.just("assistant"), calls=st.tuples(calls)),
    st.builds(Message, role=st.just("tool"), call_id=names, parts=st.tuples(st.builds(TextPart, text=texts))),
)
prompts = st.builds(
    Prompt,
    messages=st.lists(turns, min_size=1, max_size=5).map(tuple),
    tools=st.lists(tools, max_size=3).map(tuple),
    schema=st.none() | st.builds(Schema, schema=schemas),
    most_output_tokens=st.none() | st.integers(1, 10_000),
    temperature=st.none() | st.floats(0, 2),
    stop=st.lists(texts, max_size=2).map(tuple),
    seed=st.none() | st.integers(0, 100),
)
QUESTION = Prompt.plain("Be brief.", "What is the weather?")
WEATHER = Tool(name="weather", description="Tells it.", parameters={"type": "object", "properties": {"city": {"type": "string"}}})
CLOCK = Tool(name="clock")


def model(kind: Kind = "compatible", **abilities: Any) -> Model:
    return Model(name="acme", url="http://x/v1", model="m", kind=kind, abilities=replace(ABILITIES[kind], **abilities))


# The digest --------------------------------------------------------------------------------------------------------------------


@given(prompts, prompts)
def test_prompts_have_the_same_digest_exactly_when_they_ask_the_same(one: Prompt, other: Prompt) -> None:
    assert (one.digest == other.digest) == (one == other)
    assert replace(one).digest == one.digest


@pytest.mark.parametrize(
    "changed",
    [
        replace(QUESTION, messages=QUESTION.messages[1:]),
        replace(QUESTION, messages=(*QUESTION.messages, Message.of("user", ""))),
        replace(QUESTION, messages=(QUESTION.messages[0], replace(QUESTION.messages[1], role="assistant"))),
        replace(QUESTION, messages=(*QUESTION.messages[:1], Message(role="user", parts=(MediaPart(kind="image", data="aGk="),)))),
        replace(QUESTION, tools=(WEATHER,)),
        replace(QUESTION, tool_choice=ToolChoice(mode="none")),
        replace(QUESTION, schema=Schema(schema={})),
        replace(QUESTION, most_output_tokens=1),
        replace(QUESTION, temperature=0.0),
        replace(QUESTION, top_p=1.0),
        replace(QUESTION, stop=("x",)),
        replace(QUESTION, seed=0),
    ],
    ids=lambda prompt: prompt.digest[:8],
)
def test_whatever_is_changed_changes_the_digest(changed: Prompt) -> None:
    assert changed.digest != QUESTION.digest


def test_the_digest_is_the_same_in_every_process_and_for_every_order_of_keys() -> None:
    assert QUESTION.digest == "fbffeab8cda9ff1b13cd789ddba6444d303aa24ac12c74378a2b8bb5201d540e"
    one = replace(QUESTION, schema=Schema(schema={"type": "object", "title": "a"}))
    assert one.digest == replace(QUESTION, schema=Schema(schema={"title": "a", "type": "object"})).digest


# The bound of tokens -----------------------------------------------------------------------------------------------------------


@given(prompts, st.sampled_from(sorted(DIALECTS)), st.booleans(), st.booleans())
def test_no_body_holds_more_bytes_of_words_than_the_bound(prompt: Prompt, kind: Kind, tools: bool, schema: bool) -> None:
    asked = model(kind, tools=tools, schema=schema)
    body = DIALECTS[kind].asking(asked, fitted(asked, prompt), streaming=True).body
    words = [text for name in READ & body.keys() for text in words_of(body[name])]
    assert sum(len(text.encode("utf-8", "surrogatepass")) for text in words) <= most_input_tokens(asked, prompt)


READ = {"messages", "system", "systemInstruction", "contents", "tools", "response_format", "output_config"}
"""What of a body a model reads, in all dialects."""


def words_of(value: Any) -> list[str]:
    """All texts in a value, and the names in schemas."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        names = [str(key) for key in value.get("properties", {})]
        return names + [text for inner in value.values() for text in words_of(inner)]
    return [text for inner in value for text in words_of(inner)] if isinstance(value, list | tuple) else []


def test_what_is_no_words_counts_for_as_much_as_it_can_be() -> None:
    picture = replace(QUESTION, messages=(Message(role="user", parts=(MediaPart(kind="image", mime="image/png", data="aGk="),)),))
    assert picture.most_input_tokens > 10_000


# Tokens counted while they come --------------------------------------------------------------------------------------------------


@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=8), max_size=30))
def test_as_many_words_are_counted_however_they_are_cut(pieces: list[str]) -> None:
    whole, parts = Counter(), Counter()
    whole.add("".join(pieces))
    for piece in pieces:
        parts.add(piece)
    assert whole.words == parts.words == len("".join(pieces).split())


@pytest.mark.parametrize(
    ("pieces", "least"),
    [
        pytest.param(["one ", "two ", "three "], 3, id="a token a piece"),
        pytest.param(["one two three"], 3, id="many in a piece"),
        pytest.param(list("letters"), 3, id="letters are no tokens"),
        pytest.param(["a" * 3200], 100, id="no token is that long"),
        pytest.param([], 0, id="nothing"),
    ],
)
def test_tokens_are_never_fewer_than_counted(pieces: list[str], least: int) -> None:
    counter = Counter()
    for piece in pieces:
        counter.add(piece)
    assert counter.least == least


# What a model cannot do by itself ------------------------------------------------------------------------------------------------


@given(prompts)
def test_who_can_all_is_asked_as_it_is(prompt: Prompt) -> None:
    assert fitted(model(), prompt) is prompt


@given(prompts)
def test_who_calls_no_tools_is_offered_none_and_sees_no_calls(prompt: Prompt) -> None:
    asked = fitted(model(tools=False), prompt)
    if not prompt.tools:
        return
    assert asked.tools == ()
    assert all(message.role != "tool" and not message.calls for message in asked.messages)
    assert asked.schema is not None


@pytest.mark.parametrize(
    ("choice", "offered"),
    [
        (ToolChoice(), ["weather", "clock", "answer"]),
        (ToolChoice(mode="required"), ["weather", "clock"]),
        (ToolChoice(mode="required", name="clock"), ["clock"]),
    ],
    ids=["as it likes", "some", "that one"],
)
def test_the_choice_of_tools_becomes_a_choice_of_values(choice: ToolChoice, offered: list[str]) -> None:
    schema = fitted(model(tools=False), replace(QUESTION, tools=(WEATHER, CLOCK), tool_choice=choice)).schema
    assert schema is not None
    calls, *others = schema.schema["anyOf"]
    tools = [one["properties"]["tool"]["enum"][0] for one in calls["properties"]["calls"]["items"]["anyOf"]]
    assert [*tools, *(name for one in others for name in one["properties"])] == offered


FILTER = {"type": "object", "properties": {"field": {"enum": ["name", "city"]}, "or": {"$ref": "#/$defs/Filter"}}, "required": ["field"]}
TREE = {"type": "object", "properties": {"children": {"type": "array", "items": {"$ref": "#"}}}, "required": ["children"]}
SEARCH = {"type": "object", "properties": {"filters": {"type": "array", "items": {"$ref": "#/$defs/Filter"}}}, "$defs": {"Filter": FILTER}}
NAMES = {"type": "object", "properties": {"default": {"$ref": "#/$defs/Filter"}, "$ref": {"type": "string"}}, "$defs": {"Filter": FILTER}}
VALUES = {"type": "object", "properties": {"link": {"default": {"$ref": "#/x"}}}}


@pytest.mark.parametrize(
    ("parameters", "good", "bad"),
    [
        pytest.param(
            SEARCH, {"filters": [{"field": "city", "or": {"field": "name"}}]}, {"filters": [{"field": "x"}]}, id="parts of itself"
        ),
        pytest.param(TREE, {"children": [{"children": []}]}, {"children": [{"children": 1}]}, id="all of itself"),
        pytest.param(NAMES, {"default": {"field": "name"}, "$ref": "#/x"}, {"default": {}}, id="fields named as keywords are"),
        pytest.param(VALUES, {"link": {"$ref": "#/x"}}, [], id="values that look like references"),
        pytest.param({}, {"a": 1}, None, id="nothing"),
    ],
)
def test_a_tool_takes_the_same_as_a_part_of_the_choice(parameters: dict[str, Any], good: Any, bad: Any) -> None:
    tools = (CLOCK, Tool(name="first", parameters=SEARCH), Tool(name="tried", parameters=parameters))
    asked = fitted(model(tools=False), replace(QUESTION, tools=tools, schema=Schema(schema=TREE)))
    assert asked.schema is not None
    RustSchemas().require_schema(dict(asked.schema.schema))

    def wrong(**said: Any) -> bool:
        return bool(RustSchemas().wrong(dict(asked.schema.schema), said)) if asked.schema else True

    assert not wrong(calls=[{"tool": "tried", "arguments": good}, {"tool": "clock", "arguments": {}}])
    assert bad is None or wrong(calls=[{"tool": "tried", "arguments": bad}])
    assert not wrong(answer={"children": []})
    assert wrong(answer={"children": [1]})
    assert wrong(calls=[])


def test_tools_that_may_not_be_called_are_not_told_of() -> None:
    asked = fitted(model(tools=False), replace(QUESTION, tools=(WEATHER,), tool_choice=ToolChoice(mode="none")))
    assert (asked.tools, asked.schema, asked.messages) == ((), None, QUESTION.messages)


@pytest.mark.parametrize(
    ("said", "text", "calls"),
    [
        pytest.param('{"calls":[{"tool":"weather","arguments":{"city":"Ipê"}}]}', "", [("weather", {"city": "Ipê"})], id="a call"),
        pytest.param('```json\n{"calls":[{"tool":"weather","arguments":{}}]}\n```', "", [("weather", {})], id="within a fence"),
        pytest.param(
            '{"calls":[{"tool":"weather","arguments":{}},{"tool":"weather"}]}', "", [("weather", {}), ("weather", {})], id="two calls"
        ),
        pytest.param('{"answer":"It rains."}', "It rains.", [], id="an answer"),
        pytest.param('{"answer":{"a":1}}', '{"a": 1}', [], id="an answer by a schema"),
        *(
            pytest.param(said, said, [], id=name)
            for name, said in {
                "a tool that was not offered": '{"calls":[{"tool":"weather","arguments":{}},{"tool":"delete","arguments":{}}]}',
                "a tool that is no name": '{"calls":[{"tool":["weather"]}]}',
                "no calls": '{"calls":[]}',
                "both": '{"calls":[],"answer":"It rains."}',
                "words": "It rains.",
                "cut": '{"calls":[{"tool":"weath',
            }.items()
        ),
        pytest.param("[1]", "[1]", [], id="another value"),
    ],
)
def test_what_was_meant_is_read_from_the_value(said: str, text: str, calls: list[tuple[str, Any]]) -> None:
    prompt = replace(QUESTION, tools=(WEATHER,))
    read = reread(model(tools=False), prompt, Completion(text=said, input_tokens=1, output_tokens=1, id="x"))
    assert read.text == text
    assert [(call.name, json.loads(call.arguments)) for call in read.calls] == calls
    assert read.finish == ("tool_calls" if calls else "stop")
    assert len({call.id for call in read.calls}) == len(calls)


def test_what_was_called_and_came_of_it_is_told_in_the_form_that_is_asked_for() -> None:
    calls = (ToolCall(id="a", name="weather", arguments='{"city":"Ipê"}'), ToolCall(id="b", name="clock"))
    results = [Message(role="tool", call_id=id_, parts=(TextPart(text=text),)) for id_, text in (("b", "12:00"), ("a", "rain"), ("c", "?"))]
    talk = (*QUESTION.messages, Message(role="assistant", calls=calls), *results)
    *_, said, clock, weather, unknown = fitted(model(tools=False), replace(QUESTION, messages=talk, tools=(WEATHER, CLOCK))).messages
    assert json.loads(said.text) == {"calls": [{"tool": "weather", "arguments": {"city": "Ipê"}}, {"tool": "clock", "arguments": {}}]}
    assert [(one.role, one.text) for one in (clock, weather, unknown)] == [
        ("user", "clock answered: 12:00"), ("user", "weather answered: rain"), ("user", "The tool answered: ?"),
    ]  # fmt: skip


@given(st.text(max_size=80))
def test_nothing_that_a_model_says_breaks_the_reading(said: str) -> None:
    prompt = replace(QUESTION, tools=(WEATHER,), schema=Schema(schema={}))
    completion = Completion(text=said, input_tokens=1, output_tokens=1)
    read = reread(model(tools=False, schema=False), prompt, completion)
    assert read.calls or read.text == said or "```" in said or '"answer"' in said


@pytest.mark.parametrize("kind", ["image", "audio", "file"])
def test_what_a_model_cannot_see_is_refused(kind: Any) -> None:
    prompt = replace(QUESTION, messages=(Message(role="user", parts=(MediaPart(kind=kind, data="aGk="),)),))
    with pytest.raises(Refused, match=f"takes no part of the kind {kind}"):
        fitted(Model(name="acme", url="", model="m", abilities=Abilities()), prompt)
