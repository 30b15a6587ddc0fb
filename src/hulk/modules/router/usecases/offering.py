"""The models that there are, for whoever looks at who answers: whether each can be asked now, and what it costs."""

from collections.abc import Sequence
from dataclasses import dataclass

from hulk.kernel.errors import Forbidden, Refused
from hulk.kernel.tenancy import Principal
from hulk.modules.finops import Finops, Tariff
from hulk.modules.router.domain.model import Model, Unsent
from hulk.modules.router.ports import Health
from hulk.modules.router.usecases.asking import priced


@dataclass(frozen=True, slots=True)
class Offered:
    """A model; why it cannot be asked now, None when it can; its price, None where that is not known: it is not asked then."""

    model: Model
    trouble: Unsent | None
    tariff: Tariff | None


@dataclass(frozen=True, slots=True)
class ListModels:
    """All models, in the order in which they are tried."""

    models: Sequence[Model]
    health: Health
    finops: Finops

    async def __call__(self, by: Principal) -> Sequence[Offered]:
        """Raises `Forbidden`."""
        if not by.may("read", "router"):
            raise Forbidden("Models need the role viewer in all of the tenant; your roles are {roles}.", roles=by.roles or "—")
        return [Offered(model, self.health.refusal(model), await self._tariff(model)) for model in self.models]

    async def _tariff(self, model: Model) -> Tariff | None:
        try:
            return await self.finops.quote(priced(model))
        except Refused:
            return None
