"""Saying who may use which tools, and which tools are a server of their own: what admins of a tenant do."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from hulk.kernel.durable import Change, Commit
from hulk.kernel.errors import Forbidden, Invalid
from hulk.kernel.events import Event, Trail, changed_as, reasoned
from hulk.kernel.records import JsonObject, to_json
from hulk.kernel.tenancy import Principal, Verb
from hulk.kernel.text import Text
from hulk.modules.tools.domain import Rule, Server
from hulk.modules.tools.domain.server import missing
from hulk.modules.tools.ports import Named

N = TypeVar("N", Rule, Server)
MOST = 500
"""Rules of a tenant's own, and as many servers."""
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


@dataclass(frozen=True, slots=True)
class Rules(Generic[N]):
    """Acts on a tenant's own things that have a name, of one kind, beside those of the settings, which stay as they are."""

    kind: type[N]
    settings: Sequence[N]
    own: Named[N]
    trail: Trail
    commit: Commit
    heeded: Callable[[str], None]

    async def show(self, by: Principal) -> tuple[Sequence[N], Sequence[N]]:
        """Those of the settings that are about the tenant, and its own. Raises `Forbidden`."""
        require(by, "read")
        return [one for one in self.settings if not one.tenants or by.tenant in one.tenants], await self.own.of(by.tenant)

    async def put(self, by: Principal, one: N, reason: str = "") -> None:
        """It holds from now on, in the place of the one of its name. Raises `Forbidden`, `Invalid`."""
        require(by, "manage")
        await self._require_fit(by.tenant, one)
        await self._commit(by, self.own.put(by.tenant, one), one, reasoned(reason))

    async def remove(self, by: Principal, name: str, reason: str = "") -> None:
        """It holds no more. Raises `Forbidden`, `NotFound`."""
        require(by, "manage")
        await self._commit(by, self.own.remove(by.tenant, name), None, reasoned(reason))

    async def get(self, by: Principal, name: str) -> N:
        """The one of that name: the settings' before the tenant's own. Raises `NotFound`."""
        for some in await self.show(by):
            for one in some:
                if one.name == name:
                    return one
        raise missing(self.kind, name)

    async def _require_fit(self, tenant: str, one: N) -> None:
        if not NAME.fullmatch(one.name):
            raise Invalid([("name", Text("it must match the pattern {pattern}", pattern=NAME.pattern))])
        if one.tenants:
            raise Invalid([("tenants", Text("only those of the settings are about several tenants; remove it"))])
        if any(other.name == one.name for other in self.settings):
            raise Invalid([("name", Text("the settings have one of that name, which only hulk.yaml changes; take another name"))])
        own = await self.own.of(tenant)
        if len(own) >= MOST and all(other.name != one.name for other in own):
            raise Invalid([("", Text("the number of entries must be at most {count}", count=MOST))])

    async def _commit(self, by: Principal, changing: Change[N | None] | Change[N], after: N | None, reason: str) -> None:
        word = self.kind.__name__.lower()

        def change(tx: Any) -> None:
            before = changing(tx)
            data = changed_as(_plain, reason, before, after)
            subject = str((before if after is None else after).name)  # type: ignore[union-attr]  # one of them is there
            self.trail.append(Event(type=f"hulk.tool.{word}_changed.v1", subject=subject, tenant=by.tenant, actor=by.actor, data=data))(tx)

        await self.commit(change)
        self.heeded(by.tenant)


def require(by: Principal, verb: Verb) -> None:
    """Raises `Forbidden` unless `by` may do that with tools in all of the tenant."""
    if not by.may(verb, "tools"):
        raise Forbidden(
            "You may not do this: it needs “{verb}” on {resource}, and your roles are {roles}. Ask an admin for a role that has it.",
            verb=verb, resource="tools", roles=by.roles or "—",
        )  # fmt: skip


def _plain(one: Rule | Server) -> JsonObject:
    found: JsonObject = to_json(one)
    return found
