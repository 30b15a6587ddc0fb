"""What only one vendor does, read and written; and that nothing a vendor may send breaks the reading."""

import contextlib
import itertools
import json
import traceback
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.modules.router.adapters.vendors.dialect import Dialect, Heard, Interrupted, Tokens
from hulk.modules.router.adapters.vendors.events import MOST_EVENT, Lines, Overlong
from hulk.modules.router.adapters.vendors.failures import of_status, reading
from hulk.modules.router.adapters.vendors.provider import DIALECTS
from hulk.modules.router.domain.model import (
    ABILITIES,
    CallPart,
    Kind,
    Limits,
    MediaPart,
    Message,
    Model,
    Prompt,
    Said,
    Schema,
    TextPart,
    Tool,
    ToolCall,
    Uncertain,
    Unsent,
    fitted,
)

QUESTION = Prompt.plain("Be brief.", "What is the weather?")
WEATHER = Tool(name="weather", parameters={"type": "object"})


def model(kind: Kind, name: str = "m", **more: Any) -> Model:
    return Model(name="acme", url="https://x/v1", model=name, kind=kind, abilities=ABILITIES[kind], **more)


def body(kind: Kind, prompt: Prompt = QUESTION, **more: Any) -> Any:
    asked = model(kind, **more)
    return DIALECTS[kind].asking(asked, fitted(asked, prompt), streaming=False).body


def heard(kind: Kind, *pieces: Any) -> Heard:
    """What is heard in these events."""
    one = Heard()
    for piece in pieces:
        DIALECTS[kind].piece(one, json.dumps(piece).encode())
    return one


def chunk(finish: str | None = None, usage: Any = None, **delta: Any) -> Any:
    return {"choices": [{"delta": delta, "finish_reason": finish}]} | ({"usage": usage} if usage else {})


# OpenAI and those that speak it ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "limit", "form"),
    [
        ("openai", "max_completion_tokens", "json_schema"),
        ("xai", "max_completion_tokens", "json_schema"),
        ("deepseek", "max_tokens", "json_object"),
        ("zai", "max_tokens", "json_object"),
        ("ollama", "max_tokens", "json_schema"),
        ("compatible", "max_tokens", "json_schema"),
    ],
)
def test_each_is_asked_in_the_words_it_knows(kind: Kind, limit: str, form: str) -> None:
    sent = body(kind, replace(QUESTION, schema=Schema(schema={"type": "object"})), extra={"reasoning_effort": "low"})
    assert {"max_tokens", "max_completion_tokens"} & sent.keys() == {limit}
    assert sent["response_format"]["type"] == form
    assert ("JSON Schema" in json.dumps(sent["messages"])) == (form == "json_object")
    assert sent["reasoning_effort"] == "low"


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        pytest.param({"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14}, Tokens(input=9, output=5), id="plain"),
        pytest.param(
            {"prompt_tokens": 9, "completion_tokens": 5, "prompt_cache_hit_tokens": 4},
            Tokens(input=9, output=5, cache_read=4),
            id="DeepSeek",
        ),
        pytest.param(
            {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14, "completion_tokens_details": {"reasoning_tokens": 3}},
            Tokens(input=9, output=5, reasoning=3),
            id="reasoning within",
        ),
        pytest.param(
            {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 17, "completion_tokens_details": {"reasoning_tokens": 3}},
            Tokens(input=9, output=8, reasoning=3),
            id="reasoning beside it: xAI",
        ),
        pytest.param({"prompt_tokens": -9, "completion_tokens": 5}, None, id="negative"),
        pytest.param({"prompt_tokens": 9.5, "completion_tokens": 5}, None, id="no whole number"),
        pytest.param({"prompt_tokens": 10**30, "completion_tokens": 5}, None, id="beyond belief"),
        pytest.param("many", None, id="words"),
    ],
)
def test_tokens_are_read_as_each_means_them(usage: Any, tokens: Tokens | None) -> None:
    assert heard("compatible", chunk("stop", usage, content="hi")).tokens == tokens


@pytest.mark.parametrize(("said", "finish"), [("sensitive", "content_filter"), ("max_tokens", "length"), ("new", "stop"), ("eos", "stop")])
def test_words_for_the_end_that_differ_mean_the_same(said: str, finish: str) -> None:
    assert heard("zai", chunk(said, content="hi")).finish == finish


@pytest.mark.parametrize("said", ["network_error", "insufficient_system_resource", "error"])
def test_an_answer_that_the_vendor_lost_is_none(said: str) -> None:
    with pytest.raises(Interrupted):
        heard("zai", chunk(said, content="hi"))


def test_calls_without_an_index_are_told_apart_by_their_ids() -> None:
    one = {"id": "a", "function": {"name": "f", "arguments": '{"x":'}}
    found = heard(
        "ollama", chunk(tool_calls=[one]), chunk(tool_calls=[{"function": {"arguments": "1}"}}]), chunk(tool_calls=[one | {"id": "b"}])
    )
    assert [(call.id, call.arguments) for call in found.calls] == [("a", '{"x":1}'), ("b", '{"x":')]


def test_calls_out_of_order_are_no_answer() -> None:
    with pytest.raises(ValueError, match="out of order"):
        heard("openai", chunk(tool_calls=[{"index": 3, "id": "a", "function": {"name": "f"}}]))


def test_pictures_recordings_and_documents_are_written_as_openai_wants_them() -> None:
    parts = (
        MediaPart(kind="image", url="https://x/a.png"),
        MediaPart(kind="audio", mime="audio/wav", data="aGk="),
        MediaPart(kind="file", mime="application/pdf", data="aGk=", name="a.pdf"),
    )
    asked = replace(model("openai"), abilities=replace(ABILITIES["openai"], audio=True))
    sent: Any = DIALECTS["openai"].asking(asked, Prompt(messages=(Message(role="user", parts=parts),)), streaming=False).body
    assert [part["type"] for part in sent["messages"][0]["content"]] == ["image_url", "input_audio", "file"]
    assert sent["messages"][0]["content"][1]["input_audio"] == {"data": "aGk=", "format": "wav"}


@pytest.mark.parametrize(("said", "seconds"), [("6m0s", 360.0), ("20ms", 0.02), ("1h2m3.5s", 3723.5), ("7", 7.0), ("soon", None)])
def test_how_long_until_a_limit_is_whole_is_read(said: str, seconds: float | None) -> None:
    assert DIALECTS["openai"].limits({"x-ratelimit-reset-requests": said}).requests_reset == seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"retry-after": "99999999999999"}, 86_400.0),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "9s"}, 9.0),
        ({"x-ratelimit-remaining-requests": "4", "x-ratelimit-reset-requests": "9s"}, None),
        ({}, None),
    ],
    ids=str,
)
def test_when_to_ask_again_is_read_from_what_was_said(headers: dict[str, str], seconds: float | None) -> None:
    error = of_status(model("openai"), 429, headers, b"", DIALECTS["openai"])
    assert isinstance(error, Unsent)
    assert error.retry_after == seconds


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (b'{"error":{"code":"context_length_exceeded","message":"canary"}}', "400, context_length_exceeded"),
        (b'{"error":{"code":null,"type":"invalid_request_error"}}', "400, invalid_request_error"),
        (b'{"error":{"code":"canary 123.456.789-09"}}', "400"),
        (b'{"error":"canary"}', "400"),
        (b"[]", "400"),
        (b"canary", "400"),
    ],
)
def test_of_an_error_only_its_name_is_repeated(said: bytes, told: str) -> None:
    error = of_status(model("openai"), 400, {}, said, DIALECTS["openai"])
    assert f"({told})" in str(error)
    assert "canary" not in str(error)


# Anthropic ---------------------------------------------------------------------------------------------------------------------


def test_claude_is_told_its_instructions_apart_and_its_turns_in_turn() -> None:
    call = ToolCall(id="call.1", name="weather", arguments='{"city":"Ipê"}')
    talk = (
        Message.of("system", "one"),
        Message.of("user", "a"),
        Message(role="assistant", calls=(call, replace(call, id="call.2"))),
        Message(role="tool", call_id="call.1", parts=(TextPart(text="22"),)),
        Message(role="tool", call_id="call.2", parts=(TextPart(text="23"),)),
        Message.of("user", "b"),
        Message.of("system", "two"),
    )
    sent = body("anthropic", Prompt(messages=talk, tools=(WEATHER,)))
    assert [block["text"] for block in sent["system"]] == ["one\n\ntwo"]
    assert [turn["role"] for turn in sent["messages"]] == ["user", "assistant", "user"]
    assert [block["type"] for block in sent["messages"][2]["content"]] == ["tool_result", "tool_result", "text"]
    assert sent["messages"][1]["content"][0] == {"type": "tool_use", "id": "call_1", "name": "weather", "input": {"city": "Ipê"}}


@pytest.mark.parametrize("arguments", ["", "no JSON", "[1]"])
def test_arguments_that_are_no_object_do_not_break_the_next_turn(arguments: str) -> None:
    talk = (Message.of("user", "a"), Message(role="assistant", calls=(ToolCall(id="1", name="f", arguments=arguments),)))
    for kind in ("anthropic", "google"):
        json.dumps(body(kind, Prompt(messages=talk)))
    assert isinstance(body("anthropic", Prompt(messages=talk))["messages"][1]["content"][0]["input"], dict)


def test_only_a_long_beginning_is_marked_to_be_cached() -> None:
    marked = '"cache_control"'
    assert marked not in json.dumps(body("anthropic", replace(QUESTION, tools=(WEATHER,))))
    long = "rule " * 2000
    assert marked in json.dumps(body("anthropic", Prompt.plain(long, "hi"))["system"])
    assert marked not in json.dumps(body("anthropic", Prompt.plain("", long)))
    only_tools = replace(Prompt.plain("", "hi"), tools=(WEATHER, replace(WEATHER, name="b", description=long)))
    assert [marked in json.dumps(tool) for tool in body("anthropic", only_tools)["tools"]] == [False, True]


def test_claude_counts_what_comes_from_the_cache_apart_and_we_together() -> None:
    usage = {"input_tokens": 5, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 20, "output_tokens": 1}
    begun = {"type": "message_start", "message": {"id": "m", "model": "c", "usage": usage}}
    ended = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 9}}
    assert heard("anthropic", begun, ended).tokens == Tokens(input=125, output=9, cache_read=100, cache_write=20)


def test_when_claudes_limits_are_whole_again_is_a_moment() -> None:
    assert DIALECTS["anthropic"].limits({"anthropic-ratelimit-requests-reset": "2020-01-01T00:00:00Z"}).requests_reset == 0
    assert DIALECTS["anthropic"].limits({"anthropic-ratelimit-requests-reset": "soon"}) == Limits()


# Gemini ------------------------------------------------------------------------------------------------------------------------


def test_gemini_gets_its_signatures_back_and_a_stand_in_for_those_of_others() -> None:
    def signed(name: str, signature: str) -> Any:
        call = ToolCall(id="1", name="f", signature=signature)
        talk = (Message.of("user", "a"), Message(role="assistant", calls=(call, replace(call, id="2", signature=""))))
        return [part.get("thoughtSignature") for part in body("google", Prompt(messages=talk), name=name)["contents"][1]["parts"]]

    assert signed("gemini-3-pro", "c2ln") == ["c2ln", None]
    assert signed("gemini-3-pro", "")[0]
    assert signed("gemini-2.5-flash", "") == [None, None]


def test_gemini_is_told_the_name_of_the_tool_that_answered() -> None:
    talk = (
        Message.of("user", "a"),
        Message(role="assistant", calls=(ToolCall(id="1", name="weather"),)),
        Message(role="tool", call_id="1", parts=(TextPart(text="22"),)),
    )
    last = body("google", Prompt(messages=talk))["contents"][-1]["parts"][0]["functionResponse"]
    assert last == {"id": "1", "name": "weather", "response": {"result": "22"}}


def test_no_key_stands_in_an_address() -> None:
    for dialect in set(DIALECTS.values()):
        asking = dialect.asking(model("google"), QUESTION, streaming=True)
        assert "key" not in asking.path
        assert "sk-1" in "".join(dialect.authorised("sk-1").values())


@pytest.mark.parametrize("reason", ["MALFORMED_FUNCTION_CALL", "OTHER"])
def test_an_answer_that_gemini_could_not_finish_is_none(reason: str) -> None:
    with pytest.raises(Interrupted):
        heard("google", {"candidates": [{"finishReason": reason}]})


# Rubbish -----------------------------------------------------------------------------------------------------------------------

KNOWN = {
    *("choices", "delta", "message", "content", "tool_calls", "function", "arguments", "finish_reason", "usage", "error", "index", "id"),
    *(
        "type",
        "content_block",
        "text",
        "partial_json",
        "stop_reason",
        "input",
        "candidates",
        "parts",
        "functionCall",
        "args",
        "finishReason",
    ),
    *("promptFeedback", "usageMetadata", "promptTokenCount", "prompt_tokens"),
}
jsons = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(KNOWN)), inner, max_size=4),
    max_leaves=12,
)
every = pytest.mark.parametrize("dialect", list(dict.fromkeys(DIALECTS.values())), ids=lambda one: type(one).__name__)


@every
@given(data=jsons)
def test_no_json_breaks_the_reading(dialect: Dialect, data: Any) -> None:
    for read in (dialect.whole, dialect.piece):
        one = Heard()
        try:
            for delta in read(one, json.dumps(data).encode()) or ():
                assert not isinstance(delta, Said) or delta.text in one.text
                assert not isinstance(delta, CallPart) or 0 <= delta.index < len(one.calls)
        except (ValueError, Interrupted):
            pass


@every
@given(data=st.binary(max_size=40))
def test_no_bytes_break_the_reading(dialect: Dialect, data: bytes) -> None:
    for read in (dialect.whole, dialect.piece):
        with contextlib.suppress(ValueError, Interrupted):
            read(Heard(), b"{" + data)
    dialect.retry_after(data)


# Server-sent events --------------------------------------------------------------------------------------------------------------


def read(*pieces: bytes) -> list[bytes]:
    lines = Lines()
    return [data for piece in pieces for data in lines.events(piece)]


@given(
    st.lists(st.binary(min_size=1, max_size=12).filter(lambda data: not {10, 13} & set(data)), max_size=6),
    st.sampled_from([b"\n", b"\r\n"]),
    st.lists(st.integers(0, 200), max_size=8),
)
def test_events_are_the_same_however_their_bytes_are_cut(data: list[bytes], end: bytes, cuts: list[int]) -> None:
    sent = b"".join(b": ping" + end + b"event: x" + end + b"data: " + one + end + end for one in data)
    places = sorted({0, len(sent), *(cut for cut in cuts if cut < len(sent))})
    assert read(*(sent[a:b] for a, b in itertools.pairwise(places))) == data


def test_an_event_without_its_end_is_none_and_several_lines_are_one() -> None:
    assert read(b"data: a\ndata: b\n\ndata: c") == [b"a\nb"]


def test_an_event_that_never_ends_is_given_up() -> None:
    with pytest.raises(Overlong):
        read(b"data: ", b"x" * MOST_EVENT)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"choices": "CPF 529.982.247-25"}', id="another form"),
        pytest.param(b'{"choices": [{"message": {"content": {"cpf": "529.982.247-25"}}}]}', id="another type"),
        pytest.param(b"CPF 529.982.247-25", id="no JSON"),
    ],
)
def test_an_answer_that_is_none_is_not_in_the_error_nor_in_its_causes(body: bytes) -> None:
    """They are recorded in spans, and may repeat what was asked."""
    with pytest.raises(Uncertain) as caught, reading(model("openai")):
        DIALECTS["openai"].whole(Heard(), body)
    assert "529" not in "".join(traceback.format_exception(caught.value))


DEEP = b"[" * 100_000


def test_an_answer_that_is_too_deep_is_none() -> None:
    with pytest.raises(Uncertain), reading(model("openai")):
        DIALECTS["openai"].whole(Heard(), DEEP)
    for kind in ("openai", "google"):
        assert of_status(model(kind), 400, {}, DEEP, DIALECTS[kind]).code == "refused"
        assert isinstance(of_status(model(kind), 429, {}, DEEP, DIALECTS[kind]), Unsent)


@pytest.mark.parametrize(("said", "seconds"), [("nans", None), ("1e400s", 86_400.0), ("1e15s", 86_400.0), ("-5s", 0.0), ("7s", 7.0)])
def test_a_pause_that_is_asked_for_is_one_that_can_be_made(said: str, seconds: float | None) -> None:
    body = json.dumps({"error": {"details": [{"@type": "google.rpc.RetryInfo", "retryDelay": said}]}}).encode()
    assert of_status(model("google"), 429, {}, body, DIALECTS["google"]).retry_after == seconds  # type: ignore[attr-defined]  # Unsent


@pytest.mark.parametrize("reset", ["9" * 400, "9" * 5000, "²"])
def test_a_limit_that_is_no_number_is_not_known(reset: str) -> None:
    limits = DIALECTS["openai"].limits({"x-ratelimit-reset-requests": reset, "x-ratelimit-remaining-requests": reset})
    assert (limits.requests, limits.requests_reset) == (None, None)
