"""Knowing who asks."""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hulk.kernel.durable import Commit
from hulk.kernel.errors import Unauthenticated, Unavailable
from hulk.kernel.tenancy import DEFAULT_TENANT, Principal, everywhere
from hulk.kernel.time import Clock
from hulk.modules.identity.domain import Account, ApiKey, hashed, opens, prefix_of
from hulk.modules.identity.ports import Accounts, Keys

LOCAL = Principal(tenant=DEFAULT_TENANT, actor="local", grants=everywhere("admin"))
"""Who asks on a loopback address without a key: whoever uses this machine."""

REMEMBERED = timedelta(seconds=5)
"""How long a verified key is not looked up again: the longest that it goes unnoticed what another process did to it or its account."""

_MOST = 10_000
_USE_KEPT = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Known:
    """A key that was right, with the account it belongs to."""

    key: ApiKey
    account: Account | None

    @property
    def principal(self) -> Principal:
        """Whoever uses it."""
        if self.account is not None:
            return self.account.principal(self.key.grants)
        return Principal(tenant=self.key.tenant, actor=f"key:{self.key.prefix}", grants=self.key.grants)


@dataclass(slots=True)
class Verified:
    """Keys that were right a moment ago, by their hash; bounded."""

    clock: Clock
    _keys: OrderedDict[str, tuple[Known, datetime]] = field(default_factory=OrderedDict)

    def get(self, hash_: str) -> Known | None:
        """The key, if it was verified a moment ago and still holds."""
        known, until = self._keys.get(hash_, (None, None))
        now = self.clock()
        return known if known is not None and until is not None and now < until and known.key.holds(now) else None

    def put(self, known: Known) -> None:
        """Remember a verified key for a moment."""
        self._keys[known.key.hash] = (known, self.clock() + REMEMBERED)
        self._keys.move_to_end(known.key.hash)
        while len(self._keys) > _MOST:
            self._keys.popitem(last=False)

    def forget(self, key: ApiKey) -> None:
        """Look it up again next time."""
        self._keys.pop(key.hash, None)

    def forget_account(self, account: str) -> None:
        """Look up all keys of that account again next time."""
        for hash_ in [hash_ for hash_, (known, _) in self._keys.items() if known.key.account == account]:
            del self._keys[hash_]


@dataclass(frozen=True, slots=True)
class Authenticate:
    """Finds out who asks. `local` is whether only this machine can reach the server."""

    keys: Keys
    accounts: Accounts
    commit: Commit
    verified: Verified
    clock: Clock
    local: bool

    async def __call__(self, key: str | None, client_host: str) -> Principal:  # noqa: ARG002  # the door tells it; rules by address may come
        """The principal of `key`; without one, the local admin where that is allowed. Raises `Unauthenticated`: of a wrong,
        expired or revoked key, or one whose account is disabled, it does not tell which."""
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

    async def _found(self, key: str) -> Known:
        prefix = prefix_of(key)
        kept = await self.keys.by_prefix(prefix) if prefix else None
        if not opens(kept, key, self.clock()) or kept is None:
            raise _invalid()
        account = await self._account(kept)
        await self._used(kept)
        return Known(kept, account)

    async def _account(self, key: ApiKey) -> Account | None:
        if key.account is None:
            return None
        account = await self.accounts.get(key.tenant, key.account)
        if account is None or account.disabled is not None:
            raise _invalid()
        return account

    async def _used(self, key: ApiKey) -> None:
        now = self.clock()
        if key.last_use is not None and now - key.last_use < _USE_KEPT:
            return
        try:
            await self.commit(self.keys.touch(key.id, now))
        except Unavailable:
            return  # a full disk must not lock out whoever comes to free it


def _invalid() -> Unauthenticated:
    return Unauthenticated("This API key is not valid: it is mistyped, revoked or expired. Check it, or ask an admin for a new one.")
