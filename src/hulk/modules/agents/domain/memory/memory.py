"""A memory: what an agent keeps of what it was told or found out, whom it has it from, and how well it is remembered."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, TypeAlias, get_args

from hulk.kernel import ids
from hulk.kernel.errors import Conflict, Invalid, NotFound, Refused
from hulk.kernel.events import digest
from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import DEFAULT_NAMESPACE, is_name
from hulk.kernel.text import Text, writable
from hulk.kernel.time import iso
from hulk.modules.agents.domain.memory import fading
from hulk.modules.router import Label, classified

Kind: TypeAlias = Literal["fact", "preference", "episode", "procedure"]
"""fact: how something is; preference: how somebody wants it; episode: what happened once; procedure: how something is done."""
KINDS: tuple[Kind, ...] = get_args(Kind)
LONGEST = 2_000
"""Characters of a memory; what is longer is kept as a file, and the memory says where."""
MOST_OF_AGENT = 10_000
"""Memories of one agent in a tenant; when there are more, the weakest are forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Whom and what a memory is from. `actor` said it (`person:ana@example.com`, `agent:retail`, `tool:http.get`), `at` that moment;
    `task`, `intent` and `call` (of a tool) are where; `source` is the address of what was read; `about` is the one person it is about."""

    actor: str
    at: datetime
    task: str = ""
    intent: str | None = None
    call: str = ""
    source: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """`trusted` is whether it is from somebody who may tell the agent things: what tools and pages say is not. `labels` are the kinds of
    sensitive things in it or in what it was made from. `strength` is the days after which half of it is forgotten (`fading`). `vector` is
    the text's by `model`, of length 1, as half floats (little endian). One that is `superseded_by` another is recalled no more."""

    id: str
    tenant: str
    namespace: str
    agent: str
    text: str
    kind: Kind
    provenance: Provenance
    trusted: bool
    labels: tuple[Label, ...] = ()
    strength: float
    uses: int = 0
    created: datetime
    last_used: datetime
    expires: datetime | None = None
    superseded_by: str | None = None
    model: str
    vector: bytes

    @property
    def p0(self) -> bool:
        """Whether it must not leave the company."""
        return bool(self.labels)

    @property
    def ends(self) -> datetime:
        """When it is to be deleted, unless it is used before: it has expired by then, or has faded."""
        faded = fading.fades(self.last_used, self.strength)
        return faded if self.expires is None else min(faded, self.expires)

    def retention(self, now: datetime) -> float:
        """How much of it is remembered: 1 just after it was used, then falling towards 0."""
        return fading.retention(fading.days(self.last_used, now), self.strength)

    def used(self, now: datetime) -> "Memory":
        """As it is after somebody recalled it."""
        return replace(self, strength=fading.grown(self.strength, self.retention(now)), uses=self.uses + 1, last_used=_later(self, now))

    def repeated(self, now: datetime, labels: tuple[Label, ...]) -> "Memory":
        """As it is after somebody said the same again, in words with these `labels`."""
        strength = fading.confirmed(self.strength, self.retention(now))
        return replace(self, strength=strength, last_used=_later(self, now), labels=tuple(sorted({*self.labels, *labels})))


def _later(memory: Memory, now: datetime) -> datetime:
    """Clocks of two processes may differ."""
    return max(memory.last_used, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class New:
    """What is to be remembered. `key` makes it harmless to ask again. `labels` are those of what it was made from: they stay, whatever the
    text says. `supersedes` is the memory that is no longer true."""

    agent: str
    text: str
    kind: Kind
    key: str
    namespace: str = DEFAULT_NAMESPACE
    actor: str = ""
    task: str = ""
    intent: str | None = None
    call: str = ""
    source: str = ""
    about: str = ""
    trusted: bool = False
    labels: tuple[Label, ...] = ()
    expires: datetime | None = None
    supersedes: str | None = None

    def id_for(self, tenant: str) -> str:
        """The memory's id: always the same for the same key of an agent."""
        return ids.derived("mem", tenant, self.agent, self.key)

    def labelled(self) -> tuple[Label, ...]:
        """What it was labelled with before, and what a scan of it finds: taint is added to and never lost."""
        found = classified("\n".join((self.text, self.source, self.about))).labels
        return tuple(sorted({*self.labels, *found}))


def made(new: New, tenant: str, actor: str, now: datetime, model: str, vector: bytes) -> Memory:
    """The memory, as it is kept at first."""
    provenance = Provenance(
        actor=new.actor or actor, at=now, task=new.task, intent=new.intent, call=new.call, source=new.source, about=new.about
    )  # fmt: skip
    return Memory(
        id=new.id_for(tenant), tenant=tenant, namespace=new.namespace, agent=new.agent, text=new.text, kind=new.kind,
        provenance=provenance, trusted=new.trusted, labels=new.labelled(), strength=fading.FIRST[new.kind], created=now, last_used=now,
        expires=new.expires, model=model, vector=vector,
    )  # fmt: skip


def require_new(new: New, now: datetime) -> None:
    """Raises `Invalid`, naming all that is wrong with it."""
    if wrong := list(_wrong(new, now)):
        raise Invalid(wrong)


def _wrong(new: New, now: datetime) -> Iterator[tuple[str, Text]]:
    if not 0 < len(new.text.strip()) <= LONGEST or writable(new.text) != new.text:
        yield "text", Text("1 to {most} characters, without NUL", most=LONGEST)
    for name, most in _NAMES.items():
        value = getattr(new, name)
        if len(value) > most or not value.isprintable() or (name in _NEEDED and not value):
            yield name, Text("at most {most} printable characters", most=most)
    if not is_name(new.namespace):
        yield "namespace", Text("1 to 63 small letters, digits and hyphens, no hyphen at the ends")
    if new.expires is not None and new.expires <= now:
        yield "expires", Text("it has passed; it must lie in the future")
    if new.supersedes is not None and not ids.is_id(new.supersedes, "mem"):
        yield "supersedes", Text("an id is expected: {prefix}_ and 26 letters or digits", prefix="mem")


_NAMES = {"agent": 128, "key": 256, "actor": 256, "task": 64, "call": 64, "source": 1_000, "about": 256}
"""The characters that each has at most."""
_NEEDED = frozenset(("agent", "key"))


def absent(id_: str) -> NotFound:
    """What is said of one that is not there, or is another's."""
    return NotFound("There is no memory {id}.", id=id_[:80])


def require_superseded(old: Memory | None, by: Memory, id_: str) -> Memory:
    """`old`, if `by` may take its place. Raises `NotFound`, `Conflict`, and `Refused` where what nobody vouches for would put away what is
    trusted."""
    if old is None or (old.tenant, old.agent, old.namespace) != (by.tenant, by.agent, by.namespace):
        raise absent(id_)
    if old.superseded_by is not None:
        raise Conflict("Memory {id} was superseded by {other}: supersede that one.", id=id_, other=old.superseded_by)
    if old.trusted and not by.trusted:
        raise Refused("What nobody vouches for cannot supersede memory {id}, which is trusted: have a person say it.", id=id_)
    return old


def told_of(memory: Memory) -> JsonObject:
    """What the trail tells of it: no text, but a digest of it."""
    provenance = memory.provenance
    return {
        "agent": memory.agent, "namespace": memory.namespace, "kind": memory.kind, "text": digest(memory.text), "trusted": memory.trusted,
        "labels": list(memory.labels), "task": provenance.task, "call": provenance.call, "source": digest(provenance.source),
        "expires": None if memory.expires is None else iso(memory.expires),
    }  # fmt: skip


def weakest(kept: dict[str, float], most: int) -> list[str]:
    """Which are to be forgotten of memories of which `kept` has, by id, how well they are remembered: none while there are at most `most`,
    else so many that there is room for another hundredth of them, the least remembered first."""
    if len(kept) <= most:
        return []
    going = len(kept) - math.floor(most * 0.99)
    return sorted(kept, key=lambda id_: (kept[id_], id_))[:going]
