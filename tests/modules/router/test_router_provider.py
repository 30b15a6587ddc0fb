"""What every provider keeps, of whatever vendor, against twins that the vendors' official clients have found right."""

import asyncio
import contextlib
import json
import logging
import random
import time
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import product
from typing import Any

import pytest

from hulk.kernel.errors import HulkError, Refused, TooLarge
from hulk.modules.router.adapters.built_in import WithBuiltIn
from hulk.modules.router.adapters.guarded import GuardedProvider
from hulk.modules.router.adapters.observed import ObservedProvider
from hulk.modules.router.adapters.served import ServedProvider
from hulk.modules.router.adapters.vendors import Vendors
from hulk.modules.router.domain.model import (
    CallPart,
    Embedded,
    Ended,
    Kind,
    Limits,
    MediaPart,
    Message,
    Prompt,
    Said,
    Schema,
    TextPart,
    Tool,
    ToolCall,
    ToolChoice,
    Uncertain,
    Unsent,
)
from hulk.modules.router.ports import Provider
from support.patience import until
from support.twins import seen, state
from support.vendors import CONFORMING, TWINS, Vendor, asking

PROMPT = Prompt.plain("Be brief.", "canary-4711 hello")
WEATHER = Tool(
    name="weather",
    description="Tells the weather.",
    parameters={"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}, "required": ["city"]},
)
CLOCK = Tool(name="clock", description="Tells the time.")
FORM = Schema(schema={"type": "object", "properties": {"name": {"type": "string"}, "count": {"type": "integer"}}, "required": ["name"]})
ADAPTERS: dict[str, type[Provider]] = {
    "": Vendors, " behind a breaker": GuardedProvider, " served here": ServedProvider, " watched": ObservedProvider,
    " beside the built-in model": WithBuiltIn,
}  # fmt: skip
ONE_WORD = {("google", "refusal"): "content_filter", ("anthropic", "content_filter"): "refusal"}
"""Vendors that tell a model that will not from a filter that does not let it by one word."""


@pytest.fixture(scope="module")
def twins() -> Iterator[Callable[[Kind], str]]:
    """The address of each vendor's twin, started at its first need."""
    with contextlib.ExitStack() as stack:
        started: dict[Kind, str] = {}

        def url(kind: Kind) -> str:
            if kind not in started:
                started[kind] = stack.enter_context(TWINS[kind]())
            return started[kind]

        yield url


WRAPPED = [*product(TWINS, ["", " behind a breaker"]), *product(["openai"], list(CONFORMING)[2:])]
"""Each vendor by itself and behind a breaker; what only hands on, with one of them."""


@pytest.fixture(params=[pytest.param((kind, behind), id=kind + behind) for kind, behind in WRAPPED])
async def vendor(request: pytest.FixtureRequest, twins: Callable[[Kind], str]) -> AsyncIterator[Vendor]:
    """Each in turn."""
    kind, behind = request.param
    async with asking(kind, twins(kind), behind) as vendor:
        assert type(vendor.provider) is ADAPTERS[behind]
        yield vendor


both = pytest.mark.parametrize("way", ["complete", "stream"])


# Answers -----------------------------------------------------------------------------------------------------------------------


@both
async def test_an_answer_comes_with_its_tokens_its_end_and_who_gave_it(vendor: Vendor, way: str) -> None:
    completion = await vendor.either(way, vendor.model(), PROMPT)
    assert completion.text == "You said: canary-4711 hello"
    assert (completion.input_tokens, completion.output_tokens, completion.estimated) == (4, 4, False)
    assert (completion.finish, completion.cut, completion.calls) == ("stop", False, ())
    assert completion.id
    assert completion.version == "echo-2026"


async def test_a_stream_comes_piece_by_piece_and_ends_once(vendor: Vendor) -> None:
    deltas = await vendor.deltas(vendor.model(), PROMPT)
    assert len([delta for delta in deltas if isinstance(delta, Said)]) > 2
    assert [isinstance(delta, Ended) for delta in deltas].count(True) == 1


@both
@pytest.mark.parametrize(
    ("name", "finish"), [("cut", "length"), ("refusal", "refusal"), ("filter", "content_filter"), ("echo", "stop"), ("tools", "tool_calls")]
)
async def test_why_an_answer_ended_is_told_in_one_vocabulary(vendor: Vendor, way: str, name: str, finish: str) -> None:
    finish = ONE_WORD.get((vendor.kind, finish), finish)
    completion = await vendor.either(way, vendor.model(name), Prompt(messages=PROMPT.messages, tools=(WEATHER,)))
    assert (completion.finish, completion.cut) == (finish, name == "cut")


@both
async def test_a_whole_conversation_is_sent_with_its_limits(vendor: Vendor, way: str) -> None:
    talk = (
        Message.of("system", "Be brief."),
        Message.of("user", "one"),
        Message.of("assistant", "two"),
        Message.of("user", "three"),
    )
    prompt = Prompt(messages=talk, most_output_tokens=77, temperature=0.5, top_p=0.9, stop=("END",), seed=7)
    assert (await vendor.either(way, vendor.model(), prompt)).text == "You said: three"
    sent = json.dumps(seen(vendor.url)[-1])
    assert all(word in sent for word in ("Be brief.", "one", "two", "three", "77", "0.5", "0.9", "END"))
    assert json.loads(vendor.gate.passed[-1][2]) == seen(vendor.url)[-1]


@both
async def test_what_came_from_the_cache_and_what_was_thought_is_told(vendor: Vendor, way: str) -> None:
    cached = await vendor.either(way, vendor.model("cached"), PROMPT)
    assert (cached.input_tokens, cached.cache_read_tokens) == (9, 3)
    thinking = await vendor.either(way, vendor.model("thinking"), PROMPT)
    assert thinking.output_tokens == 15
    assert "Hm" not in thinking.text


@both
@pytest.mark.parametrize("name", ["quiet", "lying"])
async def test_without_credible_tokens_the_most_there_can_have_been_are_paid_for(vendor: Vendor, way: str, name: str) -> None:
    completion = await vendor.either(way, vendor.model(name, most_output_tokens=99), PROMPT)
    assert completion.text.startswith("You said")
    assert completion.estimated
    assert (completion.input_tokens, completion.output_tokens) == (PROMPT.most_input_tokens, 99)


@both
async def test_an_answer_under_another_content_type_is_one(vendor: Vendor, way: str) -> None:
    assert (await vendor.either(way, vendor.model("mislabelled"), PROMPT)).text.startswith("You said")


async def test_a_server_that_does_not_stream_is_understood_all_the_same(vendor: Vendor) -> None:
    assert (await vendor.either("stream", vendor.model("whole"), PROMPT)).text.startswith("You said")
    before = len(vendor.gate.passed)
    assert (await vendor.either("stream", vendor.model(abilities={"streaming": False}), PROMPT)).text.startswith("You said")
    assert len(vendor.gate.passed) == before + 1


# Tools and schemas -------------------------------------------------------------------------------------------------------------


@both
async def test_a_tool_is_called_and_its_result_understood(vendor: Vendor, way: str) -> None:
    asked = Prompt(messages=PROMPT.messages, tools=(WEATHER, CLOCK))
    completion = await vendor.either(way, vendor.model("tools"), asked)
    [call] = completion.calls
    assert call.name == "weather"
    assert json.loads(call.arguments) == {"city": "São Paulo", "days": 3}
    done = Message(role="tool", call_id=call.id, parts=(TextPart(text="22 degrees"),))
    then = Prompt(messages=(*PROMPT.messages, Message(role="assistant", calls=completion.calls), done), tools=asked.tools)
    assert (await vendor.either(way, vendor.model("tools"), then)).text == "The tool said: 22 degrees"


@both
async def test_several_tools_are_called_at_once(vendor: Vendor, way: str) -> None:
    completion = await vendor.either(way, vendor.model("calls"), Prompt(messages=PROMPT.messages, tools=(WEATHER, CLOCK)))
    assert [call.name for call in completion.calls] == ["weather", "clock"]
    assert len({call.id for call in completion.calls}) == 2


@both
@pytest.mark.parametrize(
    "choice", [ToolChoice(), ToolChoice(mode="none"), ToolChoice(mode="required"), ToolChoice(mode="required", name="clock")], ids=str
)
async def test_which_tool_is_to_be_called_is_told(vendor: Vendor, way: str, choice: ToolChoice) -> None:
    await vendor.either(way, vendor.model("echo"), Prompt(messages=PROMPT.messages, tools=(WEATHER, CLOCK), tool_choice=choice))
    assert chosen(vendor.kind, seen(vendor.url)[-1]) == (choice.mode, choice.name)


def chosen(kind: Kind, body: Any) -> tuple[str, str | None]:
    """What a body says of it, in our words."""
    if kind == "openai":
        said = body["tool_choice"]
        return (said, None) if isinstance(said, str) else ("required", said["function"]["name"])
    if kind == "anthropic":
        said = body["tool_choice"]
        return {"auto": "auto", "none": "none"}.get(said["type"], "required"), said.get("name")
    said = body["toolConfig"]["functionCallingConfig"]
    return {"AUTO": "auto", "NONE": "none", "ANY": "required"}[said["mode"]], next(iter(said.get("allowedFunctionNames", ())), None)


@both
@pytest.mark.parametrize("able", [True, False], ids=["by the vendor", "in words"])
async def test_an_answer_follows_a_schema(vendor: Vendor, way: str, able: bool) -> None:
    prompt = Prompt(messages=PROMPT.messages, schema=FORM)
    completion = await vendor.either(way, vendor.model("json", abilities={"schema": able}), prompt)
    assert json.loads(completion.text) == ({"name": "text", "count": 1} if able else {})
    assert ("JSON Schema" in json.dumps(seen(vendor.url)[-1])) is not able


@both
async def test_a_model_that_calls_no_tools_is_asked_by_a_schema(vendor: Vendor, way: str) -> None:
    prompt = Prompt(messages=PROMPT.messages, tools=(WEATHER, CLOCK))
    completion = await vendor.either(way, vendor.model("json", abilities={"tools": False}), prompt)
    [call] = completion.calls
    assert (completion.finish, completion.text, call.name) == ("tool_calls", "", "weather")
    assert json.loads(call.arguments) == {"city": "text", "days": 1}


@pytest.mark.parametrize(
    "part", [MediaPart(kind="image", mime="image/png", data="aGk="), MediaPart(kind="file", mime="application/pdf", data="aGk=")]
)
async def test_a_picture_or_document_is_sent_to_who_takes_it_and_to_nobody_else(vendor: Vendor, part: MediaPart) -> None:
    prompt = Prompt(messages=(Message(role="user", parts=(TextPart(text="see"), part)),))
    await vendor.provider.complete(vendor.model(), prompt)
    assert "aGk=" in json.dumps(seen(vendor.url)[-1])
    before = len(vendor.gate.passed)
    with pytest.raises(Refused, match=f"takes no part of the kind {part.kind}"):
        await vendor.provider.complete(vendor.model(abilities={"images": False, "files": False}), prompt)
    assert len(vendor.gate.passed) == before


# Vectors -----------------------------------------------------------------------------------------------------------------------

TEXTS = Prompt.texts(["canary-4711 one", "two words more", "é"])


async def embedded(vendor: Vendor, name: str = "echo", dimensions: int | None = None, prompt: Prompt = TEXTS, **more: Any) -> Embedded:
    return await vendor.provider.embed(vendor.model(name, purpose="embeddings", **more), prompt, dimensions)


async def test_a_vector_of_each_text_comes_in_their_order_from_who_speaks_openais(vendor: Vendor) -> None:
    if vendor.kind != "openai":
        with pytest.raises(Refused, match="makes no vectors"):
            await embedded(vendor)
        return
    for kind in ("openai", "compatible"):
        found = await embedded(vendor, kind=kind, extra={"task": "match", "dimensions": 9})
        assert [row.tolist()[0] for row in found.vectors] == [15.0, 14.0, 1.0]
        assert (found.size, found.input_tokens, found.estimated) == (9, 6, False)
        assert seen(vendor.url)[-1]["task"] == "match"
        assert json.loads(vendor.gate.passed[-1][2]) == seen(vendor.url)[-1]
    assert (await embedded(vendor, dimensions=5, extra={"dimensions": 9})).size == 5


async def test_vectors_whose_tokens_nobody_tells_cost_the_most_they_can_have(vendor: Vendor) -> None:
    if vendor.kind == "openai":
        found = await embedded(vendor, "quiet")
        assert (found.input_tokens, found.estimated) == (TEXTS.most_input_tokens, True)
        assert found.limits == (await embedded(vendor)).limits != Limits()


@pytest.mark.parametrize("kind", ["openai", "compatible"])
@pytest.mark.parametrize("name", ["missing", "more", "none", "nan", "endless", "ragged", "empty", "words"])
async def test_what_is_no_vector_of_each_text_may_have_cost_something(twins: Callable[[Kind], str], kind: Kind, name: str) -> None:
    if (kind, name) in (("openai", "endless"), ("openai", "words")):
        return  # float32 in base64 cannot say it
    async with asking("openai", twins("openai")) as vendor:
        with pytest.raises(Uncertain, match="no answer") as caught:
            await embedded(vendor, f"vectors-{name}", kind=kind)
        assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("name", "error"), [("status-503", Unsent), ("garbage", Uncertain), ("html", Uncertain), ("mute", Uncertain), ("slow", Uncertain)]
)
async def test_what_goes_wrong_with_vectors_is_told_as_with_answers(vendor: Vendor, name: str, error: type[HulkError]) -> None:
    if vendor.kind == "openai":
        with pytest.raises(error):
            await embedded(vendor, name, total_seconds=0.5)


# What goes wrong ---------------------------------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize(
    ("name", "changes", "error", "words"),
    [
        pytest.param("echo", {"api_key": "wrong"}, Refused, "api_key", id="wrong key"),
        pytest.param("echo", {"api_key": "weak"}, Refused, "api_key", id="a key that may not"),
        pytest.param("echo", {"api_key": "poor"}, Refused, "no credit", id="no credit"),
        pytest.param("echo", {"api_key": "no\nkey"}, Refused, "api_key", id="what is no key"),
        pytest.param("nobody", {}, Refused, "nobody", id="unknown model"),
        pytest.param("status-400", {}, Refused, "400", id="bad request"),
        pytest.param("status-413", {}, TooLarge, "413", id="too large"),
        pytest.param("status-422", {}, Refused, "422", id="unprocessable"),
        pytest.param("moved", {}, Refused, "not followed", id="redirected"),
        pytest.param("limited", {}, Unsent, "429", id="too many requests"),
        pytest.param("status-429", {}, Unsent, "429", id="too many requests, no hint"),
        pytest.param("down", {}, Unsent, "500", id="server error"),
        pytest.param("status-503", {}, Unsent, "503", id="away"),
        pytest.param("status-529", {}, Unsent, "529", id="overloaded"),
        pytest.param("status-502", {}, Uncertain, "502", id="a gateway that lost it"),
        pytest.param("status-504", {}, Uncertain, "504", id="a gateway that waited in vain"),
        pytest.param("slow", {"total_seconds": 0.3}, Uncertain, "0.3 seconds", id="slow"),
        pytest.param("stall", {"total_seconds": 0.3}, Uncertain, "0.3 seconds", id="stalls"),
        pytest.param("truncated", {}, Uncertain, "part", id="truncated"),
        pytest.param("mute", {}, Uncertain, "no answer", id="hung up"),
        pytest.param("garbage", {}, Uncertain, "no answer", id="not JSON"),
        pytest.param("html", {}, Uncertain, "no answer", id="HTML"),
        pytest.param("empty", {}, Uncertain, "no answer", id="no choice"),
        pytest.param("echo", {"url": "http://127.0.0.1:9/v1"}, Unsent, "cannot be reached", id="nobody listens"),
    ],
)
async def test_what_goes_wrong_is_told_by_what_can_be_done(
    vendor: Vendor, way: str, name: str, changes: dict[str, Any], error: type[HulkError], words: str
) -> None:
    begun = time.monotonic()
    with pytest.raises(error) as caught:
        await vendor.either(way, vendor.model(name, **changes), PROMPT)
    assert words in str(caught.value)
    assert "acme" in str(caught.value)
    assert "canary" not in str(caught.value)
    assert time.monotonic() - begun < 5


async def test_a_vendor_that_breaks_off_within_a_stream_may_have_to_be_paid(vendor: Vendor) -> None:
    with pytest.raises(Uncertain, match="part of one"):
        await vendor.either("stream", vendor.model("broken"), PROMPT)


async def test_a_stream_that_does_not_begin_in_time_is_given_up(vendor: Vendor) -> None:
    with pytest.raises(Uncertain, match=r"within 0\.2 seconds"):
        await vendor.either("stream", vendor.model("late", first_token_seconds=0.2), PROMPT)
    with pytest.raises(Uncertain, match=r"within 0\.2 seconds"):
        await vendor.either("stream", vendor.model("slow", first_token_seconds=0.2), PROMPT)


async def test_a_host_that_takes_no_connection_is_given_up_in_time(vendor: Vendor, full: str) -> None:
    with pytest.raises(Unsent, match="cannot be reached"):
        await vendor.provider.complete(vendor.model(url=full, connect_seconds=0.2), PROMPT)


@pytest.fixture
async def full() -> AsyncIterator[str]:
    """The address of a server whose queue of connections is full."""
    import socket

    with socket.socket() as listening, contextlib.ExitStack() as waiting:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(4):
            one = waiting.enter_context(socket.socket())
            one.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                one.connect(listening.getsockname())
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1"


@both
async def test_when_to_ask_again_is_told_where_the_vendor_says(vendor: Vendor, way: str) -> None:
    for name, expected in (("limited", 7), ("status-429", None), ("status-503-3", 3), ("exhausted", 12)):
        with pytest.raises(Unsent) as caught:
            await vendor.either(way, vendor.model(name), PROMPT)
        assert caught.value.retry_after == (expected and pytest.approx(expected, abs=2))


@both
async def test_what_is_left_of_rate_limits_is_told_where_the_vendor_says(vendor: Vendor, way: str) -> None:
    limits = (await vendor.either(way, vendor.model(), PROMPT)).limits
    if vendor.kind == "google":
        assert limits == Limits()
        return
    assert (limits.requests, limits.tokens) == (41, 39000)
    assert limits.requests_reset == pytest.approx(12, abs=2)
    with pytest.raises(Unsent) as caught:
        await vendor.either(way, vendor.model("exhausted"), PROMPT)
    assert caught.value.limits.requests == 0


# The token limit, connections, secrecy -----------------------------------------------------------------------------------------


async def test_a_stream_that_passes_its_limit_is_left_off_at_most_one_piece_late(vendor: Vendor) -> None:
    prompt = Prompt(messages=PROMPT.messages, most_output_tokens=10)
    before = state(vendor.url)
    *deltas, last = await vendor.deltas(vendor.model("words-100000"), prompt)
    assert isinstance(last, Ended)
    assert len([delta for delta in deltas if isinstance(delta, Said)]) == 11
    assert (last.completion.cut, last.completion.finish, last.completion.estimated) == (True, "length", True)
    assert last.completion.output_tokens >= 10
    await until(lambda: state(vendor.url).hung_up == before.hung_up + 1)
    assert state(vendor.url).output_tokens - before.output_tokens < 100_000


async def test_a_lump_beyond_the_limit_is_noticed_too(vendor: Vendor) -> None:
    last = (await vendor.deltas(vendor.model("lump-500", most_output_tokens=10), PROMPT))[-1]
    assert isinstance(last, Ended)
    assert last.completion.cut or (last.completion.output_tokens, last.completion.estimated) == (500, False)


async def test_leaving_a_stream_closes_its_connection(vendor: Vendor) -> None:
    before = state(vendor.url).hung_up
    async with vendor.provider.stream(vendor.model("words-100000", most_output_tokens=200_000), PROMPT) as deltas:
        async for delta in deltas:
            if isinstance(delta, Said):
                break
    await until(lambda: state(vendor.url).hung_up == before + 1)


@both
async def test_cancelling_closes_the_connection(vendor: Vendor, way: str) -> None:
    before = state(vendor.url)
    name = "stall" if way == "stream" else "slow"
    async with asyncio.TaskGroup() as group:
        task = group.create_task(vendor.either(way, vendor.model(name, total_seconds=3600, first_token_seconds=3600), PROMPT))
        await until(lambda: state(vendor.url).requests == before.requests + 1)
        await asyncio.sleep(0.05)
        task.cancel()
    assert task.cancelled()
    await until(lambda: state(vendor.url).hung_up == before.hung_up + 1)
    assert state(vendor.url).streaming == before.streaming == 0
    assert (await vendor.provider.complete(vendor.model(), PROMPT)).finish == "stop"


async def test_many_at_once_that_end_in_all_ways_leave_nothing_open(vendor: Vendor) -> None:
    chance = random.Random(7)  # the same each time
    ends = ("echo", "words-50", "truncated", "broken", "down", "limited", "stall", "words-100000", "garbage")

    async def one(name: str, limit: float) -> None:
        asked = vendor.model(name, total_seconds=limit, most_output_tokens=chance.randint(5, 60))
        with contextlib.suppress(HulkError, TimeoutError):
            async with asyncio.timeout(limit * chance.choice((0.3, 2))):
                await vendor.deltas(asked, PROMPT)

    async with asyncio.TaskGroup() as group:
        for _ in range(150):
            group.create_task(one(chance.choice(ends), chance.uniform(0.2, 1)))
    await until(lambda: state(vendor.url).streaming == 0)


async def test_a_reader_that_fails_gets_its_own_error(vendor: Vendor) -> None:
    async def read() -> None:
        async with vendor.provider.stream(vendor.model(), PROMPT) as deltas:
            async for _ in deltas:
                raise OSError("mine")

    with pytest.raises(OSError, match="mine"):
        await read()


async def test_a_gate_that_is_shut_lets_nothing_out(vendor: Vendor) -> None:
    before = state(vendor.url).requests
    vendor.gate.shut = True
    for way in ("complete", "stream"):
        with pytest.raises(Refused, match="the gate is shut"):
            await vendor.either(way, vendor.model(), PROMPT)
    assert state(vendor.url).requests == before


@both
async def test_neither_question_nor_answer_nor_key_is_logged(vendor: Vendor, way: str, caplog: pytest.LogCaptureFixture) -> None:
    model = vendor.model(api_key="sk-hidden-hidden-hidden")
    with caplog.at_level(logging.DEBUG, "httpx2"), caplog.at_level(logging.DEBUG, "hulk"), caplog.at_level(logging.DEBUG, "aiohttp"):
        completion = await vendor.either(way, model, PROMPT)
        with pytest.raises(HulkError):
            await vendor.either(way, vendor.model("garbage", api_key="sk-hidden-hidden-hidden"), PROMPT)
    told = caplog.text + repr(model) + repr(PROMPT) + repr(completion) + repr(CallPart(0, "x", "y", "canary"))
    assert "canary" not in told
    assert "hidden" not in told
    assert "canary" not in repr(ToolCall(id="x", name="y", arguments="canary"))
