"""Where memories are kept and found, and what makes vectors of texts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from hulk.kernel.durable import Change
from hulk.modules.agents.domain.memory import Kind, Memory
from hulk.modules.router import Label


class Vectors(Protocol):
    """Texts as vectors."""

    @property
    def model(self) -> str:
        """What they are made with; those of different models cannot be compared. Raises `Refused` when it is not installed."""

    @property
    def outside(self) -> bool:
        """Whether texts leave the company on their way to it."""

    async def packed(self, texts: Sequence[str]) -> Sequence[bytes]:
        """Each as `Memory.vector`. Raises `Refused` when the model is not installed, `Unavailable` when it does not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What is looked for among an agent's memories that are not superseded and end after `now`: the `most` that are best by likeness to
    `vector`, which `model` made, times what is remembered of them; by likeness alone with `faded`. `namespaces` is None for all; without
    `sensitive` those that are P0 are not there."""

    tenant: str
    agent: str
    vector: bytes
    model: str
    now: datetime
    most: int
    namespaces: frozenset[str] | None = None
    kinds: tuple[Kind, ...] = ()
    sensitive: bool = False
    faded: bool = False


@dataclass(frozen=True, slots=True)
class Near:
    """A memory that was found, its vector's cosine with the one sought, and how good it is, in (0, 1]."""

    memory: Memory
    cosine: float
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Memories of a tenant that fit all of what is not empty: one, an agent's, those of a task or from a source, what somebody said, what
    is about somebody. `namespaces` is None for all."""

    tenant: str
    memory: str = ""
    agent: str = ""
    task: str = ""
    source: str = ""
    actor: str = ""
    about: str = ""
    namespaces: frozenset[str] | None = None


class Memories(Protocol):
    """Memories as they are kept, each change touching one tenant's only."""

    def keep(self, memory: Memory, supersedes: str | None = None) -> Change[tuple[Memory, bool]]:
        """Keep it, unless something was kept or repeated under its id before: the memory that it was then, and False. What it supersedes
        says so from then on. Raises `NotFound` when that is no memory of the same agent and namespace, `Conflict` when it is superseded."""

    def repeat(self, tenant: str, id_: str, again: str, now: datetime, labels: tuple[Label, ...]) -> Change[tuple[Memory, bool]]:
        """Somebody said the same again, under the id `again` (`Memory.repeated`): the memory, and whether that is new.
        Raises `NotFound`."""

    async def known(self, tenant: str, id_: str) -> Memory | None:
        """The memory that was kept or repeated under that id."""

    async def get(self, tenant: str, id_: str) -> Memory:
        """Raises `NotFound`."""

    async def near(self, sought: Sought) -> Sequence[Near]:
        """The best first. What is no likelier than any two texts is not among them."""

    async def of(self, which: Which, most: int, before: str | None = None) -> Sequence[Memory]:
        """Those, also superseded ones, the newest first; only those kept before the memory `before`."""

    def used(self, tenant: str, ids: Sequence[str], now: datetime) -> Change[None]:
        """They were recalled (`Memory.used`); those that are gone by now are passed over."""

    def forget(self, which: Which, most: int) -> Change[Sequence[Memory]]:
        """Delete up to `most` of them, and give those."""

    def sweep(self, now: datetime, most: int) -> Change[Sequence[Memory]]:
        """Delete up to `most` of all tenants that have ended by then (`Memory.ends`), and give those."""

    def thin(self, tenant: str, agent: str, now: datetime, most: int) -> Change[Sequence[Memory]]:
        """Delete the agent's weakest while there are more than `most` (`domain.memory.weakest`), and give those."""

    async def others(self, model: str, most: int) -> Sequence[Memory]:
        """Up to `most` of all tenants whose vectors another model made."""

    def embed(self, tenant: str, id_: str, model: str, vector: bytes) -> Change[None]:
        """Put another vector in the place of a memory's; nothing when it is gone."""
