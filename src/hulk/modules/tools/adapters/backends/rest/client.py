"""The client itself, on aiohttp. Every request has a connection of its own: on one that was kept, a write may be lost to a server that is
just hanging up, and would have to be called uncertain."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import stamina
from pydantic import ValidationError
from pydantic_core import from_json

from hulk.kernel.errors import HulkError, NotFound, Refused, Unavailable
from hulk.kernel.records import Json
from hulk.kernel.text import Text
from hulk.modules.tools.adapters.backends.rest.asking import Asking, Query, Reply, T, adapter
from hulk.modules.tools.adapters.backends.rest.failures import at, excerpt, lost, no_answer, of_status, too_large, unreached
from hulk.modules.tools.adapters.backends.rest.wire import opened, parsed
from hulk.modules.tools.adapters.http import refusal
from hulk.modules.tools.ports import Calling, Uncertain

if TYPE_CHECKING:
    from aiohttp import ClientResponse
    from aiohttp.abc import AbstractResolver

MOST_BYTES = 8_000_000
MOST_REDIRECTS = 3
_MOST_ERROR = 65_536
_ATTEMPTS = 3
_REDIRECTS = (301, 302, 303, 307, 308)
_JSON = {"Accept": "application/json"}


def _said(data: Any) -> object:
    return at(data, "message") or at(data, "error") or at(data, "detail")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """The server at `url` (http or https, without a slash at the end), called `name` in messages.

    `headers` are asked for each request, so that a new secret is used at once. `failure` may know better than the status what an answer of
    failure means; `said` finds the server's own sentence in the JSON of one. Answers above `most_bytes` are not read to their end.
    `redirects`: how many on the same server are followed, when reading. `resolver` finds the addresses of a name, and may refuse them."""

    name: str
    url: str
    headers: Callable[[], Mapping[str, str]] = field(default=dict, repr=False)
    failure: Callable[[Reply], HulkError | None] = lambda _: None
    said: Callable[[Any], object] = _said
    most_bytes: int = MOST_BYTES
    redirects: int = MOST_REDIRECTS
    resolver: Callable[[], "AbstractResolver"] | None = None

    async def read(
        self, calling: Calling, path: str, query: Query | None = None, *, body: Json = None, headers: Mapping[str, str] | None = None,
        parse: bool = True,
    ) -> Reply:  # fmt: skip
        """What stands at `path`; by POST if there is a `body`. Asked up to three times, while there is time.

        Raises `Refused`, `NotFound`, `Conflict`, and `Unavailable` when asking later may work."""
        method = "GET" if body is None else "POST"
        asking = Asking(
            method=method, path=path, query=query or {}, body=body, headers=headers or {}, writes=False, again=True, parse=parse
        )
        return await self.ask(calling, asking)

    async def write(
        self, calling: Calling, method: str, path: str, body: Json = None, *, again: bool = False, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Do something at `path`; up to three times if it is done once however often it is asked (`again`), else once.

        Raises as `read`, then surely nothing was done, and `Uncertain` when something may have been."""
        return await self.ask(calling, Asking(method=method, path=path, body=body, headers=headers or {}, writes=True, again=again))

    async def ask(self, calling: Calling, asking: Asking) -> Reply:
        """The answer to `asking`; raises as `read` and `write`."""
        if not asking.again:
            return await self._once(calling, asking)
        doubt: Uncertain | None = None
        async for attempt in self._attempts(calling):
            with attempt:
                try:
                    return await self._once(calling, asking)
                except Uncertain as uncertain:
                    doubt = uncertain
                    raise
                except (Refused, NotFound, Unavailable) as later:
                    # That nothing was done now says nothing of the attempt before.
                    raise doubt or later from later
        raise AssertionError("stamina gives at least one attempt")

    def shaped(self, reply: Reply, kind: type[T]) -> T:
        """The data of `reply` as `kind`; raises `Unavailable`, or `Uncertain` after a write, when it has another form."""
        try:
            return adapter(kind).validate_python(reply.data)
        except ValidationError as wrong:
            raise no_answer(self.name, reply) from wrong

    def _attempts(self, calling: Calling) -> AsyncIterator[stamina.Attempt]:
        def hook(error: Exception) -> bool | float:
            return isinstance(error, Unavailable) and _worth_waiting(error, _left(calling))

        retrying = stamina.retry_context(on=hook, attempts=_ATTEMPTS, timeout=None, wait_initial=0.2, wait_max=2.0, wait_jitter=0.2)
        return retrying.__aiter__()

    async def _once(self, calling: Calling, asking: Asking) -> Reply:
        # aiohttp costs 0.25 s of CPU and 20 MB to import: only who asks pays.
        import aiohttp

        if (left := _left(calling)) <= 0:
            raise Unavailable("{name} was not asked: the time for this call is over.", name=self.name)
        reached = asyncio.Event()
        try:
            async with asyncio.timeout(left):
                return await self._answered(asking, left, reached)
        except TimeoutError as late:
            why = Text("no answer within {seconds} seconds", seconds=round(left, 1))
            raise (lost(self.name, asking, why) if reached.is_set() else unreached(self.name, self.url, why)) from late
        except aiohttp.ClientError as failed:
            if (refused := refusal(failed)) is not None:
                raise refused from failed
            if not reached.is_set():
                raise unreached(self.name, self.url, _reason(failed)) from failed
            raise lost(self.name, asking, Text("the answer broke off")) from failed

    async def _answered(self, asking: Asking, left: float, reached: asyncio.Event) -> Reply:
        headers = self._headers(asking)
        target = self.url + asking.target
        reply = await self._exchange(asking, target, headers, left, reached)
        for _ in range(self.redirects):
            leads = reply.headers.get("Location", "")
            if asking.method not in ("GET", "HEAD") or reply.status not in _REDIRECTS or not _same_origin(target, leads):
                break
            target = urljoin(target, leads)
            reply = await self._exchange(asking, target, headers, left, reached)
        return await self._understood(reply, headers)

    def _headers(self, asking: Asking) -> Mapping[str, str]:
        headers = {**_JSON, "User-Agent": "hulk-ops", "Accept-Encoding": "identity", **self.headers(), **asking.headers}
        if asking.body is not None:
            headers["Content-Type"] = headers.get("Content-Type", "application/json")
        if not all(value.isascii() and value.isprintable() for value in headers.values()):
            raise Refused("The key of {name} holds what no key does: check it in the settings.", name=self.name)
        return headers

    async def _exchange(self, asking: Asking, target: str, headers: Mapping[str, str], left: float, reached: asyncio.Event) -> Reply:
        # yarl comes with aiohttp: see _once.
        from yarl import URL

        data = asking.form if asking.body is None else json.dumps(asking.body, ensure_ascii=False).encode("utf-8", "replace")
        async with (
            opened(left, reached, self.resolver) as session,
            session.request(asking.method, URL(target, encoded=True), headers=headers, data=data, allow_redirects=False) as response,
        ):
            return Reply(asking=asking, status=response.status, headers=response.headers, body=await self._body(asking, response))

    async def _body(self, asking: Asking, response: "ClientResponse") -> bytes:
        """All of it, or, of an error, as much as a sentence may stand in."""
        good = 200 <= response.status < 300
        body = bytearray()
        async for chunk in response.content.iter_chunked(65_536):
            body += chunk
            if len(body) > self.most_bytes and good:
                raise too_large(self.name, asking, self.most_bytes)
            if len(body) > _MOST_ERROR and not good:
                break
        return bytes(body)

    async def _understood(self, reply: Reply, headers: Mapping[str, str]) -> Reply:
        if not 200 <= reply.status < 300:
            raise self._failed(reply, headers)
        if reply.status == 204 or not reply.asking.parse:
            return reply
        data = await parsed(reply)
        if data is None:
            raise no_answer(self.name, reply)
        return replace(reply, data=data)

    def _failed(self, reply: Reply, headers: Mapping[str, str]) -> HulkError:
        try:
            data = from_json(reply.body)
        except ValueError:
            data = None
        shown = replace(reply, data=data)
        return self.failure(shown) or of_status(self.name, shown, excerpt(self.said(data), _secrets(reply.asking, headers)))


_PUBLIC = frozenset({"Accept", "Accept-Encoding", "Content-Type", "User-Agent"})


def _secrets(asking: Asking, headers: Mapping[str, str]) -> list[str]:
    shown = [value for name, value in headers.items() if name not in _PUBLIC] + list((asking.form or {}).values())
    return [word for value in shown for word in (value, value.rpartition(" ")[2])]


def _left(calling: Calling) -> float:
    """Seconds that the call may still take."""
    return (calling.deadline - datetime.now(UTC)).total_seconds()


def _worth_waiting(error: Unavailable, left: float) -> bool | float:
    if error.retry_after is None:
        return left > 0
    return error.retry_after if error.retry_after < left else False


def _same_origin(target: str, leads: str) -> bool:
    """Whether what is at `leads` is on the same server, by the same scheme: only that is shown the key."""
    try:
        here, there = urlsplit(target), urlsplit(urljoin(target, leads))
        return bool(leads) and (here.scheme, here.netloc) == (there.scheme, there.netloc) and leads.isascii() and leads.isprintable()
    except ValueError:
        return False


def _reason(failed: Exception) -> str:
    return excerpt(str(failed)) or type(failed).__name__
