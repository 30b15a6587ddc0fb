"""Who a person is whom somebody else vouches for: a channel that knows them by an address, or a link they made themselves."""

from dataclasses import dataclass

from hulk.kernel.tenancy import Principal
from hulk.modules.identity.domain import Account
from hulk.modules.identity.ports import Accounts


@dataclass(frozen=True, slots=True)
class KnowPerson:
    """Finds people's accounts; of one that is disabled nobody hears."""

    accounts: Accounts

    async def by_email(self, tenant: str, email: str) -> str | None:
        """The account (`usr_…`) of the person with that address, if there is one. Raises `Unavailable`."""
        found = await self.accounts.by_email(tenant, email.strip().lower())
        return None if found is None or not _comes_in(found) else found.id

    async def principal(self, tenant: str, account: str) -> Principal | None:
        """The person, with what they may do now; None for who may not come in (any more). Raises `Unavailable`."""
        found = await self.accounts.get(tenant, account)
        return None if found is None or not _comes_in(found) else found.principal()


def _comes_in(account: Account) -> bool:
    return account.kind == "person" and account.disabled is None
