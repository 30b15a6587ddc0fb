"""Knowing a person by what the provider of OpenID Connect says of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hulk.kernel import ids
from hulk.kernel.durable import Change, Commit
from hulk.kernel.events import Trail
from hulk.kernel.tenancy import Grant, Principal
from hulk.kernel.time import Clock
from hulk.modules.identity.domain import PREFIXES, Account, AccountChange, LoginRules, admitted, unknown
from hulk.modules.identity.ports import Accounts, Tenants
from hulk.modules.identity.usecases.authenticate import Verified
from hulk.modules.identity.usecases.sessions import LOGGED_IN
from hulk.modules.identity.usecases.telling import telling

OIDC = "oidc"
"""Who is named in the trail for what a login changes of an account."""


@dataclass(frozen=True, slots=True)
class Recognise:
    """Finds the account of whoever the claims are about, and brings it up to them; makes one where the rules let newcomers in."""

    rules: LoginRules
    accounts: Accounts
    tenants: Tenants
    trail: Trail
    commit: Commit
    verified: Verified
    clock: Clock

    async def __call__(self, claims: Mapping[str, Any]) -> Account:
        """The person, as the provider knows them now: by their subject there, else by an address that it has made sure of. Raises
        `Forbidden`."""
        tenant, grants, subject = self.rules.tenant, self.rules.granted(claims), self.rules.subject(claims)
        known = await self.accounts.by_subject(tenant, subject) or await self.accounts.by_email(tenant, self.rules.email(claims))
        if admitted(known, subject) is None or known is None:
            return await self._newcomer(subject, self.rules.email(claims), claims, grants or ())
        if known.subject == subject and (grants is None or known.grants == grants):
            return known
        [*_, person] = await self.commit(*self._named(grants or ()), self._updated(known, subject, grants))
        assert isinstance(person, Account)  # noqa: S101  # Commit gives the changes' results untyped
        self.verified.forget_account(person.id)
        return person

    def _updated(self, known: Account, subject: str, grants: tuple[Grant, ...] | None) -> Change[Account]:
        def act(before: Account) -> Account:
            admitted(before, subject)
            return replace(before, subject=subject, grants=before.grants if grants is None else grants)

        change_it = self.accounts.change(known.tenant, known.id, act)

        def change(tx: Any) -> Account:
            before, after = change_it(tx)
            telling(self.trail, "hulk.account.changed.v1", self._provider, LOGGED_IN, before, after)(tx)
            return after

        return change

    async def _newcomer(self, subject: str, email: str, claims: Any, grants: tuple[Grant, ...]) -> Account:
        if not self.rules.newcomer(email):
            raise unknown()
        name = claims.get("name")
        blank = Account(id=ids.new(PREFIXES["person"]), tenant=self.rules.tenant, kind="person", name="", created=(now := self.clock()))
        printable = name.strip()[:100] if isinstance(name, str) and name.strip() and name.isprintable() else email
        person = replace(AccountChange(name=printable, email=email, grants=grants).applied(blank, now), subject=subject)
        told = telling(self.trail, "hulk.account.created.v1", self._provider, LOGGED_IN, None, person)
        await self.commit(*self._named(grants), self.accounts.add(person), told)
        return person

    def _named(self, grants: Sequence[Grant]) -> list[Change[Any]]:
        return [self.tenants.require_namespaces(self.rules.tenant, [grant.namespace for grant in grants])]

    @property
    def _provider(self) -> Principal:
        return Principal(tenant=self.rules.tenant, actor=OIDC, grants=())
