"""The provider against a twin of an OpenAI-compatible server, which is itself checked by the official client."""

import json
import logging
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import openai
import pytest

from hulk.kernel.errors import HulkError, Refused
from hulk.modules.router import Model
from hulk.modules.router.adapters.guarded import GuardedProvider
from hulk.modules.router.adapters.provider import OpenAiCompatible
from hulk.modules.router.domain.model import Prompt, Uncertain, Unsent
from hulk.modules.router.ports import Provider
from hulk.runtime.breaker import Breakers
from support.openai_twin import openai_twin

PROMPT = Prompt(instructions="Be brief.", text="canary-4711 hello")


@pytest.fixture(scope="module")
def twin() -> Iterator[str]:
    with openai_twin() as url:
        yield url


CONFORMING: dict[str, Callable[[Provider, Breakers], Provider]] = {
    "OpenAI-compatible": lambda provider, _: provider,
    "OpenAI-compatible behind a breaker": GuardedProvider,
}


@pytest.fixture(params=list(CONFORMING))
async def provider(request: pytest.FixtureRequest) -> AsyncIterator[Provider]:
    """Each in turn, asking the twin."""
    provider = OpenAiCompatible()
    async with Breakers().working() as breakers:
        yield CONFORMING[request.param](provider, breakers)
    await provider.close()


def model(url: str, name: str, **more: Any) -> Model:
    return Model(name="acme", url=url, model=name, **{"api_key": "right", "total_seconds": 10.0, **more})


def seen(url: str) -> Any:
    with urllib.request.urlopen(url.removesuffix("/v1") + "/seen") as response:  # noqa: S310  # our own twin
        return json.load(response)


async def test_the_official_client_finds_the_twin_right(twin: str) -> None:
    async with openai.AsyncOpenAI(base_url=twin, api_key="right", max_retries=0) as client:
        answer = await client.chat.completions.create(model="echo", messages=[{"role": "user", "content": "hi there"}])
        assert (answer.choices[0].message.content, answer.choices[0].finish_reason) == ("You said: hi there", "stop")
        assert answer.usage is not None
        assert answer.usage.total_tokens == 6
        for name, error in (("limited", openai.RateLimitError), ("down", openai.InternalServerError), ("nobody", openai.NotFoundError)):
            with pytest.raises(error):
                await client.chat.completions.create(model=name, messages=[{"role": "user", "content": "hi"}])
        with pytest.raises(openai.AuthenticationError):
            await client.with_options(api_key="wrong").chat.completions.create(model="echo", messages=[{"role": "user", "content": "hi"}])


async def test_an_answer_comes_with_its_tokens(twin: str, provider: Provider) -> None:
    completion = await provider.complete(model(twin, "echo", most_output_tokens=77), PROMPT)
    assert completion.text == "You said: canary-4711 hello"
    assert (completion.input_tokens, completion.output_tokens, completion.cut) == (4, 4, False)
    body = seen(twin)[-1]
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert body["max_tokens"] == 77
    assert not body.get("stream")


async def test_an_answer_that_was_cut_says_so(twin: str, provider: Provider) -> None:
    assert (await provider.complete(model(twin, "cut"), PROMPT)).cut


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        pytest.param({"api_key": "wrong"}, Refused, "api_key", id="wrong key"),
        pytest.param({"model": "nobody"}, Refused, "nobody", id="unknown model"),
        pytest.param({"model": "limited"}, Unsent, "429", id="too many requests"),
        pytest.param({"model": "down"}, Unsent, "500", id="server error"),
        pytest.param({"model": "slow", "total_seconds": 0.3}, Uncertain, "0.3 seconds", id="slow"),
        pytest.param({"model": "truncated"}, Uncertain, "part", id="truncated"),
        pytest.param({"model": "garbage"}, Uncertain, "no answer", id="not JSON"),
        pytest.param({"url": "http://127.0.0.1:9/v1"}, Unsent, "cannot be reached", id="nobody listens"),
    ],
)
async def test_what_goes_wrong_is_told_by_what_can_be_done(
    twin: str, provider: Provider, changes: dict[str, Any], error: type[HulkError], words: str
) -> None:
    asked = {"url": twin, "name": "echo"} | {("name" if key == "model" else key): value for key, value in changes.items()}
    begun = time.monotonic()
    with pytest.raises(error) as caught:
        await provider.complete(model(**asked), PROMPT)
    assert words in str(caught.value)
    assert "acme" in str(caught.value)
    assert "canary" not in str(caught.value)
    assert time.monotonic() - begun < 5
    if changes.get("model") == "limited":
        assert isinstance(caught.value, Unsent)
        assert caught.value.retry_after == 7


async def test_neither_question_nor_key_is_logged(twin: str, provider: Provider, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        await provider.complete(model(twin, "echo", api_key="sk-hidden-hidden-hidden"), PROMPT)
    assert "canary" not in caplog.text
    assert "hidden" not in caplog.text + repr(model(twin, "echo", api_key="sk-hidden-hidden-hidden")) + repr(PROMPT)
