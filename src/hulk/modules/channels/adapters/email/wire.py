"""A line to a mail server: lines of text over TCP, by TLS. What is read is bounded in bytes and seconds."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

from hulk.kernel.errors import HulkError, Unavailable

Security: TypeAlias = Literal["tls", "starttls", "plain"]
_LONGEST_LINE = 1_000_000
_CHUNK = 1 << 16


class Lost(Exception):  # an answer: what it means depends on what was said before
    """The server hung up, said nothing for too long, or says what is no answer."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a server is. `ca` is a file with whom its certificate is from, empty for those that everybody knows."""

    host: str
    port: int
    security: Security
    ca: str = ""
    seconds: float = 60.0
    """That it may take to answer."""


class Tokens(Protocol):
    """Gives access tokens, where those are said in place of a password."""

    async def current(self) -> str:
        """One that holds. Raises `Unauthenticated` where we are given none, and `Unavailable`."""

    def refused(self, token: str) -> None:
        """A server did not take that one: another is given next."""


@dataclass(frozen=True, slots=True)
class Login:
    """Who we are there: by a password, or by tokens."""

    user: str
    password: Callable[[], str] = field(repr=False)
    tokens: Tokens | None = None


@dataclass(slots=True)
class Wire:
    """An open line."""

    place: Place
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def line(self, seconds: float = 0.0) -> bytes:
        """The next line, without its end, waiting for so long. Raises `Lost`; `TimeoutError` only where `seconds` says how long."""
        try:
            async with asyncio.timeout(seconds or self.place.seconds):
                found = await self.reader.readline()
        except TimeoutError as error:
            if seconds:
                raise
            raise Lost("no answer") from error
        except (OSError, ValueError, asyncio.IncompleteReadError) as error:
            raise Lost(type(error).__name__) from error
        if not found.endswith(b"\n"):
            raise Lost("hung up")
        return found.rstrip(b"\r\n")

    async def exactly(self, count: int) -> bytes:
        """So many bytes. Raises `Lost`."""
        try:
            async with asyncio.timeout(self.place.seconds):
                return await self.reader.readexactly(count)
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            raise Lost(type(error).__name__) from error

    async def write(self, data: bytes) -> None:
        """Say that. Raises `Lost`."""
        try:
            for at in range(0, len(data), _CHUNK):
                async with asyncio.timeout(self.place.seconds):
                    self.writer.write(data[at : at + _CHUNK])
                    await self.writer.drain()
        except (OSError, TimeoutError) as error:
            raise Lost(type(error).__name__) from error

    async def secure(self) -> None:
        """Go on by TLS. What the server said before that was not asked for may be somebody else's: then `Lost` (CVE-2011-0411)."""
        try:
            async with asyncio.timeout(0):
                if await self.reader.read(1):
                    raise Lost("it says more than it was asked before TLS")
        except TimeoutError:
            pass
        try:
            await self.writer.start_tls(trusting(self.place.ca), server_hostname=self.place.host, ssl_handshake_timeout=self.place.seconds)
        except (OSError, ValueError) as error:
            raise _untrusted(self.place, error) from error


def trusting(ca: str) -> ssl.SSLContext:
    """TLS 1.2 or later, with certificates that are proved."""
    return ssl.create_default_context(cafile=ca or None)


def _untrusted(place: Place, error: Exception) -> HulkError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return Unavailable("{host} does not prove that it is {host}: {why}.", host=place.host, why=error.verify_message or "?")
    return Unavailable("{host} cannot be reached at port {port}.", host=place.host, port=place.port)


@asynccontextmanager
async def wired(place: Place) -> AsyncIterator[Wire]:
    """A line there, closed with the block. Raises `Unavailable`."""
    context = trusting(place.ca) if place.security == "tls" else None
    try:
        async with asyncio.timeout(min(20.0, place.seconds)):
            reader, writer = await asyncio.open_connection(
                place.host, place.port, ssl=context, server_hostname=place.host if context else None, limit=_LONGEST_LINE
            )
    except (OSError, TimeoutError, ValueError) as error:
        raise _untrusted(place, error) from error
    try:
        yield Wire(place, reader, writer)
    finally:
        writer.transport.abort()
