"""Which policies hold for a tenant, asked for each decision."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hulk.kernel.fresh import Fresh
from hulk.modules.router.domain.policy import Policy, meant_for
from hulk.modules.router.ports.policies import PolicySets


@dataclass(frozen=True, slots=True)
class _Read:
    """A tenant's policies, and the version of its own."""

    policies: Sequence[Policy]
    number: int


class PoliciesInForce:
    """`PoliciesOf`: the settings' policies that may apply to a tenant, then its own. `now` counts seconds and is never set back."""

    def __init__(self, sets: PolicySets, settings: Sequence[Policy] = (), now: Callable[[], float] = time.monotonic) -> None:
        self._sets, self._settings = sets, settings
        self._fresh: Fresh[_Read] = Fresh(self._looked, now)

    async def __call__(self, tenant: str) -> Sequence[Policy]:
        """What may apply to the tenant. Raises `Unavailable` when it was not read in the last second and cannot be read now."""
        return (await self._fresh(tenant)).policies

    def stale(self, tenant: str) -> None:
        """This process has changed the tenant's policies: who asks from now on gets the new ones."""
        self._fresh.stale(tenant)

    async def _looked(self, tenant: str, before: _Read | None) -> _Read:
        number = await self._sets.number(tenant)
        if before is not None and number == before.number:
            return before
        own = await self._sets.newest(tenant)
        policies = (*meant_for(tenant, self._settings), *(own.policies if own else ()))
        return _Read(policies, own.version.number if own else 0)
