"""Tenants, namespaces, accounts and keys in memory: for tests and for trying things out."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from hulk.kernel.durable import Change
from hulk.kernel.errors import Conflict, NotFound, Unavailable
from hulk.modules.identity.domain import Account, ApiKey, Login, Namespace, Session, Tenant, require_another, require_known, require_unused


@dataclass(slots=True)
class MemoryKeys:
    """Keeps `Keys`' promises in this process."""

    kept: dict[str, ApiKey] = field(default_factory=dict)

    async def by_prefix(self, prefix: str) -> ApiKey | None:
        """See `Keys`."""
        return next((key for key in self.kept.values() if key.prefix == prefix), None)

    async def get(self, tenant: str, id_: str) -> ApiKey | None:
        """See `Keys`."""
        found = self.kept.get(id_)
        return found if found is not None and found.tenant == tenant else None

    async def of_tenant(self, tenant: str) -> Sequence[ApiKey]:
        """See `Keys`."""
        return sorted((key for key in self.kept.values() if key.tenant == tenant), key=lambda key: key.id)

    def add(self, key: ApiKey) -> Change[None]:
        """See `Keys`."""

        def change(_: Any) -> None:
            self.kept[key.id] = key

        return change

    def revoke(self, tenant: str, id_: str, at: datetime) -> Change[ApiKey]:
        """See `Keys`."""
        return lambda _: self._changed(tenant, id_, lambda key: key if key.revoked else replace(key, revoked=at))

    def expire(self, tenant: str, id_: str, at: datetime) -> Change[ApiKey]:
        """See `Keys`."""
        return lambda _: self._changed(tenant, id_, lambda key: key.ending(at))

    def touch(self, id_: str, at: datetime) -> Change[None]:
        """See `Keys`."""

        def change(_: Any) -> None:
            self.kept[id_] = replace(self.kept[id_], last_use=at)

        return change

    def _changed(self, tenant: str, id_: str, act: Callable[[ApiKey], ApiKey]) -> ApiKey:
        key = self.kept.get(id_)
        if key is None or key.tenant != tenant:
            raise NotFound("There is no key {id} here.", id=id_)
        self.kept[id_] = act(key)
        return self.kept[id_]


@dataclass(slots=True)
class MemoryAccounts:
    """Keeps `Accounts`' promises in this process."""

    kept: dict[str, Account] = field(default_factory=dict)

    async def get(self, tenant: str, id_: str) -> Account | None:
        """See `Accounts`."""
        return next((one for one in self._of(tenant) if one.id == id_), None)

    async def of_tenant(self, tenant: str) -> Sequence[Account]:
        """See `Accounts`."""
        return self._of(tenant)

    async def by_email(self, tenant: str, email: str) -> Account | None:
        """See `Accounts`."""
        return next((one for one in self._of(tenant) if one.email == email), None)

    async def by_subject(self, tenant: str, subject: str) -> Account | None:
        """See `Accounts`."""
        return next((one for one in self._of(tenant) if one.subject == subject), None)

    def add(self, account: Account) -> Change[None]:
        """See `Accounts`."""

        def change(_: Any) -> None:
            self._require_alone(account)
            self.kept[account.id] = account

        return change

    def change(self, tenant: str, id_: str, act: Callable[[Account], Account]) -> Change[tuple[Account, Account]]:
        """See `Accounts`."""

        def change(_: Any) -> tuple[Account, Account]:
            before = self._the(tenant, id_)
            after = act(before)
            self._require_alone(after)
            require_another(before, after, self._of(tenant))
            self.kept[id_] = after
            return before, after

        return change

    def remove(self, tenant: str, id_: str) -> Change[Account]:
        """See `Accounts`."""

        def change(_: Any) -> Account:
            before = self._the(tenant, id_)
            require_another(before, None, self._of(tenant))
            return self.kept.pop(before.id)

        return change

    def _of(self, tenant: str) -> list[Account]:
        return sorted((one for one in self.kept.values() if one.tenant == tenant), key=lambda one: one.id)

    def _the(self, tenant: str, id_: str) -> Account:
        found = next((one for one in self._of(tenant) if one.id == id_), None)
        if found is None:
            raise NotFound("There is no account {id} here.", id=id_)
        return found

    def _require_alone(self, account: Account) -> None:
        others = (one for one in self._of(account.tenant) if one.id != account.id)
        if account.email is not None and any(one.email == account.email for one in others):
            raise Conflict("There is a person with the address {email} already.", email=account.email)


@dataclass(slots=True)
class MemoryTenants:
    """Keeps `Tenants`' promises in this process; the keys and accounts are those that grants are looked for in."""

    keys: MemoryKeys
    accounts: MemoryAccounts
    kept: dict[str, Tenant] = field(default_factory=dict)
    spaces: dict[tuple[str, str], Namespace] = field(default_factory=dict)

    def ensure(self, tenant: Tenant) -> Change[bool]:
        """See `Tenants`."""
        return lambda _: self.kept.setdefault(tenant.id, tenant) is tenant

    async def get(self, id_: str) -> Tenant | None:
        """See `Tenants`."""
        return self.kept.get(id_)

    async def all(self) -> Sequence[Tenant]:
        """See `Tenants`."""
        return sorted(self.kept.values(), key=lambda tenant: tenant.id)

    async def namespaces(self, tenant: str) -> Sequence[Namespace]:
        """See `Tenants`."""
        return sorted((one for one in self.spaces.values() if one.tenant == tenant), key=lambda one: one.name)

    def add_namespace(self, namespace: Namespace) -> Change[bool]:
        """See `Tenants`."""
        return lambda _: self.spaces.setdefault((namespace.tenant, namespace.name), namespace) is namespace

    def remove_namespace(self, tenant: str, name: str) -> Change[Namespace]:
        """See `Tenants`."""

        def change(_: Any) -> Namespace:
            if (tenant, name) not in self.spaces:
                raise NotFound("There is no namespace “{name}” here.", name=name[:80])
            holders: list[Account | ApiKey] = [
                *self.accounts.kept.values(),
                *(key for key in self.keys.kept.values() if key.revoked is None),
            ]
            require_unused(name, [grant.namespace for one in holders if one.tenant == tenant for grant in one.grants])
            return self.spaces.pop((tenant, name))

        return change

    def require_namespaces(self, tenant: str, names: Collection[str]) -> Change[None]:
        """See `Tenants`."""
        return lambda _: require_known(names, [one.name for one in self.spaces.values() if one.tenant == tenant])


MOST_LOGINS = 10_000
MOST_LISTED = 200


@dataclass(slots=True)
class MemorySessions:
    """Keeps `Sessions`' promises in this process."""

    logins: dict[str, Login] = field(default_factory=dict)
    kept: dict[str, Session] = field(default_factory=dict)

    def begin(self, login: Login, now: datetime) -> Change[None]:
        """See `Sessions`."""

        def change(_: Any) -> None:
            self.logins = {id_: one for id_, one in self.logins.items() if one.expires > now}
            if len(self.logins) >= MOST_LOGINS:
                raise Unavailable("Too many people are logging in right now. Try again in a few minutes.", retry_after=60)
            self.logins[login.id] = login

        return change

    def finish(self, id_: str, now: datetime) -> Change[Login | None]:
        """See `Sessions`."""

        def change(_: Any) -> Login | None:
            login = self.logins.pop(id_, None)
            return login if login is not None and login.expires > now else None

        return change

    def add(self, session: Session) -> Change[None]:
        """See `Sessions`."""

        def change(_: Any) -> None:
            self.kept[session.id] = session

        return change

    async def by_hash(self, hash_: str) -> Session | None:
        """See `Sessions`."""
        return next((one for one in self.kept.values() if one.hash == hash_), None)

    async def of(self, tenant: str, holders: Collection[str]) -> Sequence[Session]:
        """See `Sessions`."""
        theirs = [one for one in self.kept.values() if one.tenant == tenant and one.holder in holders]
        return sorted(theirs, key=lambda one: (one.created, one.id), reverse=True)[:MOST_LISTED]

    def touch(self, id_: str, at: datetime) -> Change[None]:
        """See `Sessions`."""

        def change(_: Any) -> None:
            self.kept[id_] = replace(self.kept[id_], seen=at)

        return change

    def end(self, tenant: str, holder: str, id_: str, at: datetime) -> Change[Session]:
        """See `Sessions`."""

        def change(_: Any) -> Session:
            found = self.kept.get(id_)
            if found is None or (found.tenant, found.holder) != (tenant, holder):
                raise NotFound("There is no session {id} here.", id=id_)
            self.kept[id_] = found if found.ended else replace(found, ended=at)
            return self.kept[id_]

        return change

    def end_all(self, tenant: str, holder: str, at: datetime) -> Change[None]:
        """See `Sessions`."""

        def change(_: Any) -> None:
            for one in list(self.kept.values()):
                if (one.tenant, one.holder, one.ended) == (tenant, holder, None):
                    self.kept[one.id] = replace(one, ended=at)

        return change
