"""An answer while it comes: within its time, up to its limit of tokens."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Iterator
from typing import TYPE_CHECKING, TypeVar

from hulk.modules.router.adapters.vendors.dialect import Broken, Dialect, Heard, Heeded, Interrupted, Thought, most_output
from hulk.modules.router.adapters.vendors.events import Lines, Overlong
from hulk.modules.router.adapters.vendors.failures import reading, slow
from hulk.modules.router.domain.model import CallPart, Completion, Counter, Delta, Ended, Model, Prompt, Said, reread

if TYPE_CHECKING:  # comes with packages that are large
    from hulk.modules.router.adapters.vendors.way import Response

T = TypeVar("T")
_LINGER = 0.05
"""Seconds that are waited for the end of a stream that is over, so that its connection can be used again."""


class Clock:
    """How long an answer may still take, and to its first token. Time that the reader takes between pieces counts too."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._begun = asyncio.get_running_loop().time()
        self.alive = False
        """Whether the model has begun to answer or to think."""

    async def within(self, act: Awaitable[T]) -> T:
        """What `act` gives; raises `Uncertain` when the time is over."""
        seconds = self._model.total_seconds if self.alive else min(self._model.first_token_seconds, self._model.total_seconds)
        try:
            async with asyncio.timeout_at(self._begun + seconds):
                return await act
        except TimeoutError as error:
            raise slow(self._model, seconds) from error


class Answer:
    """An answer to `prompt`, which was `asked` in its place. All methods raise as the port does."""

    def __init__(self, model: Model, prompt: Prompt, asked: Prompt, dialect: Dialect, response: "Response", clock: Clock) -> None:
        self._model = model
        self._prompt = prompt
        self._asked = asked
        self._dialect = dialect
        self._response = response
        self._clock = clock
        self._heard = Heard()
        self._counter = Counter()

    async def whole(self) -> Completion:
        """In one piece."""
        with reading(self._model):
            self._dialect.whole(self._heard, await self._clock.within(self._response.read()))
        return self._completion()

    async def deltas(self) -> AsyncGenerator[Delta]:
        """Piece by piece; in one from a server that was asked to stream and does not. Left off when it has passed its limit."""
        if self._response.headers.get("content-type", "").startswith("application/json"):
            for delta in at_once(await self.whole()):
                yield delta
            return
        async with contextlib.aclosing(self._response.pieces()) as pieces, contextlib.aclosing(self._events(pieces)) as events:
            async for data in events:
                for delta in self._news(data):
                    yield delta
                if self._passed:
                    yield Ended(self._completion(cut=True))
                    return
            with reading(self._model):
                self._all_there()
            yield Ended(self._completion())
            await _rest(pieces)

    async def _events(self, pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
        lines = Lines()
        while not self._heard.over:
            with reading(self._model):
                piece = await self._clock.within(anext(pieces, None))
                found = () if piece is None else lines.events(piece)
            for data in found:
                yield data
            if piece is None:
                return

    def _news(self, data: bytes) -> Iterator[Delta]:
        with reading(self._model):
            news = self._dialect.piece(self._heard, data)
        for one in news:
            self._clock.alive = True
            self._counter.add(_words(one))
            if not isinstance(one, Thought):
                yield one

    @property
    def _passed(self) -> bool:
        """Whether more has come than may, and it does not end by itself."""
        told = self._heard.tokens.output if self._heard.tokens else 0
        return max(self._counter.least, told) > most_output(self._model, self._asked) and self._heard.finish is None

    def _all_there(self) -> None:
        if self._heard.finish is None and not (self._heard.over and (self._heard.text or self._heard.calls)):
            raise Interrupted

    def _completion(self, *, cut: bool = False) -> Completion:
        limits = self._dialect.limits(self._response.headers)
        return reread(self._model, self._prompt, self._heard.completion(self._model, self._asked, limits, cut=cut))


def at_once(completion: Completion) -> Iterator[Delta]:
    """An answer that is there already, as if it came."""
    if completion.text:
        yield Said(completion.text)
    for place, call in enumerate(completion.calls):
        yield CallPart(place, call.id, call.name, call.arguments)
    yield Ended(completion)


def _words(delta: Heeded) -> str:
    if isinstance(delta, Said | Thought):
        return delta.text
    return delta.name + delta.arguments if isinstance(delta, CallPart) else ""


async def _rest(pieces: AsyncIterator[bytes]) -> None:
    """To the end of a response, if that is near."""
    with contextlib.suppress(Broken, Overlong, TimeoutError):
        async with asyncio.timeout(_LINGER):
            async for _ in pieces:
                pass
