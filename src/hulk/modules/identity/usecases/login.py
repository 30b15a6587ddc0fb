"""Logging in by OpenID Connect, and what becomes of the session."""

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from hulk.kernel import ids
from hulk.kernel.durable import Change, Commit
from hulk.kernel.errors import NotFound, Unauthenticated, Unavailable
from hulk.kernel.events import Event, Trail, changed, reasoned
from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import Principal
from hulk.kernel.time import Clock, iso
from hulk.modules.identity.domain import (
    LOGIN,
    SECRET_BYTES,
    Account,
    Login,
    LoginRules,
    NewSession,
    Session,
    challenge,
    checked,
    hashed,
    not_logged_in,
    place_of,
    state_id,
)
from hulk.modules.identity.ports import Accounts, Provider, Sessions
from hulk.modules.identity.usecases.authenticate import USE_KEPT, Known, Verified
from hulk.modules.identity.usecases.recognise import LOGGED_IN, OIDC, Recognise

_AGENT = 200


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
    trail: Trail
    commit: Commit
    verified: Verified
    clock: Clock

    async def __call__(self, back: Returned) -> tuple[NewSession, str]:
        """The session, and where the browser wanted to go. Raises `Unauthenticated` for what cannot be believed, `Forbidden` for who
        is not let in, `Unavailable` when the provider does not answer."""
        login = await self._login(back)
        claims = checked(await self.provider.claims(back.code, login.verifier), self.rules, login.nonce, self.clock())
        self.rules.email(claims)  # who logs in has an address that the provider has made sure of
        person = await self.recognise(claims)
        return await self._session(person, back), login.place

    async def _login(self, back: Returned) -> Login:
        if not hmac.compare_digest(back.state.encode(), back.carried.encode()):
            raise not_logged_in()
        [login] = await self.commit(self.sessions.finish(state_id(back.state), self.clock()))
        if not isinstance(login, Login):
            raise not_logged_in()
        return login

    async def _session(self, person: Account, back: Returned) -> NewSession:
        secret, now = secrets.token_urlsafe(SECRET_BYTES), self.clock()
        session = Session(
            id=ids.new("ses"), tenant=person.tenant, account=person.id, hash=hashed(secret), agent=_printable(back.agent), created=now,
            seen=now, expires=now + self.rules.lifetime,
        )  # fmt: skip
        ended = await self._replaced(back.session, person)
        await self.commit(self.sessions.add(session), self.trail.append(_begun(session, person.actor)), *ended)
        return NewSession(session, secret)

    async def _replaced(self, secret: str | None, person: Account) -> list[Change[Any]]:
        """The session that the browser had, ended: what it was known by before it logged in is worth nothing after."""
        old = await self.sessions.by_hash(hashed(secret)) if secret else None
        if old is None or old.ended is not None:
            return []
        self.verified.forget(old.hash)
        told = self.trail.append(_ended(old, person.actor if old.account == person.id else OIDC, LOGGED_IN))
        return [self.sessions.end(old.tenant, old.account, old.id, self.clock()), told]


@dataclass(frozen=True, slots=True)
class Resume:
    """Finds out whose session a cookie is of."""

    sessions: Sessions
    accounts: Accounts
    rules: LoginRules
    commit: Commit
    verified: Verified
    clock: Clock

    async def __call__(self, secret: str) -> Principal:
        """The person; raises `Unauthenticated` for a session that there is not, that ended, or whose person is disabled."""
        hash_ = hashed(secret)
        found = self.verified.get(hash_)
        if found is None:
            found = await self._found(hash_)
            self.verified.put(found)
        return found.principal

    async def _found(self, hash_: str) -> Known:
        session, now = await self.sessions.by_hash(hash_), self.clock()
        if session is None or not session.holds(now, self.rules.idle):
            raise _over()
        account = await self.accounts.get(session.tenant, session.account)
        if account is None or account.disabled is not None:
            raise _over()
        return Known(hash_, (await self._used(session)).until(self.rules.idle), account.id, account.principal())

    async def _used(self, session: Session) -> Session:
        now = self.clock()
        if now - session.seen < USE_KEPT:
            return session
        try:
            await self.commit(self.sessions.touch(session.id, now))
        except Unavailable:
            return session  # a full disk must not log people out
        return replace(session, seen=now)


@dataclass(frozen=True, slots=True)
class EndSession:
    """Ends sessions of whoever asks."""

    sessions: Sessions
    trail: Trail
    commit: Commit
    verified: Verified
    clock: Clock

    async def __call__(self, by: Principal, id_: str, reason: str = "") -> None:
        """It opens no more: here at once, in other processes within `REMEMBERED`. Raises `NotFound` for one that is not theirs."""
        ids.parse(id_, "ses")
        mine = await self.of(by)
        session = next((one for one in mine if one.id == id_), None)
        if session is None:
            raise NotFound("There is no session {id} here.", id=id_)
        if session.ended is not None:
            return
        change = self.sessions.end(session.tenant, session.account, id_, self.clock())
        await self.commit(change, self.trail.append(_ended(session, by.actor, reasoned(reason))))
        self.verified.forget(session.hash)

    async def by_secret(self, by: Principal, secret: str) -> None:
        """End the session of that cookie, if it is theirs."""
        session = await self.sessions.by_hash(hashed(secret))
        if session is not None and (session.tenant, session.account) == (by.tenant, by.account):
            await self(by, session.id)

    async def of(self, by: Principal) -> Sequence[Session]:
        """The sessions of whoever asks, newest first; none for who has no account."""
        return await self.sessions.of_account(by.tenant, by.account) if by.account else []


@dataclass(frozen=True, slots=True, kw_only=True)
class Logins:
    """The acts of logging in, where a provider is set up."""

    begin: BeginLogin
    finish: FinishLogin
    resume: Resume
    rules: LoginRules


def _begun(session: Session, actor: str) -> Event:
    data = {"account": session.account, **changed(LOGGED_IN, None, _plain(session))}
    return Event(type="hulk.session.begun.v1", subject=session.id, tenant=session.tenant, actor=actor, data=data)


def _ended(session: Session, actor: str, reason: str) -> Event:
    data = {"account": session.account, **changed(reason, _plain(session), None)}
    return Event(type="hulk.session.ended.v1", subject=session.id, tenant=session.tenant, actor=actor, data=data)


def _plain(session: Session) -> JsonObject:
    return {"agent": session.agent, "expires": iso(session.expires)}


def _over() -> Unauthenticated:
    return Unauthenticated("Your session is over. Log in again at /v1/login.")


def _printable(agent: str) -> str:
    return "".join(letter for letter in agent if letter.isprintable())[:_AGENT]
