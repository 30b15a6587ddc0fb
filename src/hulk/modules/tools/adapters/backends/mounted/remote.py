"""A server at an address: what goes there and what may come back, below the SDK's transport of streamable HTTP.

The SDK reads an answer of any size, and tells of a refusal, a proxy's page and a cut line in the same way; an error of the network would
end the whole session. So here each request is looked at by itself, and what became of it is told to whoever made it (`FATE`).
"""

import asyncio
import json
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx2
from mcp.client.auth.extensions.client_credentials import ClientCredentialsOAuthProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthToken

from hulk.kernel.errors import Forbidden, HulkError, Refused, Unavailable
from hulk.kernel.text import Text
from hulk.modules.tools.adapters.backends.mounted.ending import Ending
from hulk.modules.tools.adapters.backends.mounted.limits import Limits
from hulk.modules.tools.adapters.backends.mounted.pace import Pace
from hulk.modules.tools.adapters.backends.mounted.ways import Client, Remote
from hulk.modules.tools.ports import Uncertain

if TYPE_CHECKING:
    from mcp.client._transport import TransportStreams

CONNECT = 10.0
SILENCE = 600.0
"""Seconds: until a connection counts as failed; until a stream that says nothing is given up."""
_LATER = (408, 425, 429, 503)
"""Statuses of servers that did not begin with it (RFC 9110, RFC 6585)."""


@dataclass(slots=True)
class Fate:
    """What became of a request: None as long as nothing is wrong. Anything but `Uncertain` means that surely nothing was done."""

    error: HulkError | None = None


FATE: ContextVar[Fate | None] = ContextVar("FATE", default=None)
"""Of the request that is made in this context."""


@asynccontextmanager
async def reached(remote: Remote, limits: Limits, ending: Ending) -> "AsyncIterator[TransportStreams]":
    """The SDK's streams to the server, as long as the block lasts."""
    guard = _Guard(remote, limits, ending)
    waits = httpx2.Timeout(CONNECT, read=SILENCE, write=SILENCE)
    auth = _provider(remote) if remote.client else None
    async with (
        httpx2.AsyncClient(transport=guard, timeout=waits, auth=auth, trust_env=False) as client,
        streamable_http_client(remote.url, http_client=client, max_sse_event_size=limits.message) as streams,
    ):
        yield streams


class _Guard(httpx2.AsyncBaseTransport):
    """Asks the server and, for tokens, the authorisation server, and nobody else."""

    def __init__(self, remote: Remote, limits: Limits, ending: Ending) -> None:
        self._remote, self._limits, self._ending = remote, limits, ending
        self._inner = httpx2.AsyncHTTPTransport(verify=ssl.create_default_context(), trust_env=False)
        self._origin = _origin(remote.url)
        self._issuer = _origin(remote.client.issuer) if remote.client else None
        self._last_stream = 0.0

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """See `httpx2`."""
        fate = FATE.get() or Fate()
        fate.error = None
        request.headers["accept-encoding"] = "identity"
        if _origin(str(request.url)) == self._origin:
            request.headers.update({name: value() for name, value in self._remote.headers.items()})
        elif _origin(str(request.url)) != self._issuer:
            fate.error = Refused("it leads to {host}, which the settings do not name", host=request.url.netloc.decode("ascii", "replace"))
            return _instead(request)
        await self._paced(request)
        return await self._asked(request, fate)

    async def aclose(self) -> None:
        """See `httpx2`."""
        await self._inner.aclose()

    async def _asked(self, request: httpx2.Request, fate: Fate) -> httpx2.Response:
        try:
            response = await self._inner.handle_async_request(request)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol) as error:
            fate.error = Unavailable("{host} cannot be reached ({reason})", host=request.url.host, reason=_reason(error))
            return _instead(request)
        except httpx2.TransportError as error:
            fate.error = Uncertain("the connection to {host} broke ({reason})", host=request.url.host, reason=_reason(error))
            return _instead(request)
        fate.error = self._wrong(request, response)
        response.stream = _Counted(response, self._limits, fate)
        return response

    def _wrong(self, request: httpx2.Request, response: httpx2.Response) -> HulkError | None:
        status = response.status_code
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            response.headers.pop("content-encoding")  # so that nobody unpacks it
            return Uncertain("it packs its answers, although it was asked not to")
        if status in (401, 403):
            return Forbidden("it refuses who we are (status {status}): look at the server's headers in the settings", status=status)
        if status == 404 and "mcp-session-id" in request.headers:
            self._ending.because(Text("it has forgotten our session"))
            return Unavailable("it has forgotten our session", retry_after=1)
        if status in _LATER:
            return Unavailable("it does not take requests now (status {status})", retry_after=_retry_after(response), status=status)
        if 300 <= status < 400:
            return Refused("it redirects to another place (status {status}), which is not followed", status=status)
        return _unusual(status, response.headers.get("content-type", ""))

    async def _paced(self, request: httpx2.Request) -> None:
        """A stream that the server keeps ending is not asked for again more often than once a second."""
        if request.method == "GET":
            wait, self._last_stream = self._last_stream + 1 - time.monotonic(), time.monotonic()
            await asyncio.sleep(max(0.0, wait))


def _unusual(status: int, media_type: str) -> HulkError | None:
    if status >= 500:
        return Uncertain("it failed (status {status})", status=status)
    if status in (404, 405, 410):
        return Refused("there is no MCP server at that address (status {status})", status=status)
    kind = media_type.partition(";")[0].strip().lower()
    if 400 <= status < 500 and kind != "application/json":  # else it says why, in an error of JSON-RPC
        return Refused("it does not take it (status {status})", status=status)
    if status == 200 and kind not in ("application/json", "text/event-stream"):
        return Uncertain("it answered with {kind} where JSON is expected", kind=kind[:60] or "nothing")
    return None


class _TooMuch(httpx2.StreamError):
    """As the SDK expects trouble with a body."""


class _Counted(httpx2.AsyncByteStream):
    """A body that is bounded: an answer by its size, a stream of events by how fast it is read."""

    def __init__(self, response: httpx2.Response, limits: Limits, fate: Fate) -> None:
        self._inner, self._most, self._fate = response.stream, limits.message, fate
        self._events = response.headers.get("content-type", "").lower().startswith("text/event-stream")
        self._pace = Pace(2 * limits.message)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        assert isinstance(self._inner, httpx2.AsyncByteStream)  # noqa: S101  # of an asynchronous transport
        try:
            async for part in self._inner:
                size += len(part)
                if size > self._most and not self._events:
                    self._fate.error = Uncertain("it gave more than {most} bytes", most=self._most)
                    raise _TooMuch("too much")
                await self._pace(len(part))
                yield part
        except httpx2.TransportError as error:
            self._fate.error = Uncertain("its answer ended too early ({reason})", reason=_reason(error))
            raise _TooMuch("cut") from error

    async def aclose(self) -> None:
        """See `httpx2`."""
        assert isinstance(self._inner, httpx2.AsyncByteStream)  # noqa: S101  # see above
        await self._inner.aclose()


def _instead(request: httpx2.Request) -> httpx2.Response:
    """What the SDK is given where there is no answer: an error of the request, which keeps the session."""
    if request.method != "POST" or (id_ := _request_id(request)) is None:
        return httpx2.Response(503, request=request)
    error = {"code": -32603, "message": "no answer"}
    return httpx2.Response(200, json={"jsonrpc": "2.0", "id": id_, "error": error}, request=request)


def _request_id(request: httpx2.Request) -> Any:
    try:
        return json.loads(request.content).get("id")
    except (ValueError, AttributeError):  # of an authorisation server, not ours
        return None


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _reason(error: Exception) -> str:
    """In words that hold nothing of the server's."""
    return type(error).__name__


def _retry_after(response: httpx2.Response) -> float | None:
    seconds = response.headers.get("retry-after", "")
    return float(seconds) if seconds.isascii() and seconds.isdigit() and len(seconds) < 6 else None


class _Kept:
    """`TokenStorage` in memory: a token is got anew with each session."""

    def __init__(self) -> None:
        self._tokens: OAuthToken | None = None
        self._client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self._tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self._tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self._client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self._client = client_info


def _provider(remote: Remote) -> ClientCredentialsOAuthProvider:
    client: Client = remote.client  # type: ignore[assignment]  # only asked for where there is one
    return ClientCredentialsOAuthProvider(remote.url, _Kept(), client.id, client.secret(), scope=client.scope or None, issuer=client.issuer)
