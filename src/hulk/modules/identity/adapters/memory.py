"""Tenants and keys in memory: for tests and for trying things out."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from hulk.kernel.durable import Change
from hulk.kernel.errors import NotFound
from hulk.modules.identity.domain import ApiKey, Tenant


class MemoryKeys:
    """Keeps `Keys`' promises in this process."""

    def __init__(self) -> None:
        self._keys: dict[str, ApiKey] = {}

    async def by_prefix(self, prefix: str) -> ApiKey | None:
        """See `Keys`."""
        return next((key for key in self._keys.values() if key.prefix == prefix), None)

    async def of_tenant(self, tenant: str) -> Sequence[ApiKey]:
        """See `Keys`."""
        return sorted((key for key in self._keys.values() if key.tenant == tenant), key=lambda key: key.id)

    def add(self, key: ApiKey) -> Change[None]:
        """See `Keys`."""

        def change(_: Any) -> None:
            self._keys[key.id] = key

        return change

    def revoke(self, tenant: str, id_: str, at: datetime) -> Change[ApiKey]:
        """See `Keys`."""

        def change(_: Any) -> ApiKey:
            key = self._keys.get(id_)
            if key is None or key.tenant != tenant:
                raise NotFound("There is no key {id} here.", id=id_)
            self._keys[id_] = key if key.revoked else replace(key, revoked=at)
            return self._keys[id_]

        return change

    def touch(self, id_: str, at: datetime) -> Change[None]:
        """See `Keys`."""

        def change(_: Any) -> None:
            self._keys[id_] = replace(self._keys[id_], last_use=at)

        return change


class MemoryTenants:
    """Keeps `Tenants`' promises in this process."""

    def __init__(self) -> None:
        self._tenants: dict[str, Tenant] = {}

    def ensure(self, tenant: Tenant) -> Change[bool]:
        """See `Tenants`."""
        return lambda _: self._tenants.setdefault(tenant.id, tenant) is tenant

    async def get(self, id_: str) -> Tenant | None:
        """See `Tenants`."""
        return self._tenants.get(id_)
