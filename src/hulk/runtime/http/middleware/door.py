"""Who may come in: on loopback only pages of this machine, elsewhere only holders of an API key."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from hulk.kernel.errors import Exhausted, Forbidden, Unauthenticated
from hulk.kernel.tenancy import Principal
from hulk.runtime.http.buckets import Buckets
from hulk.runtime.http.request import client_host, state

Authenticate: TypeAlias = Callable[[str | None, str], Awaitable[Principal]]
"""Whose key this is (None: none was sent), asked from that host; raises `Unauthenticated`."""

OPEN = frozenset({"/health", "/ready", "/.well-known/jwks.json"})
"""What anybody may ask without a key: how the process is, and by which public keys its tokens are verified."""

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
            _check_host(headers.get("host", ""))
            _check_origin(headers.get("origin"), headers.get("host", ""), scope["scheme"])
        await self.app(scope, receive, send)


class Door:
    """Finds out who asks, and slows down who guesses keys."""

    def __init__(self, app: ASGIApp, authenticate: Authenticate, failures: Buckets) -> None:
        self.app = app
        self.authenticate = authenticate
        self.failures = failures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its principal; raises `Unauthenticated`, or `Exhausted` after too many wrong keys."""
        if scope["type"] in ("http", "websocket") and scope["path"] not in OPEN:
            state(scope)["principal"] = await self._principal(scope)
        await self.app(scope, receive, send)

    async def _principal(self, scope: Scope) -> Principal:
        host = client_host(scope)
        wait = self.failures.wait(host)
        if wait:
            raise Exhausted(
                "Too many wrong API keys came from {host}; wait {seconds} s.", retry_after=wait, host=host, seconds=round(wait) or 1
            )
        try:
            return await self.authenticate(sent_key(Headers(scope=scope)), host)
        except Unauthenticated:
            self.failures.take(host)
            raise


def sent_key(headers: Headers) -> str | None:
    """The key in `Authorization: Bearer …` or `X-API-Key: …`, None when there is neither."""
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and credentials.strip():
        return credentials.strip()
    return headers.get("x-api-key")


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
