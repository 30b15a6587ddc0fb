"""WhatsApp, which calls us, and calls again until we take it."""

import asyncio
import random
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from support.barrage.sides.side import GUESTS, TEXT, Seen
from support.twins.whatsapp import APP_SECRET, NUMBER, TOKEN, VERIFY_TOKEN, Meta
from support.twins.whatsapp.payloads import message, person, value, webhook

FACTOR, LONGEST = 0.01, 200.0
"""Of Meta's pauses: the first of 10 seconds becomes 0.1, and none is longer than 2."""


@dataclass
class WhatsApp:
    """A number. Meta cannot be asked whether it has a message, but tells by itself, with our handle, what became of one."""

    twin: Meta
    chance: random.Random
    hook: str
    """Where Hulk is called."""
    name: str = "zap"
    handle: bool = True

    def __post_init__(self) -> None:
        """Meta calls some of it twice, and says of each of ours that it went out."""
        self.twin.be(hook=self.hook, factor=FACTOR, longest=LONGEST, twice=0.03, statuses=["sent", "delivered"])

    @property
    def section(self) -> tuple[str, dict[str, Any]]:
        """See `Side`."""
        secrets = {"token": TOKEN, "app_secret": APP_SECRET, "verify_token": VERIFY_TOKEN}
        return "whatsapp", {"name": self.name, "phone_number_id": NUMBER, "url": self.twin.url, **secrets, **GUESTS}

    async def say(self, number: int) -> str:
        """See `Side`: Meta keeps it from then on. Each is a person of their own: one takes a message in six seconds."""
        phone, user, id_ = f"55119{number:08d}", f"BR.{number}", f"wamid.IN{number}"
        said = message("text", id_=id_, at=int(time.time()), **{"from": phone, "from_user_id": user, "text": {"body": TEXT}})
        told = webhook(value(messages=[said], contacts=[person(phone=phone, user=user)]))
        await asyncio.to_thread(self.twin.say, told)
        return id_

    async def seen(self) -> Seen:
        """See `Side`."""
        found: Seen = defaultdict(list)
        for one in await asyncio.to_thread(self.twin.sent):
            found[str(one["context"]["message_id"])].append(str(one["wamid"]))
        return found

    async def standing(self) -> list[str]:
        """See `Side`: nothing is said there of that."""
        return []

    def trouble(self) -> None:
        """See `Side`."""
        what = self.chance.choice(("429", "500", "503 after 1", "hung up", "lost", "502 after all", "131056", "130429", "131016"))
        if what.startswith("13"):
            self.twin.be(code=int(what))
        else:
            self.twin.upset(what)

    async def rest(self, waiting: int) -> int:  # the port's
        """See `Side`: Meta calls until all is taken."""
        return int((await asyncio.to_thread(self.twin.calls))["waiting"])
