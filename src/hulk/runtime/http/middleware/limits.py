"""How much a caller may ask: requests per second, bytes per request, seconds per request."""

import asyncio
import math
from collections.abc import Collection
from datetime import timedelta

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hulk.kernel.errors import TooLarge
from hulk.kernel.tenancy import Principal
from hulk.runtime.config import ServerSettings
from hulk.runtime.config.units import written_size
from hulk.runtime.http.gate import Gate
from hulk.runtime.http.problems import TimedOut
from hulk.runtime.http.request import state

_DRAINED = 64_000_000
"""Bytes of a request that is too large which are still taken, so that its sender hears why."""
_DRAINING_SECONDS = 5.0
_LONGEST_LENGTH = 18
"""Digits of a length: what has more is too large, and past 4300 of them Python reads no number."""


class RateLimit:
    """Requests per second for each caller; stands inside the door, so that callers are known."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self.app = app
        self.gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; raises `Exhausted` telling when to come again."""
        caller = state(scope).get("principal") if scope["type"] == "http" else None
        if isinstance(caller, Principal):
            self.gate.counted(caller)
        await self.app(scope, receive, send)


class BodyLimit:
    """Bytes per request, counted as they come in. `uploads` are the paths, with all below them, that take files; `hooks` those that
    vendors of channels call; `prompts` those that take what models are asked."""

    def __init__(
        self, app: ASGIApp, server: ServerSettings, uploads: Collection[str], prompts: Collection[str], hooks: Collection[str] = ()
    ) -> None:
        self.app = app
        self.server = server
        self.uploads = tuple(uploads)
        self.hooks = tuple(hooks)
        self.prompts = frozenset(prompts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; raises `TooLarge` before reading when the length is declared, else at the first byte too many."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        most, setting = self._most(scope["path"])
        if _declared(scope) > most:
            await _drained(receive)
            raise _too_large(most, setting)
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > most:
                if message.get("more_body"):
                    await _drained(receive)
                raise _too_large(most, setting)
            return message

        await self.app(scope, counted, send)

    def _most(self, path: str) -> tuple[int, str]:
        """How many bytes, and by which setting."""
        if path in self.prompts:
            return self.server.max_prompt, "server.max_prompt"
        if _below(path, self.uploads):
            return self.server.max_upload, "server.max_upload"
        if _below(path, self.hooks):
            return self.server.max_hook, "server.max_hook"
        return self.server.max_body, "server.max_body"


def _below(path: str, tops: Collection[str]) -> bool:
    return any(path == one or path.startswith(f"{one}/") for one in tops)


def _declared(scope: Scope) -> float:
    """The length that the head promises; 0 when it promises none."""
    length = Headers(scope=scope).get("content-length", "")
    if not length.isdecimal():
        return 0
    return int(length) if len(length) <= _LONGEST_LENGTH else math.inf


async def _drained(receive: Receive) -> None:
    """Take some of what is on its way: a caller who is still sending when the connection ends never gets to read why."""
    left = _DRAINED
    try:
        async with asyncio.timeout(_DRAINING_SECONDS):
            while left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                if not message.get("more_body"):
                    return
    except TimeoutError:
        return


def _too_large(most: int, setting: str) -> TooLarge:
    return TooLarge(
        "The request is larger than {most} ({setting}). Send less, or raise the setting.", most=written_size(most), setting=setting
    )


class TimeLimit:
    """`read` is the longest wait for the next part of a body, `write` the longest from the last part to the answer's beginning.

    An answer that has begun is not cut, so event streams and downloads may last; an upload may too, as long as it moves. At the `patient`
    paths an answer may take as long as it wants to begin: models have time limits of their own."""

    def __init__(self, app: ASGIApp, read: timedelta, write: timedelta, patient: Collection[str] = ()) -> None:
        self.app = app
        self.patient = frozenset(patient)
        self.read = read.total_seconds()
        self.write = write.total_seconds()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; raises `TimedOut` when it takes too long."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        write = None if scope["path"] in self.patient else self.write
        deadline = asyncio.timeout(self.write)
        watch = _Watch(deadline, self.read, write)
        try:
            async with deadline:
                await self.app(scope, lambda: watch.received(receive), lambda message: watch.sent(send, message))
        except TimeoutError as error:
            if not deadline.expired():
                raise
            raise TimedOut(
                "The request was not answered in time (server.read_timeout, server.write_timeout)."
                " Before asking again, check whether it took effect."
            ) from error


class _Watch:
    """Moves a request's deadline on as its body comes in, and lifts it when the answer begins."""

    def __init__(self, deadline: asyncio.Timeout, read: float, write: float | None) -> None:
        self.deadline = deadline
        self.read = read
        self.write = write
        self.reading = True
        self.answering = False

    async def received(self, receive: Receive) -> Message:
        if self.answering or not self.reading:
            return await receive()
        self._allow(self.read)
        message = await receive()
        self.reading = bool(message.get("more_body"))
        if not self.answering:
            self._allow(self.write)
        return message

    async def sent(self, send: Send, message: Message) -> None:
        if not self.answering:
            self.answering = True
            self.deadline.reschedule(None)
        await send(message)

    def _allow(self, seconds: float | None) -> None:
        self.deadline.reschedule(None if seconds is None else asyncio.get_running_loop().time() + seconds)
