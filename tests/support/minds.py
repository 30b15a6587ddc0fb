"""What tests of agents' memories and reasoning share."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np

from hulk.kernel import ids
from hulk.kernel.tenancy import Grant, Principal, Role
from hulk.modules.agents.domain.memory import Memory, New, made

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SIZE = 8


def vector(*numbers: float) -> bytes:
    """A vector of length 1 in that direction."""
    row = np.zeros(SIZE)
    row[: len(numbers)] = numbers
    return bytes((row / np.linalg.norm(row)).astype("<f2").tobytes())


def turned(degrees: float) -> bytes:
    """A vector at that angle from `vector(1)`."""
    return vector(float(np.cos(np.radians(degrees))), float(np.sin(np.radians(degrees))))


def a_principal(role: Role = "admin", tenant: str = "acme", actor: str = "person:ana", namespace: str = "*") -> Principal:
    return Principal(tenant=tenant, actor=actor, grants=(Grant(role, namespace),))


def a_new(key: str = "k1", text: str = "", **others: object) -> New:
    fields: dict[str, object] = {"agent": "retail", "kind": "fact", "trusted": True, **others}
    return New(key=key, text=text or f"What {key} says.", **fields)  # type: ignore[arg-type]  # fields of New


def a_memory(key: str = "k1", tenant: str = "acme", at: datetime = NOON, direction: bytes = b"", **others: object) -> Memory:
    return made(a_new(key, **others), tenant, "person:ana", at, "m1", direction or vector(1))


@dataclass
class Clock:
    """A clock that is set by hand."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **time: float) -> None:
        """Let so much time pass."""
        self.now += timedelta(**time)


@dataclass
class WordVectors:
    """`Vectors` in which texts are alike by their words, without a model; keeps what it was asked for."""

    outside: bool = False
    model: str = "words"
    asked: list[str] = field(default_factory=list)

    async def packed(self, texts: Sequence[str]) -> Sequence[bytes]:
        self.asked.extend(texts)
        return [_by_words(text) for text in texts]


def _by_words(text: str) -> bytes:
    """As those of e5, no two are far from one another: the cosine of texts without a common word is 0.85."""
    row = np.zeros(256)
    for word in text.casefold().replace(".", " ").split():
        row[int.from_bytes(hashlib.sha256(word.encode()).digest()[:2], "big") % 256] += 1
    row *= np.sqrt(0.15) / max(float(np.linalg.norm(row)), 1e-9)
    return bytes(np.append(row, np.sqrt(0.85)).astype("<f2").tobytes())


def a_task(name: str = "one") -> str:
    return ids.derived("tsk", name)
