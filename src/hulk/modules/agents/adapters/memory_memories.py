"""Memories in memory: for tests and for trying things out."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from hulk.kernel.durable import Change
from hulk.modules.agents.adapters import nearest
from hulk.modules.agents.domain.memory import Memory, weakest
from hulk.modules.agents.domain.memory.fading import days
from hulk.modules.agents.domain.memory.memory import absent, require_superseded
from hulk.modules.agents.ports.memories import Near, Sought, Which
from hulk.modules.router import Label


@dataclass(slots=True)
class MemoryMemories:
    """Keeps `Memories`' promises in this process."""

    kept: dict[tuple[str, str], Memory] = field(default_factory=dict)
    names: dict[tuple[str, str], str] = field(default_factory=dict)

    def keep(self, memory: Memory, supersedes: str | None = None) -> Change[tuple[Memory, bool]]:
        """See `Memories`."""

        def change(_: Any) -> tuple[Memory, bool]:
            tenant = memory.tenant
            if (tenant, memory.id) in self.names:
                return self.kept[tenant, self.names[tenant, memory.id]], False
            if supersedes is not None:
                old = require_superseded(self.kept.get((tenant, supersedes)), memory, supersedes)
                self.kept[tenant, supersedes] = replace(old, superseded_by=memory.id)
            self.kept[tenant, memory.id], self.names[tenant, memory.id] = memory, memory.id
            return memory, True

        return change

    def repeat(self, tenant: str, id_: str, again: str, now: datetime, labels: tuple[Label, ...]) -> Change[tuple[Memory, bool]]:
        """See `Memories`."""

        def change(_: Any) -> tuple[Memory, bool]:
            if (tenant, again) in self.names:
                return self.kept[tenant, self.names[tenant, again]], False
            found = self.kept[tenant, id_] = self._of(tenant, id_).repeated(now, labels)
            self.names[tenant, again] = id_
            return found, True

        return change

    async def known(self, tenant: str, id_: str) -> Memory | None:
        """See `Memories`."""
        return self.kept.get((tenant, self.names.get((tenant, id_), "")))

    async def get(self, tenant: str, id_: str) -> Memory:
        """See `Memories`."""
        return self._of(tenant, id_)

    async def near(self, sought: Sought) -> Sequence[Near]:
        """See `Memories`."""
        some = sorted((one for one in self.kept.values() if _fits(one, sought)), key=lambda one: one.id)
        if not some:
            return []
        cosine = nearest.cosines(nearest.matrix([one.vector for one in some], len(sought.vector)), sought.vector)
        ages = [] if sought.faded else [days(one.last_used, sought.now) for one in some]
        scored = nearest.scores(cosine, ages, [one.strength for one in some])
        return [Near(some[place], float(cosine[place]), float(scored[place])) for place in nearest.best(scored, sought.most)]

    async def of(self, which: Which, most: int, before: str | None = None) -> Sequence[Memory]:
        """See `Memories`."""
        newest = sorted(self._that(which), key=_newest, reverse=True)
        last = self.kept.get((which.tenant, before or ""))
        return [one for one in newest if last is None or _newest(one) < _newest(last)][:most]

    def used(self, tenant: str, ids: Sequence[str], now: datetime) -> Change[None]:
        """See `Memories`."""

        def change(_: Any) -> None:
            self.kept.update({(tenant, id_): self.kept[tenant, id_].used(now) for id_ in ids if (tenant, id_) in self.kept})

        return change

    def forget(self, which: Which, most: int) -> Change[Sequence[Memory]]:
        """See `Memories`."""
        return self._deleting(lambda: self._that(which), most)

    def sweep(self, now: datetime, most: int) -> Change[Sequence[Memory]]:
        """See `Memories`."""
        return self._deleting(lambda: [one for one in self.kept.values() if one.ends <= now], most)

    def thin(self, tenant: str, agent: str, now: datetime, most: int) -> Change[Sequence[Memory]]:
        """See `Memories`."""

        def going() -> list[Memory]:
            its = {one.id: one for one in self._that(Which(tenant=tenant, agent=agent))}
            return [its[id_] for id_ in weakest({id_: one.retention(now) for id_, one in its.items()}, most)]

        return self._deleting(going, len(self.kept) + 1)

    async def others(self, model: str, most: int) -> Sequence[Memory]:
        """See `Memories`."""
        return [one for one in self.kept.values() if one.model != model][:most]

    def embed(self, tenant: str, id_: str, model: str, vector: bytes) -> Change[None]:
        """See `Memories`."""

        def change(_: Any) -> None:
            if (one := self.kept.get((tenant, id_))) is not None:
                self.kept[tenant, id_] = replace(one, model=model, vector=vector)

        return change

    def _that(self, which: Which) -> list[Memory]:
        return [one for (tenant, _), one in self.kept.items() if tenant == which.tenant and _meant(one, which)]

    def _deleting(self, which: Callable[[], Iterable[Memory]], most: int) -> Change[Sequence[Memory]]:
        def change(_: Any) -> Sequence[Memory]:
            going = list(which())[:most]
            for one in going:
                del self.kept[one.tenant, one.id]
                self.names = {name: id_ for name, id_ in self.names.items() if (name[0], id_) != (one.tenant, one.id)}
            return going

        return change

    def _of(self, tenant: str, id_: str) -> Memory:
        if (found := self.kept.get((tenant, id_))) is None:
            raise absent(id_)
        return found


def _fits(one: Memory, sought: Sought) -> bool:
    return (
        (one.tenant, one.agent, one.model, one.superseded_by) == (sought.tenant, sought.agent, sought.model, None)
        and (sought.namespaces is None or one.namespace in sought.namespaces)
        and (not sought.kinds or one.kind in sought.kinds)
        and (sought.sensitive or not one.p0)
        and one.ends > sought.now
    )


def _meant(one: Memory, which: Which) -> bool:
    its = {**{name: getattr(one.provenance, name) for name in ("task", "source", "actor", "about")}, "memory": one.id, "agent": one.agent}
    namespaces = which.namespaces
    return (namespaces is None or one.namespace in namespaces) and all(getattr(which, name) in ("", value) for name, value in its.items())


def _newest(one: Memory) -> tuple[datetime, str]:
    return one.created, one.id
