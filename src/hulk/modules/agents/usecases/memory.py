"""Remembering, recalling, looking at memories; forgetting is in `forgetting`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from hulk.kernel.durable import Change, Commit, followed
from hulk.kernel.errors import Invalid, Refused
from hulk.kernel.events import Event, Trail, changed
from hulk.kernel.tenancy import Principal
from hulk.kernel.text import Text
from hulk.kernel.time import Clock
from hulk.modules.agents.domain.memory import MOST_OF_AGENT, Kind, Memory, New, line, made, require_new, same, told_of
from hulk.modules.agents.ports.memories import Memories, Near, Sought, Vectors, Which
from hulk.modules.agents.usecases.forgetting import gone
from hulk.modules.agents.usecases.rights import readable, require, sees_p0
from hulk.modules.router import Label, classified

REMEMBERED = "hulk.memory.remembered.v1"
LONGEST_QUERY = 4_000
_NEIGHBOURS = 8
"""Memories looked at for one that says the same."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """The memory, and whether it is a new one: else it was there, or one that says the same."""

    memory: Memory
    new: bool


@dataclass(frozen=True, slots=True)
class Remember:
    """Keeps what an agent is to remember."""

    memories: Memories
    vectors: Vectors
    trail: Trail
    commit: Commit
    clock: Clock
    most: int = MOST_OF_AGENT

    async def __call__(self, by: Principal, new: New) -> Remembered:
        """Asked again with the same key it gives what came of it then. What says the same as a memory of the same agent, namespace and kind
        that is believed as much makes that one stronger. Raises `Forbidden`, `Invalid`, `NotFound` and `Conflict` for what it
        supersedes, `Refused`, `Unavailable`."""
        require(by, "write", new.namespace)
        now = self.clock()
        require_new(new, now)
        if (known := await self.memories.known(by.tenant, new.id_for(by.tenant))) is not None:
            return Remembered(known, new=False)
        labels = new.labelled()
        vector = await packed(self.vectors, new.text, labels)
        memory = made(new, by.tenant, by.actor, now, self.vectors.model, vector)
        again = None if new.supersedes else await self._same(memory)
        return await self._kept(memory, new.supersedes, by) if again is None else await self._repeated(again, memory)

    async def _same(self, memory: Memory) -> Memory | None:
        sought = Sought(
            tenant=memory.tenant, agent=memory.agent, vector=memory.vector, model=memory.model, now=memory.created, most=_NEIGHBOURS,
            namespaces=frozenset((memory.namespace,)), kinds=(memory.kind,), sensitive=True, faded=True,
        )  # fmt: skip
        found = [near for near in await self.memories.near(sought) if _stands_for(near, memory)]
        return found[0].memory if found else None

    async def _repeated(self, there: Memory, memory: Memory) -> Remembered:
        [(found, _)] = await self.commit(self.memories.repeat(there.tenant, there.id, memory.id, memory.created, memory.labels))
        return Remembered(found, new=False)

    async def _kept(self, memory: Memory, supersedes: str | None, by: Principal) -> Remembered:
        keeping = self.memories.keep(memory, supersedes)
        told = followed(keeping, lambda found: self._told(found[0], supersedes, by) if found[1] else [])
        thin = self.memories.thin(memory.tenant, memory.agent, memory.created, self.most)
        thinned = followed(thin, lambda found: [self.trail.append(*gone(found, "hulk", "too many"))] if found else [])
        (found, new), _ = await self.commit(told, thinned)
        return Remembered(found, new=new)

    def _told(self, memory: Memory, supersedes: str | None, by: Principal) -> Sequence[Change[Any]]:
        data = changed("", None, {**told_of(memory), "supersedes": supersedes})
        event = Event(
            type=REMEMBERED, subject=memory.id, tenant=memory.tenant, actor=by.actor, intent=memory.provenance.intent, data=data
        )  # fmt: skip
        return [self.trail.append(event)]


def _stands_for(near: Near, memory: Memory) -> bool:
    """Whether the one found says the same of the same, is believed as much, and expires when the new one is to."""
    there = near.memory
    alike = (there.trusted, there.expires, there.provenance.about) == (memory.trusted, memory.expires, memory.provenance.about)
    return alike and same(there.text, memory.text, near.cosine)


async def packed(vectors: Vectors, text: str, labels: Sequence[Label]) -> bytes:
    """The text's vector. Raises `Refused` for one that must not leave the company where the model is outside, without asking it."""
    if labels and vectors.outside:
        raise Refused(
            "This holds what must not leave the company ({labels}), and the embedding model is outside: use the local one.",
            labels=", ".join(labels),
        )
    [vector] = await vectors.packed([text])
    return vector


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be recalled: the `most` memories of an agent that fit the query best, of at most so many `characters` as a prompt has
    them (`domain.memory.line`); in one namespace or all; without `sensitive` none that must not leave the company."""

    agent: str
    query: str
    namespace: str = ""
    kinds: tuple[Kind, ...] = ()
    most: int = 8
    characters: int = 4_000
    sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Recalled:
    """What was recalled, the best first. What is made with it is labelled with `labels` too, and is trusted only if all of it is."""

    found: tuple[Near, ...]

    @property
    def memories(self) -> tuple[Memory, ...]:
        """Those, for `domain.memory.rendered`."""
        return tuple(near.memory for near in self.found)

    @property
    def labels(self) -> tuple[Label, ...]:
        """What kinds of sensitive things there are in any."""
        return tuple(sorted({label for memory in self.memories for label in memory.labels}))

    @property
    def p0(self) -> bool:
        """Whether any must not leave the company."""
        return bool(self.labels)

    @property
    def trusted(self) -> bool:
        """Whether all are from who may tell the agent things."""
        return all(memory.trusted for memory in self.memories)


@dataclass(frozen=True, slots=True)
class Recall:
    """Gives an agent what it remembers of something; that is remembered longer then."""

    memories: Memories
    vectors: Vectors
    commit: Commit
    clock: Clock

    async def __call__(self, by: Principal, asked: Asked) -> Recalled:
        """Only what `by` may read of. Raises `Forbidden`, `Invalid`, `Refused`, `Unavailable`."""
        sought = await sought_by(by, asked, self.vectors, self.clock)
        found = _fitting(await self.memories.near(sought), asked.characters)
        if found:
            await self.commit(self.memories.used(by.tenant, [near.memory.id for near in found], sought.now))
        return Recalled(found)


async def sought_by(by: Principal, asked: Asked, vectors: Vectors, clock: Clock) -> Sought:
    """What is looked for; raises `Forbidden`, `Invalid`, `Refused`, `Unavailable`."""
    namespaces = readable(by)
    if asked.namespace:
        require(by, "read", asked.namespace)
        namespaces = frozenset((asked.namespace,))
    if not 0 < len(asked.query.strip()) <= LONGEST_QUERY:
        raise Invalid([("query", Text("1 to {most} characters, without NUL", most=LONGEST_QUERY))])
    vector = await packed(vectors, asked.query, classified(asked.query).labels)
    return Sought(
        tenant=by.tenant, agent=asked.agent, vector=vector, model=vectors.model, now=clock(), most=asked.most, namespaces=namespaces,
        kinds=asked.kinds, sensitive=asked.sensitive,
    )  # fmt: skip


def _fitting(found: Sequence[Near], characters: int) -> tuple[Near, ...]:
    """As many as there is room for, the best first; one that is too long is passed over."""
    fitting, left = list[Near](), characters
    for near in found:
        size = len(line(near.memory)) + 1
        if size <= left:
            fitting.append(near)
            left -= size
    return tuple(fitting)


@dataclass(frozen=True, slots=True)
class Shown:
    """A memory as somebody may see it: without its text when `withheld`. The score is that of a search."""

    memory: Memory
    withheld: bool
    score: float | None = None


@dataclass(frozen=True, slots=True)
class LookAtMemories:
    """Shows people what an agent remembers; looking makes nothing be remembered longer."""

    memories: Memories
    vectors: Vectors
    clock: Clock

    async def __call__(self, by: Principal, agent: str, most: int = 50, before: str | None = None) -> Sequence[Shown]:
        """All, also superseded ones, the newest first. Raises `Forbidden`."""
        found = await self.memories.of(Which(tenant=by.tenant, agent=agent, namespaces=readable(by)), most, before)
        return [shown(by, memory) for memory in found]

    async def search(self, by: Principal, asked: Asked) -> Sequence[Shown]:
        """Those that fit the query and that `by` may see, the best first: a score tells something of a text. Raises as `Recall` does."""
        sought = await sought_by(by, replace(asked, sensitive=True), self.vectors, self.clock)
        found = [shown(by, near.memory, near.score) for near in await self.memories.near(sought)]
        return [one for one in found if not one.withheld]


def shown(by: Principal, memory: Memory, score: float | None = None) -> Shown:
    """As `by` may see it."""
    provenance = memory.provenance
    return Shown(memory, memory.p0 and not sees_p0(by, memory.namespace, provenance.actor, provenance.about), score)
