"""Telegram, whose bot asks for updates."""

import asyncio
import random
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from support.barrage.sides.side import GUESTS, SLOW, TEXT, WORKING, Seen
from support.twins.telegram import TOKEN, USERNAME, Twin, updates


@dataclass
class Telegram:
    """A bot that asks for updates. Nobody can ask Telegram whether it has a message."""

    twin: Twin
    chance: random.Random
    name: str = "tg"
    handle: bool = False
    slow: float = 0.02
    """The share of messages that are said in a group, and whose answers take their time: it is said that they are worked on."""

    @property
    def section(self) -> tuple[str, dict[str, Any]]:
        """See `Side`."""
        return "telegram", {"name": self.name, "token": TOKEN, "api": self.twin.url, "listen": "poll", "progress": "1s", **GUESTS}

    async def say(self, number: int) -> str:
        """See `Side`: Telegram keeps it from then on. Each has a chat of their own: a chat takes one message a second."""
        who = {"id": 100_000 + number, "is_bot": False, "first_name": "Ana"}
        if number and self.chance.random() < self.slow:
            group = {"id": -100_000 - number, "type": "supergroup", "title": "Estufa"}
            named = [{"type": "mention", "offset": 0, "length": len(USERNAME) + 1}]
            told = updates.message(f"@{USERNAME} {SLOW}", by=who, number=number + 1, chat=group, entities=named)
        else:
            told = updates.message(TEXT, by=who, number=number + 1)
        await asyncio.to_thread(self.twin.say, told)
        return str(number + 1)

    async def seen(self) -> Seen:
        """See `Side`."""
        found: Seen = defaultdict(list)
        for about, message in await self._there():
            if not message["text"].startswith(WORKING):
                found[about].append(str(message["message_id"]))
        return found

    async def standing(self) -> list[str]:
        """See `Side`."""
        return [about for about, message in await self._there() if message["text"].startswith(WORKING)]

    async def _there(self) -> list[tuple[str, dict[str, Any]]]:
        """What people see of ours, and what it answers."""
        told = await asyncio.to_thread(self.twin.state)
        there = {one["message_id"] for one in told["there"]}
        sent = [one for one in told["sent"] if one["message"]["message_id"] in there]
        return [(str(one["told"]["reply_parameters"]["message_id"]), one["message"]) for one in sent]

    def trouble(self) -> None:
        """See `Side`."""
        kind = self.chance.choice(("429", "500", "dropped", "cut", "page"))
        self.twin.fault("sendMessage", kind=kind, **({"retry_after": 1} if kind == "429" else {}))
        if self.chance.random() < 0.3:
            self._trouble_with_changes()

    def _trouble_with_changes(self) -> None:
        """Telegram says of a message that it is not there only where it is not, so never when asked to take one away that is."""
        method = self.chance.choice(("editMessageText", "deleteMessage"))
        kind = self.chance.choice(("500", "dropped", "cut", *(("400",) if method == "editMessageText" else ())))
        self.twin.fault(method, kind=kind, **({"says": "Bad Request: message can't be edited"} if kind == "400" else {}))

    async def rest(self, waiting: int) -> int:  # the port's
        """See `Side`."""
        return 0
