"""The twins are right: the vendors' official clients work against them, for answers, streams, tools, schemas and errors."""

import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any, cast

import anthropic
import httpx
import openai
import pytest
from google import genai
from google.genai import errors as genai_errors
from google.genai import types

from support.twins import anthropic_twin, gemini_twin, openai_twin, seen, state

SCHEMA = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"], "additionalProperties": False}
PARAMETERS: Any = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
USER: Any = [{"role": "user", "content": "hi there"}]


@pytest.fixture(scope="module")
def openai_url() -> Iterator[str]:
    with openai_twin() as url:
        yield url


@pytest.fixture(scope="module")
def anthropic_url() -> Iterator[str]:
    with anthropic_twin() as url:
        yield url


@pytest.fixture(scope="module")
def gemini_url() -> Iterator[str]:
    with gemini_twin() as url:
        yield url


# OpenAI ------------------------------------------------------------------------------------------------------------------------


async def test_openai_answers_and_streams(openai_url: str) -> None:
    async with openai.AsyncOpenAI(base_url=openai_url, api_key="right", max_retries=0) as client:
        answer = await client.chat.completions.create(model="echo", messages=USER)
        assert (answer.choices[0].message.content, answer.choices[0].finish_reason) == ("You said: hi there", "stop")
        assert answer.usage is not None
        assert answer.usage.total_tokens == 6
        async with client.chat.completions.stream(model="echo", messages=USER, stream_options={"include_usage": True}) as stream:
            whole = await stream.get_final_completion()
        assert whole.choices[0].message.content == "You said: hi there"
        assert whole.usage is not None
        assert whole.usage.total_tokens == 6
        assert [one.id async for one in client.models.list()] == ["echo", "tools"]
        vectors = await client.embeddings.create(model="echo", input=["one", "three"], encoding_format="float")
        assert [one.embedding[0] for one in sorted(vectors.data, key=lambda one: one.index)] == [3.0, 5.0]
        packed = await client.embeddings.create(model="echo", input="one", dimensions=3)
        assert packed.data[0].embedding == [3.0, 1.0, 1.0]


async def test_openai_calls_tools_in_pieces_and_refuses(openai_url: str) -> None:
    tools: Any = [{"type": "function", "function": {"name": "weather", "parameters": PARAMETERS}}]
    async with openai.AsyncOpenAI(base_url=openai_url, api_key="right", max_retries=0) as client:
        for streamed in (False, True):
            if streamed:
                async with client.chat.completions.stream(model="calls", messages=USER, tools=tools) as stream:
                    answer: Any = await stream.get_final_completion()
            else:
                answer = await client.chat.completions.create(model="calls", messages=USER, tools=tools)
            calls = answer.choices[0].message.tool_calls
            assert [json.loads(call.function.arguments)["city"] for call in calls] == ["São Paulo", "São Paulo"]
            assert answer.choices[0].finish_reason == "tool_calls"
        refused = await client.chat.completions.create(model="refusal", messages=USER)
        assert refused.choices[0].message.refusal == "I cannot help."
        form: Any = {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True}}
        formed = await client.chat.completions.create(model="json", messages=USER, response_format=form)
        assert json.loads(formed.choices[0].message.content or "") == {"name": "text"}


@pytest.mark.parametrize(
    ("name", "key", "error"),
    [
        ("echo", "wrong", openai.AuthenticationError),
        ("echo", "weak", openai.PermissionDeniedError),
        ("nobody", "right", openai.NotFoundError),
        ("limited", "right", openai.RateLimitError),
        ("status-413", "right", openai.APIStatusError),
        ("down", "right", openai.InternalServerError),
        ("mute", "right", openai.APIConnectionError),
    ],
)
async def test_openai_fails(openai_url: str, name: str, key: str, error: type[Exception]) -> None:
    async with openai.AsyncOpenAI(base_url=openai_url, api_key=key, max_retries=0) as client:
        with pytest.raises(error):
            await client.chat.completions.create(model=name, messages=USER)


async def test_openai_breaks_off_within_a_stream(openai_url: str) -> None:
    async with openai.AsyncOpenAI(base_url=openai_url, api_key="right", max_retries=0) as client:
        with pytest.raises(openai.APIError):
            [one async for one in await client.chat.completions.create(model="broken", messages=USER, stream=True)]


async def test_openai_tells_its_limits_in_headers(openai_url: str) -> None:
    async with openai.AsyncOpenAI(base_url=openai_url, api_key="right", max_retries=0) as client:
        raw = await client.chat.completions.with_raw_response.create(model="echo", messages=USER)
        assert raw.headers["x-ratelimit-remaining-requests"] == "41"


# Anthropic ---------------------------------------------------------------------------------------------------------------------


def claude(url: str, key: str = "right") -> anthropic.AsyncAnthropic:
    return anthropic.AsyncAnthropic(base_url=url.removesuffix("/v1"), api_key=key, max_retries=0)


async def test_anthropic_answers_and_streams(anthropic_url: str) -> None:
    async with claude(anthropic_url) as client:
        answer = await client.messages.create(model="echo", max_tokens=99, system="Be brief.", messages=USER)
        assert answer.content[0].to_dict()["text"] == "You said: hi there"
        assert (answer.stop_reason, answer.usage.input_tokens, answer.usage.output_tokens) == ("end_turn", 4, 4)
        async with client.messages.stream(model="cached", max_tokens=99, messages=USER) as stream:
            assert "".join([text async for text in stream.text_stream]) == "You said: hi there"
            whole = await stream.get_final_message()
        assert (whole.usage.input_tokens, whole.usage.cache_read_input_tokens, whole.usage.output_tokens) == (5, 3, 4)
        assert [one.id async for one in client.models.list()] == ["echo", "tools"]


async def test_anthropic_calls_tools_in_pieces_and_thinks(anthropic_url: str) -> None:
    tools: Any = [{"name": "weather", "input_schema": PARAMETERS}]
    async with claude(anthropic_url) as client:
        async with client.messages.stream(model="calls", max_tokens=99, messages=USER, tools=tools) as stream:
            whole = await stream.get_final_message()
        assert [cast("Any", block.to_dict())["input"]["city"] for block in whole.content] == ["São Paulo", "São Paulo"]
        assert whole.stop_reason == "tool_use"
        async with client.messages.stream(model="thinking", max_tokens=99, messages=USER) as stream:
            thought = await stream.get_final_message()
        assert [block.type for block in thought.content] == ["thinking", "text"]
        form: Any = {"format": {"type": "json_schema", "schema": SCHEMA}}
        formed = await client.messages.create(model="json", max_tokens=99, messages=USER, output_config=form)
        assert json.loads(str(formed.content[0].to_dict()["text"])) == {"name": "text"}


@pytest.mark.parametrize(
    ("name", "key", "error"),
    [
        ("echo", "wrong", anthropic.AuthenticationError),
        ("echo", "weak", anthropic.PermissionDeniedError),
        ("nobody", "right", anthropic.NotFoundError),
        ("limited", "right", anthropic.RateLimitError),
        ("status-529", "right", anthropic.APIStatusError),
        ("down", "right", anthropic.InternalServerError),
        ("mute", "right", anthropic.APIConnectionError),
    ],
)
async def test_anthropic_fails(anthropic_url: str, name: str, key: str, error: type[Exception]) -> None:
    async with claude(anthropic_url, key) as client:
        with pytest.raises(error):
            await client.messages.create(model=name, max_tokens=99, messages=USER)


async def test_anthropic_breaks_off_within_a_stream(anthropic_url: str) -> None:
    async with claude(anthropic_url) as client, client.messages.stream(model="broken", max_tokens=99, messages=USER) as stream:
        with pytest.raises(anthropic.APIStatusError):
            await stream.get_final_message()


# Gemini ------------------------------------------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def gemini(url: str, key: str = "right") -> AsyncIterator[Any]:
    """The official client; it leaves open the connections of a client that it is given."""
    async with httpx.AsyncClient() as http:
        options = types.HttpOptions(base_url=url.removesuffix("/v1beta"), api_version="v1beta", httpx_async_client=http)
        yield genai.Client(api_key=key, http_options=options).aio


async def test_gemini_answers_and_streams(gemini_url: str) -> None:
    async with gemini(gemini_url) as client:
        settings = types.GenerateContentConfig(system_instruction="Be brief.", max_output_tokens=99)
        answer = await client.models.generate_content(model="echo", contents="hi there", config=settings)
        assert (answer.text, answer.candidates[0].finish_reason.name) == ("You said: hi there", "STOP")
        assert (answer.usage_metadata.prompt_token_count, answer.usage_metadata.candidates_token_count) == (4, 4)
        pieces = [piece async for piece in await client.models.generate_content_stream(model="thinking", contents="hi there")]
        assert "".join(piece.text or "" for piece in pieces) == "You said: hi there"
        assert pieces[-1].usage_metadata.thoughts_token_count == 11
        assert {one.name async for one in await client.models.list()} == {"models/echo", "models/tools"}


async def test_gemini_calls_tools_and_filters(gemini_url: str) -> None:
    declared = types.FunctionDeclaration(name="weather", parameters_json_schema=PARAMETERS)
    settings = types.GenerateContentConfig(tools=[types.Tool(function_declarations=[declared])])
    async with gemini(gemini_url) as client:
        answer = await client.models.generate_content(model="calls", contents="hi", config=settings)
        assert [call.args["city"] for call in answer.function_calls] == ["São Paulo", "São Paulo"]
        assert answer.candidates[0].content.parts[0].thought_signature == b"signed"
        blocked = await client.models.generate_content(model="filter", contents="hi")
        assert blocked.prompt_feedback.block_reason.name == "SAFETY"
        form = types.GenerateContentConfig(response_mime_type="application/json", response_json_schema=SCHEMA)
        assert json.loads((await client.models.generate_content(model="json", contents="hi", config=form)).text) == {"name": "text"}


@pytest.mark.parametrize(
    ("name", "key", "code"),
    [("echo", "wrong", 401), ("nobody", "right", 404), ("exhausted", "right", 429), ("down", "right", 500), ("status-503", "right", 503)],
)
async def test_gemini_fails(gemini_url: str, name: str, key: str, code: int) -> None:
    async with gemini(gemini_url, key) as client:
        with pytest.raises(genai_errors.APIError) as caught:
            await client.models.generate_content(model=name, contents="hi")
        assert caught.value.code == code


# The bill ----------------------------------------------------------------------------------------------------------------------


async def test_a_twin_bills_what_it_did_and_keeps_what_it_was_sent() -> None:
    with openai_twin() as url:
        async with openai.AsyncOpenAI(base_url=url, api_key="right", max_retries=0) as client:
            await client.chat.completions.create(model="words-30", messages=USER)
            [one async for one in await client.chat.completions.create(model="words-20", messages=USER, stream=True)]
            with pytest.raises(openai.InternalServerError):
                await client.chat.completions.create(model="down", messages=USER)
        done = state(url)
        assert (done.requests, done.answered, done.input_tokens, done.output_tokens) == (3, 2, 4, 50)
        assert [body["model"] for body in seen(url)] == ["words-30", "words-20", "down"]
