"""Where tenants, namespaces, accounts and keys are kept."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from hulk.kernel.durable import Change
from hulk.modules.identity.domain import Account, ApiKey, Login, Namespace, Session, Tenant


class Keys(Protocol):
    """API keys. Reads raise `Unavailable` when the store is away."""

    async def by_prefix(self, prefix: str) -> ApiKey | None:
        """The key with that prefix, whatever its state."""

    async def get(self, tenant: str, id_: str) -> ApiKey | None:
        """The tenant's key of that id, whatever its state."""

    async def of_tenant(self, tenant: str) -> Sequence[ApiKey]:
        """All keys of a tenant, oldest first."""

    def add(self, key: ApiKey) -> Change[None]:
        """Keep a new key."""

    def revoke(self, tenant: str, id_: str, at: datetime) -> Change[ApiKey]:
        """The key, revoked; one that was revoked before stays as it is. Raises `NotFound` when the tenant has no such key."""

    def expire(self, tenant: str, id_: str, at: datetime) -> Change[ApiKey]:
        """The key, ending then or when it would have ended before. Raises `NotFound` when the tenant has no such key."""

    def touch(self, id_: str, at: datetime) -> Change[None]:
        """The key was used then."""


class Tenants(Protocol):
    """Tenants and their namespaces."""

    def ensure(self, tenant: Tenant) -> Change[bool]:
        """Keep the tenant unless there is one of that id; whether it is new."""

    async def get(self, id_: str) -> Tenant | None:
        """The tenant, if there is one."""

    async def all(self) -> Sequence[Tenant]:
        """All tenants, by id."""

    async def namespaces(self, tenant: str) -> Sequence[Namespace]:
        """The tenant's namespaces, by name."""

    def add_namespace(self, namespace: Namespace) -> Change[bool]:
        """Keep the namespace unless its tenant has one of that name; whether it is new."""

    def remove_namespace(self, tenant: str, name: str) -> Change[Namespace]:
        """The namespace, no longer there. Raises `NotFound`, or `Conflict` while an account or a key that holds is granted something
        in it."""

    def require_namespaces(self, tenant: str, names: Collection[str]) -> Change[None]:
        """Raises `Refused` naming the first of `names` that the tenant has not; those it has stay until the transaction ends."""


class Accounts(Protocol):
    """People and service accounts. What changes an account holds up others that change one of the same tenant until it commits."""

    async def get(self, tenant: str, id_: str) -> Account | None:
        """The tenant's account of that id, if there is one."""

    async def of_tenant(self, tenant: str) -> Sequence[Account]:
        """All accounts of a tenant, oldest first."""

    async def by_email(self, tenant: str, email: str) -> Account | None:
        """The tenant's person of that address, if there is one."""

    async def by_subject(self, tenant: str, subject: str) -> Account | None:
        """The tenant's person whom the issuer names so, if there is one."""

    def add(self, account: Account) -> Change[None]:
        """Keep a new account; raises `Conflict` when its tenant has a person of that address."""

    def change(self, tenant: str, id_: str, act: Callable[[Account], Account]) -> Change[tuple[Account, Account]]:
        """Keep what `act` makes of the account; give it before and after. Raises `NotFound`, what `act` raises, and `Conflict` when
        another person has the address, or when the tenant would lose its last admin."""

    def remove(self, tenant: str, id_: str) -> Change[Account]:
        """The account, no longer there. Raises `NotFound`, and `Conflict` for the tenant's last admin."""


class Sessions(Protocol):
    """Logins that were begun, and the sessions that came of them."""

    def begin(self, login: Login, now: datetime) -> Change[None]:
        """Keep a login, and forget those that took too long. Raises `Unavailable` while too many are under way."""

    def finish(self, id_: str, now: datetime) -> Change[Login | None]:
        """The login, which is over: nobody finishes it again. None when there is none, or it took too long."""

    def add(self, session: Session) -> Change[None]:
        """Keep a new session."""

    async def by_hash(self, hash_: str) -> Session | None:
        """The session whose secret has that hash, whatever its state."""

    async def of(self, tenant: str, holders: Collection[str]) -> Sequence[Session]:
        """The newest sessions of those accounts and keys, at most 200, newest first."""

    def touch(self, id_: str, at: datetime) -> Change[None]:
        """The session was used then."""

    def end(self, tenant: str, holder: str, id_: str, at: datetime) -> Change[Session]:
        """The holder's session, ended; one that was ended before stays as it is. Raises `NotFound`."""

    def end_all(self, tenant: str, holder: str, at: datetime) -> Change[None]:
        """End all sessions of that account or key."""


class Provider(Protocol):
    """Who knows people by OpenID Connect."""

    async def address(self, state: str, nonce: str, challenge: str) -> str:
        """Where the browser goes to log in. Raises `Unavailable` when the provider cannot be asked what it needs."""

    async def claims(self, code: str, verifier: str) -> Mapping[str, Any]:
        """The claims of the ID token for that code, its signature checked. Raises `Unauthenticated` for a code or token that is
        not right, and `Unavailable` when the provider does not answer."""

    async def signed(self, token: str) -> Mapping[str, Any]:
        """The claims of a token that the provider signed: nothing else of it is checked. Raises as `claims` does."""
