"""Mattermost, at whose events a bot listens."""

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from support.barrage.sides.side import GUESTS, SLOW, TEXT, WORKING, Seen
from support.mattermost import Chat
from support.twins.systems.mattermost import TOWN


@dataclass
class Mattermost:
    """A bot that is mentioned in a channel, each time in a thread of its own."""

    chat: Chat
    chance: random.Random
    name: str = "mm"
    handle: bool = True
    slow: float = 0.02
    """The share of messages whose answers take their time: it is said that they are worked on."""

    @property
    def section(self) -> tuple[str, dict[str, Any]]:
        """See `Side`."""
        return "mattermost", {"name": self.name, "url": self.chat.twin.url, "token": "right", "progress": "1s", **GUESTS}

    async def say(self, number: int) -> str:
        """See `Side`: the server keeps it from then on."""
        if self.chance.random() < 0.02:
            await asyncio.to_thread(self.chat.does, "twice")
        text = SLOW if number and self.chance.random() < self.slow else TEXT
        said: Callable[[], str] = lambda: self.chat.says(f"@hulk {text}", channel_id=TOWN)  # noqa: E731  # the thread's
        return await asyncio.to_thread(said)

    async def seen(self) -> Seen:
        """See `Side`."""
        found: Seen = defaultdict(list)
        for one in await asyncio.to_thread(self.chat.ours):
            if not one["message"].startswith(WORKING):
                found[str(one["root_id"])].append(str(one["id"]))
        return found

    async def standing(self) -> list[str]:
        """See `Side`."""
        return [str(one["root_id"]) for one in await asyncio.to_thread(self.chat.ours) if one["message"].startswith(WORKING)]

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

    async def rest(self, waiting: int) -> int:  # the port's
        """See `Side`."""
        return 0
