"""Calls, rules and virtual servers in memory: for tests and for trying things out."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import dropwhile
from typing import Any, Generic, TypeVar

from hulk.kernel.durable import Change
from hulk.kernel.errors import NotFound
from hulk.modules.tools.domain import Call, Ending, Rule, Server
from hulk.modules.tools.domain.call import ended, taken
from hulk.modules.tools.domain.server import missing
from hulk.modules.tools.ports import WantedCalls


@dataclass(slots=True)
class MemoryCalls:
    """Keeps `Calls`' promises in this process."""

    kept: dict[tuple[str, str], Call] = field(default_factory=dict)

    def begin(self, call: Call) -> Change[tuple[Call, bool]]:
        """See `Calls`."""

        def change(_: Any) -> tuple[Call, bool]:
            new = (call.tenant, call.id) not in self.kept
            return self.kept.setdefault((call.tenant, call.id), call), new

        return change

    def take(self, tenant: str, id_: str, deadline: datetime, *, idempotent: bool) -> Change[Call | None]:
        """See `Calls`."""

        def change(_: Any) -> Call | None:
            if (found := taken(self._of(tenant, id_), deadline, idempotent=idempotent)) is not None:
                self.kept[tenant, id_] = found
            return found

        return change

    def ask(self, tenant: str, id_: str, ticket: str) -> Change[Call]:
        """See `Calls`."""

        def change(_: Any) -> Call:
            found = self.kept[tenant, id_] = replace(self._of(tenant, id_), ticket=ticket)
            return found

        return change

    def end(self, tenant: str, id_: str, ending: Ending) -> Change[tuple[Call, bool]]:
        """See `Calls`."""

        def change(_: Any) -> tuple[Call, bool]:
            before = self._of(tenant, id_)
            after = self.kept[tenant, id_] = ended(before, ending)
            return after, after is not before

        return change

    async def get(self, tenant: str, id_: str) -> Call:
        """See `Calls`."""
        return self._of(tenant, id_)

    async def find(self, wanted: WantedCalls) -> Sequence[Call]:
        """See `Calls`."""
        newest = sorted((call for call in self.kept.values() if call.tenant == wanted.tenant), key=lambda call: call.id)
        newest.sort(key=lambda call: call.at, reverse=True)
        if wanted.before is not None:
            newest = list(dropwhile(lambda call: call.id != wanted.before, newest))[1:]
        same = {"actor": wanted.actor, "tool": wanted.tool, "status": wanted.status}
        return [call for call in newest if all(value in (None, getattr(call, name)) for name, value in same.items())][: wanted.most]

    async def overdue(self, moment: datetime, most: int) -> Sequence[Call]:
        """See `Calls`."""
        found = (call for call in self.kept.values() if call.status == "running" and call.deadline < moment)
        return sorted(found, key=lambda call: call.deadline)[:most]

    def _of(self, tenant: str, id_: str) -> Call:
        if (found := self.kept.get((tenant, id_))) is None:
            raise NotFound("There is no call {id}.", id=id_[:80])
        return found


N = TypeVar("N", Rule, Server)


@dataclass(slots=True)
class MemoryNamed(Generic[N]):
    """Keeps `Named`'s promises in this process."""

    kind: type[N]
    kept: dict[tuple[str, str], N] = field(default_factory=dict)

    def put(self, tenant: str, one: N) -> Change[N | None]:
        """See `Named`."""

        def change(_: Any) -> N | None:
            before = self.kept.get((tenant, one.name))
            self.kept[tenant, one.name] = one
            return before

        return change

    def remove(self, tenant: str, name: str) -> Change[N]:
        """See `Named`."""

        def change(_: Any) -> N:
            if (found := self.kept.pop((tenant, name), None)) is None:
                raise missing(self.kind, name)
            return found

        return change

    async def of(self, tenant: str) -> Sequence[N]:
        """See `Named`."""
        return [one for (whose, _), one in sorted(self.kept.items()) if whose == tenant]
