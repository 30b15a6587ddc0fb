"""Knowing who asks."""

from collections import OrderedDict
from collections.abc import Callable
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
USE_KEPT = timedelta(minutes=1)
"""How exactly it is kept when a key or session was last used."""


@dataclass(frozen=True, slots=True)
class Known:
    """Who a secret belongs to, known by its hash until it ends."""

    hash: str
    ends: datetime | None
    account: str | None
    principal: Principal
    key: str | None = None
    """The API key by which they are known, whether it was sent or they logged in with it."""

    def holds(self, now: datetime) -> bool:
        """Whether it has not ended."""
        return self.ends is None or now < self.ends


@dataclass(slots=True)
class Verified:
    """Secrets that were right a moment ago; bounded."""

    clock: Clock
    _known: OrderedDict[str, tuple[Known, datetime]] = field(default_factory=OrderedDict)

    def get(self, hash_: str) -> Known | None:
        """Whose secret it is, if that was verified a moment ago and still holds."""
        known, until = self._known.get(hash_, (None, None))
        now = self.clock()
        return known if known is not None and until is not None and now < until and known.holds(now) else None

    def put(self, known: Known) -> None:
        """Remember a verified secret for a moment."""
        self._known[known.hash] = (known, self.clock() + REMEMBERED)
        self._known.move_to_end(known.hash)
        while len(self._known) > _MOST:
            self._known.popitem(last=False)

    def forget(self, hash_: str) -> None:
        """Look it up again next time."""
        self._known.pop(hash_, None)

    def forget_account(self, account: str) -> None:
        """Look up all of that account again next time."""
        self._forget(lambda known: known.account == account)

    def forget_key(self, key: str) -> None:
        """Look up again next time whoever sends that key or has logged in with it."""
        self._forget(lambda known: known.key == key)

    def _forget(self, which: Callable[[Known], bool]) -> None:
        for hash_ in [hash_ for hash_, (known, _) in self._known.items() if which(known)]:
            del self._known[hash_]


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
            _, found = await self.holder(key)
            self.verified.put(found)
        return found.principal

    def _without(self) -> Principal:
        if self.local:
            return LOCAL
        raise Unauthenticated(
            "An API key is needed: send it as “Authorization: Bearer …” or “X-API-Key: …”. Make one with “thor keys create”."
        )

    async def holder(self, key: str) -> tuple[ApiKey, Known]:
        """What is kept of `key`, and who has it, looked up now. Raises `Unauthenticated`."""
        prefix = prefix_of(key)
        kept = await self.keys.by_prefix(prefix) if prefix else None
        if not opens(kept, key, self.clock()) or kept is None:
            raise _invalid()
        return kept, await self.known(kept)

    async def known(self, key: ApiKey) -> Known:
        """Who has a key that holds. Raises `Unauthenticated` when its account is gone or disabled."""
        account = await self._account(key)
        await self._used(key)
        return Known(key.hash, key.expires, key.account, _principal(key, account), key.id)

    async def _account(self, key: ApiKey) -> Account | None:
        if key.account is None:
            return None
        account = await self.accounts.get(key.tenant, key.account)
        if account is None or account.disabled is not None:
            raise _invalid()
        return account

    async def _used(self, key: ApiKey) -> None:
        now = self.clock()
        if key.last_use is not None and now - key.last_use < USE_KEPT:
            return
        try:
            await self.commit(self.keys.touch(key.id, now))
        except Unavailable:
            return  # a full disk must not lock out whoever comes to free it


def _principal(key: ApiKey, account: Account | None) -> Principal:
    if account is not None:
        return account.principal(key.grants)
    return Principal(tenant=key.tenant, actor=f"key:{key.prefix}", grants=key.grants)


def _invalid() -> Unauthenticated:
    return Unauthenticated("This API key is not valid: it is mistyped, revoked or expired. Check it, or ask an admin for a new one.")
