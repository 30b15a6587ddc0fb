"""All tools that there are now, and those of them that somebody may use."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

import structlog

from hulk.kernel.errors import Forbidden, HulkError, NotFound, Unavailable
from hulk.kernel.fresh import Fresh
from hulk.kernel.tenancy import EVERYWHERE, Principal
from hulk.modules.tools.domain import Allowed, Denied, Index, Rule, Server, Tool, Verdict, Who, verdict
from hulk.modules.tools.domain.permission import any_of
from hulk.modules.tools.ports import Backend, Named

log = structlog.get_logger(__name__)
ASKED_FOR = 10.0
"""Seconds that a backend may take to say what it can do."""
_ALL = "tools"
NONE: Mapping[str, Sequence[str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Mounted:
    """A backend, and the tenants that may use it at all: patterns."""

    backend: Backend
    tenants: tuple[str, ...]


@dataclass(frozen=True)
class Shelf:
    """The tools at a moment, and why backends gave none."""

    tools: Sequence[Tool]
    away: Mapping[str, HulkError] = field(default_factory=dict)

    @cached_property
    def by_name(self) -> Mapping[str, Tool]:
        """The tools."""
        return {tool.name: tool for tool in self.tools}

    @cached_property
    def index(self) -> Index:
        """The tools by their words."""
        return Index.of(self.tools)


class Catalogue:
    """What there is to use: asked of the backends when somebody wants to know, and remembered for a second."""

    def __init__(
        self, mounted: Sequence[Mounted], settings: Sequence[Rule], rules: Named[Rule], agents: Mapping[str, Sequence[str]] = NONE
    ) -> None:
        self.mounted: Mapping[str, Mounted] = {one.backend.name: one for one in mounted}
        self._settings, self._rules = settings, rules
        self.agents = agents
        """Those installed, each with patterns of the tools that it may use at all, whatever rules there are besides."""
        self._shelf: Fresh[Shelf] = Fresh(self._gathered)
        self._watching: list[Callable[[], None]] = []
        self.seen: Mapping[str, Tool] = {}
        """The tools as they were when somebody last asked: for who cannot wait."""
        self._own: Fresh[Sequence[Rule]] = Fresh(self._read)

    async def shelf(self) -> Shelf:
        """All tools of all backends."""
        return await self._shelf(_ALL)

    async def rules(self, tenant: str) -> Sequence[Rule]:
        """The rules that hold for the tenant: those of the settings and its own. Raises `Unavailable`."""
        return [*self._settings, *await self._own(tenant)]

    def changed(self, tenant: str) -> None:
        """The tenant's rules were changed by this process: who asks from now on gets the new ones."""
        self._own.stale(tenant)
        self._tell()

    def watch(self, told: Callable[[], None]) -> None:
        """Have that called whenever this process learns that tools or rules may be others."""
        self._watching.append(told)

    def _tell(self) -> None:
        for told in self._watching:
            told()

    def looked_at(self) -> None:
        """What a backend can do was changed by this process."""
        self._shelf.stale(_ALL)
        self._tell()

    def require_free(self, agent: str) -> None:
        """Raises `Forbidden` for the name of an agent that is installed: only its own work is done in its name."""
        if agent in self.agents:
            raise Forbidden(
                "Only the agent “{agent}” itself calls tools in its name: have it work for you (POST /v1/intents), or leave “agent” out.",
                agent=agent,
            )  # fmt: skip

    async def open_to(self, who: Who, server: Server | None = None) -> Sequence[tuple[Tool, Allowed]]:
        """The tools that somebody may use, with how far, in the order of their names."""
        rules, shelf = await self.rules(who.principal.tenant), await self.shelf()
        tools = shelf.tools if server is None else server.of(shelf.tools)
        judged = ((tool, self._judged(rules, tool, who)) for tool in tools)
        return [(tool, found) for tool, found in judged if isinstance(found, Allowed)]

    async def usable(self, who: Who, name: str, server: Server | None = None) -> tuple[Tool, Allowed]:
        """The tool of that name, and how far they may go with it. Raises `NotFound`, `Forbidden`, and `Unavailable` when its backend cannot
        say what it can do."""
        shelf = await self.shelf()
        tool = shelf.by_name.get(name)
        if tool is None or (server is not None and not server.of([tool])):
            raise self._missing(shelf, who, name)
        found = self._judged(await self.rules(who.principal.tenant), tool, who)
        if isinstance(found, Denied):
            raise _denied(found, tool, who)
        return tool, found

    def _judged(self, rules: Sequence[Rule], tool: Tool, who: Who) -> Verdict:
        mounted = self.mounted.get(tool.backend)
        there = mounted is not None and any_of(who.principal.tenant, mounted.tenants)
        reach = self.agents.get(who.agent)
        if reach is not None and not any_of(tool.name, reach):
            return Denied()
        if not there or not who.principal.may("write" if tool.writes else "read", "tools", who.namespace):
            return Denied()
        return verdict(rules, tool, who)

    def _missing(self, shelf: Shelf, who: Who, name: str) -> HulkError:
        backend = name.partition(".")[0]
        if (away := shelf.away.get(backend)) is not None and any_of(who.principal.tenant, self.mounted[backend].tenants):
            return Unavailable("What {backend} can do is not known right now: {reason}", backend=backend, reason=away.text)
        return NotFound("There is no tool {name}. What you may use is listed by GET /v1/tools.", name=name[:130])

    async def _read(self, tenant: str, _: Sequence[Rule] | None) -> Sequence[Rule]:
        return await self._rules.of(tenant)

    async def _gathered(self, _: str, before: Shelf | None) -> Shelf:
        async with asyncio.TaskGroup() as group:
            asked = {name: group.create_task(_said(one.backend)) for name, one in self.mounted.items()}
        found = {name: task.result() for name, task in asked.items()}
        tools = sorted((tool for one in found.values() if not isinstance(one, HulkError) for tool in one), key=lambda tool: tool.name)
        away = {name: one for name, one in found.items() if isinstance(one, HulkError)}
        if before is not None and list(before.tools) == tools and before.away.keys() == away.keys():
            return before
        shelf = Shelf(tools, away)
        self.seen = shelf.by_name
        if before is not None:
            self._tell()
        return shelf


async def _said(backend: Backend) -> Sequence[Tool] | HulkError:
    try:
        async with asyncio.timeout(ASKED_FOR):
            return await backend.tools()
    except TimeoutError:
        return Unavailable("{backend} did not say what it can do within {seconds} s.", backend=backend.name, seconds=ASKED_FOR)
    except HulkError as error:
        log.warning("tools_not_listed", backend=backend.name, reason=str(error))
        return error


def _denied(found: Denied, tool: Tool, who: Who) -> Forbidden:
    through = who.agent or who.principal.actor
    if found.rule is not None:
        return Forbidden("{who} may not use {tool}: the rule “{rule}” forbids it.", who=through, tool=tool.name, rule=found.rule)
    return Forbidden(
        "{who} may not use {tool}: no rule allows it, and what no rule allows is forbidden. An admin adds one with "
        "PUT /v1/tool-rules or tools.rules.",
        who=through, tool=tool.name,
    )  # fmt: skip


def who_of(by: Principal, agent: str = "", namespace: str | None = None) -> Who:
    """Whoever asks, in the namespace, by default in all of the tenant."""
    return Who(principal=by, agent=agent, namespace=EVERYWHERE if namespace is None else namespace)
