"""A served embedding model behind a breaker."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hulk.runtime.breaker import Breakers
from hulk.runtime.models.embeddings import Embedder, ServedEmbedder

if TYPE_CHECKING:  # see embeddings.py
    from hulk.runtime.models.embeddings import Vectors


class GuardedEmbedder:
    """`Embedder` that leaves its server alone while it fails. The breaker is `model:` and the model's name."""

    def __init__(self, served: ServedEmbedder, breakers: Breakers) -> None:
        self._served: Embedder = served
        self._breakers = breakers
        self._name = f"model:{served.name}"
        self._probe = served.probe

    @property
    def model(self) -> str:
        """See `Embedder`."""
        return self._served.model

    async def embed(self, texts: Sequence[str]) -> "Vectors":
        """See `Embedder`; raises `Unavailable` without asking while the breaker is open."""
        return await self._breakers.of(self._name, self._probe).call(lambda: self._served.embed(texts))
