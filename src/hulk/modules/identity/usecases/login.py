"""Logging in by OpenID Connect."""

import hmac
import secrets
from dataclasses import dataclass

from hulk.kernel.durable import Commit
from hulk.kernel.time import Clock
from hulk.modules.identity.domain import (
    LOGIN,
    SECRET_BYTES,
    Login,
    LoginRules,
    NewSession,
    challenge,
    checked,
    not_logged_in,
    place_of,
    state_id,
)
from hulk.modules.identity.ports import Provider, Sessions
from hulk.modules.identity.usecases.recognise import Recognise
from hulk.modules.identity.usecases.sessions import BeginSession, Entering


@dataclass(frozen=True, slots=True)
class BeginLogin:
    """Sends a browser to the provider."""

    provider: Provider
    sessions: Sessions
    commit: Commit
    clock: Clock

    async def __call__(self, place: str) -> tuple[str, str]:
        """The address to go to, and the state, which the browser must bring back in a cookie and in the address. Raises
        `Unavailable`."""
        state, nonce, verifier = (secrets.token_urlsafe(SECRET_BYTES) for _ in range(3))
        now = self.clock()
        login = Login(id=state_id(state), nonce=nonce, verifier=verifier, place=place_of(place), expires=now + LOGIN)
        address = await self.provider.address(state, nonce, challenge(verifier))
        await self.commit(self.sessions.begin(login, now))
        return address, state


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """What a browser brings back from the provider: `state` in the address, `carried` in its cookie; `session` is the one it has."""

    state: str
    carried: str
    code: str
    agent: str = ""
    session: str | None = None


@dataclass(frozen=True, slots=True)
class FinishLogin:
    """Makes a session out of what the provider says."""

    provider: Provider
    rules: LoginRules
    recognise: Recognise
    sessions: Sessions
    session: BeginSession
    commit: Commit
    clock: Clock

    async def __call__(self, back: Returned) -> tuple[NewSession, str]:
        """The session, and where the browser wanted to go. Raises `Unauthenticated` for what cannot be believed, `Forbidden` for who
        is not let in, `Unavailable` when the provider does not answer."""
        login = await self._login(back)
        claims = checked(await self.provider.claims(back.code, login.verifier), self.rules, login.nonce, self.clock())
        self.rules.email(claims)  # who logs in has an address that the provider has made sure of
        person = await self.recognise(claims)
        entering = Entering(tenant=person.tenant, holder=person.id, actor=person.actor, agent=back.agent, old=back.session)
        return await self.session(entering), login.place

    async def _login(self, back: Returned) -> Login:
        if not hmac.compare_digest(back.state.encode(), back.carried.encode()):
            raise not_logged_in()
        [login] = await self.commit(self.sessions.finish(state_id(back.state), self.clock()))
        if not isinstance(login, Login):
            raise not_logged_in()
        return login


@dataclass(frozen=True, slots=True, kw_only=True)
class Logins:
    """The acts of logging in, where a provider is set up."""

    begin: BeginLogin
    finish: FinishLogin
