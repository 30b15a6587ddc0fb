"""Server-sent events: an answer that goes on, with a heartbeat while there is nothing to tell.

@router.get("/v1/intents/{id}/events")
async def progress(id: str, last_event_id: Annotated[str | None, Header()] = None) -> Response:
    return events(follow(id, after=last_event_id))
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from hulk.runtime.http.documentation import sending

_PARTS = {name: {"type": "string"} for name in ("id", "event", "data")}
STREAM = sending("text/event-stream", {"type": "object", "properties": _PARTS, "required": ["data"]})
"""For the `responses` of a route that answers with `events`."""

_HEADERS: Mapping[str, str] = {"cache-control": "no-store", "x-accel-buffering": "no"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerEvent:
    """One event. `data` is text as it is, anything else as JSON; `id` is what a browser sends back as `Last-Event-ID`."""

    data: Any
    id: str | None = None
    event: str | None = None

    def encode(self) -> bytes:
        """As it goes over the wire (WHATWG HTML, 9.2): fields on lines, an empty line at the end."""
        text = self.data if isinstance(self.data, str) else json.dumps(self.data, ensure_ascii=False, separators=(",", ":"))
        head = [f"{name}: {_line(value)}" for name, value in (("id", self.id), ("event", self.event)) if value is not None]
        body = [f"data: {line}" for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
        return ("\n".join([*head, *body]) + "\n\n").encode()


def events(source: AsyncIterator[ServerEvent], *, heartbeat: timedelta = timedelta(seconds=15)) -> Response:
    """The answer that sends what `source` gives, until it ends, the caller goes, or the server stops (browsers come back then)."""
    return _EventStream(source, heartbeat.total_seconds())


def _line(value: str) -> str:
    return value.replace("\r", " ").replace("\n", " ")


class _EventStream(Response):
    media_type = "text/event-stream"

    def __init__(self, source: AsyncIterator[ServerEvent], heartbeat: float) -> None:
        super().__init__(headers=_HEADERS)
        del self.headers["content-length"]
        self.source = source
        self.heartbeat = heartbeat
        self.last = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.last = asyncio.get_running_loop().time()
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        try:
            async with asyncio.TaskGroup() as group:
                told = group.create_task(self._tell(send))
                others = [
                    group.create_task(self._beat(send)),
                    group.create_task(_ended(receive, told)),
                    group.create_task(_stopping(scope, told)),
                ]
                await asyncio.wait([told])
                for other in others:
                    other.cancel()
        finally:
            await _closed(self.source)
        await send(_part(b"", more=False))

    async def _tell(self, send: Send) -> None:
        async for event in self.source:
            await self._send(send, event.encode())

    async def _beat(self, send: Send) -> None:
        now = asyncio.get_running_loop().time
        while True:
            rest = self.last + self.heartbeat - now()
            if rest > 0:
                await asyncio.sleep(rest)
            else:
                await self._send(send, b": still here\n\n")

    async def _send(self, send: Send, data: bytes) -> None:
        self.last = asyncio.get_running_loop().time()
        await send(_part(data, more=True))


async def _ended(receive: Receive, told: "asyncio.Task[None]") -> None:
    """Stop telling when the caller has gone."""
    while (await receive())["type"] != "http.disconnect":
        continue
    told.cancel()


async def _stopping(scope: Scope, told: "asyncio.Task[None]") -> None:
    """Stop telling when the server stops, so that no open page holds it up."""
    closing = getattr(scope["app"].state, "closing", None) if "app" in scope else None
    if isinstance(closing, asyncio.Event):
        await closing.wait()
        told.cancel()


async def _closed(source: AsyncIterator[ServerEvent]) -> None:
    close = getattr(source, "aclose", None)
    if close is not None:
        await close()


def _part(data: bytes, *, more: bool) -> Message:
    return {"type": "http.response.body", "body": data, "more_body": more}
