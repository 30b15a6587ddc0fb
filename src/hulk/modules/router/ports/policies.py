"""What policies need: a place for the versions of tenants' own sets; and how others learn which hold."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeAlias

from hulk.kernel.durable import Change
from hulk.modules.router.domain.policy import Policy, PolicySet, Version

PoliciesOf: TypeAlias = Callable[[str], Awaitable[Sequence[Policy]]]
"""The policies that may apply to a tenant, those of the settings first, then its own. Answered from memory where they were looked at less
than a second ago. Raises `Unavailable` when they cannot be read, and gives never fewer for that."""


class PolicySets(Protocol):
    """The versions of tenants' own policies: 1, 2, … of each tenant; the newest is in force, and none is ever changed."""

    def add(self, wanted: PolicySet, expected: int | None = None) -> Change[tuple[PolicySet | None, PolicySet]]:
        """Keep these policies as the next version, whatever number `wanted` has. Gives what was in force before, None at first, and what
        is now: the same when the policies are the same. Raises `Conflict` when another version than `expected` is in force (0: none)."""

    async def number(self, tenant: str) -> int:
        """The version in force; 0 when the tenant has had no policies yet."""

    async def newest(self, tenant: str) -> PolicySet | None:
        """The set in force; None when the tenant has had none yet. Raises `Unavailable` also for one that cannot be understood."""

    async def get(self, tenant: str, number: int) -> PolicySet:
        """That version; raises `NotFound`."""

    async def history(self, tenant: str, before: int | None, most: int) -> Sequence[Version]:
        """The newest `most` versions, those before that number if one is given, newest first."""
