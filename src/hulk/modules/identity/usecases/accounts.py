"""Making, changing and removing people and service accounts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from hulk.kernel import ids
from hulk.kernel.durable import Change, Commit
from hulk.kernel.errors import NotFound
from hulk.kernel.events import Trail, reasoned
from hulk.kernel.tenancy import Grant, Principal
from hulk.kernel.time import Clock
from hulk.modules.identity.domain import PREFIXES, Account, AccountChange, Kind
from hulk.modules.identity.ports import Accounts, Sessions, Tenants
from hulk.modules.identity.usecases.authenticate import Verified
from hulk.modules.identity.usecases.rights import require, require_anywhere, require_giving, seen
from hulk.modules.identity.usecases.telling import telling


@dataclass(frozen=True, slots=True)
class CreateAccount:
    """Makes a person or a service account of the admin's own tenant."""

    accounts: Accounts
    tenants: Tenants
    trail: Trail
    commit: Commit
    clock: Clock

    async def __call__(self, by: Principal, kind: Kind, wanted: AccountChange, reason: str = "") -> Account:
        """The new account. Raises `Forbidden` for a grant that `by` does not hold, `Refused` for what no account may have,
        `Conflict` for an address that somebody has."""
        require(by, "manage", "members")
        blank = Account(id=ids.new(PREFIXES[kind]), tenant=by.tenant, kind=kind, name="", created=(now := self.clock()))
        account = wanted.applied(blank, now)
        require_giving(by, "members", account.grants)
        checked = self.tenants.require_namespaces(by.tenant, [grant.namespace for grant in account.grants])
        told = telling(self.trail, "hulk.account.created.v1", by, reasoned(reason), None, account)
        await self.commit(checked, self.accounts.add(account), told)
        return account


@dataclass(frozen=True, slots=True)
class ListAccounts:
    """The accounts of the admin's own tenant."""

    accounts: Accounts

    async def __call__(self, by: Principal, kind: Kind) -> Sequence[Account]:
        """Those of that kind, oldest first, with the grants that `by` may know of. Raises `Forbidden`."""
        require_anywhere(by, "read", "members")
        return [shown(by, one) for one in await self.accounts.of_tenant(by.tenant) if one.kind == kind]

    async def one(self, by: Principal, kind: Kind, id_: str) -> Account:
        """The account of that id; raises `Forbidden`, and `NotFound`."""
        require_anywhere(by, "read", "members")
        found = await self.accounts.get(by.tenant, ids.parse(id_, PREFIXES[kind]))
        if found is None:
            raise NotFound("There is no account {id} here.", id=id_)
        return shown(by, found)


def shown(by: Principal, account: Account) -> Account:
    """The account as `by` may see it."""
    return replace(account, grants=seen(by, account.grants))


@dataclass(frozen=True, slots=True)
class ChangeAccount:
    """Changes an account of the admin's own tenant; an admin of a namespace changes what it may do there."""

    accounts: Accounts
    tenants: Tenants
    sessions: Sessions
    trail: Trail
    commit: Commit
    verified: Verified
    clock: Clock

    async def __call__(self, by: Principal, kind: Kind, id_: str, wanted: AccountChange, reason: str = "") -> Account:
        """The account as it is now: here at once, in other processes within `REMEMBERED`. `wanted.grants` take the place of those
        that `by` may know of.

        Raises `NotFound`, `Refused` for what no account may have, `Forbidden` for giving or taking what `by` does not hold,
        `Conflict` for an address that somebody has and for the tenant's last admin."""
        require_anywhere(by, "manage", "members")
        if not wanted.only_grants:
            require(by, "manage", "members")
        account = ids.parse(id_, PREFIXES[kind])
        checked = self.tenants.require_namespaces(by.tenant, [grant.namespace for grant in wanted.grants or ()])
        [_, after] = await self.commit(checked, self._changed(by, account, wanted, reasoned(reason)))
        self.verified.forget_account(account)
        return shown(by, after)

    def _changed(self, by: Principal, id_: str, wanted: AccountChange, reason: str) -> Change[Account]:
        def act(before: Account) -> Account:
            after = _as_wanted(by, before, wanted).applied(before, self.clock())
            require_giving(by, "members", _differing(before.grants, after.grants))
            return after

        change_it = self.accounts.change(by.tenant, id_, act)

        def change(tx: Any) -> Account:
            before, after = change_it(tx)
            if after.disabled is not None:
                self.sessions.end_all(by.tenant, id_, self.clock())(tx)
            if after != before:
                telling(self.trail, "hulk.account.changed.v1", by, reason, before, after)(tx)
            return after

        return change


def _as_wanted(by: Principal, before: Account, wanted: AccountChange) -> AccountChange:
    """With those grants that `by` does not see left as they are."""
    if wanted.grants is None:
        return wanted
    visible = seen(by, before.grants)
    hidden = tuple(grant for grant in before.grants if grant not in visible)
    return replace(wanted, grants=(*hidden, *wanted.grants))


def _differing(before: Sequence[Grant], after: Sequence[Grant]) -> tuple[Grant, ...]:
    return tuple({*before} ^ {*after})


@dataclass(frozen=True, slots=True)
class RemoveAccount:
    """Removes an account of the admin's own tenant; its keys and sessions open no more."""

    accounts: Accounts
    sessions: Sessions
    trail: Trail
    commit: Commit
    verified: Verified
    clock: Clock

    async def __call__(self, by: Principal, kind: Kind, id_: str, reason: str = "") -> None:
        """Gone here at once, in other processes within `REMEMBERED`. Raises `Forbidden`, `NotFound`, and `Conflict` for the
        tenant's last admin."""
        require(by, "manage", "members")
        account = ids.parse(id_, PREFIXES[kind])
        remove, why = self.accounts.remove(by.tenant, account), reasoned(reason)

        def change(tx: Any) -> None:
            before = remove(tx)
            self.sessions.end_all(by.tenant, account, self.clock())(tx)
            require_giving(by, "members", before.grants)
            telling(self.trail, "hulk.account.removed.v1", by, why, before, None)(tx)

        await self.commit(change)
        self.verified.forget_account(account)
