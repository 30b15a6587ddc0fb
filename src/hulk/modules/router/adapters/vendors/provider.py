"""Models of all vendors: asked in the dialect of their kind, over one gated transport, once per call. Nothing that is asked or answered is
logged."""

import asyncio
import contextlib
import importlib
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING

from hulk.kernel.errors import Refused
from hulk.modules.router.adapters.vendors.anthropic import AnthropicDialect
from hulk.modules.router.adapters.vendors.dialect import Broken, Dialect, Heard, Interrupted, Thought, most_output
from hulk.modules.router.adapters.vendors.events import Overlong, events
from hulk.modules.router.adapters.vendors.failures import of_status, reaching, reading, slow
from hulk.modules.router.adapters.vendors.gemini import GeminiDialect
from hulk.modules.router.adapters.vendors.openai import OpenAiDialect
from hulk.modules.router.domain.model import (
    CallPart,
    Completion,
    Counter,
    Delta,
    Ended,
    Kind,
    Model,
    Prompt,
    Said,
    fitted,
    reread,
)
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
_LINGER = 0.05
"""Seconds that are waited for the end of a stream that is over, so that its connection can be used again."""


class Vendors:
    """`Provider` over HTTP. Every request passes `gate`; `key_of` gives a model's key as it is now. Close it at the end."""

    def __init__(self, gate: Gate, key_of: Callable[[Model], str] = lambda model: model.api_key) -> None:
        self._gate = gate
        self._key_of = key_of
        self._opening = asyncio.Lock()
        self._ways: dict[bool, Way] = {}

    async def complete(self, model: Model, prompt: Prompt) -> Completion:
        """See `Provider`."""
        asked, dialect, heard = fitted(model, prompt), DIALECTS[model.kind], Heard()
        try:
            async with asyncio.timeout(model.total_seconds), self._answered(model, asked, streaming=False) as response:
                with reading(model):
                    dialect.whole(heard, await response.read())
        except TimeoutError as error:
            raise slow(model, model.total_seconds) from error
        return reread(model, prompt, heard.completion(model, asked, dialect.limits(response.headers)))

    @contextlib.asynccontextmanager
    async def stream(self, model: Model, prompt: Prompt) -> AsyncIterator[AsyncIterator[Delta]]:
        """See `Provider`. What cannot be told piece by piece comes in one."""
        if not model.abilities.streaming or (prompt.tools and not model.abilities.tools):
            yield _pieces(await self.complete(model, prompt))
            return
        asked, clock = fitted(model, prompt), _Clock(model)
        async with contextlib.AsyncExitStack() as stack:
            async with clock.running():
                response = await stack.enter_async_context(self._answered(model, asked, streaming=True))
            yield await stack.enter_async_context(contextlib.aclosing(_deltas(model, prompt, asked, response, clock)))

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
    async def _answered(self, model: Model, asked: Prompt, *, streaming: bool) -> "AsyncIterator[Response]":
        """A response that is an answer. Raises what the port raises when there is none."""
        way, dialect = await self._way(model), DIALECTS[model.kind]
        asking = dialect.asking(model, asked, streaming=streaming)
        headers = {"content-type": "application/json", "accept-encoding": "identity", **asking.headers}
        headers |= dialect.authorised(self._key(model))
        body = json.dumps(asking.body, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")
        async with contextlib.AsyncExitStack() as stack:
            with reaching(model):
                response = await stack.enter_async_context(way.ask(model.url + asking.path, headers, body, model.connect_seconds))
                said = b"" if response.status == 200 else await _error(response)
            if response.status != 200:
                raise of_status(model, response.status, response.headers, said, dialect)
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


class _Clock:
    """How long an answer may still take, and to its first token. Time that the reader takes between pieces counts too."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._begun = asyncio.get_running_loop().time()
        self.alive = False
        """Whether the model has begun to answer or to think."""

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Raises `Uncertain` when the time is over."""
        seconds = self._model.total_seconds if self.alive else min(self._model.first_token_seconds, self._model.total_seconds)
        try:
            async with asyncio.timeout_at(self._begun + seconds):
                yield
        except TimeoutError as error:
            raise slow(self._model, seconds) from error


async def _deltas(model: Model, prompt: Prompt, asked: Prompt, response: "Response", clock: _Clock) -> AsyncGenerator[Delta]:
    """What an answer brings, and at last all of it. Left off at the first piece that passes the token limit."""
    if response.headers.get("content-type", "").startswith("application/json"):
        async for delta in _pieces(await _at_once(model, prompt, asked, response, clock)):
            yield delta
        return
    dialect, heard, counter = DIALECTS[model.kind], Heard(), Counter()
    most, limits = most_output(model, asked), DIALECTS[model.kind].limits(response.headers)
    async with contextlib.aclosing(events(response.pieces())) as source:
        while not heard.over and (data := await _next(source, model, clock)) is not None:
            with reading(model):
                news = dialect.piece(heard, data)
            for one in news:
                clock.alive = True
                counter.add(_words(one))
                if not isinstance(one, Thought):
                    yield one
            if max(counter.least, heard.tokens.output if heard.tokens else 0) > most and heard.finish is None:
                yield Ended(heard.completion(model, asked, limits, cut=True))
                return
        with reading(model):
            _whole_or_interrupted(heard)
        yield Ended(reread(model, prompt, heard.completion(model, asked, limits)))
        await _rest(source)


async def _at_once(model: Model, prompt: Prompt, asked: Prompt, response: "Response", clock: _Clock) -> Completion:
    """The answer of a server that does not stream though it was asked to."""
    dialect, heard = DIALECTS[model.kind], Heard()
    with reading(model):
        async with clock.running():
            dialect.whole(heard, await response.read())
    return reread(model, prompt, heard.completion(model, asked, dialect.limits(response.headers)))


async def _next(source: AsyncIterator[bytes], model: Model, clock: _Clock) -> bytes | None:
    """The next event; None at the end. Raises what the port raises."""
    with reading(model):
        async with clock.running():
            return await anext(source, None)


async def _rest(source: AsyncIterator[bytes]) -> None:
    """To the end of a response, if that is near."""
    with contextlib.suppress(Broken, Overlong, TimeoutError):
        async with asyncio.timeout(_LINGER):
            async for _ in source:
                pass


async def _error(response: "Response") -> bytes:
    """What an error's body says. The status says enough when it is too long or breaks off."""
    try:
        return await response.read(_MOST_ERROR)
    except (Broken, Overlong):
        return b""


def _whole_or_interrupted(heard: Heard) -> None:
    if heard.finish is None and not (heard.over and (heard.text or heard.calls)):
        raise Interrupted


def _words(delta: Delta | Thought) -> str:
    if isinstance(delta, Said | Thought):
        return delta.text
    return delta.name + delta.arguments if isinstance(delta, CallPart) else ""


async def _pieces(completion: Completion) -> AsyncGenerator[Delta]:
    """An answer that is there already, as if it came."""
    if completion.text:
        yield Said(completion.text)
    for place, call in enumerate(completion.calls):
        yield CallPart(place, call.id, call.name, call.arguments)
    yield Ended(completion)
