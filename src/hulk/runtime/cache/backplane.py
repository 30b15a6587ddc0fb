"""Tells the other processes what is void, over NATS core: a message each, no stream, nothing kept.

Every sender counts its messages and repeats the count every two seconds, so that who has missed one knows it; who was cut
off hears its own greeting first when it is connected again. In both cases all that memory and disk hold is treated as expired.
"""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal, TypeAlias

import structlog
from nats.aio.msg import Msg

from hulk.runtime.bus import Bus
from hulk.runtime.bus.meanwhile import meanwhile
from hulk.runtime.cache.guard import LevelAway

log = structlog.get_logger(__name__)

SUBJECT = "hulk.cache"
BEAT = 2.0
GREET = 0.02
"""Seconds between two greetings while cut off."""

What: TypeAlias = Literal["drop", "expire", "mark"]


@dataclass(frozen=True, slots=True)
class Word:
    """What another process says: drop or expire the entry `name`, or void what is under the mark `name`, as of the stamp `at`."""

    what: What
    name: str
    at: int


class Backplane:
    """One process's voice and ear. `heard` is called with each word of another, `missed` when one may have been missed."""

    def __init__(self, bus: Bus, heard: Callable[[Word], None], missed: Callable[[], None]) -> None:
        self._bus = bus
        self._heard = heard
        self._missed = missed
        self._me = secrets.token_hex(6)
        self._sent = 0
        self._counts: dict[str, int] = {}
        self._cut = asyncio.Event()

    async def say(self, word: Word) -> None:
        """Tell the others. Raises `LevelAway` while the bus is away."""
        if not self._bus.connected:
            raise LevelAway("bus")
        self._sent += 1
        await self._send({"what": word.what, "name": word.name, "at": word.at})

    async def _send(self, body: dict[str, object]) -> None:
        await self._bus.notify(SUBJECT, json.dumps({**body, "by": self._me, "count": self._sent}).encode())

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Hear the others while the block lasts; `missed` is called once we do."""
        self._cut.set()
        async with (
            self._bus.line.listening(SUBJECT, self._receive, lost=self._cut.set),
            meanwhile(self._beating()),
            meanwhile(self._greeting()),
        ):
            yield

    async def _beating(self) -> None:
        while True:
            await self._send({"what": "beat"})
            await asyncio.sleep(BEAT)

    async def _greeting(self) -> None:
        while True:
            await self._cut.wait()
            if self._bus.connected:
                await self._send({"what": "greet"})
            await asyncio.sleep(GREET)

    async def _receive(self, message: Msg) -> None:
        try:
            told = json.loads(message.data)
            by, count, what = str(told["by"]), int(told["count"]), told["what"]
            word = Word(what, str(told["name"]), int(told["at"])) if what in ("drop", "expire", "mark") else None
        except (ValueError, KeyError, TypeError):
            log.warning("cache_word_not_understood", subject=SUBJECT)
            return
        if by == self._me:
            self._back()
            return
        expected = self._counts.get(by, 0) + (word is not None)
        self._counts[by] = count
        if count != expected:
            self._missed()
        if word is not None:
            self._heard(word)

    def _back(self) -> None:
        """Our own words come back to us: we hear again."""
        if self._cut.is_set():
            self._cut.clear()
            self._missed()
