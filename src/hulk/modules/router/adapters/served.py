"""A provider of which one model is served by a child of ours: it is not asked while that is not there."""

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from hulk.kernel.text import Text
from hulk.modules.router.adapters.guarded import GuardedProvider
from hulk.modules.router.domain.model import Completion, Delta, Embedded, Model, Prompt, Unsent
from hulk.runtime.models import SOON


@dataclass(frozen=True, slots=True)
class ServedProvider:
    """`Provider` and `Health` that raises `Unsent` at once for the model `name` while its server is in `trouble`. It stands before the
    breaker, which would take loading for a failure; and nothing goes to an address where our child does not listen."""

    inner: GuardedProvider
    name: str
    trouble: Callable[[], Text | None]

    async def complete(self, model: Model, prompt: Prompt) -> Completion:
        """See `Provider`."""
        self._require(model)
        return await self.inner.complete(model, prompt)

    @contextlib.asynccontextmanager
    async def stream(self, model: Model, prompt: Prompt) -> AsyncIterator[AsyncIterator[Delta]]:
        """See `Provider`."""
        self._require(model)
        async with self.inner.stream(model, prompt) as deltas:
            yield deltas

    async def embed(self, model: Model, prompt: Prompt, dimensions: int | None = None) -> Embedded:
        """See `Provider`."""
        self._require(model)
        return await self.inner.embed(model, prompt, dimensions)

    def refusal(self, model: Model) -> Unsent | None:
        """See `Health`."""
        trouble = self.trouble() if model.name == self.name else None
        return self.inner.refusal(model) if trouble is None else Unsent(trouble, SOON)

    def _require(self, model: Model) -> None:
        if model.name == self.name and (trouble := self.trouble()) is not None:
            raise Unsent(trouble, SOON)
