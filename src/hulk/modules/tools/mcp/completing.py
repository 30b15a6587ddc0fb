"""`completion/complete`: what somebody is likely to mean who has begun to type an argument of a prompt or of an address."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import mcp_types as types
from mcp.server.context import ServerRequestContext

from hulk.kernel.errors import HulkError, NotFound
from hulk.modules.tools.domain import Part, Prompt, variables
from hulk.modules.tools.mcp.asker import Asker, asker_of
from hulk.modules.tools.mcp.failures import wrong
from hulk.modules.tools.mcp.listing import named
from hulk.modules.tools.mcp.pages import ALL, CALL, PART, TOOL
from hulk.modules.tools.ports import WantedCalls
from hulk.modules.tools.usecases.acts import ToolActs
from hulk.modules.tools.usecases.finding import Search

_MOST = 100
"""Values in an answer (2025-11-25, “Completion Results”)."""
_LATEST = 200


@dataclass(frozen=True, slots=True)
class Completing:
    """This method."""

    acts: ToolActs

    async def __call__(self, context: ServerRequestContext[Any, Any], params: types.CompleteRequestParams) -> types.CompleteResult:
        """Raises `MCPError`."""
        asker, name = asker_of(context.request), params.argument.name
        try:
            if isinstance(params.ref, types.PromptReference):
                known = await self._of_prompt(asker, await self.acts.prompts.one(asker.by, params.ref.name, asker.server), name)
            else:
                known = await self._of_address(asker, str(params.ref.uri), name)
        except HulkError as error:
            raise wrong(error, asker.voice) from error
        return types.CompleteResult(completion=_completion(known, params.argument.value))

    async def _of_prompt(self, asker: Asker, prompt: Prompt, name: str) -> Sequence[str]:
        """What the prompt says, else what fits where the argument stands in an address."""
        argument = next((one for one in prompt.arguments if one.name == name), None)
        if argument is None:
            raise NotFound("“{prompt}” has no argument “{name}”.", prompt=prompt.name, name=name[:64])
        part = next((one for one in prompt.parts if _stands_in(one, name)), None)
        return argument.values or ([] if part is None else await self._of_address(asker, part.resource, name))

    async def _of_address(self, asker: Asker, address: str, name: str) -> Sequence[str]:
        if (address, name) == (TOOL, "tool"):
            usable = await self.acts.find(asker.by, Search(server=asker.server, most=ALL))
            return sorted(one for one, _, _ in named(usable, await asker.called(self.acts.catalogue)))
        if address in (CALL, PART) and name == "call":
            wanted = WantedCalls(tenant=asker.by.tenant, actor=asker.by.actor, most=_LATEST)
            return [call.id for call in await self.acts.calls.find(asker.by, wanted)]
        if address == PART:
            return []
        tool = next((one for one in await self.acts.read.addresses(asker.by, asker.server) if one.address == address), None)
        if tool is None or name not in variables(address):
            raise NotFound("There is nothing to read at {uri}.", uri=address[:300])
        return [str(value) for value in _listed(tool.input.get("properties", {}).get(name, {}))]


def _stands_in(part: Part, name: str) -> bool:
    return name in variables(part.resource)


def _listed(schema: Mapping[str, Any]) -> Iterable[object]:
    found = schema.get("enum", schema.get("examples", ()))
    return found if isinstance(found, list) else ()


def _completion(known: Sequence[str], typed: str) -> types.Completion:
    """What begins so, then what holds it, without regard to case."""
    small = typed.casefold()
    begins = [one for one in known if one.casefold().startswith(small)]
    found = [*begins, *(one for one in known if small in one.casefold() and not one.casefold().startswith(small))]
    return types.Completion(values=found[:_MOST], total=len(found), has_more=len(found) > _MOST)
