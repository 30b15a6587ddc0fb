"""HTTP GET into a file, of addresses on an allow-list, by aiohttp.

The addresses that a name resolves to are checked where they are used, so a name cannot change its mind in between. Redirects are
followed one at a time, each checked like the first address. A body goes to disk as it comes, is counted as it is decoded, and has
its name only once it is known to be whole.
"""

import asyncio
import contextlib
import socket
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import urljoin

from hulk.kernel.errors import Forbidden, HulkError, NotFound, Refused, TooLarge, Unavailable
from hulk.kernel.text import Text
from hulk.modules.tools.domain import Address, Head, allowed, is_public

if TYPE_CHECKING:
    from aiohttp import ClientResponse
    from aiohttp.abc import ResolveResult

MOST_REDIRECTS = 5
CHUNK = 1 << 20
_REDIRECTS = (301, 302, 303, 307, 308)
_WHOLE = (200, 203)
"""Of the statuses of success, those whose body is all of it (RFC 9110, section 15.3)."""
_WINDOW = {"gzip": zlib.MAX_WBITS | 16, "x-gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpGet:
    """Fetches from `hosts` only. `most_bytes` bounds a decoded body, `timeout` all of one fetch with its redirects, `silence` each wait
    for a connection or for more of the body."""

    hosts: tuple[str, ...]
    most_bytes: int
    timeout: timedelta = timedelta(minutes=20)  # less than a ticket may take; 1 GB at 7 Mbit/s
    silence: timedelta = timedelta(seconds=30)

    async def __call__(self, url: str, place: Callable[[Head], Path]) -> Path:
        """GET `url` into the file that `place` names, given what the answer says of itself; `place` may refuse it.

        Raises `Refused` for what is no address or makes no sense to ask, `Forbidden` when the host is not allowed, resolves to a
        private address, or answers 401 or 403, `NotFound` on 404 and 410, `TooLarge`, and `Unavailable` when asking later may work.
        """
        # aiohttp costs 0.25 s of CPU and 20 MB to import: only who fetches pays.
        import aiohttp

        address = allowed(url, self.hosts)
        try:
            async with asyncio.timeout(self.timeout.total_seconds()):
                return await self._followed(address, place)
        except aiohttp.ServerTimeoutError as silent:
            seconds = self.silence.total_seconds()
            raise Unavailable("{url} has sent nothing for {seconds} seconds.", url=address.shown, seconds=seconds) from silent
        except TimeoutError as late:
            seconds = self.timeout.total_seconds()
            raise Unavailable("{url} was not fetched within {seconds} seconds.", url=address.shown, seconds=seconds) from late
        except aiohttp.ClientError as failed:
            raise refusal(failed) or _unreachable(address, _reason(failed)) from failed

    async def _followed(self, address: Address, place: Callable[[Head], Path]) -> Path:
        for _ in range(MOST_REDIRECTS + 1):
            answer = await self._asked(address, place)
            if isinstance(answer, Path):
                return answer
            address = allowed(answer, self.hosts)
        raise Refused("{url} leads on more than {most} times: give the address where it ends.", url=address.shown, most=MOST_REDIRECTS)

    async def _asked(self, address: Address, place: Callable[[Head], Path]) -> Path | str:
        """Where what the address gives was put, or the address that it redirects to."""
        # See __call__ for why aiohttp is imported here.
        from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector

        _require_same_host(address)
        seconds = self.silence.total_seconds()
        connector = TCPConnector(resolver=guard(address), use_dns_cache=False, force_close=True)
        headers = {"Accept-Encoding": "identity", "User-Agent": "hulk-ops"}
        waits = ClientTimeout(total=None, connect=seconds, sock_read=seconds)
        cookies = DummyCookieJar()
        async with (
            ClientSession(connector=connector, auto_decompress=False, cookie_jar=cookies, headers=headers, timeout=waits) as session,
            session.get(address.url, allow_redirects=False, read_bufsize=CHUNK) as response,
        ):
            if response.status in _REDIRECTS and (target := response.headers.get("Location")):
                return urljoin(address.url, target)
            _require_success(response, address)
            return await self._kept(response, address, place)

    async def _kept(self, response: "ClientResponse", address: Address, place: Callable[[Head], Path]) -> Path:
        decoder = _decoder(response, address)
        if response.content_length is not None and response.content_length > self.most_bytes:
            raise self._too_large(address)
        told = response.content_disposition
        path = place(Head(url=address.url, media_type=response.content_type, name=told.filename if told else None))
        part = path.with_name("part")
        with _on_disk():
            file = await asyncio.to_thread(part.open, "wb")
        with file:
            await self._written(response, decoder, file, address)
        with _on_disk():
            await asyncio.to_thread(part.replace, path)
        return path

    async def _written(self, response: "ClientResponse", decoder: "_Plain | _Inflating", file: BinaryIO, address: Address) -> None:
        size = 0
        async for chunk in response.content.iter_chunked(CHUNK):
            size += await asyncio.to_thread(self._taken, decoder, chunk, file, size, address)
        if not decoder.ended:
            raise _unreachable(address, Text("the compressed body ended too early"))

    def _taken(self, decoder: "_Plain | _Inflating", chunk: bytes, file: BinaryIO, before: int, address: Address) -> int:
        """Write what the chunk stands for; a small one may stand for much. Gives how many bytes that were."""
        size = 0
        try:
            for piece in decoder.pieces(chunk):
                size += len(piece)
                if before + size > self.most_bytes:
                    raise self._too_large(address)
                with _on_disk():
                    file.write(piece)
            with _on_disk():
                file.flush()  # so that closing it can no longer fail
        except zlib.error as broken:
            raise _unreachable(address, Text("the compressed body is broken")) from broken
        return size

    def _too_large(self, address: Address) -> TooLarge:
        return TooLarge(
            "{url} gives more than the {most} bytes that are fetched (`tools.http.max_size`): fetch it yourself and send it with "
            "`hulk ask --file`, or raise the setting.",
            url=address.shown,
            most=self.most_bytes,
        )


@dataclass(frozen=True, slots=True)
class _Plain:
    """A body that is sent as it is; its length, or its chunks, tell that it is whole."""

    ended: bool = True

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        yield chunk


@dataclass(slots=True)
class _Inflating:
    """A compressed body: one member, or several one after the other (RFC 1952, section 2.2)."""

    window: int
    member: Any = field(init=False)

    def __post_init__(self) -> None:
        self.member = zlib.decompressobj(self.window)

    @property
    def ended(self) -> bool:
        return bool(self.member.eof)

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        """What the chunk stands for, at most `CHUNK` bytes at a time."""
        while chunk:
            if self.member.eof:
                self.member = zlib.decompressobj(self.window)
            yield self.member.decompress(chunk, CHUNK)
            chunk = self.member.unused_data if self.member.eof else self.member.unconsumed_tail


def _decoder(response: "ClientResponse", address: Address) -> _Plain | _Inflating:
    """What undoes the body's encoding. Raises `Refused` for one that is not read, and when nothing would tell where the body ends."""
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding in _WINDOW:
        return _Inflating(_WINDOW[encoding])
    if encoding not in ("", "identity"):
        raise Refused("{url} answers in the encoding “{encoding}”, which is not read.", url=address.shown, encoding=encoding[:40])
    if response.content_length is None and "chunked" not in response.headers.get("Transfer-Encoding", "").lower():
        raise Refused(
            "{url} does not tell how long it is, so a part of it could be taken for the whole: fetch it yourself and send it with "
            "`hulk ask --file`.",
            url=address.shown,
        )
    return _Plain()


def _require_success(response: "ClientResponse", address: Address) -> None:
    status, url = response.status, address.shown
    if status in _WHOLE:
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


def _require_same_host(address: Address) -> None:
    """Raises unless aiohttp, which reads addresses in its own way, will ask the host that was allowed, and it may be asked."""
    # yarl comes with aiohttp: see HttpGet.__call__.
    from yarl import URL

    meant = (URL(address.url).raw_host or "").rstrip(".").lower()
    if meant != address.host:
        raise Refused("“{host}” can be read as two different hosts: write it in its plain form.", host=address.host[:200])
    if not address.local and is_ip(address.host) and not is_public(address.host):
        raise _private(address.host)


def is_ip(host: str) -> bool:
    """Whether aiohttp takes it for an address, and resolves nothing."""
    return ":" in host or host.replace(".", "").isdigit()


def _private(host: str) -> Forbidden:
    return Forbidden(
        "“{host}” is on a private network, which is not fetched from: allow its IP address or `localhost` by name.", host=host[:200]
    )


def _unreachable(address: Address, reason: str | Text) -> Unavailable:
    return Unavailable("{url} cannot be reached: {reason}.", url=address.shown, reason=reason)


@contextlib.contextmanager
def _on_disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unavailable(
            "The file cannot be kept: {reason}. Check the disk and the rights of the data folder.",
            retry_after=5,
            reason=error.strerror or str(error),
        ) from error


def _reason(failed: Exception) -> str:
    return str(failed)[:200] or type(failed).__name__


def refusal(failed: BaseException | None) -> HulkError | None:
    """The refusal of `guard` that aiohttp has wrapped."""
    while failed is not None and not isinstance(failed, HulkError):
        failed = failed.__cause__ or failed.__context__
    return failed


def guard(address: Address) -> Any:
    """A resolver of names for aiohttp that refuses those of private addresses, unless they were allowed as such."""
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
