"""The routes."""

from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import AsyncExitStack

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from hulk.kernel.records import JsonObject
from hulk.kernel.text import Voice
from hulk.modules.router.api.openai.answers import Chunks, answered_headers, headers, whole
from hulk.modules.router.api.openai.around import Told
from hulk.modules.router.api.openai.bodies import ChatBody
from hulk.modules.router.api.openai.errors import ERRORS
from hulk.modules.router.domain.asked import AUTO
from hulk.modules.router.usecases.gateway import Decided, Gateway, require
from hulk.runtime.http import Caller, ServerEvent, Spoken, events, tell

PATHS = ("/v1/chat/completions", "/v1/embeddings", "/v1/models")
"""Where problems are told in OpenAI's form."""


def routes(gateway: Gateway) -> APIRouter:
    """All of them."""
    router = APIRouter(prefix="/v1", tags=["gateway"], responses=ERRORS)

    @router.post("/chat/completions", summary="Ask a model, or let Hulk choose one (`model: auto`)", response_model=None)
    async def chat(body: ChatBody, caller: Caller, voice: Spoken, around: Told, request: Request) -> Response:
        """As OpenAI's, streaming too. What must stay in the company goes to local models only; budgets and policies hold."""
        decided = await gateway.decide(caller, around.call(body, voice))
        tell(request, headers(decided))
        return await (_streamed(gateway, decided, body, voice) if body.stream else _whole(gateway, decided))

    @router.get("/models", summary="The models that may be asked for by name")
    async def models(caller: Caller) -> JsonObject:
        """As OpenAI's; `auto` lets Hulk choose."""
        require(caller)
        answering = ((AUTO, "hulk"), *((one.name, one.kind) for one in gateway.models))
        embedding = ((one.name, one.kind) for one in gateway.others)
        return {"object": "list", "data": [*_listed(answering, "chat"), *_listed(embedding, "embedding")]}

    return router


async def _whole(gateway: Gateway, decided: Decided) -> Response:
    answered = await gateway.complete(decided)
    return JSONResponse(whole(decided, answered), headers=answered_headers(decided, answered))


async def _streamed(gateway: Gateway, decided: Decided, body: ChatBody, voice: Voice) -> Response:
    """The answer has begun when this returns: what fails before is told as any error is."""
    async with AsyncExitStack() as stack:
        streaming = await stack.enter_async_context(gateway.stream(decided))
        chunks = Chunks(decided, streaming, voice, with_usage=bool(body.stream_options and body.stream_options.include_usage))
        response = events(_Closing(chunks.events(), stack.pop_all()))
    response.headers.update({**headers(decided), "x-hulk-model": streaming.able.model.name})
    return response


class _Closing:
    """What `source` gives; with it, what was open for it is closed, also when nothing was ever taken."""

    def __init__(self, source: AsyncGenerator[ServerEvent], stack: AsyncExitStack) -> None:
        self._source, self._stack = source, stack

    def __aiter__(self) -> "_Closing":
        return self

    async def __anext__(self) -> ServerEvent:
        return await anext(self._source)

    async def aclose(self) -> None:
        """Close both."""
        async with self._stack:
            await self._source.aclose()


def _listed(named: Iterable[tuple[str, str]], purpose: str) -> Iterator[JsonObject]:
    """As OpenAI lists them, and besides what they are for."""
    return ({"id": name, "object": "model", "created": 0, "owned_by": owner, "purpose": purpose} for name, owner in named)
