"""Calling our webhook as Meta does: signed, at least once, in no order, again after a growing pause until it is answered with 200."""

import asyncio
import hmac
import json
import random
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from support.twins.whatsapp.payloads import APP_SECRET

WEEK = 7 * 24 * 3600.0
FIRST = 5.0
_LOOK = 0.1
"""Seconds after which it is seen that the twin begins anew."""


@dataclass(slots=True)
class Call:
    """One webhook. Times are in seconds of the loop."""

    body: bytes
    began: float
    due: float
    attempts: int = 0


@dataclass(slots=True)
class Caller:
    """Makes calls to `hook`. `factor` shortens all pauses, of which none is longer than `longest`; `twice` is the share of calls that are
    made once more after they succeeded."""

    hook: str = ""
    factor: float = 0.001
    twice: float = 0.0
    longest: float = WEEK
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    waiting: list[Call] = field(default_factory=list)
    done: int = 0
    dropped: int = 0
    attempts: int = 0
    under_way: int = 0
    rung: asyncio.Event = field(default_factory=asyncio.Event)

    def call(self, payload: Any) -> None:
        """One more."""
        now = asyncio.get_running_loop().time()
        self.waiting.append(Call(json.dumps(payload).encode(), now, now))
        self.rung.set()

    async def once(self, session: aiohttp.ClientSession) -> None:
        """Make a call that is due, any of them; else wait until one may be."""
        now = asyncio.get_running_loop().time()
        due = [one for one in self.waiting if one.due <= now] if self.hook else []
        if not due:
            await self._rest(now)
            return
        one = self.chance.choice(due)
        self.waiting.remove(one)
        self.under_way += 1
        took = await self._made(session, one)
        self.under_way -= 1
        self._after(one, took)

    async def _rest(self, now: float) -> None:
        self.rung.clear()
        pause = min((_LOOK, *(one.due - now for one in self.waiting)) if self.hook else (_LOOK,))
        try:
            async with asyncio.timeout(max(pause, 0.001)):
                await self.rung.wait()
        except TimeoutError:
            return

    async def _made(self, session: aiohttp.ClientSession, one: Call) -> bool:
        one.attempts += 1
        self.attempts += 1
        signed = "sha256=" + hmac.digest(APP_SECRET.encode(), one.body, "sha256").hex()
        headers = {"content-type": "application/json", "x-hub-signature-256": signed, "user-agent": "facebookexternalua"}
        try:
            async with session.post(self.hook, data=one.body, headers=headers) as response:
                return response.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    def _after(self, one: Call, took: bool) -> None:
        now = asyncio.get_running_loop().time()
        if took and self.chance.random() >= self.twice:
            self.done += 1
        elif now - one.began > WEEK * self.factor:
            self.dropped += 1
        else:
            one.due = now + min(FIRST * 2**one.attempts, self.longest) * self.factor * self.chance.uniform(0.5, 1.0)
            self.waiting.append(one)
