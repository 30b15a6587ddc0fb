"""Which policies hold for a tenant, asked for each decision: answered from memory, looked at again each second.

The version is looked at rather than told over the bus: `thor` changes policies too, and on one machine there is no bus between it and Hulk.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import inf

from hulk.modules.router.domain.policy import Policy, meant_for
from hulk.modules.router.ports.policies import PolicySets

FRESH = 1.0
"""Seconds for which what was read holds: with the reading, others' changes are heeded well within 2 s."""
TENANTS = 4_096
"""Tenants whose policies are held in memory: those that asked last."""


@dataclass(slots=True, eq=False)
class _Held:
    """A tenant's policies as they were read last: which version, and when the look at it began."""

    policies: Sequence[Policy] = ()
    number: int = -1
    looked: float = -inf
    changes: int = 0
    """How often this process has changed them: a look that began before does not count."""
    looking: asyncio.Lock = field(default_factory=asyncio.Lock)


class PoliciesInForce:
    """`PoliciesOf`: the settings' policies that may apply to a tenant, then its own. `now` counts seconds and is never set back."""

    def __init__(self, sets: PolicySets, settings: Sequence[Policy] = (), now: Callable[[], float] = time.monotonic) -> None:
        self._sets, self._settings, self._now = sets, settings, now
        self._held: OrderedDict[str, _Held] = OrderedDict()

    async def __call__(self, tenant: str) -> Sequence[Policy]:
        """What may apply to the tenant. Raises `Unavailable` when it was not read in the last second and cannot be read now."""
        held = self._held.get(tenant) or self._begun(tenant)
        self._held.move_to_end(tenant)
        if self._now() - held.looked < FRESH:
            return held.policies
        async with held.looking:
            return held.policies if self._now() - held.looked < FRESH else await self._looked(tenant, held)

    def stale(self, tenant: str) -> None:
        """This process has changed the tenant's policies: who asks from now on gets the new ones."""
        if (held := self._held.get(tenant)) is not None:
            held.looked, held.changes = -inf, held.changes + 1

    def _begun(self, tenant: str) -> _Held:
        held = self._held[tenant] = _Held()
        while len(self._held) > TENANTS:
            self._held.popitem(last=False)
        return held

    async def _looked(self, tenant: str, held: _Held) -> Sequence[Policy]:
        began, changes = self._now(), held.changes
        if await self._sets.number(tenant) != held.number:
            own = await self._sets.newest(tenant)
            held.number = own.version.number if own else 0
            held.policies = (*meant_for(tenant, self._settings), *(own.policies if own else ()))
        if held.changes == changes:
            held.looked = began
        return held.policies
