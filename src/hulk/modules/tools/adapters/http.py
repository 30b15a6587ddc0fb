"""HTTP GET of addresses on an allow-list, by aiohttp.

The addresses that a name resolves to are checked where they are used, so a name cannot change its mind in between. Redirects are
followed one at a time, each checked like the first address. A body is counted as it is decoded.
"""

import asyncio
import socket
import zlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from hulk.kernel.errors import Forbidden, HulkError, NotFound, Refused, TooLarge, Unavailable
from hulk.kernel.text import Text
from hulk.modules.tools.domain import Address, Fetched, allowed, is_public

if TYPE_CHECKING:
    from aiohttp import ClientResponse
    from aiohttp.abc import ResolveResult

MOST_REDIRECTS = 5
CHUNK = 64 * 1024
_REDIRECTS = (301, 302, 303, 307, 308)
_WINDOW = {"gzip": zlib.MAX_WBITS | 16, "x-gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpGet:
    """Fetches from `hosts` only. `most_bytes` bounds a decoded body, `timeout` all of one fetch with its redirects."""

    hosts: tuple[str, ...]
    most_bytes: int = 10 * 10**6
    timeout: timedelta = timedelta(seconds=30)

    async def __call__(self, url: str) -> Fetched:
        """GET `url`.

        Raises `Refused` for what is no address or makes no sense to ask, `Forbidden` when the host is not allowed, resolves to a
        private address, or answers 401 or 403, `NotFound` on 404 and 410, `TooLarge`, and `Unavailable` when asking later may work.
        """
        # aiohttp costs 0.25 s of CPU and 20 MB to import: only who fetches pays.
        import aiohttp

        try:
            async with asyncio.timeout(self.timeout.total_seconds()):
                return await self._followed(allowed(url, self.hosts))
        except TimeoutError as late:
            raise Unavailable(
                "{url} did not answer within {seconds} seconds.", url=url[:200], seconds=self.timeout.total_seconds()
            ) from late
        except aiohttp.ClientError as failed:
            raise _refusal(failed) or Unavailable("{url} cannot be reached: {reason}.", url=url[:200], reason=_reason(failed)) from failed

    async def _followed(self, address: Address) -> Fetched:
        for _ in range(MOST_REDIRECTS + 1):
            answer = await self._asked(address)
            if isinstance(answer, Fetched):
                return answer
            address = allowed(answer, self.hosts)
        raise Refused("{url} leads on more than {most} times: give the address where it ends.", url=address.url[:200], most=MOST_REDIRECTS)

    async def _asked(self, address: Address) -> Fetched | str:
        """What the address gives, or the address that it redirects to."""
        # See __call__ for why aiohttp is imported here.
        from aiohttp import ClientSession, DummyCookieJar, TCPConnector

        if not address.local and _is_ip(address.host) and not is_public(address.host):
            raise _private(address.host)
        connector = TCPConnector(resolver=_guard(address), use_dns_cache=False, force_close=True)
        headers = {"Accept-Encoding": "identity", "User-Agent": "hulk-ops"}
        async with (
            ClientSession(connector=connector, auto_decompress=False, cookie_jar=DummyCookieJar(), headers=headers) as session,
            session.get(address.url, allow_redirects=False, timeout=None) as response,
        ):
            if response.status in _REDIRECTS and (target := response.headers.get("Location")):
                return urljoin(address.url, target)
            _require_success(response, address)
            body = await self._body(response, address)
            return Fetched(status=response.status, media_type=response.content_type, body=body, url=address.url)

    async def _body(self, response: "ClientResponse", address: Address) -> bytes:
        if response.content_length is not None and response.content_length > self.most_bytes:
            raise self._too_large(address)
        decoder = _decoder(response.headers.get("Content-Encoding", "identity").strip().lower(), address)
        body = bytearray()
        async for chunk in response.content.iter_chunked(CHUNK):
            body += _decoded(decoder, chunk, self.most_bytes + 1 - len(body), address)
            if len(body) > self.most_bytes:
                raise self._too_large(address)
        if decoder is not None and not decoder.eof:
            raise Unavailable(
                "{url} cannot be reached: {reason}.", url=address.url[:200], reason=Text("the compressed body ended too early")
            )
        return bytes(body)

    def _too_large(self, address: Address) -> TooLarge:
        return TooLarge("{url} gives more than the {most} bytes that are taken.", url=address.url[:200], most=self.most_bytes)


def _decoder(encoding: str, address: Address) -> Any:
    """A zlib decompressor, or None for a body that is sent as it is."""
    if encoding in ("", "identity"):
        return None
    if encoding not in _WINDOW:
        raise Refused("{url} answers in the encoding “{encoding}”, which is not read.", url=address.url[:200], encoding=encoding[:40])
    return zlib.decompressobj(_WINDOW[encoding])


def _decoded(decoder: Any, chunk: bytes, most: int, address: Address) -> bytes:
    """At most that many bytes of the chunk decoded: a small chunk may stand for a huge text."""
    if decoder is None:
        return chunk
    try:
        decoded: bytes = decoder.decompress(chunk, most)
    except zlib.error as broken:
        raise Unavailable(
            "{url} cannot be reached: {reason}.", url=address.url[:200], reason=Text("the compressed body is broken")
        ) from broken
    return decoded


def _require_success(response: "ClientResponse", address: Address) -> None:
    status, url = response.status, address.url[:200]
    if 200 <= status < 300:
        return
    if status in (404, 410):
        raise NotFound("{url} does not exist (status {status}).", url=url, status=status)
    if status in (401, 403):
        raise Forbidden("{url} may not be read without rights that Hulk does not have (status {status}).", url=url, status=status)
    if status in (408, 425, 429) or status >= 500:
        raise Unavailable("{url} does not answer now (status {status}).", retry_after=_retry_after(response), url=url, status=status)
    raise Refused("{url} refuses to answer (status {status}).", url=url, status=status)


def _retry_after(response: "ClientResponse") -> float | None:
    seconds = response.headers.get("Retry-After", "")
    return float(seconds) if seconds.isascii() and seconds.isdigit() and len(seconds) < 8 else None


def _is_ip(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()


def _private(host: str) -> Forbidden:
    return Forbidden(
        "“{host}” is on a private network, which is not fetched from: allow its IP address or `localhost` by name.", host=host[:200]
    )


def _reason(failed: Exception) -> str:
    return str(failed)[:200] or type(failed).__name__


def _refusal(failed: BaseException | None) -> HulkError | None:
    """The refusal of `_guard` that aiohttp has wrapped."""
    while failed is not None and not isinstance(failed, HulkError):
        failed = failed.__cause__ or failed.__context__
    return failed


def _guard(address: Address) -> Any:
    # See HttpGet.__call__ for why aiohttp is imported here.
    from aiohttp.abc import AbstractResolver
    from aiohttp.resolver import ThreadedResolver

    class Guard(AbstractResolver):
        """Resolves names, and refuses those of private addresses unless they were allowed as such."""

        async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> "list[ResolveResult]":
            found = await ThreadedResolver().resolve(host, port, family)
            if not address.local and not all(is_public(each["host"]) for each in found):
                raise _private(host)
            return found

        async def close(self) -> None:
            """Nothing is open."""

    return Guard()
