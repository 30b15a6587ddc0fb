"""What `thor` asks of the store about tenants, namespaces, accounts and keys, row by row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeAlias

from hulk.apps.terminal import brief
from hulk.kernel.tenancy import EVERYWHERE, Grant, Principal, everywhere
from hulk.kernel.time import utc_now
from hulk.modules.identity import Account, AccountChange, ApiKey, Identity, Kind, Namespace, NewKey, Tenant, WantedKey, role_name

Row: TypeAlias = Mapping[str, Any]


def admin(tenant: str) -> Principal:
    """Who uses thor on the store itself may do all."""
    return Principal(tenant=tenant, actor="thor", grants=everywhere("admin"))


def grant_of(text: str) -> Grant:
    """`operator@prod` as a grant, `operator` in all namespaces; raises `Refused`."""
    role, _, namespace = text.partition("@")
    return Grant(role_name(role), namespace or EVERYWHERE)


@dataclass(frozen=True, slots=True)
class Members:
    """The acts of identity, as an admin of the tenant named."""

    identity: Identity

    async def create_key(
        self, tenant: str, name: str, grants: Sequence[str], account: str | None, lifetime: timedelta | None, reason: str
    ) -> list[Row]:
        """A new key, with its secret."""
        await self.identity.ensure_tenant(tenant)
        expires = None if lifetime is None else utc_now() + lifetime
        wanted = WantedKey(name=name, grants=tuple(map(grant_of, grants)), account=account, expires=expires)
        return [_new(await self.identity.create_key(admin(tenant), wanted, reason))]

    async def keys(self, tenant: str) -> list[Row]:
        """All keys."""
        return [_key(one) for one in await self.identity.list_keys(admin(tenant))]

    async def revoke_key(self, tenant: str, key: str, reason: str) -> list[Row]:
        """The key, revoked."""
        return [_key(await self.identity.revoke_key(admin(tenant), key, reason))]

    async def rotate_key(self, tenant: str, key: str, overlap: timedelta, reason: str) -> list[Row]:
        """The new key, with its secret."""
        return [_new(await self.identity.rotate_key(admin(tenant), key, overlap, reason))]

    async def tenants(self) -> list[Row]:
        """All tenants."""
        return [_tenant(one) for one in await self.identity.list_tenants(admin("default"))]

    async def add_tenant(self, name: str, reason: str) -> list[Row]:
        """A new tenant, with the key of its first admin."""
        tenant, new = await self.identity.create_tenant(admin("default"), name, reason)
        return [{**_tenant(tenant), **_new(new)}]

    async def namespaces(self, tenant: str) -> list[Row]:
        """All namespaces."""
        return [_namespace(one) for one in await self.identity.list_namespaces(admin(tenant))]

    async def add_namespace(self, tenant: str, name: str, reason: str) -> list[Row]:
        """A new namespace."""
        return [_namespace(await self.identity.create_namespace(admin(tenant), name, reason))]

    async def remove_namespace(self, tenant: str, name: str, reason: str) -> list[Row]:
        """The namespaces that are left."""
        await self.identity.remove_namespace(admin(tenant), name, reason)
        return await self.namespaces(tenant)

    async def accounts(self, tenant: str, kind: Kind) -> list[Row]:
        """All accounts of that kind."""
        return [_account(one) for one in await self.identity.list_accounts(admin(tenant), kind)]

    async def add_account(self, tenant: str, kind: Kind, given: Mapping[str, Any], reason: str) -> list[Row]:
        """A new account."""
        await self.identity.ensure_tenant(tenant)
        return [_account(await self.identity.create_account(admin(tenant), kind, _wanted(given), reason))]

    async def change_account(self, tenant: str, kind: Kind, id_: str, given: Mapping[str, Any], reason: str) -> list[Row]:
        """The account as it is now."""
        return [_account(await self.identity.change_account(admin(tenant), kind, id_, _wanted(given), reason))]

    async def remove_account(self, tenant: str, kind: Kind, id_: str, reason: str) -> list[Row]:
        """The account as it was."""
        found = await self.identity.list_accounts.one(admin(tenant), kind, id_)
        await self.identity.remove_account(admin(tenant), kind, id_, reason)
        return [_account(found)]


def _wanted(given: Mapping[str, Any]) -> AccountChange:
    """What the options say; those that were not given stay as they are. Raises `Refused`."""
    groups, grants = given.get("groups"), given.get("grants")
    return AccountChange(
        name=given.get("name"), email=given.get("email"), disabled=given.get("disabled"), groups=None if groups is None else tuple(groups),
        grants=None if grants is None else tuple(map(grant_of, grants)),
    )  # fmt: skip


def written(grants: Sequence[Grant]) -> str:
    """Grants as they are given on the command line."""
    return ", ".join(one.role if one.namespace == EVERYWHERE else f"{one.role}@{one.namespace}" for one in grants)


def _key(key: ApiKey) -> dict[str, Any]:
    return {
        "key_id": key.id, "name": key.name, "role": written(key.grants), "account_id": key.account, "prefix": key.prefix,
        "created": brief(key.created), "expires": brief(key.expires), "revoked": brief(key.revoked), "last_use": brief(key.last_use),
    }  # fmt: skip


def _new(new: NewKey) -> dict[str, Any]:
    return {**_key(new.key), "secret": new.secret}


def _tenant(tenant: Tenant) -> dict[str, Any]:
    return {"tenant": tenant.id, "created": brief(tenant.created)}


def _namespace(namespace: Namespace) -> dict[str, Any]:
    return {"namespace": namespace.name, "created": brief(namespace.created)}


def _account(account: Account) -> dict[str, Any]:
    own = {"email": account.email} if account.kind == "person" else {"groups": ", ".join(account.groups)}
    return {
        "account_id": account.id, "name": account.name, **own, "grants": written(account.grants), "disabled": brief(account.disabled),
        "created": brief(account.created),
    }  # fmt: skip
