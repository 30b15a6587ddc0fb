"""Who asks over MCP: found out once for each request, before the protocol begins, and read again where it is answered."""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from starlette.types import Scope

from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import Principal
from hulk.kernel.text import Voice
from hulk.modules.tools.domain import Server, Tool
from hulk.modules.tools.usecases.catalogue import Catalogue
from hulk.runtime.http import state

_KEPT = "tools.asker"


@dataclass(frozen=True, slots=True)
class Asker:
    """Whoever asks, of which virtual server (None: of all tools), and how to speak to them."""

    by: Principal
    server: Server | None
    voice: Voice

    async def called(self, catalogue: Catalogue) -> Mapping[str, Tool] | None:
        """The tools by what they are called there; None when that is their own name. Raises `Unavailable`."""
        if self.server is None or self.server.names == "full":
            return None
        return self.server.named((await catalogue.shelf()).tools)

    def schema(self, catalogue: Catalogue, name: str) -> JsonObject | None:
        """What the tool takes that is called so there, as the tools were when somebody last asked."""
        short = self.server is not None and self.server.names == "short"
        tools = self.server.named(catalogue.seen.values()) if self.server is not None and short else catalogue.seen
        tool = tools.get(name)
        return None if tool is None else tool.input


ASKING: ContextVar[Asker] = ContextVar("asking")
"""Who asks, where the protocol's library tells of no request."""


def keep(scope: Scope, asker: Asker) -> None:
    """Remember who asks in this request."""
    state(scope)[_KEPT] = asker
    ASKING.set(asker)


def asker_of(request: Any) -> Asker:
    """Who asks in it. `request` is what the protocol's library has of the HTTP request."""
    found = state(request.scope)[_KEPT]
    assert isinstance(found, Asker)  # noqa: S101  # each request goes through the endpoint
    return found
