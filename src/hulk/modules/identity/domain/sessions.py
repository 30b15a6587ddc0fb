"""Logging in, by OIDC or with an API key, and the sessions that come of it. Pure rules."""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeGuard

from hulk.kernel.errors import Forbidden, Unauthenticated
from hulk.kernel.tenancy import Grant
from hulk.modules.identity.domain.accounts import Account, address
from hulk.modules.identity.domain.keys import hashed

SECRET_BYTES = 32
"""Random bytes of a session's secret, of a state, of a nonce and of a verifier: 256 bits."""
CALLBACK = "/v1/login/callback"
"""Where the provider sends the browser back to."""
LOGIN = timedelta(minutes=10)
"""How long somebody may take to log in at the provider."""
LEEWAY = timedelta(seconds=60)
"""How far the provider's clock may be from ours."""
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
"""How an ID token may be signed: by a key that only the provider has. Never `none`, nor by a secret that both know."""
_PLACE = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,500}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A login that was begun: `id` is the SHA-256 of the state that the browser carries to the provider and back."""

    id: str
    nonce: str
    verifier: str
    place: str
    expires: datetime


@dataclass(frozen=True, slots=True)
class Spans:
    """How long a session lasts: that nobody uses, and at most."""

    idle: timedelta = timedelta(hours=8)
    lifetime: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A browser that somebody has logged in with. `hash` is the SHA-256 of the secret in its cookie, `holder` whose it is: a person
    (`usr_…`), or the API key with which they logged in (`key_…`), and with which it ends."""

    id: str
    tenant: str
    holder: str
    hash: str
    agent: str
    created: datetime
    seen: datetime
    expires: datetime
    ended: datetime | None = None

    @property
    def seconds(self) -> int:
        """How long it lasts at most."""
        return int((self.expires - self.created).total_seconds())

    @property
    def by_key(self) -> bool:
        """Whether it is an API key's."""
        return self.holder.startswith("key_")

    def holds(self, now: datetime, idle: timedelta) -> bool:
        """Whether it was neither ended, nor left alone for too long, nor is too old."""
        return self.ended is None and now < self.until(idle)

    def until(self, idle: timedelta) -> datetime:
        """When it ends unless it is used."""
        return min(self.expires, self.seen + idle)


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session that was just begun, with the secret for its cookie."""

    session: Session
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimGrant:
    """What a value of the claim gives whoever has it."""

    value: str
    grant: Grant


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginRules:
    """Who may log in, and as what."""

    issuer: str
    client: str
    tenant: str
    domains: tuple[str, ...] = ()
    trust_email: bool = False
    claim: str = ""
    grants: tuple[ClaimGrant, ...] = ()

    def granted(self, claims: Mapping[str, Any]) -> tuple[Grant, ...] | None:
        """The grants that the provider gives; None when those that admins give count."""
        if not self.claim:
            return None
        found = claims.get(self.claim)
        values = [found] if isinstance(found, str) else found if isinstance(found, list) else []
        return tuple(dict.fromkeys(one.grant for one in self.grants if one.value in values))

    def subject(self, claims: Mapping[str, Any]) -> str:
        """Who logs in, among all issuers."""
        return f"{self.issuer} {claims['sub']}"

    def email(self, claims: Mapping[str, Any]) -> str:
        """The address, if the provider has made sure of it. Raises `Forbidden`."""
        email, verified = claims.get("email"), claims.get("email_verified")
        if not isinstance(email, str) or verified is False or not (verified is True or self.trust_email):
            raise Forbidden(
                "The provider has not confirmed your e-mail address, so nobody knows who you are. Confirm it there, or have an admin set"
                " identity.trust_email if the provider's addresses can be trusted."
            )
        return address(email)

    def newcomer(self, email: str) -> bool:
        """Whether somebody whom no admin has made may log in with that address."""
        return email.rpartition("@")[2] in self.domains


def checked(claims: Mapping[str, Any], rules: LoginRules, nonce: str, now: datetime) -> Mapping[str, Any]:
    """The claims of an ID token whose signature is right, if it was issued by this issuer, for us, for this login, and holds
    (OpenID Connect Core 1.0, 3.1.3.7). Raises `Unauthenticated`."""
    audiences, party = _audiences(claims), claims.get("azp")
    right = (
        _holds(claims, rules, now)
        and rules.client in audiences
        and (party == rules.client if party is not None else len(audiences) == 1)
        and claims.get("nonce") == nonce
    )
    if not right:
        raise not_logged_in()
    return claims


def checked_bearer(claims: Mapping[str, Any], rules: LoginRules, audiences: Sequence[str], now: datetime) -> Mapping[str, Any]:
    """The claims of an access token whose signature is right, if it was issued by this issuer, for one of these resources, and holds
    (RFC 9068, 4; RFC 8707). Raises `Unauthenticated`."""
    begins = claims.get("nbf")
    begun = begins is None or (_number(begins) and begins <= (now + LEEWAY).timestamp())
    if not (_holds(claims, rules, now) and begun and any(one in audiences for one in _audiences(claims))):
        raise no_token()
    return claims


def _audiences(claims: Mapping[str, Any]) -> Sequence[Any]:
    found = claims.get("aud")
    return found if isinstance(found, list) else [found]


def _holds(claims: Mapping[str, Any], rules: LoginRules, now: datetime) -> bool:
    """Whether it was issued by this issuer, about somebody, and has neither ended nor not begun."""
    expires, issued = claims.get("exp"), claims.get("iat")
    return (
        claims.get("iss") == rules.issuer
        and _number(expires)
        and now.timestamp() < expires + LEEWAY.total_seconds()
        and _number(issued)
        and issued <= (now + LEEWAY).timestamp()
        and isinstance(claims.get("sub"), str)
        and 0 < len(claims["sub"]) <= 255
    )


def _number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def not_logged_in() -> Unauthenticated:
    """The error for a login that cannot be believed; the log says more."""
    return Unauthenticated("This login is not valid, was used already, or took too long. Log in again.")


def no_token() -> Unauthenticated:
    """The error for an access token that cannot be believed; the log says more."""
    return Unauthenticated(
        "This access token is not valid here: it has ended, is not of the issuer that Hulk trusts, or was not made for this address "
        "(its audience). Log in again."
    )


def admitted(person: Account | None, subject: str) -> Account | None:
    """The person, if that one may log in as them. Raises `Forbidden`: of who is disabled and who is somebody else it does not tell."""
    if person is not None and (person.disabled is not None or person.subject not in (None, subject)):
        raise unknown()
    return person


def unknown() -> Forbidden:
    """The error for who is known to the provider and not to Hulk."""
    return Forbidden("You may not log in here: no admin has let you in. Ask one to add your e-mail address.")


def challenge(verifier: str) -> str:
    """What the provider is told of the verifier beforehand (RFC 7636, S256)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def state_id(state: str) -> str:
    """What is kept of a state."""
    return hashed(state)


def place_of(wanted: str) -> str:
    """Where the browser goes after the login: a path of ours, never another site."""
    return wanted if _PLACE.fullmatch(wanted) else "/v1/me"
