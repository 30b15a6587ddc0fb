"""Models of all vendors: asked in the dialect of their kind, over one gated transport, once per call. Nothing that is asked or answered is
logged."""

import asyncio
import contextlib
import importlib
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from hulk.kernel.errors import Refused
from hulk.modules.router.adapters.vendors import embeddings
from hulk.modules.router.adapters.vendors.anthropic import AnthropicDialect
from hulk.modules.router.adapters.vendors.dialect import Asking, Broken, Dialect
from hulk.modules.router.adapters.vendors.events import Overlong
from hulk.modules.router.adapters.vendors.failures import of_status, reaching, reading
from hulk.modules.router.adapters.vendors.gemini import GeminiDialect
from hulk.modules.router.adapters.vendors.openai import OpenAiDialect
from hulk.modules.router.adapters.vendors.reading import Answer, Clock, at_once
from hulk.modules.router.domain.model import Completion, Delta, Embedded, Kind, Model, Prompt, fitted
from hulk.modules.router.ports import Gate

if TYPE_CHECKING:  # loaded when the first question goes to a model
    from hulk.modules.router.adapters.vendors.way import Response, Way

_OPENAI = OpenAiDialect()
DIALECTS: Mapping[Kind, Dialect] = {
    "openai": _OPENAI,
    "anthropic": AnthropicDialect(),
    "google": GeminiDialect(),
    "deepseek": _OPENAI,
    "xai": _OPENAI,
    "zai": _OPENAI,
    "ollama": _OPENAI,
    "compatible": _OPENAI,
}
_MOST_ERROR = 100_000
"""Bytes of an error that are read."""
_WAY = "hulk.modules.router.adapters.vendors.way"
"""By name, as it brings packages that are large, and that an installation without models does not have."""
_HEADERS: Mapping[str, str] = {"content-type": "application/json", "accept-encoding": "identity"}


class Vendors:
    """`Provider` over HTTP. Every request passes `gate`; `key_of` gives a model's key as it is now. Close it at the end."""

    def __init__(self, gate: Gate, key_of: Callable[[Model], str] = lambda model: model.api_key) -> None:
        self._gate = gate
        self._key_of = key_of
        self._opening = asyncio.Lock()
        self._ways: dict[bool, Way] = {}

    async def complete(self, model: Model, prompt: Prompt) -> Completion:
        """See `Provider`."""
        asked, clock = fitted(model, prompt), Clock(replace(model, first_token_seconds=model.total_seconds))
        async with self._answering(model, prompt, asked, clock, streaming=False) as answer:
            return await answer.whole()

    @contextlib.asynccontextmanager
    async def stream(self, model: Model, prompt: Prompt) -> AsyncIterator[AsyncIterator[Delta]]:
        """See `Provider`. What cannot be told piece by piece comes in one."""
        if not model.abilities.streaming or (prompt.tools and not model.abilities.tools):
            yield _at_once(await self.complete(model, prompt))
            return
        async with (
            self._answering(model, prompt, fitted(model, prompt), Clock(model), streaming=True) as answer,
            contextlib.aclosing(answer.deltas()) as deltas,
        ):
            yield deltas

    async def embed(self, model: Model, prompt: Prompt, dimensions: int | None = None) -> Embedded:
        """See `Provider`. Only those that speak OpenAI's API make vectors."""
        dialect, clock = DIALECTS[model.kind], Clock(replace(model, first_token_seconds=model.total_seconds))
        if not isinstance(dialect, OpenAiDialect):
            raise Refused("{model} makes no vectors: {kind} is not asked for any.", model=model.name, kind=model.kind)
        async with contextlib.AsyncExitStack() as stack:
            response = await clock.within(
                stack.enter_async_context(self._responding(model, embeddings.asking(model, prompt, dimensions), dialect))
            )
            with reading(model):
                body = await clock.within(response.read(embeddings.most_bytes(prompt)))
                found = await asyncio.to_thread(embeddings.heard, model, prompt, body)  # many numbers take a while to read
        return replace(found, limits=dialect.limits(response.headers))

    async def probe(self, model: Model) -> None:
        """Ask for the list of models, which costs nothing. Whatever the server says shows that it works, but 429 and 5xx; then, and when
        nothing comes, raises `Unsent` or `Uncertain`."""
        way, headers = await self._way(model), DIALECTS[model.kind].authorised(self._key(model))
        with reaching(model):
            async with way.ask(f"{model.url}/models", headers, None, model.connect_seconds) as response:
                if response.status == 429 or response.status >= 500:
                    raise of_status(model, response.status, response.headers, b"", DIALECTS[model.kind])

    async def close(self) -> None:
        """Close all connections."""
        while self._ways:
            await self._ways.popitem()[1].close()

    @contextlib.asynccontextmanager
    async def _answering(self, model: Model, prompt: Prompt, asked: Prompt, clock: Clock, *, streaming: bool) -> AsyncIterator[Answer]:
        """An answer that has begun to come. Raises what the port raises when there is none; its connection is closed at the end."""
        dialect = DIALECTS[model.kind]
        async with contextlib.AsyncExitStack() as stack:
            response = await clock.within(
                stack.enter_async_context(self._responding(model, dialect.asking(model, asked, streaming=streaming), dialect))
            )
            yield Answer(model, prompt, asked, dialect, response, clock)

    @contextlib.asynccontextmanager
    async def _responding(self, model: Model, asking: Asking, dialect: Dialect) -> "AsyncIterator[Response]":
        way = await self._way(model)
        headers = {**_HEADERS, **dialect.authorised(self._key(model))}
        body = json.dumps(asking.body, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")
        async with contextlib.AsyncExitStack() as stack:
            with reaching(model):
                response = await stack.enter_async_context(way.ask(model.url + asking.path, headers, body, model.connect_seconds))
            if response.status != 200:
                raise of_status(model, response.status, response.headers, await _error(response), dialect)
            yield response

    def _key(self, model: Model) -> str:
        key = self._key_of(model)
        if not (key.isascii() and key.isprintable()):
            raise Refused("The key of {model} holds what no key does: check api_key of that name in models.providers.", model=model.name)
        return key

    async def _way(self, model: Model) -> "Way":
        async with self._opening:
            if model.local not in self._ways:
                self._ways[model.local] = await asyncio.to_thread(_opened, self._gate, model)
        return self._ways[model.local]


def _opened(gate: Gate, model: Model) -> "Way":
    try:
        way = importlib.import_module(_WAY)
    except ImportError as error:
        raise Refused("Asking {model} needs packages that are not installed: pip install 'hulk-ops[models]'.", model=model.name) from error
    opened: Way = way.Way(gate, local=model.local)
    return opened


async def _error(response: "Response") -> bytes:
    """What an error's body says. The status says enough when it is too long or breaks off."""
    try:
        return await response.read(_MOST_ERROR)
    except (Broken, Overlong):
        return b""


async def _at_once(completion: Completion) -> AsyncGenerator[Delta]:
    for delta in at_once(completion):
        yield delta
