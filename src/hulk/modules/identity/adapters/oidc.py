"""A provider of OpenID Connect: discovery, the authorisation code flow with PKCE, and ID tokens checked against its keys.

Tested with oidc-provider-mock, a real server that is no production provider, and with a twin that lies in every way we know of."""

import base64
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

import structlog

from hulk.kernel.errors import Unauthenticated, Unavailable
from hulk.modules.identity.domain import ALGORITHMS, not_logged_in

if TYPE_CHECKING:  # imported where they are used: a Hulk without logins has no use for them
    import aiohttp
    from joserfc.jwk import KeySet

log = structlog.get_logger(__name__)

_LARGEST = 1_000_000
"""Bytes of an answer; more is nothing that a provider says."""
_KNOWN_SECONDS = 3600.0
"""How long the provider's own description and keys are believed without being asked for again."""
_AGAIN_SECONDS = 30.0
"""The least time between two requests for the keys because a token names an unknown one: tokens are not to drive our requests."""
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """What we are at the provider."""

    issuer: str
    client: str
    secret: str = field(repr=False)
    scopes: tuple[str, ...]
    redirect: str
    timeout: timedelta


@dataclass(slots=True)
class _Fresh:
    """Something the provider said, and when."""

    value: Any = None
    at: float = float("-inf")


class OidcProvider:
    """`Provider` over HTTP. `session` follows no redirects and keeps no cookies."""

    def __init__(self, session: "aiohttp.ClientSession", registered: Registered, clock: Callable[[], float] = time.monotonic) -> None:
        self._session = session
        self._registered = registered
        self._clock = clock
        self._described = _Fresh()
        self._keys = _Fresh()

    async def address(self, state: str, nonce: str, challenge: str) -> str:
        """See `Provider`."""
        ours = self._registered
        query = {
            "response_type": "code", "client_id": ours.client, "redirect_uri": ours.redirect, "scope": " ".join(ours.scopes),
            "state": state, "nonce": nonce, "code_challenge": challenge, "code_challenge_method": "S256",
        }  # fmt: skip
        base = await self._endpoint("authorization_endpoint")
        return f"{base}{'&' if urlsplit(base).query else '?'}{urlencode(query)}"

    async def claims(self, code: str, verifier: str) -> Mapping[str, Any]:
        """See `Provider`."""
        token = (await self._redeemed(code, verifier)).get("id_token")
        if not isinstance(token, str):
            raise self._doubtful("no ID token")
        return await self.signed(token)

    async def _redeemed(self, code: str, verifier: str) -> Mapping[str, Any]:
        ours = self._registered
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": ours.redirect, "client_id": ours.client,
            "code_verifier": verifier,
        }  # fmt: skip
        status, body = await self._asked("POST", await self._endpoint("token_endpoint"), data=form, headers=self._credentials())
        if status >= 500:
            raise self._away(f"status {status}")
        if status != 200:
            raise self._doubtful(f"the code was refused with {status}: {str(body.get('error'))[:100]}")
        return body

    def _credentials(self) -> dict[str, str]:
        """`client_secret_basic` (RFC 6749, 2.3.1): both parts are form-encoded first. A public client has none."""
        if not self._registered.secret:
            return {}
        pair = f"{quote(self._registered.client, safe='')}:{quote(self._registered.secret, safe='')}"
        return {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}

    async def signed(self, token: str) -> Mapping[str, Any]:
        """See `Provider`."""
        from joserfc import jws, jwt
        from joserfc.errors import JoseError

        try:
            header = jws.extract_compact(token.encode()).headers()
            keys = await self._keys_for(header.get("kid"))
            return jwt.decode(token, keys, algorithms=list(ALGORITHMS)).claims
        except (JoseError, ValueError, UnicodeError) as error:
            raise self._doubtful(f"the token: {type(error).__name__}") from error

    async def _keys_for(self, kid: object) -> "KeySet":
        """The keys, or the one that is named; asked for anew when it is not known. Raises `Unauthenticated`."""
        keys = await self._current_keys(_KNOWN_SECONDS)
        if kid is not None and not _named(keys, kid):
            keys = await self._current_keys(_AGAIN_SECONDS)
        from joserfc.jwk import KeySet

        found = keys.keys if kid is None else _named(keys, kid)
        if not found or (kid is None and len(found) > 1):
            raise self._doubtful("the token is signed with a key that the provider does not name")
        return KeySet(found)

    async def _current_keys(self, age: float) -> "KeySet":
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        if self._clock() - self._keys.at >= age:
            body = await self._got(await self._endpoint("jwks_uri"))
            try:
                self._keys = _Fresh(KeySet.import_key_set({"keys": _signing(body)}), self._clock())
            except (JoseError, ValueError, TypeError) as error:
                raise self._away(f"its keys cannot be read: {type(error).__name__}") from error
        found: KeySet = self._keys.value
        return found

    async def _endpoint(self, name: str) -> str:
        found = (await self._description()).get(name)
        if not isinstance(found, str) or not trustworthy(found):
            raise self._away(f"its description has no https address in {name}")
        return found

    async def _description(self) -> Mapping[str, Any]:
        if self._clock() - self._described.at >= _KNOWN_SECONDS:
            body = await self._got(f"{self._registered.issuer.rstrip('/')}/.well-known/openid-configuration")
            if body.get("issuer") != self._registered.issuer:
                raise self._away("it calls itself otherwise than identity.issuer")
            self._described = _Fresh(body, self._clock())
        found: Mapping[str, Any] = self._described.value
        return found

    async def _got(self, url: str) -> Mapping[str, Any]:
        status, body = await self._asked("GET", url)
        if status != 200:
            raise self._away(f"status {status}")
        return body

    async def _asked(self, method: str, url: str, **more: Any) -> tuple[int, Mapping[str, Any]]:
        import aiohttp

        try:
            limit = aiohttp.ClientTimeout(total=self._registered.timeout.total_seconds())
            async with self._session.request(method, url, allow_redirects=False, timeout=limit, **more) as answer:
                return answer.status, await _read(answer)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise self._away(type(error).__name__) from error

    def _away(self, why: str) -> Unavailable:
        log.warning("oidc_provider_away", issuer=self._registered.issuer, why=why)
        return Unavailable(
            "The provider {issuer} cannot be asked who you are right now. Try again later.", retry_after=5, issuer=self._registered.issuer
        )

    def _doubtful(self, why: str) -> Unauthenticated:
        log.warning("oidc_login_refused", issuer=self._registered.issuer, why=why)
        return not_logged_in()


def trustworthy(url: str) -> bool:
    """Whether what is sent there stays between us: https, or http on this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _HERE)


def _signing(body: Mapping[str, Any]) -> list[Any]:
    """Those of the keys that sign, and that only the provider has."""
    return [key for key in body.get("keys", []) if isinstance(key, dict) and key.get("use", "sig") == "sig" and key.get("kty") != "oct"]


def _named(keys: "KeySet", kid: object) -> list[Any]:
    return [key for key in keys.keys if key.kid == kid]


async def _read(answer: "aiohttp.ClientResponse") -> Mapping[str, Any]:
    """The object that is answered; raises `ValueError` for anything else, and for too much."""
    body = bytearray()
    async for chunk in answer.content.iter_chunked(65_536):
        body += chunk
        if len(body) > _LARGEST:
            raise ValueError("too large")
    parsed = json.loads(body or b"{}")
    if not isinstance(parsed, dict):
        raise ValueError("no object")  # noqa: TRY004  # what the answer holds is its value, not our type
    return parsed
