"""What somebody may do now who asked for something a while ago."""

from dataclasses import dataclass

from hulk.kernel.errors import Forbidden
from hulk.kernel.tenancy import Principal
from hulk.kernel.time import Clock
from hulk.modules.identity.domain.accounts import Account, within
from hulk.modules.identity.ports import Accounts, Keys


@dataclass(frozen=True, slots=True)
class Standing:
    """Look whom work is done for that was asked for earlier: what was taken from them since, it may not do either."""

    accounts: Accounts
    keys: Keys
    clock: Clock

    async def __call__(self, asked: Principal) -> Principal:
        """The principal with what they may do now, and never more than when they asked. Raises `Forbidden` when their account is gone or
        disabled, or their key does not hold any more; actors of no account (`local`, schedules) are as they were."""
        kind, _, name = asked.actor.partition(":")
        match kind:
            case "person":
                return self._cut(asked, await self.accounts.by_email(asked.tenant, name))
            case "service":
                return self._cut(asked, await self.accounts.get(asked.tenant, name))
            case "key":
                return await self._key(asked, name)
            case _:
                return asked

    def _cut(self, asked: Principal, account: Account | None) -> Principal:
        if account is None or account.disabled is not None:
            raise _gone(asked)
        return account.principal(asked.grants) if asked.grants else account.principal()

    async def _key(self, asked: Principal, prefix: str) -> Principal:
        key = await self.keys.by_prefix(prefix)
        if key is None or key.tenant != asked.tenant or not key.holds(self.clock()):
            raise _gone(asked)
        return Principal(tenant=asked.tenant, actor=asked.actor, grants=within(key.grants, asked.grants))


def _gone(asked: Principal) -> Forbidden:
    return Forbidden("{actor} asked for this and may nothing here any more.", actor=asked.actor)
