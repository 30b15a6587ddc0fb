"""Amazon's certificates: fetched from one host only, in bounds, and kept."""

import asyncio
import re
import warnings
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from hulk.kernel.errors import Refused, Unavailable
from hulk.modules.channels.adapters.alexa.chain import HOST, Signer, signer
from hulk.modules.channels.ports import Refusal

if TYPE_CHECKING:
    from aiohttp import ClientSession, StreamReader
    from cryptography.x509 import Certificate

__all__ = ["HOST", "Certificates", "certificates", "roots_of"]

T = TypeVar("T")
_BLOCK = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
LARGEST = 64_000
"""Bytes of a chain; Amazon's has 6,000."""
SECONDS = 2.0
"""For one to be fetched: Amazon waits for us."""
FRESH = timedelta(hours=12)
MOST_KEPT = 16
MOST_FETCHES, PER = 20, timedelta(minutes=1)
"""Anybody may name an address on that host: more often nothing is fetched."""
_REMEMBERED = timedelta(minutes=1)
"""How long a chain that is not right is not fetched again."""


@dataclass(slots=True)
class Certificates:
    """The signers by where their chains lie at `base` (no slash at its end)."""

    base: str
    roots: Sequence["Certificate"] = field(repr=False)
    session: "ClientSession"
    fetched: int = 0
    """How many were asked for."""
    _kept: dict[str, tuple[Signer, datetime]] = field(default_factory=dict)
    _wrong: dict[str, tuple[Refusal, datetime]] = field(default_factory=dict)
    _fetches: deque[datetime] = field(default_factory=deque)
    _one: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def signer(self, path: str, now: datetime) -> Signer:
        """Who signs with the chain at that path. Raises `Refusal`: 400 when it is not right, 503 when it cannot be had."""
        if (found := self._known(path, now)) is not None:
            return found
        async with self._one:  # those who wait find it kept
            return self._known(path, now) or await self._fetched(path, now)

    async def reach(self) -> None:
        """See whether the host answers; raises `Unavailable`."""
        import aiohttp  # see certificates

        try:
            async with self.session.get(f"{self.base}/", allow_redirects=False):
                return
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unavailable("The host of Amazon's certificates cannot be reached ({host}).", host=self.base) from error

    def _known(self, path: str, now: datetime) -> Signer | None:
        wrong = self._wrong.get(path)
        if wrong is not None and now - wrong[1] < _REMEMBERED:
            raise Refusal(wrong[0].status, wrong[0].why)
        kept = self._kept.get(path)
        return self._holds(path, now) if kept is not None and timedelta() <= now - kept[1] < FRESH else None

    def _holds(self, path: str, now: datetime) -> Signer | None:
        kept = self._kept.get(path)
        return kept[0] if kept is not None and kept[0].begins <= now <= kept[0].ends else None

    async def _fetched(self, path: str, now: datetime) -> Signer:
        """The one that is kept, if it holds, while it cannot be had anew: anybody may have others fetched, and shut Amazon out by that."""
        try:
            self._allow(now)
            found = signer(await self._read(path), self.roots, now)
        except Refusal as refusal:
            if refusal.status == 400:
                _put(self._wrong, path, (refusal, now))
            elif (kept := self._holds(path, now)) is not None:
                return kept
            raise
        _put(self._kept, path, (found, now))
        return found

    def _allow(self, now: datetime) -> None:
        while self._fetches and not timedelta() <= now - self._fetches[0] < PER:
            self._fetches.popleft()
        if len(self._fetches) >= MOST_FETCHES:
            raise Refusal(503, "too many certificates were asked for")
        self._fetches.append(now)

    async def _read(self, path: str) -> bytes:
        import aiohttp  # see certificates

        self.fetched += 1
        try:
            async with self.session.get(self.base + path, allow_redirects=False) as response:
                if response.status != 200:
                    raise Refusal(503 if response.status >= 500 else 400, f"there are no certificates there (HTTP {response.status})")
                return await _bounded(response.content)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Refusal(503, "the certificates cannot be fetched") from error


async def _bounded(content: "StreamReader") -> bytes:
    body = b""
    while chunk := await content.read(LARGEST + 1 - len(body)):
        body += chunk
        if len(body) > LARGEST:
            raise Refusal(400, "the certificates are too large")
    return body


def _put(table: dict[str, tuple[T, datetime]], path: str, entry: tuple[T, datetime]) -> None:
    """Keep it, and of the others the newest."""
    table.pop(path, None)
    table[path] = entry
    while len(table) > MOST_KEPT:
        del table[next(iter(table))]


@asynccontextmanager
async def certificates(base: str, roots: Sequence["Certificate"]) -> AsyncIterator[Certificates]:
    """Those at `base`, until the block ends."""
    # aiohttp costs 0.25 s of CPU and 20 MB to import: only who has a channel pays.
    import aiohttp

    timeout = aiohttp.ClientTimeout(total=SECONDS, sock_connect=SECONDS)
    async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar(), headers={"user-agent": "hulk"}) as session:
        yield Certificates(base.rstrip("/"), roots, session)


def roots_of(file: str) -> tuple["Certificate", ...]:
    """The roots in a file of PEM; empty: those that this machine trusts. Raises `Refused` when there are none."""
    path = Path(file) if file else _trusted()
    try:
        roots = tuple(one for block in _BLOCK.findall(path.read_bytes()) if (one := _root(block)) is not None)
    except OSError:
        roots = ()
    if not roots:
        raise Refused("There are no root certificates in {file} (channels.alexa.roots): give a file of PEM.", file=str(path))
    return roots


def _root(block: bytes) -> "Certificate | None":
    """None for one that does not keep the rules (RFC 5280): among those that machines trust there are a few, none of them Amazon's."""
    from cryptography.utils import CryptographyDeprecationWarning  # see chain.signer
    from cryptography.x509 import load_pem_x509_certificate

    with warnings.catch_warnings():
        warnings.simplefilter("error", CryptographyDeprecationWarning)
        try:
            return load_pem_x509_certificate(block)
        except (ValueError, CryptographyDeprecationWarning):
            return None


def _trusted() -> Path:
    """What browsers trust, of which Amazon's roots are."""
    import certifi  # 20 ms of CPU: only who has a skill pays

    return Path(certifi.where())
