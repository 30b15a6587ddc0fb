"""A virtual server: some of the tools under a name, for a team, as one MCP server."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from hulk.kernel.errors import NotFound
from hulk.kernel.tenancy import Role
from hulk.modules.tools.domain.permission import Rule, Who, any_of, holds
from hulk.modules.tools.domain.tool import Tool

Names: TypeAlias = Literal["full", "short"]
"""full: `github.list_issues`; short: `list_issues`, for programs that take no dots, where no other tool of the server is called so."""
RESERVED = frozenset(("search_tools", "call_status"))
"""Short names of what every server has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Its `tools` are patterns; it is for who holds one of the `roles` or is one of the `people`, for all when there is neither.

    It narrows: what a rule does not allow is not there either."""

    name: str
    title: str = ""
    tools: tuple[str, ...] = ("*",)
    roles: tuple[Role, ...] = ()
    people: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()
    names: Names = "full"

    def open_to(self, who: Who) -> bool:
        """Whether it is there for them."""
        return (not self.tenants or who.principal.tenant in self.tenants) and holds(who, self.roles, self.people)

    def of(self, tools: Iterable[Tool]) -> Sequence[Tool]:
        """Those of the tools that it has."""
        return [tool for tool in tools if any_of(tool.name, self.tools)]

    def named(self, tools: Iterable[Tool]) -> Mapping[str, Tool]:
        """Those of the tools that it has, by what they are called there: the same for whoever asks, whatever they may use."""
        mine = self.of(tools)
        if self.names == "full":
            return {tool.name: tool for tool in mine}
        times = Counter(tool.act for tool in mine)
        return {tool.act if times[tool.act] == 1 and tool.act not in RESERVED else tool.name: tool for tool in mine}


def missing(kind: type[Rule] | type[Server], name: str) -> NotFound:
    """That there is none of that name."""
    if kind is Rule:
        return NotFound("There is no rule “{name}”.", name=name[:80])
    return NotFound("There is no virtual server “{name}”.", name=name[:80])
