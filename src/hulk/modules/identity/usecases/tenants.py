"""Tenants and their namespaces."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hulk.kernel.durable import Commit
from hulk.kernel.errors import Conflict, Refused
from hulk.kernel.events import Trail, reasoned
from hulk.kernel.tenancy import DEFAULT_NAMESPACE, DEFAULT_TENANT, Principal, everywhere
from hulk.kernel.time import Clock
from hulk.modules.identity.domain import Namespace, NewKey, Tenant, namespace_name, tenant_name
from hulk.modules.identity.ports import Keys, Tenants
from hulk.modules.identity.usecases.keys import WantedKey, made
from hulk.modules.identity.usecases.rights import require, require_anywhere
from hulk.modules.identity.usecases.telling import telling

FIRST_KEY = "first admin"
"""The name of the key with which a new tenant is begun."""


@dataclass(frozen=True, slots=True)
class EnsureTenant:
    """Makes sure that a tenant is there, with its namespace `default`."""

    tenants: Tenants
    commit: Commit
    clock: Clock

    async def __call__(self, name: str = DEFAULT_TENANT) -> bool:
        """Whether it is new; raises `Refused` for a name that no tenant may have."""
        tenant = Tenant(id=tenant_name(name), created=self.clock())
        [new, _] = await self.commit(self.tenants.ensure(tenant), self.tenants.add_namespace(first_namespace(tenant)))
        return bool(new)


def first_namespace(tenant: Tenant) -> Namespace:
    """The one that every tenant has."""
    return Namespace(tenant=tenant.id, name=DEFAULT_NAMESPACE, created=tenant.created)


@dataclass(frozen=True, slots=True)
class CreateTenant:
    """Makes a tenant with a key for its first admin: for admins of the tenant `default`."""

    tenants: Tenants
    keys: Keys
    trail: Trail
    commit: Commit
    clock: Clock

    async def __call__(self, by: Principal, name: str, reason: str = "") -> tuple[Tenant, NewKey]:
        """The new tenant, and the key, whose secret nobody can see again. Raises `Forbidden`, `Refused`, and `Conflict` when there is
        one of that name."""
        require(by, "manage", "platform")
        tenant = Tenant(id=tenant_name(name), created=(now := self.clock()))
        new, why = made(WantedKey(name=FIRST_KEY, grants=everywhere("admin")), tenant.id, now), reasoned(reason)
        await self.commit(lambda tx: self._begin(tx, by, tenant, new, why))
        return tenant, new

    def _begin(self, tx: Any, by: Principal, tenant: Tenant, new: NewKey, reason: str) -> None:
        if not self.tenants.ensure(tenant)(tx):
            raise Conflict("There is a tenant “{name}” already.", name=tenant.id)
        self.tenants.add_namespace(first_namespace(tenant))(tx)
        self.keys.add(new.key)(tx)
        telling(self.trail, "hulk.tenant.created.v1", by, reason, None, tenant)(tx)
        telling(self.trail, "hulk.key.created.v1", by, reason, None, new.key)(tx)


@dataclass(frozen=True, slots=True)
class ListTenants:
    """All tenants: for admins of the tenant `default`."""

    tenants: Tenants

    async def __call__(self, by: Principal) -> Sequence[Tenant]:
        """By id. Raises `Forbidden`."""
        require(by, "read", "platform")
        return await self.tenants.all()

    async def known(self, name: str) -> bool:
        """Whether there is one of that name; for other modules, not for callers."""
        return await self.tenants.get(name) is not None


@dataclass(frozen=True, slots=True)
class ListNamespaces:
    """The namespaces of one's own tenant."""

    tenants: Tenants

    async def __call__(self, by: Principal) -> Sequence[Namespace]:
        """Those in which `by` may see which there are, by name. Raises `Forbidden`."""
        require_anywhere(by, "read", "namespaces")
        mine = by.namespaces("read", "namespaces")
        return [one for one in await self.tenants.namespaces(by.tenant) if mine is None or one.name in mine]

    async def require(self, tenant: str, name: str) -> None:
        """Raises `Refused` unless the tenant has a namespace of that name; for other modules, not for callers."""
        if name == DEFAULT_NAMESPACE:  # which all have, and most that is asked for is in: no look at the store
            return
        if name not in [one.name for one in await self.tenants.namespaces(tenant)]:
            raise Refused("There is no namespace “{name}” here.", name=name[:80])


@dataclass(frozen=True, slots=True)
class CreateNamespace:
    """Makes a namespace of the admin's own tenant."""

    tenants: Tenants
    trail: Trail
    commit: Commit
    clock: Clock

    async def __call__(self, by: Principal, name: str, reason: str = "") -> Namespace:
        """The new namespace. Raises `Forbidden`, `Refused`, and `Conflict` when there is one of that name."""
        require(by, "manage", "namespaces")
        namespace, why = Namespace(tenant=by.tenant, name=namespace_name(name), created=self.clock()), reasoned(reason)

        def change(tx: Any) -> None:
            if not self.tenants.add_namespace(namespace)(tx):
                raise Conflict("There is a namespace “{name}” already.", name=namespace.name)
            telling(self.trail, "hulk.namespace.created.v1", by, why, None, namespace)(tx)

        await self.commit(change)
        return namespace


@dataclass(frozen=True, slots=True)
class RemoveNamespace:
    """Removes a namespace in which nobody is granted anything. What was done in it stays, for those who may see all namespaces."""

    tenants: Tenants
    trail: Trail
    commit: Commit

    async def __call__(self, by: Principal, name: str, reason: str = "") -> None:
        """Raises `Forbidden`, `NotFound`, `Refused` for `default`, `Conflict` while a grant names it."""
        require(by, "manage", "namespaces")
        if name == DEFAULT_NAMESPACE:
            raise Refused("The namespace “{name}” stays: it is where all goes that names none.", name=name)
        remove, why = self.tenants.remove_namespace(by.tenant, name), reasoned(reason)

        def change(tx: Any) -> None:
            telling(self.trail, "hulk.namespace.removed.v1", by, why, remove(tx), None)(tx)

        await self.commit(change)
