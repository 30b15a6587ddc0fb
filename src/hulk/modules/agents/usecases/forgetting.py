"""Forgetting: what somebody wants gone, what has faded or expired. What is forgotten is deleted; the trail tells so, without text."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from hulk.kernel.durable import Change, Commit, followed
from hulk.kernel.errors import Invalid
from hulk.kernel.events import Event, Trail, changed, digest, reasoned
from hulk.kernel.tenancy import Principal
from hulk.kernel.text import Text
from hulk.kernel.time import Clock
from hulk.modules.agents.domain.memory import Memory
from hulk.modules.agents.domain.memory.memory import absent
from hulk.modules.agents.ports.memories import Memories, Vectors, Which
from hulk.modules.agents.usecases.rights import forbidden, is_one, readable

FORGOTTEN = "hulk.memory.forgotten.v1"
ROUND = 500
"""Memories deleted in one transaction."""
_NAMED = ("memory", "agent", "task", "source", "actor", "about")


@dataclass(frozen=True, slots=True)
class Forget:
    """Deletes memories that somebody wants gone."""

    memories: Memories
    trail: Trail
    commit: Commit

    async def one(self, by: Principal, id_: str, reason: str = "") -> None:
        """Delete a memory. Raises `Forbidden`, `Refused`, and `NotFound` also for one that `by` may not see."""
        memory = await self.memories.get(by.tenant, id_)
        namespaces = readable(by)
        if namespaces is not None and memory.namespace not in namespaces:
            raise absent(id_)
        its = memory.provenance
        if not (by.may("manage", "agents", memory.namespace) or is_one(by, its.actor, its.about)):
            raise forbidden(by, "manage")
        await self._all(Which(tenant=by.tenant, memory=id_), by.actor, reasoned(reason))

    async def __call__(self, by: Principal, which: Which, reason: str = "") -> int:
        """Delete all that are meant, in rounds; how many they were. Who manages agents may, and anybody what they said themselves or what
        is about them. Raises `Forbidden`, `Invalid` when nothing is named, `Refused`, `Unavailable`: what was deleted by then is gone."""
        if not any(getattr(which, name) for name in _NAMED):
            raise Invalid([("", Text("name at least one of {names}", names=", ".join(_NAMED)))])
        own = is_one(by, which.actor) or is_one(by, which.about)
        if not own and by.namespaces("manage", "agents") == frozenset():
            raise forbidden(by, "manage")
        where = readable(by) if own else by.namespaces("manage", "agents")
        return await self._all(replace(which, tenant=by.tenant, namespaces=where), by.actor, reasoned(reason))

    async def _all(self, which: Which, actor: str, reason: str) -> int:
        forgotten = 0
        while found := await _committed(self.commit, self.memories.forget(which, ROUND), self.trail, actor, lambda _: reason, which):
            forgotten += len(found)
        return forgotten


@dataclass(frozen=True, slots=True)
class SweepMemories:
    """What time does to memories, for all tenants: some at a time."""

    memories: Memories
    vectors: Vectors
    trail: Trail
    commit: Commit
    clock: Clock

    async def __call__(self, most: int = ROUND) -> bool:
        """Delete what has expired or faded; whether there may be more. Raises `Unavailable`."""
        now = self.clock()
        found = await _committed(self.commit, self.memories.sweep(now, most), self.trail, "hulk", lambda one: _why(one, self.clock))
        return len(found) == most

    async def embed(self, most: int = 32) -> bool:
        """Give memories whose vectors another model made (Hulk was upgraded) new ones, without which nobody finds them; whether there may
        be more. Those that must not leave the company are left as they are when the model is outside. Raises `Refused`, `Unavailable`."""
        model = self.vectors.model
        found = [one for one in await self.memories.others(model, most) if not (one.p0 and self.vectors.outside)]
        made = await self.vectors.packed([one.text for one in found]) if found else []
        changes = [self.memories.embed(one.tenant, one.id, model, vector) for one, vector in zip(found, made, strict=True)]
        if changes:
            await self.commit(*changes)
        return len(found) == most


def _why(memory: Memory, clock: Clock) -> str:
    return "expired" if memory.expires is not None and memory.expires <= clock() else "faded"


async def _committed(
    commit: Commit, deleting: Change[Sequence[Memory]], trail: Trail, actor: str, why: Callable[[Memory], str], which: Which | None = None
) -> Sequence[Memory]:
    def told(found: Sequence[Memory]) -> Sequence[Change[None]]:
        return [trail.append(*(event for reason, some in _by(found, why) for event in gone(some, actor, reason, which)))] if found else []

    [found] = await commit(followed(deleting, told))
    forgotten: Sequence[Memory] = found
    return forgotten


def _by(found: Sequence[Memory], why: Callable[[Memory], str]) -> list[tuple[str, list[Memory]]]:
    return [(reason, list(some)) for reason, some in groupby(sorted(found, key=why), why)]


def gone(found: Sequence[Memory], actor: str, reason: str, which: Which | None = None) -> list[Event]:
    """The events that tell of it: one for each tenant, agent and namespace, with the ids, and digests of what was named."""
    named = {} if which is None else {name: digest(value) for name in _NAMED if (value := getattr(which, name))}

    def whose(memory: Memory) -> tuple[str, str, str]:
        return memory.tenant, memory.agent, memory.namespace

    return [
        Event(
            type=FORGOTTEN, subject=f"agents/{agent}", tenant=tenant, actor=actor,
            data=changed(reason, {"agent": agent, "namespace": namespace, "memories": [one.id for one in some], "named": named}, None),
        )
        for (tenant, agent, namespace), some in ((key, list(some)) for key, some in groupby(sorted(found, key=whose), whose))
    ]  # fmt: skip
