"""Requests put to an application in this process, without a socket: as uvicorn would put them, thousands a second."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote

from starlette.types import ASGIApp, Message

Header = tuple[bytes, bytes]

LISTENING = 0.005
"""Seconds that a stream without end is heard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is sent. `target` is the path with its query, as it goes over the wire; `leaves` when the caller hangs up amid the body."""

    method: str
    target: bytes
    headers: tuple[Header, ...] = ()
    body: tuple[bytes, ...] = ()
    host: str = "127.0.0.1"
    leaves: bool = False

    def with_header(self, name: bytes, value: bytes) -> "Request":
        """The same, that header in the place of any of its name."""
        return replace(self, headers=(*(one for one in self.headers if one[0] != name), (name, value)))

    def scope(self) -> dict[str, Any]:
        """As uvicorn has it."""
        path, _, query = self.target.partition(b"?")
        return {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "scheme": "http", "root_path": "",
            "method": self.method, "path": unquote(path.decode("ascii")), "raw_path": path, "query_string": query,
            "headers": list(self.headers), "client": (self.host, 40_000), "server": ("127.0.0.1", 8080), "state": {},
        }  # fmt: skip


@dataclass(slots=True)
class Answer:
    """What came back; of a stream without end, its beginning."""

    status: int = 0
    headers: Sequence[Header] = ()
    body: bytes = b""

    def header(self, name: str) -> str:
        """The header of that name, empty when there is none."""
        return next((value.decode("latin-1") for key, value in self.headers if key.decode("latin-1") == name), "")

    @property
    def media_type(self) -> str:
        """What it says that its body is, without parameters."""
        return self.header("content-type").partition(";")[0]


class _Exchange:
    """One request and what is answered."""

    def __init__(self, request: Request) -> None:
        last = len(request.body) - 1
        sent = [_part(one, more=place < last or request.leaves) for place, one in enumerate(request.body)]
        self.waiting = sent or ([] if request.leaves else [_part(b"", more=False)])
        self.leaves = request.leaves
        self.gone = asyncio.Event()
        self.answer = Answer()

    async def receive(self) -> Message:
        if self.waiting:
            return self.waiting.pop(0)
        if not self.leaves:
            await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.answer.status, self.answer.headers = message["status"], message["headers"]
            if self.answer.media_type == "text/event-stream":
                asyncio.get_running_loop().call_later(LISTENING, self.gone.set)
        else:
            self.answer.body += message.get("body", b"")
            if not message.get("more_body"):
                self.gone.set()


def _part(data: bytes, *, more: bool) -> Message:
    return {"type": "http.request", "body": data, "more_body": more}


async def asked(app: ASGIApp, request: Request) -> Answer:
    """What the application answers: 500 where an exception leaves it, as a server would."""
    exchange = _Exchange(request)
    try:
        await app(request.scope(), exchange.receive, exchange.send)
    except Exception as error:  # noqa: BLE001  # whatever it is, it is no answer
        return Answer(status=500, body=repr(error).encode("utf-8", "replace"))
    return exchange.answer
