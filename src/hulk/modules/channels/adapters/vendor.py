"""Asking a vendor over HTTP, so that it is known what an answer that does not come means.

What fails before the request was out (no such host, nobody listens, no TLS) was surely not taken: `Unavailable`. What fails later may
have been: `Uncertain`. A status says what it says (RFC 9110): 401 that we are not known, 429 and 503 when to come again, other 5xx
nothing for sure. Where it says that something is elsewhere (3xx), nobody is asked there: it was not taken now.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hulk.kernel.errors import Exhausted, Forbidden, HulkError, NotFound, Refused, TooLarge, Unauthenticated, Unavailable
from hulk.modules.channels.ports import Uncertain

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession

LARGEST_ANSWER = 4_000_000
CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Answer:
    """What a vendor said. `headers` are found by their names in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def data(self) -> Any:
        """The body as JSON; None when it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@dataclass(slots=True)
class Vendor:
    """A vendor's server at `url` (no slash at its end). `called` is how people call it. One session is kept until it is closed."""

    url: str
    called: str
    seconds: float = 20.0
    _session: "ClientSession | None" = None

    async def ask(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None, data: Any = None,
        sends: bool = False,
    ) -> Answer:  # fmt: skip
        """Its answer, whatever the status. `data` is a form of aiohttp's. `sends`: something is different afterwards, so that an answer
        which does not come is `Uncertain`. Raises that, or `Unavailable`."""
        # aiohttp costs 0.25 s of CPU and 20 MB to import: only who has a channel pays.
        import aiohttp

        try:
            async with (await self._opened()).request(
                method, self.url + path, headers=headers, data=body if data is None else data, allow_redirects=False
            ) as response:
                return Answer(response.status, _headers(response), await self._read(response, sends=sends))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise Unavailable("{vendor} cannot be reached.", vendor=self.called) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise (self.uncertain() if sends else Unavailable("{vendor} does not answer.", vendor=self.called)) from error

    async def download(self, url: str, into: Path, most: int, headers: Mapping[str, str] | None = None) -> None:
        """Write what is at that address into a file. Raises `NotFound`, `TooLarge`, `Unavailable` and what `refusal` gives."""
        import aiohttp  # see ask

        try:
            async with (await self._opened()).get(url, headers=headers) as response:
                if response.status != 200:
                    raise self.refusal(Answer(response.status, _headers(response), await self._read(response)))
                await self._written(response, into, most)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unavailable("{vendor} does not answer.", vendor=self.called) from error

    async def _written(self, response: "ClientResponse", into: Path, most: int) -> None:
        taken = 0
        with into.open("wb") as file:
            async for chunk in response.content.iter_chunked(CHUNK):
                taken += len(chunk)
                if taken > most:
                    raise TooLarge("The file is larger than {most} bytes, which is the most that is taken here.", most=most)
                await asyncio.to_thread(file.write, chunk)

    async def _read(self, response: "ClientResponse", *, sends: bool = False) -> bytes:
        body = await response.content.read(LARGEST_ANSWER + 1)
        while len(body) <= LARGEST_ANSWER and (more := await response.content.read(LARGEST_ANSWER + 1 - len(body))):
            body += more
        if len(body) > LARGEST_ANSWER and sends:
            raise self.uncertain(f"more than {LARGEST_ANSWER} bytes")
        if len(body) > LARGEST_ANSWER:
            raise Unavailable("{vendor} answers with more than {most} bytes.", vendor=self.called, most=LARGEST_ANSWER)
        return body

    def refusal(self, answer: Answer, said: str = "", *, sends: bool = False) -> HulkError:
        """What a status that is no success means; `said` is the vendor's reason, if it gave one that may be shown."""
        status, reason = answer.status, said[:300] or f"HTTP {answer.status}"
        if status == 401:
            return Unauthenticated(
                "{vendor} does not know us any more ({reason}): give it a new token in the settings.",
                vendor=self.called,
                reason=reason,
            )
        if status == 403:
            return Forbidden("{vendor} does not allow this ({reason}).", vendor=self.called, reason=reason)
        if status in (404, 410):
            return NotFound("{vendor} has no such thing ({reason}).", vendor=self.called, reason=reason)
        if status == 429:
            return Exhausted("{vendor} wants to be asked less often.", retry_after=retry_after(answer) or 5.0, vendor=self.called)
        if status == 503 or 300 <= status < 400:
            return Unavailable("{vendor} is not there now ({reason}).", retry_after=retry_after(answer), vendor=self.called, reason=reason)
        if status >= 500:
            return self.uncertain(reason) if sends else Unavailable("{vendor} fails ({reason}).", vendor=self.called, reason=reason)
        return Refused("{vendor} does not take this ({reason}).", vendor=self.called, reason=reason)

    def uncertain(self, reason: str = "") -> Uncertain:
        """Nobody knows whether it was taken."""
        return Uncertain("{vendor} did not say whether it took the message ({reason}).", vendor=self.called, reason=reason or "no answer")

    async def _opened(self) -> "ClientSession":
        import aiohttp  # see ask

        if self._session is None or self._session.closed:
            timeout = aiohttp.ClientTimeout(total=self.seconds, sock_connect=min(5.0, self.seconds / 2))
            self._session = aiohttp.ClientSession(
                timeout=timeout, cookie_jar=aiohttp.DummyCookieJar(), headers={"user-agent": "hulk"}, auto_decompress=True
            )
        return self._session

    async def close(self) -> None:
        """Let go of its connections."""
        if self._session is not None:
            await self._session.close()


@asynccontextmanager
async def vendor(url: str, called: str, seconds: float = 20.0) -> AsyncIterator[Vendor]:
    """A vendor, closed with the block."""
    made = Vendor(url.rstrip("/"), called, seconds)
    try:
        yield made
    finally:
        await made.close()


def retry_after(answer: Answer) -> float | None:
    """The seconds that `Retry-After` asks for (RFC 9110, 10.2.3): a number or a date; at most an hour."""
    said = answer.headers.get("retry-after", "").strip()
    if said.isdecimal() and len(said) < 10:
        return min(float(said), 3600.0)
    try:
        at = parsedate_to_datetime(said)
    except ValueError:
        return None
    return min(max((at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds(), 0.0), 3600.0)


def _headers(response: "ClientResponse") -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}
