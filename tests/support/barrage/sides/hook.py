"""A webhook: another program, that tells by an id what it has had before."""

import asyncio
import json
import random
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from hulk.modules.channels.adapters.webhook import LEEWAY_SECONDS, key_of, signature
from support.barrage.sides.side import GUESTS, TEXT, Seen
from support.ports import free_port

SECRET = "a-secret-of-this-webhook-here"
AWAY = (aiohttp.ClientError, TimeoutError, OSError)


def _set() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


@dataclass
class Hook:
    """Another program: it signs, repeats until 2xx, and knows by `webhook-id` what it has had before."""

    url: str
    """Where Hulk takes it."""
    session: aiohttp.ClientSession
    chance: random.Random
    name: str = "hook"
    handle: bool = True
    answers: str = ""
    """Where it takes answers."""
    again: float = 0.05
    """The share of messages that is sent once more although they were taken."""
    got: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    repeated: int = 0
    refused: int = 0
    """Requests, theirs and ours, that were signed at another time than the other clock had."""
    """Answers that came once more under the same id."""
    at: dict[str, float] = field(default_factory=dict)
    """When the first answer to each came."""
    troubles: list[str] = field(default_factory=list)
    free: asyncio.Event = field(default_factory=_set)
    """While it is not set, what comes in is held, and not answered."""
    held: list[web.Request] = field(default_factory=list)

    @property
    def section(self) -> tuple[str, dict[str, Any]]:
        """See `Side`."""
        return "webhook", {"name": self.name, "secret": SECRET, "url": self.answers, **GUESTS}

    async def say(self, number: int) -> str:
        """See `Side`."""
        id_ = f"msg_{number}"
        body = json.dumps({"text": TEXT, "conversation": f"c{number % 997}", "sender": {"id": f"s{number % 97}"}}).encode()
        while not await self._taken(id_, body):  # noqa: ASYNC110  # as vendors do
            await asyncio.sleep(0.05)
        if self.chance.random() < self.again:
            await self._taken(id_, body)
        return id_

    async def _taken(self, id_: str, body: bytes) -> bool:
        at = str(int(time.time())).encode()
        signed = signature(key_of(SECRET), id_.encode(), at, body)
        headers = {"webhook-id": id_, "webhook-timestamp": at.decode(), "webhook-signature": signed.decode()}
        with suppress(*AWAY):
            async with self.session.post(self.url, data=body, headers=headers) as response:
                assert response.status in (202, 401, 429, 503), await response.text()
                self.refused += response.status == 401
                return response.status == 202
        return False

    async def seen(self) -> Seen:
        """See `Side`."""
        return {about: sorted(ids) for about, ids in self.got.items()}

    async def standing(self) -> list[str]:
        """See `Side`: nothing is said there of that."""
        return []

    def trouble(self) -> None:
        """See `Side`."""
        self.troubles.append(self.chance.choice(("429", "503", "500", "cut", "lost", "500 after all", "slow")))

    async def rest(self, waiting: int) -> int:  # the port's
        """See `Side`."""
        return 0

    async def answered(self, request: web.Request) -> web.Response:
        """Where Hulk sends answers."""
        body, id_, at = await request.read(), request.headers["webhook-id"], request.headers["webhook-timestamp"]
        if not self.free.is_set():
            self.held.append(request)
            await self.free.wait()
        if request.transport is None:  # whoever asked is no more
            return web.Response()
        assert request.headers["webhook-signature"].encode() == signature(key_of(SECRET), id_.encode(), at.encode(), body)
        if abs(int(at) - time.time()) > LEEWAY_SECONDS:
            self.refused += 1
            return web.Response(status=400)
        return await self._troubled(request, self.troubles.pop() if self.troubles else "", id_, json.loads(body).get("in_reply_to"))

    async def _troubled(self, request: web.Request, trouble: str, id_: str, about: str | None) -> web.Response:
        if trouble == "slow":
            await asyncio.sleep(0.5)
        if trouble in ("429", "503", "500"):
            return web.Response(status=int(trouble), headers={"Retry-After": "1"} if trouble != "500" else {})
        if trouble == "cut":
            return _hung_up(request)
        if about is not None:  # else a check that the program makes by itself
            self._heard(about, id_)
        if trouble == "500 after all":
            return web.Response(status=500)
        return _hung_up(request) if trouble == "lost" else web.Response(status=204)

    def _heard(self, about: str, id_: str) -> None:
        self.repeated += id_ in self.got[about]
        self.got[about].add(id_)
        self.at.setdefault(about, time.monotonic())


def _hung_up(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


@asynccontextmanager
async def listening(hook: Hook) -> AsyncIterator[Hook]:
    """It takes answers."""
    app = web.Application()
    app.router.add_post("/answers", hook.answered)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", free_port())
    await site.start()
    hook.answers = f"{site.name}/answers"
    try:
        yield hook
    finally:
        await runner.cleanup()
