"""Who may come in: on loopback only pages of this machine, elsewhere only holders of an API key."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from hulk.kernel.errors import Forbidden
from hulk.runtime.http.gate import Gate, sent_key
from hulk.runtime.http.request import client_host, state

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

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self.app = app
        self.gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its principal; raises `Unauthenticated`, or `Exhausted` after too many wrong keys."""
        if scope["type"] in ("http", "websocket") and scope["path"] not in OPEN:
            headers = Headers(scope=scope)
            key = sent_key(headers.get("authorization"), headers.get("x-api-key"))
            state(scope)["principal"] = await self.gate.admitted(key, client_host(scope))
        await self.app(scope, receive, send)


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
