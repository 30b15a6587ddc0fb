"""Telegram, whose bot asks for updates."""

import asyncio
import random
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from support.barrage.sides.side import GUESTS, TEXT, Seen
from support.twins.telegram import TOKEN, Twin, updates


@dataclass
class Telegram:
    """A bot that asks for updates. Nobody can ask Telegram whether it has a message."""

    twin: Twin
    chance: random.Random
    name: str = "tg"
    handle: bool = False

    @property
    def section(self) -> tuple[str, dict[str, Any]]:
        """See `Side`."""
        return "telegram", {"name": self.name, "token": TOKEN, "api": self.twin.url, "listen": "poll", **GUESTS}

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

    async def rest(self, waiting: int) -> int:  # the port's
        """See `Side`."""
        return 0
