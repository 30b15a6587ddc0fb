"""Hearing Telegram: by having it call us (a webhook), or by asking again and again (https://core.telegram.org/bots/api#getupdates).

A bot has one or the other. Telegram itself keeps how far it was heard: an update is gone once a later one is asked for, which is only done
when it is safe here. So nothing is remembered in between, and the numbers of another server or another bot mislead nobody; what comes
twice has the same key.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hulk.kernel.errors import HulkError, Unavailable
from hulk.kernel.records import JsonObject
from hulk.kernel.time import Clock
from hulk.modules.channels.adapters.telegram.api import POLL_SECONDS, Bot
from hulk.modules.channels.adapters.telegram.updates import KINDS, Reader
from hulk.modules.channels.domain import Arrival
from hulk.modules.channels.ports import Heard

BATCH = 100
LOOK_SECONDS = 300.0
"""How often it is looked whether Telegram still calls us."""
_RECENT_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Polling:
    """Asks for updates, which needs no address that Telegram can reach."""

    bot: Bot
    clock: Clock

    async def listen(self, heard: Heard, mark: str, marked: Callable[[str], Awaitable[None]]) -> None:  # noqa: ARG002  # see above
        """See `Listens`; begins with the oldest that Telegram has (it keeps them for a day)."""
        me = await self.bot.me()
        await self.bot.call("deleteWebhook")
        reader, told = Reader(me.id, me.username), dict[str, Any]()
        while True:
            found = await self._asked(told)
            arrivals = [one for update in found if (one := reader.read(update, self.clock())) is not None]
            await heard(arrivals)  # none are heard, too: then it is known that it works
            await self._answer(arrivals)
            if found:
                told = {"offset": int(found[-1]["update_id"]) + 1}

    async def _asked(self, told: JsonObject) -> Sequence[JsonObject]:
        wanted = {**told, "limit": BATCH, "timeout": POLL_SECONDS, "allowed_updates": list(KINDS)}
        found = await self.bot.call("getUpdates", wanted, slow=True)
        if not isinstance(found, list) or not all(isinstance(one, dict) and isinstance(one.get("update_id"), int) for one in found):
            raise Unavailable("{vendor} answers what is no list of updates.", vendor=self.bot.called)
        return found

    async def _answer(self, arrivals: Sequence[Arrival]) -> None:
        """Who pressed a button sees that it was taken; too late (after some minutes) Telegram minds, and nobody else does."""
        for one in arrivals:
            if one.kind == "press":
                with suppress(HulkError):
                    await self.bot.call("answerCallbackQuery", {"callback_query_id": one.reply["callback"]})


@dataclass(frozen=True, slots=True)
class Webhook:
    """Has Telegram call `url`, and looks now and then that it still does."""

    bot: Bot
    url: str
    secret: Callable[[], str]
    seconds: float = LOOK_SECONDS

    async def listen(self, heard: Heard, mark: str, marked: Callable[[str], Awaitable[None]]) -> None:  # noqa: ARG002  # the port's
        """See `Listens`; what comes, comes by the door. `heard` is told nothing, which says that it works."""
        await self._set()
        while True:
            await heard(())
            await asyncio.sleep(self.seconds)
            if (await self.bot.call("getWebhookInfo")).get("url") != self.url:
                await self._set()

    async def _set(self) -> None:
        await self.bot.me()
        await self.bot.call("setWebhook", {"url": self.url, "secret_token": self.secret(), "allowed_updates": list(KINDS)})


def ailing(info: JsonObject, now: datetime) -> str:
    """Why Telegram cannot bring what it has, if it just could not; `info` is a WebhookInfo."""
    at = info.get("last_error_date")
    recent = isinstance(at, int) and (now - datetime.fromtimestamp(at, UTC)).total_seconds() < _RECENT_SECONDS
    return str(info.get("last_error_message") or "?")[:200] if recent and info.get("pending_update_count") else ""
