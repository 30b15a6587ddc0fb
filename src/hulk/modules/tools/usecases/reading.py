"""Reading what reads give by its address: the same call, by the same rules, as if the tool had been named."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hulk.kernel.errors import NotFound
from hulk.kernel.records import Json, JsonObject
from hulk.kernel.tenancy import Principal
from hulk.modules.tools.domain import Server, Tool, matched
from hulk.modules.tools.ports import Present
from hulk.modules.tools.usecases.call import Called, CallTool, Wanted
from hulk.modules.tools.usecases.catalogue import Catalogue, who_of
from hulk.modules.tools.usecases.ruling import require

_PLAIN = ("integer", "number", "boolean")


@dataclass(frozen=True, slots=True)
class ReadAddress:
    """What is at an address, and which addresses somebody may read."""

    catalogue: Catalogue
    call: CallTool

    async def __call__(self, by: Principal, uri: str, server: Server | None = None, present: Present | None = None) -> Called:
        """The call that read it. Raises what `CallTool` does, and `NotFound` for an address of no tool that the caller may use."""
        tool, given = await self.tool(by, uri, server)
        return await self.call(by, Wanted(tool=tool.name, arguments=given, server=server, present=present or Present()))

    async def tool(self, by: Principal, uri: str, server: Server | None = None) -> tuple[Tool, JsonObject]:
        """What reads it, with which arguments. Raises `NotFound`, `Forbidden`, `Unavailable`."""
        for tool in await self.addresses(by, server):
            if (given := matched(tool.address, uri)) is not None:
                return tool, _typed(tool.input, given)
        raise NotFound("There is nothing to read at {uri}.", uri=uri[:300])

    async def addresses(self, by: Principal, server: Server | None = None) -> Sequence[Tool]:
        """The tools that the caller may use and that have an address. Raises `Forbidden`, `Unavailable`."""
        require(by, "read")
        return [tool for tool, _ in await self.catalogue.open_to(who_of(by), server) if tool.address and not tool.writes]


def _typed(schema: JsonObject, given: Mapping[str, str]) -> JsonObject:
    """With numbers where the tool takes numbers; what is none stays text, and the schema says so."""
    return {name: _value(schema.get("properties", {}).get(name, {}), text) for name, text in given.items()}


def _value(schema: JsonObject, text: str) -> Json:
    if schema.get("type") not in _PLAIN:
        return text
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, bool | int | float) else text
