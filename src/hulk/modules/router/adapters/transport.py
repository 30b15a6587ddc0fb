"""The only way out to a model: every request passes the gate, with the bytes that are about to go, and only then a connection.

    client = opened(gate, local=model.local)        # an httpx2 client; give it to any library that takes one
    await client.post(…)                            # raises what the gate raises, before anything is sent

Whoever makes connections otherwise is found by tests/modules/router/test_router_transport.py.
"""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import httpx2
from httpx_aiohttp.httpx2 import Httpx2AiohttpClient

from hulk.modules.router.ports import Gate

MOST_CONNECTIONS = 1000
"""At once, per process and kind of way out; more wait for one to become free."""
_KEPT = httpx2.Limits(max_connections=MOST_CONNECTIONS, max_keepalive_connections=MOST_CONNECTIONS, keepalive_expiry=15.0)


class GatedTransport(httpx2.AsyncBaseTransport):
    """Asks the gate before each request, also a repeated one; then `inner` does it."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, gate: Gate) -> None:
        self._inner = inner
        self._gate = gate

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Raises what the gate raises, `ConnectError` when nothing was sent, `ReadError` when something may have been."""
        body = await request.aread()
        await self._gate(request.method, str(request.url), body)
        try:
            response = await self._inner.handle_async_request(request)
        except (httpx2.TransportError, aiohttp.ClientError) as error:
            raise _named(error) from error
        response.stream = _Named(response.stream)
        return response

    async def aclose(self) -> None:
        """Close its connections."""
        await self._inner.aclose()


class _Named(httpx2.AsyncByteStream):
    """A response's bytes. A connection that breaks among them is told as a reading error, whatever it is called further in."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for piece in self._inner:
                yield piece
        except (httpx2.TransportError, aiohttp.ClientError) as error:
            raise httpx2.ReadError("the response broke off") from error

    async def aclose(self) -> None:
        await self._inner.aclose()


def _named(error: Exception) -> httpx2.TransportError:
    """By whether anything was sent: aiohttp knows, and what is around it calls some broken connections a failure to connect."""
    cause = error.__cause__ or error
    unsent = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.ClientHttpProxyError, aiohttp.InvalidURL)
    return httpx2.ConnectError("not reached") if isinstance(cause, unsent) else httpx2.ReadError("the connection broke")


class _Client(Httpx2AiohttpClient):
    """With the gate before each of its ways: the direct one, and those by the proxies that the environment names."""

    def __init__(self, gate: Gate, **settings: Any) -> None:
        self._gate = gate
        super().__init__(**settings)

    def _init_transport(self, **settings: Any) -> httpx2.AsyncBaseTransport:  # type: ignore[override]  # called by names only
        return GatedTransport(super()._init_transport(**settings), self._gate)

    def _init_proxy_transport(self, proxy: httpx2.Proxy, **settings: Any) -> httpx2.AsyncBaseTransport:  # type: ignore[override]  # same
        return GatedTransport(super()._init_proxy_transport(proxy, **settings), self._gate)


def opened(gate: Gate, *, local: bool) -> httpx2.AsyncClient:
    """A client that follows no redirects and keeps no time: who calls does. A `local` one heeds no proxies of the environment, as none
    may see what must stay here. Close it at the end."""
    return _Client(gate, trust_env=not local, follow_redirects=False, timeout=None, limits=_KEPT)
