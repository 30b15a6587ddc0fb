"""Any OpenAI-compatible server, through pydantic-ai's direct requests over aiohttp. Nothing that is asked or answered is logged."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from hulk.kernel.errors import HulkError, Refused
from hulk.kernel.text import Text
from hulk.modules.router.domain.model import Completion, Model, Prompt, Uncertain, Unsent

if TYPE_CHECKING:  # 1.6 s and 60 MB: loaded when the first question goes to a model
    from openai import AsyncOpenAI
    from pydantic_ai.messages import ModelResponse
    from pydantic_ai.models.openai import OpenAIChatModel

    Opened: TypeAlias = tuple[AsyncOpenAI, OpenAIChatModel]


class OpenAiCompatible:
    """`Provider`, with one pool of connections per model. Close it at the end. `key_of` gives a model's key as it is now."""

    def __init__(self, key_of: Callable[[Model], str] = lambda model: model.api_key) -> None:
        self._key_of = key_of
        self._opened: dict[Model, Opened] = {}

    async def complete(self, model: Model, prompt: Prompt) -> Completion:
        """See `Provider`."""
        if model not in self._opened:
            self._opened[model] = await asyncio.to_thread(_opened, model, self._key_of)
        try:
            async with asyncio.timeout(model.total_seconds):
                response = await _asked(self._opened[model][1], model, prompt)
        except TimeoutError as error:
            raise _slow(model) from error
        return _completion(model, response)

    async def close(self) -> None:
        """Close all connections."""
        while self._opened:
            _, (client, _chat) = self._opened.popitem()
            await client.close()


def _opened(model: Model, key_of: Callable[[Model], str]) -> "Opened":
    async def key() -> str:
        return key_of(model) or "none"  # the client insists on one; servers without keys ignore it

    try:
        import httpx2  # these four: see TYPE_CHECKING above
        from httpx_aiohttp.httpx2 import Httpx2AiohttpClient
        from openai import AsyncOpenAI
        from pydantic_ai.models.openai import OpenAIChatModel
        from pydantic_ai.profiles.openai import OpenAIModelProfile
        from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider
    except ImportError as error:
        raise Refused("Asking {model} needs packages that are not installed: pip install 'hulk-ops[models]'.", model=model.name) from error
    timeout = httpx2.Timeout(model.total_seconds, connect=model.connect_seconds)
    client = AsyncOpenAI(
        base_url=model.url,
        api_key=key,
        max_retries=0,  # each attempt is paid for: the caller repeats
        http_client=Httpx2AiohttpClient(timeout=timeout, trust_env=not model.local),  # no proxy sees what must stay here
    )
    # `max_tokens` is the older name of the limit and the one that every compatible server knows; OpenAI itself wants the newer.
    newer = httpx2.URL(model.url).host == "api.openai.com"
    profile = OpenAIModelProfile(openai_chat_supports_max_completion_tokens=newer)
    return client, OpenAIChatModel(model.model, provider=OpenAICompatibleProvider(model.name, openai_client=client), profile=profile)


async def _asked(chat: "OpenAIChatModel", model: Model, prompt: Prompt) -> "ModelResponse":
    from pydantic_ai import ModelRequest, exceptions  # see TYPE_CHECKING above
    from pydantic_ai.direct import model_request
    from pydantic_ai.settings import ModelSettings

    request = ModelRequest.user_text_prompt(prompt.text, instructions=prompt.instructions)
    try:
        return await model_request(chat, [request], model_settings=ModelSettings(max_tokens=model.most_output_tokens))
    except exceptions.ModelAPIError as error:
        raise _translated(model, error) from error
    except exceptions.UnexpectedModelBehavior as error:
        raise _nonsense(model) from error


def _translated(model: Model, error: Exception) -> HulkError:
    from pydantic_ai import exceptions  # see TYPE_CHECKING above

    if isinstance(error, exceptions.ModelHTTPError):
        return _of_status(model, error.status_code, error.retry_after)
    if isinstance(error, exceptions.ModelConnectionError) and error.phase in ("pool", "connect"):
        return Unsent(
            "{model} cannot be reached at {url}: is it running, and is models.providers.url right?", model=model.name, url=model.url
        )
    if isinstance(error, exceptions.ModelTimeoutError):
        return _slow(model)
    return _nonsense(model)


def _of_status(model: Model, status: int, retry_after: float | None) -> HulkError:
    if status in (401, 403):
        return Refused(
            "{model} refuses the key it was given ({status}): check api_key of that name in models.providers.",
            model=model.name,
            status=status,
        )
    if status == 404:
        return Refused(
            "{url} does not know the model “{vendor}” or is no such API (404): check url and model of {model} in models.providers.",
            url=model.url,
            vendor=model.model,
            model=model.name,
        )
    if status in (408, 409, 425, 429) or status >= 500:
        return Unsent(Text("{model} cannot answer right now ({status}).", model=model.name, status=status), retry_after=retry_after)
    return Refused("{model} does not take this request ({status}).", model=model.name, status=status)


def _slow(model: Model) -> Uncertain:
    return Uncertain(Text("{model} did not answer within {seconds} seconds.", model=model.name, seconds=model.total_seconds))


def _nonsense(model: Model) -> Uncertain:
    return Uncertain(Text("{model} sent something that is no answer, or only a part of one.", model=model.name))


def _completion(model: Model, response: "ModelResponse") -> Completion:
    from pydantic_ai.messages import TextPart  # see TYPE_CHECKING above

    text = "".join(part.content for part in response.parts if isinstance(part, TextPart))
    usage = response.usage
    if not (usage.input_tokens or usage.output_tokens or model.local):
        raise Uncertain(Text("{model} answered without telling what it used, so it cannot be paid for rightly.", model=model.name))
    return Completion(text=text, input_tokens=usage.input_tokens, output_tokens=usage.output_tokens, cut=response.finish_reason == "length")
