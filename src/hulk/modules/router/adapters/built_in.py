"""The embedding model that comes with Hulk: no key, no network, no cost, and nothing leaves this process.

It has a thread and an engine of its own, not those that recognise what people ask for: many texts would keep those waiting. What it has
made is not remembered: how soon an answer comes would tell one tenant what another has sent.
"""

import asyncio
from array import array
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from hulk.kernel.errors import Refused
from hulk.modules.router.domain.model import Completion, Delta, Embedded, Model, Prompt
from hulk.modules.router.ports import Provider

if TYPE_CHECKING:  # numpy is loaded with the engine, at the first text
    import numpy as np
    from numpy.typing import NDArray

BUILT_IN = Model(name="multilingual-e5-small", url="", model="multilingual-e5-small", purpose="embeddings", local=True)
SIZE = 384
MOST_TOKENS = 2048
"""Of one text: the engine cannot be stopped within one. About a second."""
BATCH_TOKENS = 512
"""Of texts that are computed at once: the longest that somebody else's wait for the thread."""


class Engine(Protocol):
    """What is needed of `hulk.runtime.models.LocalEmbedder`."""

    async def tokens(self, texts: Sequence[str]) -> Sequence[int]:
        """How many tokens each text has. Raises `Refused` when the engine does not run here."""

    async def embed(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """One row of length 1 per text."""


@dataclass(frozen=True, slots=True)
class WithBuiltIn:
    """`Provider` that makes the vectors of `model` by itself, and asks `inner` for all else."""

    inner: Provider
    engine: Engine
    model: Model = BUILT_IN

    async def complete(self, model: Model, prompt: Prompt) -> Completion:
        """See `Provider`."""
        return await self.inner.complete(model, prompt)

    def stream(self, model: Model, prompt: Prompt) -> AbstractAsyncContextManager[AsyncIterator[Delta]]:
        """See `Provider`."""
        return self.inner.stream(model, prompt)

    async def embed(self, model: Model, prompt: Prompt, dimensions: int | None = None) -> Embedded:
        """See `Provider`. The built-in model makes vectors of its own size only, of texts up to `MOST_TOKENS` tokens each."""
        if model != self.model:
            return await self.inner.embed(model, prompt, dimensions)
        if dimensions not in (None, SIZE):
            raise Refused("{model} makes vectors of {size} dimensions only: leave dimensions out.", model=model.name, size=SIZE)
        texts = [message.text for message in prompt.messages]
        try:
            async with asyncio.timeout(model.total_seconds):
                return await self._embedded(texts)
        except TimeoutError as error:
            raise _slow(model) from error

    async def _embedded(self, texts: Sequence[str]) -> Embedded:
        tokens = await self.engine.tokens(texts)
        _require_short(tokens)
        vectors = [row for batch in _batches(texts, tokens) for row in await self._rows(batch)]
        return Embedded(vectors=tuple(vectors), input_tokens=sum(tokens))

    async def _rows(self, texts: Sequence[str]) -> list["array[float]"]:
        return [array("f", row.tobytes()) for row in await self.engine.embed(texts)]


def _slow(model: Model) -> Refused:
    """Not one that is tried again at once: it would begin anew."""
    return Refused(
        "{model} did not get done within {seconds} seconds: send fewer texts at once.", model=model.name, seconds=model.total_seconds
    )


def _require_short(tokens: Sequence[int]) -> None:
    for place, count in enumerate(tokens):
        if count > MOST_TOKENS:
            raise Refused(
                "{model} is not asked: text {place} has {count} tokens, and it takes at most {most}. Send it in parts.",
                model=BUILT_IN.name, place=place, count=count, most=MOST_TOKENS,
            )  # fmt: skip


def _batches(texts: Sequence[str], tokens: Sequence[int]) -> Iterator[Sequence[str]]:
    """The texts in their order, as many at once as have `BATCH_TOKENS` together; a longer one alone."""
    begun, total = 0, 0
    for place, count in enumerate(tokens):
        if total and total + count > BATCH_TOKENS:
            yield texts[begun:place]
            begun, total = place, 0
        total += count
    yield texts[begun:]
