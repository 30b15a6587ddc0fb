"""Knowing who asks, and giving out and taking back keys."""

import secrets
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hulk.kernel import ids
from hulk.kernel.durable import Commit
from hulk.kernel.errors import Forbidden, Refused, Unauthenticated, Unavailable
from hulk.kernel.events import Event, Trail
from hulk.kernel.tenancy import DEFAULT_TENANT, Principal, Role, everywhere
from hulk.kernel.time import Clock, iso
from hulk.modules.identity.domain import ApiKey, NewKey, Tenant, hashed, label, opens, prefix_of, tenant_name, written
from hulk.modules.identity.ports import Keys, Tenants

LOCAL = Principal(tenant=DEFAULT_TENANT, actor="local", grants=everywhere("admin"))
"""Who asks on a loopback address without a key: whoever uses this machine."""

REMEMBERED = timedelta(seconds=5)
"""How long a verified key is not looked up again: the longest that another process's revocation goes unnoticed."""

_MOST = 10_000
_USE_KEPT = timedelta(minutes=1)


@dataclass(slots=True)
class Verified:
    """Keys that were right a moment ago, by their hash; bounded."""

    clock: Clock
    _keys: OrderedDict[str, tuple[ApiKey, datetime]] = field(default_factory=OrderedDict)

    def get(self, hash_: str) -> ApiKey | None:
        """The key, if it was verified a moment ago and still holds."""
        key, until = self._keys.get(hash_, (None, None))
        now = self.clock()
        return key if key is not None and until is not None and now < until and key.holds(now) else None

    def put(self, key: ApiKey) -> None:
        """Remember a verified key for a moment."""
        self._keys[key.hash] = (key, self.clock() + REMEMBERED)
        self._keys.move_to_end(key.hash)
        while len(self._keys) > _MOST:
            self._keys.popitem(last=False)

    def forget(self, key: ApiKey) -> None:
        """Look it up again next time."""
        self._keys.pop(key.hash, None)


@dataclass(frozen=True, slots=True)
class Authenticate:
    """Finds out who asks. `local` is whether only this machine can reach the server."""

    keys: Keys
    commit: Commit
    verified: Verified
    clock: Clock
    local: bool

    async def __call__(self, key: str | None, client_host: str) -> Principal:  # noqa: ARG002  # the door tells it; rules by address may come
        """The principal of `key`; without one, the local admin where that is allowed. Raises `Unauthenticated`: of a wrong,
        expired or revoked key it does not tell which."""
        if not key:
            return self._without()
        hash_ = hashed(key)
        found = self.verified.get(hash_)
        if found is None:
            found = await self._found(key)
            self.verified.put(found)
        return found.principal

    def _without(self) -> Principal:
        if self.local:
            return LOCAL
        raise Unauthenticated(
            "An API key is needed: send it as “Authorization: Bearer …” or “X-API-Key: …”. Make one with “thor keys create”."
        )

    async def _found(self, key: str) -> ApiKey:
        prefix = prefix_of(key)
        kept = await self.keys.by_prefix(prefix) if prefix else None
        if not opens(kept, key, self.clock()) or kept is None:
            raise Unauthenticated("This API key is not valid: it is mistyped, revoked or expired. Check it, or ask an admin for a new one.")
        await self._used(kept)
        return kept

    async def _used(self, key: ApiKey) -> None:
        now = self.clock()
        if key.last_use is not None and now - key.last_use < _USE_KEPT:
            return
        try:
            await self.commit(self.keys.touch(key.id, now))
        except Unavailable:
            return  # a full disk must not lock out whoever comes to free it


@dataclass(frozen=True, slots=True)
class CreateKey:
    """Gives out a key of the admin's own tenant."""

    keys: Keys
    trail: Trail
    commit: Commit
    clock: Clock

    async def __call__(self, by: Principal, name: str, role: Role = "operator", expires: datetime | None = None) -> NewKey:
        """The new key with its secret, which nobody can see again. Raises `Forbidden`, or `Refused` for a wrong name or a past end."""
        _only_admin(by)
        now = self.clock()
        if expires is not None and expires <= now:
            raise Refused("A key cannot end at {moment}, which has passed.", moment=iso(expires))
        secret = written(secrets.token_bytes(37))
        key = ApiKey(
            id=ids.new("key"),
            tenant=by.tenant,
            name=label(name),
            role=role,
            prefix=prefix_of(secret) or "",
            hash=hashed(secret),
            created=now,
            expires=expires,
        )
        await self.commit(self.keys.add(key), self.trail.append(_told("created", key, by)))
        return NewKey(key=key, secret=secret)


@dataclass(frozen=True, slots=True)
class RevokeKey:
    """Takes back a key of the admin's own tenant."""

    keys: Keys
    trail: Trail
    commit: Commit
    verified: Verified
    clock: Clock

    async def __call__(self, by: Principal, id_: str) -> ApiKey:
        """The key, revoked: here at once, in other processes within `REMEMBERED`. Raises `Forbidden`, or `NotFound`."""
        _only_admin(by)
        ids.parse(id_, "key")
        key = next((key for key in await self.keys.of_tenant(by.tenant) if key.id == id_), None)
        told = [self.trail.append(_told("revoked", key, by))] if key is not None and key.revoked is None else []
        [revoked, *_] = await self.commit(self.keys.revoke(by.tenant, id_, self.clock()), *told)
        assert isinstance(revoked, ApiKey)  # noqa: S101  # Commit gives the changes' results untyped
        self.verified.forget(revoked)
        return revoked


@dataclass(frozen=True, slots=True)
class ListKeys:
    """The keys of the admin's own tenant."""

    keys: Keys

    async def __call__(self, by: Principal) -> Sequence[ApiKey]:
        """All of them, oldest first, also those that hold no more. Raises `Forbidden`."""
        _only_admin(by)
        return await self.keys.of_tenant(by.tenant)


@dataclass(frozen=True, slots=True)
class EnsureTenant:
    """Makes sure that a tenant is there."""

    tenants: Tenants
    commit: Commit
    clock: Clock

    async def __call__(self, name: str = DEFAULT_TENANT) -> bool:
        """Whether it is new; raises `Refused` for a name that no tenant may have."""
        [new] = await self.commit(self.tenants.ensure(Tenant(id=tenant_name(name), created=self.clock())))
        return bool(new)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The module's acts."""

    authenticate: Authenticate
    create_key: CreateKey
    revoke_key: RevokeKey
    list_keys: ListKeys
    ensure_tenant: EnsureTenant


def acts(keys: Keys, tenants: Tenants, trail: Trail, commit: Commit, clock: Clock, *, local: bool) -> Identity:
    """The acts over these ports."""
    verified = Verified(clock)
    return Identity(
        authenticate=Authenticate(keys, commit, verified, clock, local),
        create_key=CreateKey(keys, trail, commit, clock),
        revoke_key=RevokeKey(keys, trail, commit, verified, clock),
        list_keys=ListKeys(keys),
        ensure_tenant=EnsureTenant(tenants, commit, clock),
    )


def _only_admin(by: Principal) -> None:
    if not by.may("manage", "keys"):
        raise Forbidden("Only an admin may manage keys; your roles are {roles}.", roles=by.roles)


def _told(what: str, key: ApiKey, by: Principal) -> Event:
    data = {"prefix": key.prefix, "name": key.name, "role": key.role, "expires": iso(key.expires) if key.expires else None}
    return Event(type=f"hulk.key.{what}.v1", subject=key.id, tenant=key.tenant, actor=by.actor, data=data)
