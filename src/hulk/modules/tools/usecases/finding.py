"""Looking for tools, and at calls."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hulk.kernel.durable import Commit
from hulk.kernel.errors import Forbidden, NotFound
from hulk.kernel.events import Trail
from hulk.kernel.tenancy import Principal
from hulk.kernel.time import Clock
from hulk.modules.tools.domain import Allowed, Call, Effect, Index, Server, Tool
from hulk.modules.tools.domain.call import id_of
from hulk.modules.tools.domain.server import missing
from hulk.modules.tools.ports import Calls, WantedCalls
from hulk.modules.tools.usecases.call import Called
from hulk.modules.tools.usecases.catalogue import Catalogue, who_of
from hulk.modules.tools.usecases.perform import lost, told_once
from hulk.modules.tools.usecases.ruling import require


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Which tools are looked for: by words, of a backend, by what they do, in a virtual server, as an agent sees them."""

    query: str = ""
    backend: str = ""
    effect: Effect | None = None
    tag: str = ""
    server: Server | None = None
    agent: str = ""
    most: int = 50


@dataclass(frozen=True, slots=True)
class FindTools:
    """The tools that somebody may use: what they may not is not there."""

    catalogue: Catalogue

    async def __call__(self, by: Principal, wanted: Search) -> Sequence[tuple[Tool, Allowed]]:
        """Best first when words are looked for, else by name. Raises `Forbidden`, `Unavailable`, and `NotFound` for a virtual server
        that is for others."""
        require(by, "read")
        who = who_of(by, wanted.agent)
        if wanted.server is not None and not wanted.server.open_to(who):
            raise missing(Server, wanted.server.name)
        usable = {tool.name: (tool, how) for tool, how in await self.catalogue.open_to(who, wanted.server)}
        fits = {name for name, (tool, _) in usable.items() if _fits(tool, wanted)}
        if not wanted.query.strip():
            return [usable[name] for name in sorted(fits)[: wanted.most]]
        index: Index = (await self.catalogue.shelf()).index
        found = (tool.name for tool in index.search(wanted.query, len(index.tools)))
        return [usable[name] for name in found if name in fits][: wanted.most]

    async def one(self, by: Principal, name: str, agent: str = "") -> tuple[Tool, Allowed]:
        """The tool of that name. Raises `NotFound`, `Forbidden`, `Unavailable`."""
        require(by, "read")
        return await self.catalogue.usable(who_of(by, agent), name)


def _fits(tool: Tool, wanted: Search) -> bool:
    return (
        (not wanted.backend or tool.backend == wanted.backend)
        and (wanted.effect is None or tool.effect == wanted.effect)
        and (not wanted.tag or wanted.tag in tool.tags)
    )


@dataclass(frozen=True, slots=True)
class ShowCalls:
    """Calls as they are kept: one's own, and all of the tenant's for its admins."""

    calls: Calls
    catalogue: Catalogue

    async def __call__(self, by: Principal, id_: str) -> Called:
        """Without what it gave, when they may not use the tool any more. Raises `Forbidden`, and `NotFound` also for another's."""
        require(by, "read")
        call = await self.calls.get(by.tenant, id_)
        if call.actor != by.actor and not by.may("manage", "tools"):
            raise NotFound("There is no call {id}.", id=id_[:80])
        try:
            tool, allowed = await self.catalogue.usable(who_of(by, call.agent, call.namespace), call.tool)
        except Forbidden:
            return Called(call=replace(call, output=None), tool=(await self.catalogue.shelf()).by_name[call.tool], sensitive=False)
        return Called(call=call, tool=tool, sensitive=allowed.sensitive)

    async def of_key(self, by: Principal, key: str) -> Called:
        """The call with that key. Raises as calling does."""
        return await self(by, id_of(by.tenant, key))

    async def find(self, by: Principal, wanted: WantedCalls) -> Sequence[Call]:
        """Newest first, without what they gave. Raises `Forbidden`."""
        require(by, "read")
        actor = wanted.actor if by.may("manage", "tools") else by.actor
        return [replace(call, output=None) for call in await self.calls.find(replace(wanted, tenant=by.tenant, actor=actor))]


@dataclass(frozen=True, slots=True)
class CloseOverdue:
    """Say of calls whose process ended in the middle that nobody knows whether they were done."""

    calls: Calls
    trail: Trail
    commit: Commit
    clock: Clock

    async def __call__(self, most: int = 100) -> int:
        """How many there were; raises `Unavailable`."""
        overdue = await self.calls.overdue(self.clock(), most)
        for call in overdue:
            ending = self.calls.end(call.tenant, call.id, lost(call, self.clock()))
            await self.commit(told_once(ending, self.trail, "hulk"))
        return len(overdue)
