"""Requests to servers that the operator names by the beginnings of their addresses, with headers that only Hulk knows.

Where a request goes is made of the setting; of what the caller says, only the part that follows is used. Names that have private
addresses are refused where they are resolved (see `adapters.http`), unless the setting says that the server is private.
"""

import contextlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from pydantic import Field
from pydantic_core import from_json

from hulk.kernel.addresses import shown_address
from hulk.kernel.errors import Forbidden
from hulk.kernel.records import Json
from hulk.modules.tools.adapters.backends.acts import About, Act, Acts, Arguments
from hulk.modules.tools.adapters.backends.rest import Asking, Reply, Rest
from hulk.modules.tools.adapters.http import guard, is_ip
from hulk.modules.tools.domain import Address, Bytes, Output, Piece, Words, is_public
from hulk.modules.tools.ports import Calling

_SHOWN = ("Content-Type", "ETag", "Last-Modified", "Location", "Link")
_TEXTUAL = re.compile(r"text/.*|application/(json|xml|javascript|x-ndjson|yaml|.+\+json|.+\+xml)|")
_READ = ("GET", "HEAD")
_WRITE = ("POST", "PUT", "PATCH")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """What may be asked below `prefix` (without a slash at the end). `headers` are asked for each request. `idempotency` is the header
    that holds a key by which the server acts once."""

    prefix: str
    methods: tuple[str, ...] = _READ
    headers: Callable[[], Mapping[str, str]] = field(default=dict, repr=False)
    private: bool = False
    idempotency: str | None = None


class Get(Arguments):
    """What stands at an address."""

    url: str = Field(max_length=4000, description="An address that begins as one of those that may be asked.")
    method: Literal["GET", "HEAD"] = "GET"


class Request(Arguments):
    """Send JSON to an address."""

    url: str = Field(max_length=4000, description="An address that begins as one of those that may be asked.")
    method: Literal["POST", "PUT", "PATCH"] = "POST"
    body: Any = Field(default=None, description="JSON.")


class Delete(Arguments):
    """Delete what stands at an address."""

    url: str = Field(max_length=4000, description="An address that begins as one of those that may be asked.")


class Http(Acts):
    """The tools `NAME.get`, and `NAME.request` and `NAME.delete` if any endpoint takes such methods. Answers above `most_bytes` are
    refused."""

    def __init__(
        self, name: str, about: About, *, endpoints: Sequence[Endpoint], most_bytes: int = 1_000_000, seconds: float = 30.0
    ) -> None:
        self._endpoints, self._most = tuple(endpoints), most_bytes
        methods = {method for endpoint in endpoints for method in endpoint.methods}
        once = all(endpoint.idempotency for endpoint in endpoints if set(endpoint.methods) & {*_WRITE, "DELETE"})
        act = partial(Act, seconds=seconds)
        acts: list[Act[Any]] = [act("get", "Read an address", Get, self._get)]
        if methods & set(_WRITE):
            acts.append(act("request", "Send to an address", Request, self._request, effect="write", idempotent=once))
        if "DELETE" in methods:
            acts.append(act("delete", "Delete at an address", Delete, self._delete, effect="destroy", idempotent=once))
        super().__init__(name, about, *acts)

    async def _get(self, wanted: Get, calling: Calling) -> Output:
        return await self._asked(wanted.url, wanted.method, None, calling)

    async def _request(self, wanted: Request, calling: Calling) -> Output:
        return await self._asked(wanted.url, wanted.method, wanted.body, calling)

    async def _delete(self, wanted: Delete, calling: Calling) -> Output:
        return await self._asked(wanted.url, "DELETE", None, calling)

    async def _asked(self, url: str, method: str, body: Json, calling: Calling) -> Output:
        endpoint, target = self._endpoint(url, method)
        parts = urlsplit(endpoint.prefix)
        rest = Rest(
            name=parts.netloc, url=f"{parts.scheme}://{parts.netloc}", headers=endpoint.headers, most_bytes=self._most, redirects=0,
            resolver=partial(guard, _address(endpoint)),
        )  # fmt: skip
        writes = method not in _READ
        once = endpoint.idempotency if writes else None
        asking = Asking(
            method=method, path=target, body=body, headers={**({once: calling.handle} if once else {}), "Accept": "*/*"}, writes=writes,
            again=not writes or once is not None, parse=False,
        )  # fmt: skip
        return _told(await rest.ask(calling, asking), endpoint.headers().values())

    def _endpoint(self, url: str, method: str) -> tuple[Endpoint, str]:
        """The endpoint that has the address, and what is asked of its server. Raises `Refused` and `Forbidden`."""
        fitting = [(endpoint, target) for endpoint in self._endpoints if (target := below(endpoint.prefix, url)) is not None]
        if not fitting:
            allowed = ", ".join(endpoint.prefix for endpoint in self._endpoints) or "—"
            shown = ascii(shown_address(url))[1:201]
            raise Forbidden("“{url}” begins as none of the addresses that may be asked ({allowed}).", url=shown, allowed=allowed)
        able = [one for one in fitting if method in one[0].methods]
        if not able:
            allowed = ", ".join(sorted({one for endpoint, _ in fitting for one in endpoint.methods}))
            raise Forbidden("{method} may not be used there, but {allowed}.", method=method, allowed=allowed)
        return max(able, key=lambda one: len(one[0].prefix))


def below(prefix: str, url: str) -> str | None:
    """Path and query of `url` if it is `prefix` or stands below it; `None` for all else, and for what servers might read otherwise:
    a way up, however it is written, a user, a backslash, or characters that do not belong into an address (RFC 3986)."""
    if not re.fullmatch(r"[!#$%&'()*+,\-./0-9:;=?@A-Z_a-z~\[\]]+", url) or "#" in url:
        return None
    try:
        parts, base = urlsplit(url), urlsplit(prefix)
    except ValueError:
        return None
    if (parts.scheme.lower(), parts.netloc.lower()) != (base.scheme.lower(), base.netloc.lower()) or _climbs(parts.path):
        return None
    if parts.path != base.path and not parts.path.startswith(f"{base.path}/"):
        return None
    return f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"


def _climbs(path: str) -> bool:
    """Whether a segment is a way up or hides a slash, after undoing %-escapes once and twice; what follows a `;` is a parameter."""
    read = [again for segment in path.split("/") for again in (segment, unquote(segment), unquote(unquote(segment)))]
    return any(one.partition(";")[0] in (".", "..") or "/" in one or "\\" in one or "\0" in one for one in read)


def _address(endpoint: Endpoint) -> Address:
    host = urlsplit(endpoint.prefix).hostname or ""
    if not endpoint.private and is_ip(host) and not is_public(host):
        raise Forbidden("“{host}” is on a private network: say so in the settings (`private: true`) if it may be asked.", host=host)
    return Address(url=endpoint.prefix, host=host, local=endpoint.private)


def _told(reply: Reply, secrets: Any) -> Output:
    """What came back; a server that repeats its headers does not tell the secrets that we sent."""
    body = reply.body
    for word in {part for value in secrets for part in (value, value.rpartition(" ")[2]) if len(part) > 3}:
        body = body.replace(word.encode(), b"***")
    headers = {name: reply.headers[name][:1000] for name in _SHOWN if name in reply.headers}
    data: dict[str, Json] = {"status": reply.status, "headers": headers}
    with contextlib.suppress(ValueError):
        data["json"] = from_json(body, allow_inf_nan=False)
    return Output(data=data, pieces=_pieces(body, reply.kind))


def _pieces(body: bytes, kind: str) -> tuple[Piece, ...]:
    if not body:
        return ()
    if _TEXTUAL.fullmatch(kind):
        return (Words(body.decode(errors="replace")),)
    return (Bytes(body, kind or "application/octet-stream"),)
