"""Giving out, renewing and taking back API keys."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from hulk.kernel import ids
from hulk.kernel.durable import Commit
from hulk.kernel.errors import Conflict, NotFound, Refused
from hulk.kernel.events import Trail, reasoned
from hulk.kernel.tenancy import Grant, Principal
from hulk.kernel.time import Clock, iso
from hulk.modules.identity.domain import Account, ApiKey, NewKey, granted, hashed, label, prefix_of, written
from hulk.modules.identity.ports import Accounts, Keys, Tenants
from hulk.modules.identity.usecases.authenticate import Verified
from hulk.modules.identity.usecases.rights import require, require_anywhere, require_giving, sees_key
from hulk.modules.identity.usecases.telling import telling

OVERLAP = timedelta(hours=24)
"""How long a key that was rotated goes on working, unless told otherwise."""
MOST_OVERLAP = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedKey:
    """A key that is asked for: with grants of its own, or of an account, cut to the grants when there are any."""

    name: str
    grants: tuple[Grant, ...] = ()
    account: str | None = None
    expires: datetime | None = None


@dataclass(frozen=True, slots=True)
class KeysInReach:
    """The keys that somebody may know of, each with the grants that it comes to."""

    keys: Keys
    accounts: Accounts

    async def __call__(self, by: Principal) -> list[ApiKey]:
        """All of them, oldest first, also those that hold no more. Raises `Forbidden`."""
        require_anywhere(by, "read", "keys")
        accounts = {one.id: one for one in await self.accounts.of_tenant(by.tenant)}
        return [key for key in await self.keys.of_tenant(by.tenant) if sees_key(by, reach(key, accounts.get(key.account or "")))]

    async def one(self, by: Principal, id_: str) -> ApiKey:
        """The key that `by` manages; raises `Forbidden`, and `NotFound` for one that is not in reach."""
        require_anywhere(by, "manage", "keys")
        ids.parse(id_, "key")
        key = next((key for key in await self(by) if key.id == id_), None)
        if key is None:
            raise NotFound("There is no key {id} here.", id=id_)
        return key


def reach(key: ApiKey, account: Account | None) -> tuple[Grant, ...]:
    """How far a key reaches at most: none when that is not bounded by the key and its account is gone."""
    return key.grants or (account.grants if account else ())


@dataclass(frozen=True, slots=True)
class CreateKey:
    """Gives out a key of the admin's own tenant."""

    keys: Keys
    accounts: Accounts
    tenants: Tenants
    trail: Trail
    commit: Commit
    clock: Clock

    async def __call__(self, by: Principal, wanted: WantedKey, reason: str = "") -> NewKey:
        """The new key with its secret, which nobody can see again.

        Raises `Forbidden` for more than `by` holds, `Refused` for a wrong name, a past end or an unknown namespace, `NotFound` for
        an unknown account."""
        require_anywhere(by, "manage", "keys")
        now = self.clock()
        if wanted.expires is not None and wanted.expires <= now:
            raise Refused("A key cannot end at {moment}, which has passed.", moment=iso(wanted.expires))
        await self._check(by, wanted)
        new = made(wanted, by.tenant, now)
        checked = self.tenants.require_namespaces(by.tenant, [grant.namespace for grant in new.key.grants])
        told = telling(self.trail, "hulk.key.created.v1", by, reasoned(reason), None, new.key)
        await self.commit(checked, self.keys.add(new.key), told)
        return new

    async def _check(self, by: Principal, wanted: WantedKey) -> None:
        if wanted.account is None and not wanted.grants:
            raise Refused("A key of no account needs at least one grant: a role, and a namespace or “*”.")
        if not wanted.grants:
            require(by, "manage", "keys")  # it grows with its account
        require_giving(by, "keys", wanted.grants or (await self._account(by, wanted)).grants)
        if wanted.account is not None:
            await self._account(by, wanted)

    async def _account(self, by: Principal, wanted: WantedKey) -> Account:
        account = await self.accounts.get(by.tenant, wanted.account or "")
        if account is None:
            raise NotFound("There is no account {id} here.", id=wanted.account)
        return account


def made(wanted: WantedKey, tenant: str, now: datetime) -> NewKey:
    """A key from fresh randomness."""
    secret = written(secrets.token_bytes(37))
    key = ApiKey(
        id=ids.new("key"), tenant=tenant, name=label(wanted.name), grants=granted(wanted.grants), account=wanted.account,
        prefix=prefix_of(secret) or "", hash=hashed(secret), created=now, expires=wanted.expires,
    )  # fmt: skip
    return NewKey(key=key, secret=secret)


@dataclass(frozen=True, slots=True)
class RotateKey:
    """Gives out a key in the place of another, which goes on working for a while."""

    keys: Keys
    in_reach: KeysInReach
    trail: Trail
    commit: Commit
    verified: Verified
    clock: Clock

    async def __call__(self, by: Principal, id_: str, overlap: timedelta = OVERLAP, reason: str = "") -> NewKey:
        """The new key, with the same rights and as long a life. Raises `Forbidden`, `NotFound`, `Conflict` for a key that holds no
        more, `Refused` for an overlap of less than nothing or more than 90 days."""
        if not timedelta(0) <= overlap <= MOST_OVERLAP:
            raise Refused("The old key may live on for at most {days} days, and not less than none.", days=MOST_OVERLAP.days)
        old, now = await self.in_reach.one(by, id_), self.clock()
        if not old.holds(now):
            raise Conflict("The key {id} holds no more: make a new one instead.", id=id_)
        new = made(WantedKey(name=old.name, grants=old.grants, account=old.account, expires=old.renewed(now)), old.tenant, now)
        await self.commit(self._rotated(by, old, new, now + overlap, reasoned(reason)))
        self.verified.forget_key(old.id)
        return new

    def _rotated(self, by: Principal, old: ApiKey, new: NewKey, until: datetime, reason: str) -> Any:
        def change(tx: Any) -> None:
            before = self.keys.expire(old.tenant, old.id, until)(tx)
            if before.revoked is not None:
                raise Conflict("The key {id} holds no more: make a new one instead.", id=old.id)
            self.keys.add(new.key)(tx)
            telling(self.trail, "hulk.key.created.v1", by, reason, None, new.key)(tx)
            telling(self.trail, "hulk.key.rotated.v1", by, reason, old, before)(tx)

        return change


@dataclass(frozen=True, slots=True)
class RevokeKey:
    """Takes back a key of the admin's own tenant."""

    keys: Keys
    in_reach: KeysInReach
    trail: Trail
    commit: Commit
    verified: Verified
    clock: Clock

    async def __call__(self, by: Principal, id_: str, reason: str = "") -> ApiKey:
        """The key, revoked: here at once, in other processes within `REMEMBERED`. Raises `Forbidden`, or `NotFound`."""
        key, now = await self.in_reach.one(by, id_), self.clock()
        if key.revoked is not None:
            return key
        told = telling(self.trail, "hulk.key.revoked.v1", by, reasoned(reason), key, replace(key, revoked=now))
        [revoked, _] = await self.commit(self.keys.revoke(by.tenant, id_, now), told)
        assert isinstance(revoked, ApiKey)  # noqa: S101  # Commit gives the changes' results untyped
        self.verified.forget_key(revoked.id)
        return revoked


@dataclass(frozen=True, slots=True)
class ListKeys:
    """The keys of the admin's own tenant."""

    in_reach: KeysInReach

    async def __call__(self, by: Principal) -> Sequence[ApiKey]:
        """Those in reach, oldest first, also those that hold no more. Raises `Forbidden`."""
        return await self.in_reach(by)
