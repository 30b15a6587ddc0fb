"""What verifying the trail needs from outside."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from hulk.modules.audit.domain import Head, Link


class Chains(Protocol):
    """The trail as it stands in the store, read without trusting it."""

    async def tenants(self) -> Sequence[str]:
        """All tenants that have a head or an entry, by name."""

    async def head(self, tenant: str) -> Head | None:
        """The head of a tenant's chain, if there is one."""

    def links(self, tenant: str, after: int, until: int | None = None) -> AsyncIterator[Sequence[Link]]:
        """The tenant's links past that position, in order, some at a time; up to `until` when given."""
