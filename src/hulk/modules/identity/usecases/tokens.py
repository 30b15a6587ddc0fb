"""Knowing who asks by an access token of the provider (OAuth 2.1): Hulk as a resource server."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from hulk.kernel.errors import Unauthenticated
from hulk.kernel.tenancy import Principal
from hulk.kernel.time import Clock
from hulk.modules.identity.domain import LoginRules, checked_bearer, hashed, no_token
from hulk.modules.identity.ports import Provider
from hulk.modules.identity.usecases.authenticate import Known, Verified
from hulk.modules.identity.usecases.recognise import Recognise

_LONGEST = 16_384


@dataclass(frozen=True, slots=True)
class TakeToken:
    """Finds out whose an access token is: the person who could log in with what it says."""

    provider: Provider
    recognise: Recognise
    rules: LoginRules
    verified: Verified
    clock: Clock

    async def __call__(self, token: str, audiences: Sequence[str]) -> Principal:
        """The person. The token must be meant for one of these resources. Raises `Unauthenticated` for what cannot be believed,
        `Forbidden` for who is not let in, `Unavailable` when the provider's keys cannot be had."""
        hash_ = hashed(" ".join([token, *audiences]))
        found = self.verified.get(hash_)
        if found is None:
            found = await self._found(hash_, token, audiences)
            self.verified.put(found)
        return found.principal

    async def _found(self, hash_: str, token: str, audiences: Sequence[str]) -> Known:
        if len(token) > _LONGEST:
            raise no_token()
        try:
            claims = await self.provider.signed(token)
        except Unauthenticated as error:
            raise no_token() from error
        checked_bearer(claims, self.rules, audiences, self.clock())
        person = await self.recognise(claims)
        return Known(hash_, datetime.fromtimestamp(claims["exp"], UTC), person.id, person.principal())
