"""The sides that people are on: how a message is said there until it is surely taken, and which answers to it they see."""

import asyncio
import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

import aiohttp
from aiohttp import web

from hulk.modules.channels.adapters.webhook import key_of, signature
from support.mattermost import Chat
from support.twins.systems.mattermost import TOWN
from support.twins.telegram import Twin, updates

SECRET = "a-secret-of-this-webhook-here"
TEXT = "bom dia"
AWAY = (aiohttp.ClientError, TimeoutError, OSError)
Seen = dict[str, list[str]]
"""What is seen of us in answer to each message (by its id): the ids of what is not the same."""


class Side(Protocol):
    """Where people write."""

    name: str
    handle: bool
    """Whether we can tell there that something was sent before."""

    async def say(self, number: int) -> str:
        """Somebody writes; the id of that, when it is surely taken: until then it is said again."""

    async def seen(self) -> Seen:
        """The answers."""

    def trouble(self) -> None:
        """Something goes wrong there, once, soon."""


@dataclass
class Hook:
    """Another program: it signs, repeats until 2xx, and knows by `webhook-id` what it has had before."""

    url: str
    """Where Hulk takes it."""
    session: aiohttp.ClientSession
    chance: random.Random
    name: str = "hook"
    handle: bool = True
    port: int = 0
    again: float = 0.05
    """The share of messages that is sent once more although they were taken."""
    got: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    repeated: int = 0
    """Answers that came once more under the same id."""
    at: dict[str, float] = field(default_factory=dict)
    """When the first answer to each came."""
    troubles: list[str] = field(default_factory=list)

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
                assert response.status in (202, 429, 503), await response.text()
                return response.status == 202
        return False

    async def seen(self) -> Seen:
        """See `Side`."""
        return {about: sorted(ids) for about, ids in self.got.items()}

    def trouble(self) -> None:
        """See `Side`."""
        self.troubles.append(self.chance.choice(("429", "503", "500", "cut", "lost", "500 after all", "slow")))

    async def answered(self, request: web.Request) -> web.Response:
        """Where Hulk sends answers."""
        body, id_ = await request.read(), request.headers["webhook-id"]
        expected = signature(key_of(SECRET), id_.encode(), request.headers["webhook-timestamp"].encode(), body)
        assert request.headers["webhook-signature"].encode() == expected
        trouble = self.troubles.pop() if self.troubles else ""
        if trouble == "slow":
            await asyncio.sleep(0.5)
        if trouble in ("429", "503", "500"):
            return web.Response(status=int(trouble), headers={"Retry-After": "1"} if trouble != "500" else {})
        if trouble == "cut":
            return _hung_up(request)
        about = json.loads(body).get("in_reply_to")
        if about is None:  # a check that the program makes by itself
            return web.Response(status=204)
        self.repeated += id_ in self.got[about]
        self.got[about].add(id_)
        self.at.setdefault(about, time.monotonic())
        if trouble == "500 after all":
            return web.Response(status=500)
        return _hung_up(request) if trouble == "lost" else web.Response(status=204)


def _hung_up(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


@dataclass
class Telegram:
    """A bot that asks for updates. Nobody can ask Telegram whether it has a message."""

    twin: Twin
    chance: random.Random
    name: str = "tg"
    handle: bool = False
    _number: int = 10_000

    async def say(self, number: int) -> str:
        """See `Side`: Telegram keeps it from then on. Each has a chat of their own: a chat takes one message a second."""
        who = {"id": 100_000 + number, "is_bot": False, "first_name": "Ana"}
        await asyncio.to_thread(self.twin.say, updates.message(TEXT, by=who, number=number + 1))
        return str(number + 1)

    async def seen(self) -> Seen:
        """See `Side`."""
        found: Seen = defaultdict(list)
        for one in (await asyncio.to_thread(self.twin.state))["sent"]:
            found[str(one["told"]["reply_parameters"]["message_id"])].append(str(one["message"]["message_id"]))
        return found

    def trouble(self) -> None:
        """See `Side`."""
        kind = self.chance.choice(("429", "500", "dropped", "cut", "page"))
        self.twin.fault("sendMessage", kind=kind, **({"retry_after": 1} if kind == "429" else {}))


@dataclass
class Mattermost:
    """A bot that is mentioned in a channel, each time in a thread of its own."""

    chat: Chat
    chance: random.Random
    name: str = "mm"
    handle: bool = True

    async def say(self, number: int) -> str:
        """See `Side`: the server keeps it from then on."""
        if self.chance.random() < 0.02:
            await asyncio.to_thread(self.chat.does, "twice")
        said: Callable[[], str] = lambda: self.chat.says(f"@hulk {TEXT}", channel_id=TOWN)  # noqa: E731  # the thread's
        return await asyncio.to_thread(said)

    async def seen(self) -> Seen:
        """See `Side`."""
        found: Seen = defaultdict(list)
        for one in await asyncio.to_thread(self.chat.ours):
            found[str(one["root_id"])].append(str(one["id"]))
        return found

    def trouble(self) -> None:
        """See `Side`."""
        what = self.chance.choice(("429", "500", "503 after 1", "hung up", "lost", "502 after all", "cut off", "gap"))
        if what == "cut off":
            self.chat.does("cut", forget=self.chance.random() < 0.5)
        elif what == "gap":
            self.chat.does("gap", count=self.chance.randrange(3))
            self.chat.does("cut", forget=self.chance.random() < 0.5)
        else:
            self.chat.twin.upset(what, skip="/websocket")


def counted(seen: Seen) -> Counter[int]:
    """How many messages were answered how often."""
    return Counter(len(ids) for ids in seen.values())


def settings(hook: str, telegram: str, mattermost: str, token: str) -> dict[str, Any]:
    """Section `channels`, at which anybody may ask."""
    guests = {"guests": ["operator"]}
    return {
        "webhook": [{"name": "hook", "secret": SECRET, "url": hook, **guests}],
        "telegram": [{"name": "tg", "token": token, "api": telegram, "listen": "poll", **guests}],
        "mattermost": [{"name": "mm", "url": mattermost, "token": "right", **guests}],
    }
