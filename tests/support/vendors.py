"""The vendors that the provider is tested with: a twin each, and how its models are named."""

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import Any

from hulk.modules.router.adapters.built_in import WithBuiltIn
from hulk.modules.router.adapters.guarded import GuardedProvider
from hulk.modules.router.adapters.observed import Figures, ObservedProvider
from hulk.modules.router.adapters.served import ServedProvider
from hulk.modules.router.adapters.vendors import Vendors
from hulk.modules.router.domain.model import ABILITIES, CallPart, Completion, Delta, Ended, Kind, Model, Prompt, Said
from hulk.modules.router.ports import Provider
from hulk.runtime.breaker import Breakers
from hulk.runtime.models import LocalEmbedder
from hulk.runtime.telemetry import Metrics
from support.gates import Recording
from support.twins import anthropic_twin, gemini_twin, openai_twin

TWINS: dict[Kind, Callable[..., contextlib.AbstractContextManager[str]]] = {
    "openai": openai_twin,
    "anthropic": anthropic_twin,
    "google": gemini_twin,
}
CONFORMING: dict[str, Callable[[Vendors, Breakers], Provider]] = {
    "": lambda vendors, _: vendors,
    " behind a breaker": lambda vendors, breakers: GuardedProvider(vendors, breakers, vendors.probe),
    " served here": lambda vendors, breakers: ServedProvider(GuardedProvider(vendors, breakers, vendors.probe), "acme", lambda: None),
    " watched": lambda vendors, breakers: ObservedProvider(GuardedProvider(vendors, breakers, vendors.probe), Figures.of(Metrics())),
    " beside the built-in model": lambda vendors, _: WithBuiltIn(vendors, LocalEmbedder()),
}


@dataclass(frozen=True)
class Vendor:
    """A vendor's twin and the provider that asks it. What passed the gate is in `gate`."""

    kind: Kind
    url: str
    provider: Provider
    gate: Recording

    def model(self, name: str = "echo", **more: Any) -> Model:
        """The model that does `name` (see `support.twins.scenarios`). Abilities may be changed by name."""
        abilities = replace(ABILITIES[self.kind], **more.pop("abilities", {}))
        given = {"api_key": "right", "total_seconds": 10.0, "url": self.url, "kind": self.kind, **more}
        return Model(name="acme", model=name, abilities=abilities, **given)

    async def deltas(self, model: Model, prompt: Prompt) -> list[Delta]:
        """All that a stream brings."""
        async with self.provider.stream(model, prompt) as deltas:
            return [delta async for delta in deltas]

    async def either(self, way: str, model: Model, prompt: Prompt) -> Completion:
        """The answer, whole or by a stream whose pieces make up the same."""
        if way == "complete":
            return await self.provider.complete(model, prompt)
        *deltas, last = await self.deltas(model, prompt)
        assert isinstance(last, Ended)
        assert "".join(delta.text for delta in deltas if isinstance(delta, Said)) == last.completion.text
        for place, call in enumerate(last.completion.calls):
            parts = [delta for delta in deltas if isinstance(delta, CallPart) and delta.index == place]
            assert (parts[0].id, parts[0].name) == (call.id, call.name)
            assert "".join(part.arguments for part in parts) == call.arguments
        return last.completion


@contextlib.asynccontextmanager
async def asking(kind: Kind, url: str, behind: str = "") -> AsyncIterator[Vendor]:
    """A provider that asks that twin; its connections are closed at the end."""
    gate = Recording()
    vendors = Vendors(gate)
    async with Breakers().working() as breakers:
        yield Vendor(kind, url, CONFORMING[behind](vendors, breakers), gate)
    await vendors.close()
