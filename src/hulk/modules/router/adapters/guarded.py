"""A provider behind breakers: a model that fails is left alone, and asked again as soon as its server is well."""

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal, TypeVar

from hulk.modules.router.domain.model import Completion, Delta, Embedded, Ended, Model, Prompt, Unsent
from hulk.modules.router.ports import Provider
from hulk.runtime.breaker import Breaker, Breakers, Permit, Tripped, counts_against

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class GuardedProvider:
    """`Provider` and `Health`, with a breaker for each model, `model:` and its name. `probe` asks a model's server something that costs
    nothing; without it only calls show that it is well again."""

    inner: Provider
    breakers: Breakers
    probe: Callable[[Model], Awaitable[None]] | None = None

    async def complete(self, model: Model, prompt: Prompt) -> Completion:
        """See `Provider`; raises `Unsent` without asking while the breaker is open."""
        return await self._guarded(model, lambda: self.inner.complete(model, prompt))

    async def embed(self, model: Model, prompt: Prompt, dimensions: int | None = None) -> Embedded:
        """See `Provider`; raises `Unsent` without asking while the breaker is open."""
        return await self._guarded(model, lambda: self.inner.embed(model, prompt, dimensions))

    @contextlib.asynccontextmanager
    async def stream(self, model: Model, prompt: Prompt) -> AsyncIterator[AsyncIterator[Delta]]:
        """See `Provider`; raises as `complete` does. The breaker learns how it ended; nothing, when the reader left early."""
        breaker = self._breaker(model)
        try:
            call = _Call(breaker, breaker.permit())
        except Tripped as refusal:
            raise Unsent(refusal.text, refusal.retry_after) from refusal
        try:
            async with contextlib.AsyncExitStack() as stack:
                with call.watched():
                    deltas = await stack.enter_async_context(self.inner.stream(model, prompt))
                yield await stack.enter_async_context(contextlib.aclosing(call.through(deltas)))
        finally:
            call.end()

    def refusal(self, model: Model) -> Unsent | None:
        """See `Health`."""
        tripped = self._breaker(model).refusal
        return None if tripped is None else Unsent(tripped.text, tripped.retry_after)

    async def _guarded(self, model: Model, act: Callable[[], Awaitable[T]]) -> T:
        try:
            return await self._breaker(model).call(act)
        except Tripped as refusal:
            raise Unsent(refusal.text, refusal.retry_after) from refusal

    def _breaker(self, model: Model) -> Breaker:
        return self.breakers.of(f"model:{model.name}", partial(self.probe, model) if self.probe else None)


class _Call:
    """One stream, as its breaker sees it."""

    def __init__(self, breaker: Breaker, permit: Permit) -> None:
        self._breaker = breaker
        self._permit = permit
        self._outcome: Literal["success", "failure", "ignored"] = "ignored"

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """What fails in the block is the model's."""
        try:
            yield
        except BaseException as error:
            self._outcome = "failure" if counts_against(error) else "ignored"
            raise

    async def through(self, deltas: AsyncIterator[Delta]) -> AsyncGenerator[Delta]:
        """The same; what happens between two of them is the reader's."""
        while True:
            with self.watched():
                delta = await anext(deltas, None)
            if delta is None:
                return
            if isinstance(delta, Ended):
                self._outcome = "success"
            yield delta

    def end(self) -> None:
        """Tell the breaker."""
        self._breaker.finish(self._permit, self._outcome)
