"""Prompts: those that somebody may begin with."""

from collections.abc import Sequence
from dataclasses import dataclass

from hulk.kernel.errors import NotFound
from hulk.kernel.tenancy import Principal
from hulk.modules.tools.domain import Prompt, Server
from hulk.modules.tools.usecases.catalogue import Catalogue, who_of
from hulk.modules.tools.usecases.ruling import require


@dataclass(frozen=True, slots=True)
class FindPrompts:
    """What one may not begin with is not there."""

    catalogue: Catalogue
    prompts: Sequence[Prompt]

    async def __call__(self, by: Principal, server: Server | None = None) -> Sequence[Prompt]:
        """By name. Raises `Forbidden`, `Unavailable`."""
        require(by, "read")
        who = who_of(by)
        usable = [tool.name for tool, _ in await self.catalogue.open_to(who, server)]
        return sorted((one for one in self.prompts if one.open_to(who, usable)), key=lambda one: one.name)

    async def one(self, by: Principal, name: str, server: Server | None = None) -> Prompt:
        """The one of that name. Raises `NotFound`, `Forbidden`, `Unavailable`."""
        found = next((one for one in await self(by, server) if one.name == name), None)
        if found is None:
            raise NotFound("There is no prompt “{name}” here.", name=name[:80])
        return found
