"""A model that may answer: where it is, what it can, how long it may take."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit

Kind: TypeAlias = Literal["openai", "anthropic", "google", "deepseek", "xai", "zai", "ollama", "compatible"]
"""Whose API an address speaks; `compatible` is any server that speaks OpenAI's."""


Purpose: TypeAlias = Literal["chat", "embeddings"]
"""What a model is for: to answer, or to turn texts into vectors. None does both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What a model takes and does. Without `tools` it is asked by a schema which one it would call; without `schema` it is asked for one
    in words. `context` is in tokens, None when it is not known."""

    tools: bool = True
    schema: bool = True
    streaming: bool = True
    images: bool = False
    audio: bool = False
    files: bool = False
    context: int | None = None


ABILITIES: Mapping[Kind, Abilities] = {
    "openai": Abilities(images=True, files=True),
    "anthropic": Abilities(images=True, files=True),
    "google": Abilities(images=True, audio=True, files=True),
    "deepseek": Abilities(schema=False),
    "xai": Abilities(images=True),
    "zai": Abilities(schema=False),
    "ollama": Abilities(),
    "compatible": Abilities(),
}
"""What the models of a vendor can, where the operator says nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model behind an address. `name` is the operator's for it; `local`: nothing that is sent leaves the company.

    Prices are per million tokens in the budget's currency, when the operator gives them. `first_token_seconds` holds for streams, and is
    counted from when the question is sent. `extra` goes into the body of every request as it is. `fallbacks` are the models, by
    their names, that answer in its place when it was asked for and cannot."""

    name: str
    url: str
    model: str
    kind: Kind = "compatible"
    purpose: Purpose = "chat"
    api_key: str = field(default="", repr=False)
    local: bool = False
    abilities: Abilities = Abilities()
    input_price: Decimal | None = None
    output_price: Decimal | None = None
    most_output_tokens: int = 1024
    connect_seconds: float = 5.0
    first_token_seconds: float = 30.0
    total_seconds: float = 60.0
    fallbacks: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def holds(self, url: str) -> bool:
        """Whether an address is one of this model's API: on the same host and port, by the same scheme, and below its path."""
        (*place, path), (*asked, below) = _parts(self.url), _parts(url)
        return place == asked and below.startswith(f"{path.rstrip('/')}/") and ".." not in below


def _parts(url: str) -> tuple[str, str | None, int | None, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme), parts.path
