"""Who may come in: on loopback only pages of this machine, elsewhere only holders of an API key."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from hulk.kernel.errors import Forbidden
from hulk.kernel.tenancy import Principal
from hulk.runtime.http.gate import Authenticate, Gate, sent_key
from hulk.runtime.http.request import client_host, state

Resume: TypeAlias = Callable[[str], Awaitable[Principal]]
"""Whose session that secret is of; raises `Unauthenticated`."""

OPEN = frozenset({"/health", "/ready", "/.well-known/jwks.json"})
"""What anybody may ask without a key: how the process is, and by which public keys its tokens are verified."""

OPEN_BELOW = "/.well-known/oauth-protected-resource"
"""And where programs learn which authorisation server to ask for a token (RFC 9728)."""

HOOKS = "/v1/hooks/"
"""And where vendors of channels call, each of whose requests proves itself by its signature."""

STATIC = "/console/static/"
"""And the files that pages load, the one for logging in too: they are the same for everybody."""

LOGIN = frozenset({"/v1/login", "/v1/login/callback", "/v1/login/key", "/v1/logout", "/console/login", "/console/logout"})
"""How browsers come to have a session, and go: open too, and slowed down for each address."""

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Browser:
    """How browsers come in: with the secret of a session in a cookie, which `session` finds among those sent by `http` or `https`.
    `origin` is the only site whose pages may then change anything; empty: that of the host they ask."""

    session: Callable[[str, Mapping[str, str]], str | None]
    origin: str
    resume: Resume


@dataclass(frozen=True, slots=True)
class Tokens:
    """Access tokens of an authorisation server (OAuth 2.1), taken at some paths. `audiences` says for which resources one must be meant
    that is shown at a path (none: no such token is taken there), `described` where the resource is described, `holder` whose it is."""

    audiences: Callable[[str], Sequence[str]]
    described: Callable[[str], str]
    holder: Callable[[str, Sequence[str]], Awaitable[Principal]]


_JWT = "eyJ"
"""How every JWT begins (`{"`), and no API key."""
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})


class LocalOnly:
    """On loopback any web page could reach us through the user's browser (DNS rebinding, cross-site requests): `Host` must name
    this machine, and `Origin`, when there is one, must be the page's own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; raises `Forbidden` when it comes from another site."""
        if scope["type"] in ("http", "websocket"):
            headers = Headers(scope=scope)
            if scope["path"].startswith(HOOKS):  # it comes through a proxy or a tunnel, and proves itself
                await self.app(scope, receive, send)
                return
            _check_host(headers.get("host", ""))
            _check_origin(headers.get("origin"), headers.get("host", ""), scope["scheme"])
        await self.app(scope, receive, send)


class Door:
    """Finds out who asks, by a key or a session, and slows down who guesses keys."""

    def __init__(self, app: ASGIApp, gate: Gate, browser: Browser | None = None, tokens: Tokens | None = None) -> None:
        self.app = app
        self.gate = gate
        self.browser = browser
        self.tokens = tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its principal; raises `Unauthenticated`, or `Exhausted` after too many wrong keys."""
        if scope["type"] in ("http", "websocket"):
            if scope["path"] in LOGIN:
                await self._logging_in(scope, receive, send)
                return
            if not _open(scope["path"]):
                state(scope)["principal"] = await self._principal(scope)
        await self.app(scope, receive, send)

    async def _logging_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        host = client_host(scope)
        self.gate.logging_in(host)
        with self.gate.guessing(host):
            await self.app(scope, receive, send)

    async def _principal(self, scope: Scope) -> Principal:
        headers = Headers(scope=scope)
        key = sent_key(headers.get("authorization"), headers.get("x-api-key"))
        secret = self.browser.session(scope["scheme"], cookies(headers)) if self.browser and key is None else None
        if self.browser and secret is not None:
            if scope.get("method", "GET") not in _SAFE:
                require_same_origin(headers, self.browser.origin)
            principal = await self.browser.resume(secret)
            state(scope)["session"] = True
            return principal
        return await self.gate.admitted(key, client_host(scope), self._bearer(scope, key))

    def _bearer(self, scope: Scope, key: str | None) -> Authenticate | None:
        """Who finds out whose access token it is; None when it is none, or none is taken there."""
        audiences = self.tokens.audiences(scope["path"]) if self.tokens else ()
        if self.tokens is None or not audiences:
            return None
        found = key is not None and key.startswith(_JWT)
        wrong = 'error="invalid_token", ' if key is not None else ""
        state(scope)["challenge"] = f'Bearer realm="hulk", {wrong}resource_metadata="{self.tokens.described(scope["path"])}"'
        holder = self.tokens.holder
        return (lambda token, _: holder(token or "", audiences)) if found else None


def _open(path: str) -> bool:
    return path in OPEN or path == OPEN_BELOW or path.startswith((f"{OPEN_BELOW}/", HOOKS, STATIC))


def cookies(headers: Headers) -> dict[str, str]:
    """The cookies that were sent; of several of one name the first, as browsers put the most specific there."""
    found: dict[str, str] = {}
    for part in headers.get("cookie", "").split(";"):
        name, sign, value = part.strip().partition("=")
        if sign:
            found.setdefault(name, value)
    return found


def require_same_origin(headers: Headers, origin: str) -> None:
    """Raises `Forbidden` unless a page of ours asks: other sites can have the browser send our cookie along. `origin` is where our pages
    are; empty: at the host that was asked, by http or https, since who ends TLS before us does not tell."""
    sent, host = headers.get("origin"), headers.get("host", "")
    ours = {origin} if origin else {f"{scheme}://{host}" for scheme in ("http", "https")}
    if sent not in ours and not (sent is None and headers.get("sec-fetch-site") == "same-origin"):
        raise Forbidden(
            "With a session, only pages of {origin} may change anything; this came from “{sent}”. Programs use an API key.",
            origin=origin or host[:100], sent=(sent or "")[:100],
        )  # fmt: skip


def _check_host(host: str) -> None:
    if _hostname(f"//{host}") not in _HERE:
        raise Forbidden(
            "The host “{host}” is not served here: use localhost, 127.0.0.1 or [::1]."
            " To serve other names, set server.host and use API keys.",
            host=host[:100],
        )


def _check_origin(origin: str | None, host: str, scheme: str) -> None:
    if origin is not None and origin != f"{scheme}://{host}":
        raise Forbidden("Pages of “{origin}” may not use Hulk: only its own pages, or programs, which send no Origin.", origin=origin[:100])


def _hostname(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None
