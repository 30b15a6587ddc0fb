"""Sessions of browsers: begun with a new secret at each login, resumed, and ended."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from hulk.kernel import ids
from hulk.kernel.durable import Change, Commit
from hulk.kernel.errors import NotFound, Unauthenticated, Unavailable
from hulk.kernel.events import Event, Trail, changed, reasoned
from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import Principal
from hulk.kernel.time import Clock, iso
from hulk.modules.identity.domain import SECRET_BYTES, NewSession, Session, Spans, hashed
from hulk.modules.identity.ports import Accounts, Keys, Sessions
from hulk.modules.identity.usecases.authenticate import USE_KEPT, Authenticate, Known, Verified

LOGGED_IN = "login"
"""Why a session begins, another ends for it, and a person is made or changed as the provider says."""
_AGENT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Entering:
    """Who begins a session: `holder` is their account or key. `old` is the secret of the session that the browser has, if any."""

    tenant: str
    holder: str
    actor: str
    agent: str = ""
    old: str | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class BeginSession:
    """Begins a session for whoever has proved who they are."""

    sessions: Sessions
    trail: Trail
    commit: Commit
    verified: Verified
    clock: Clock
    spans: Spans

    async def __call__(self, who: Entering) -> NewSession:
        """The session, known by a secret that nobody had before, so that none can have been put on the browser beforehand (session
        fixation)."""
        secret, now = secrets.token_urlsafe(SECRET_BYTES), self.clock()
        expires = min(now + self.spans.lifetime, who.until or datetime.max.replace(tzinfo=now.tzinfo))
        session = Session(
            id=ids.new("ses"), tenant=who.tenant, holder=who.holder, hash=hashed(secret), agent=_printable(who.agent), created=now,
            seen=now, expires=expires,
        )  # fmt: skip
        ended = await self._replaced(who)
        await self.commit(self.sessions.add(session), self.trail.append(_begun(session, who.actor)), *ended)
        return NewSession(session, secret)

    async def _replaced(self, who: Entering) -> list[Change[Any]]:
        """The session that the browser had, ended: what it was known by before it logged in is worth nothing after."""
        old = await self.sessions.by_hash(hashed(who.old)) if who.old else None
        if old is None or old.ended is not None:
            return []
        self.verified.forget(old.hash)
        told = self.trail.append(_ended(old, who.actor if old.holder == who.holder else LOGGED_IN, LOGGED_IN))
        return [self.sessions.end(old.tenant, old.holder, old.id, self.clock()), told]


@dataclass(frozen=True, slots=True)
class LogInByKey:
    """Begins the session of whoever has an API key: it may what the key may, as long as that holds."""

    keys: Keys
    authenticate: Authenticate
    begin: BeginSession

    async def __call__(self, key: str, agent: str = "", old: str | None = None) -> NewSession:
        """The session. Raises `Unauthenticated` for a key that opens nothing."""
        kept, known = await self.authenticate.holder(key.strip())
        entering = Entering(
            tenant=kept.tenant, holder=kept.id, actor=known.principal.actor, agent=agent, old=old, until=kept.expires
        )  # fmt: skip
        return await self.begin(entering)


@dataclass(frozen=True, slots=True)
class Resume:
    """Finds out whose session a cookie is of."""

    sessions: Sessions
    accounts: Accounts
    keys: Keys
    authenticate: Authenticate
    commit: Commit
    verified: Verified
    clock: Clock
    spans: Spans

    async def __call__(self, secret: str) -> Principal:
        """Who they are, with what they may do now; raises `Unauthenticated` for a session that there is not or that ended, whose person
        is disabled, or whose key does not hold any more."""
        hash_ = hashed(secret)
        found = self.verified.get(hash_)
        if found is None:
            found = await self._found(hash_)
            self.verified.put(found)
        return found.principal

    async def _found(self, hash_: str) -> Known:
        session, now = await self.sessions.by_hash(hash_), self.clock()
        if session is None or not session.holds(now, self.spans.idle):
            raise _over()
        known = await (self._of_key(session) if session.by_key else self._of_person(session))
        until = (await self._used(session)).until(self.spans.idle)
        return replace(known, hash=hash_, ends=until if known.ends is None else min(until, known.ends))

    async def _of_person(self, session: Session) -> Known:
        account = await self.accounts.get(session.tenant, session.holder)
        if account is None or account.disabled is not None:
            raise _over()
        return Known("", None, account.id, account.principal())

    async def _of_key(self, session: Session) -> Known:
        key = await self.keys.get(session.tenant, session.holder)
        if key is None or not key.holds(self.clock()):
            raise _over()
        try:
            return await self.authenticate.known(key)
        except Unauthenticated as error:
            raise _over() from error

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
    keys: Keys
    trail: Trail
    commit: Commit
    verified: Verified
    clock: Clock

    async def __call__(self, by: Principal, id_: str, reason: str = "") -> None:
        """It opens no more: here at once, in other processes within `REMEMBERED`. Raises `NotFound` for one that is not theirs."""
        ids.parse(id_, "ses")
        session = next((one for one in await self.of(by) if one.id == id_), None)
        if session is None:
            raise NotFound("There is no session {id} here.", id=id_)
        if session.ended is None:
            await self._end(session, by.actor, reasoned(reason))

    async def by_secret(self, by: Principal, secret: str) -> None:
        """End the session of that cookie, whose holder asks: who has its secret."""
        session = await self.sessions.by_hash(hashed(secret))
        if session is not None and session.ended is None and session.tenant == by.tenant:
            await self._end(session, by.actor, "")

    async def _end(self, session: Session, actor: str, reason: str) -> None:
        change = self.sessions.end(session.tenant, session.holder, session.id, self.clock())
        await self.commit(change, self.trail.append(_ended(session, actor, reason)))
        self.verified.forget(session.hash)

    async def of(self, by: Principal) -> Sequence[Session]:
        """The sessions of whoever asks, newest first: those of their account and of its keys, or of their key."""
        return await self.sessions.of(by.tenant, await self._holders(by))

    async def _holders(self, by: Principal) -> Sequence[str]:
        if by.account:
            return [by.account, *(key.id for key in await self.keys.of_tenant(by.tenant) if key.account == by.account)]
        kind, _, prefix = by.actor.partition(":")
        key = await self.keys.by_prefix(prefix) if kind == "key" else None
        return [key.id] if key is not None and key.tenant == by.tenant else []


def _begun(session: Session, actor: str) -> Event:
    data = {"account": session.holder, **changed(LOGGED_IN, None, _plain(session))}
    return Event(type="hulk.session.begun.v1", subject=session.id, tenant=session.tenant, actor=actor, data=data)


def _ended(session: Session, actor: str, reason: str) -> Event:
    data = {"account": session.holder, **changed(reason, _plain(session), None)}
    return Event(type="hulk.session.ended.v1", subject=session.id, tenant=session.tenant, actor=actor, data=data)


def _plain(session: Session) -> JsonObject:
    return {"agent": session.agent, "expires": iso(session.expires)}


def _over() -> Unauthenticated:
    return Unauthenticated("Your session is over. Log in again.")


def _printable(agent: str) -> str:
    return "".join(letter for letter in agent if letter.isprintable())[:_AGENT]
