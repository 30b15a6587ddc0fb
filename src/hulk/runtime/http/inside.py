"""Our own API, asked from inside the process for somebody who asks for a page: it sees and does what they may, and nothing more."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Scope

from hulk.kernel.text import Language
from hulk.runtime.http.middleware.failures import Failures

_KNOWN = ("principal", "request_id", "language")
"""What was found out about the page's request, and holds for what is asked for it."""
_MOST = 16_000_000
"""Bytes of an answer: pages show less, and files are fetched by browsers themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the API answered."""

    status: int
    media_type: str
    body: bytes
    cookies: Sequence[str] = ()
    """What browsers are to keep, as `Set-Cookie` has it."""

    @property
    def data(self) -> Any:
        """The body as JSON; None when there is none."""
        return json.loads(self.body) if self.body else None


class Inside:
    """The application as its own pages ask it: all routes, behind no door, for whoever the door has let in to the page."""

    def __init__(self, app: FastAPI) -> None:
        inner = FastAPI(openapi_url=None, middleware=[Middleware(Failures)], exception_handlers=dict(app.exception_handlers))
        inner.router, inner.state = app.router, app.state
        self._app: ASGIApp = inner

    async def __call__(
        self, page: Scope, method: str, path: str, *, language: Language, query: Sequence[tuple[str, str]] = (), body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:  # fmt: skip
        """What the API answers at `path` (not quoted) to who asked for `page`, in that language; `body` is sent as JSON, bytes
        as they are. Errors are answers. Raises `ValueError` for an answer that is larger than a page may be."""
        sent = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        exchange = _Exchange(sent)
        more = {"accept-language": language, "content-type": "application/json", "content-length": str(len(sent)), **(headers or {})}
        await self._app(_scope(page, method, path, query, more), exchange.receive, exchange.send)
        return Reply(status=exchange.status, media_type=exchange.media_type, body=b"".join(exchange.parts), cookies=exchange.cookies)


def _scope(page: Scope, method: str, path: str, query: Sequence[tuple[str, str]], headers: Mapping[str, str]) -> dict[str, Any]:
    known = page.get("state", {})
    return {
        "type": "http", "asgi": page["asgi"], "http_version": "1.1", "scheme": page["scheme"], "root_path": "",
        "method": method, "path": path, "raw_path": quote(path).encode(), "query_string": urlencode(query).encode(),
        "headers": [(name.encode(), value.encode("latin-1", "replace")) for name, value in headers.items()],
        "client": page.get("client"), "server": page.get("server"), "state": {name: known[name] for name in _KNOWN if name in known},
    }  # fmt: skip


class _Exchange:
    """One request, and what is answered."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self.status, self.media_type = 0, ""
        self.parts: list[bytes] = []
        self.cookies: list[str] = []
        self._size = 0

    async def receive(self) -> Message:
        sent, self._body = self._body, b""
        return {"type": "http.request", "body": sent, "more_body": False}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            types = (value for name, value in message["headers"] if name == b"content-type")
            self.cookies += [value.decode("latin-1") for name, value in message["headers"] if name == b"set-cookie"]
            self.media_type = next(types, b"").decode("latin-1").partition(";")[0]
        else:
            self._take(message.get("body", b""))

    def _take(self, part: bytes) -> None:
        self._size += len(part)
        if self._size > _MOST:
            raise ValueError(f"an answer for a page has more than {_MOST} bytes")
        self.parts.append(part)
