"""The routes."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from fastapi import APIRouter, Depends, Header, Request
from pydantic import AfterValidator, Field
from starlette.responses import JSONResponse, Response

from hulk.kernel.text import Voice, writable
from hulk.modules.router.api.openai.answers import Chunks, answered_headers, headers, whole
from hulk.modules.router.api.openai.bodies import ChatBody
from hulk.modules.router.usecases.gateway import Call, Decided, Gateway
from hulk.runtime.http import Caller, ServerEvent, Spoken, events, tell

PATHS = ("/v1/chat/completions", "/v1/embeddings", "/v1/models")
"""Where problems are told in OpenAI's form."""

_Name: TypeAlias = Annotated[str, AfterValidator(writable), Field(max_length=128, pattern=r"^[ -~]*$")]


@dataclass(frozen=True, slots=True)
class Around:
    """What a caller says of its request in headers."""

    channel: str
    agent: str
    episode: str
    p0: bool

    def call(self, body: ChatBody, voice: Voice) -> Call:
        """The call as the acts take it."""
        return Call(
            prompt=body.prompt(), language=voice.language, wanted=body.model, channel=self.channel, agent=self.agent,
            episode=self.episode, p0=self.p0,
        )  # fmt: skip


async def _around(
    x_hulk_channel: Annotated[_Name, Header(description="The channel that it came through.")] = "",
    x_hulk_agent: Annotated[_Name, Header(description="The agent that asks.")] = "",
    x_hulk_episode: Annotated[_Name, Header(description="The conversation that it belongs to.")] = "",
    x_hulk_sensitivity: Annotated[Literal["p0", ""], Header(description="`p0` when it must stay in the company.")] = "",
) -> Around:
    return Around(x_hulk_channel, x_hulk_agent, x_hulk_episode, p0=x_hulk_sensitivity == "p0")


Told: TypeAlias = Annotated[Around, Depends(_around)]


def routes(gateway: Gateway) -> APIRouter:
    """All of them."""
    router = APIRouter(prefix="/v1", tags=["gateway"])

    @router.post("/chat/completions", summary="Ask a model, or let Hulk choose one (`model: auto`)", response_model=None)
    async def chat(body: ChatBody, caller: Caller, voice: Spoken, around: Told, request: Request) -> Response:
        """As OpenAI's, streaming too. What must stay in the company goes to local models only; budgets and policies hold."""
        decided = await gateway.decide(caller, around.call(body, voice))
        tell(request, headers(decided))
        return await (_streamed(gateway, decided, body, voice) if body.stream else _whole(gateway, decided))

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
