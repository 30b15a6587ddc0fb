"""Vectors by an embedding model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol


class Embeds(Protocol):
    """What is needed of an embedding model: see `hulk.runtime.models.Remembered`."""

    @property
    def model(self) -> str:
        """What the vectors are made with."""

    async def embed(self, texts: Sequence[str]) -> Any:
        """A float32 array with a row of length 1 for each text."""


@dataclass(frozen=True, slots=True)
class HalfVectors:
    """`Vectors` over such a model; `outside` says whether texts leave the company on their way to it."""

    embedder: Embeds
    outside: bool

    @property
    def model(self) -> str:
        """See `Vectors`."""
        return self.embedder.model

    async def packed(self, texts: Sequence[str]) -> Sequence[bytes]:
        """See `Vectors`."""
        return [row.astype("<f2").tobytes() for row in await self.embedder.embed(texts)]
