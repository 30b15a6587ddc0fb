"""Programs that want vectors of texts: decided on, executed and paid for like prompts."""

from collections.abc import Sequence
from dataclasses import dataclass

from hulk.kernel.errors import HulkError, Refused
from hulk.kernel.tenancy import Principal
from hulk.modules.router.domain.model import Model
from hulk.modules.router.usecases.executing import Embed, Vectors
from hulk.modules.router.usecases.gateway import Call, Decided, Gateway


@dataclass(frozen=True, slots=True)
class Embeddings:
    """The acts of making vectors. `gateway` decides among the models that make some."""

    gateway: Gateway
    embed: Embed

    @property
    def models(self) -> Sequence[Model]:
        """Those that make vectors."""
        return self.gateway.models

    async def decide(self, by: Principal, call: Call) -> Decided:
        """Decide whose vectors they will be, and keep the decision. Raises as `Gateway.decide`."""
        return await self.gateway.decide(by, call)

    async def make(self, decided: Decided, dimensions: int | None = None) -> Vectors:
        """A vector of each message. Raises as `Embed`, and why nobody makes them."""
        if not decided.chain:
            raise _refusal(decided)
        return await self.embed(decided.asked, decided.chain, dimensions)


def _refusal(decided: Decided) -> HulkError:
    if decided.objections:
        return decided.refusal
    return Refused(
        "There is no model that makes vectors: pip install 'hulk-ops[local-models]' brings one, or name yours in models.providers,"
        " with purpose: embeddings."
    )
