"""What tests of agents' memories and reasoning share."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from hulk.kernel import ids
from hulk.kernel.tenancy import Grant, Principal, Role
from hulk.modules.agents.domain.memory import Memory, New, made
from hulk.modules.agents.domain.reasoning import (
    Bearing,
    Case,
    Decision,
    Draft,
    Drafts,
    Evidence,
    Hypothesis,
    Inference,
    Source,
    added,
    sha256,
)
from hulk.modules.router import Label

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


def a_new(key: str = "k1", text: str = "", **others: Any) -> New:
    fields: dict[str, Any] = {"agent": "retail", "kind": "fact", "trusted": True, **others}
    return New(key=key, text=text or f"What {key} says.", **fields)


def a_memory(key: str = "k1", tenant: str = "acme", at: datetime = NOON, direction: bytes = b"", **others: Any) -> Memory:
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


@dataclass
class WordEmbedder:
    """An embedding model in which texts are alike by their words."""

    model: str = "words"

    async def embed(self, texts: Sequence[str]) -> Any:
        """A row for each."""
        return np.stack([np.frombuffer(_by_words(text), "<f2").astype(np.float32) for text in texts])


def _by_words(text: str) -> bytes:
    """As those of e5, no two are far from one another: the cosine of texts without a common word is 0.85."""
    row = np.zeros(256)
    for word in text.casefold().replace(".", " ").split():
        row[int.from_bytes(hashlib.sha256(word.encode()).digest()[:2], "big") % 256] += 1
    row *= np.sqrt(0.15) / max(float(np.linalg.norm(row)), 1e-9)
    return bytes(np.append(row, np.sqrt(0.85)).astype("<f2").tobytes())


def a_task(name: str = "one") -> str:
    return ids.derived("tsk", name)


def a_hypothesis(key: str = "h", statement: str = "Churn grew because of late deliveries.") -> Draft:
    return Draft(key=key, what=Hypothesis(statement))


def some_evidence(key: str = "e", *bearings: tuple[str, float], of: str = "", **others: Any) -> Draft:
    fields = {"what": f"What {key} shows.", "source": Source("tool_call", f"tcl_{key}"), "excerpt": f"Excerpt of {key}.", **others}
    weights = tuple(Bearing(hypothesis, weight) for hypothesis, weight in bearings)
    return Draft(key=key, what=Evidence(**fields, digest=sha256(of or key), bearings=weights))


def an_inference(key: str = "i", evidence: Sequence[str] = (), inferences: Sequence[str] = (), statement: str = "") -> Draft:
    what = Inference(statement or f"What {key} says.", "abduction", "agent", "agent:retail", tuple(evidence), tuple(inferences))
    return Draft(key=key, what=what)


def a_decision(key: str = "d", inferences: Sequence[str] = ("i",), what: str = "Open a ticket.", **others: Any) -> Draft:
    return Draft(key=key, what=Decision(what, tuple(inferences), others.pop("autonomy", "act"), **others))


def drafts(*some: Draft, task: str = "", namespace: str = "default", labels: tuple[Label, ...] = ()) -> Drafts:
    return Drafts(task=task or a_task(), drafts=some, namespace=namespace, intent="int_1", labels=labels)


def a_case(*some: Draft, labels: tuple[Label, ...] = ()) -> Case:
    empty = Case("acme", a_task(), {})
    return grown(empty, *some, labels=labels)


def grown(case: Case, *some: Draft, labels: tuple[Label, ...] = ()) -> Case:
    """With these added."""
    new = added(case, drafts(*some, task=case.task, labels=labels), "agent:retail", NOON)
    return Case.of(case.tenant, case.task, [*case.objects.values(), *new], case.reviews)
