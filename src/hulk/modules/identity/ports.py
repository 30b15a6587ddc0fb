"""Where tenants and keys are kept."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from hulk.kernel.durable import Change
from hulk.modules.identity.domain import ApiKey, Tenant


class Keys(Protocol):
    """API keys. Reads raise `Unavailable` when the store is away."""

    async def by_prefix(self, prefix: str) -> ApiKey | None:
        """The key with that prefix, whatever its state."""

    async def of_tenant(self, tenant: str) -> Sequence[ApiKey]:
        """All keys of a tenant, oldest first."""

    def add(self, key: ApiKey) -> Change[None]:
        """Keep a new key."""

    def revoke(self, tenant: str, id_: str, at: datetime) -> Change[ApiKey]:
        """The key, revoked; one that was revoked before stays as it is. Raises `NotFound` when the tenant has no such key."""

    def touch(self, id_: str, at: datetime) -> Change[None]:
        """The key was used then."""


class Tenants(Protocol):
    """Tenants."""

    def ensure(self, tenant: Tenant) -> Change[bool]:
        """Keep the tenant unless there is one of that id; whether it is new."""

    async def get(self, id_: str) -> Tenant | None:
        """The tenant, if there is one."""
