"""Trying a Telegram channel, without anybody there seeing anything."""

import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from hulk.kernel.errors import Refused, Unavailable
from hulk.kernel.records import JsonObject
from hulk.kernel.text import Text
from hulk.kernel.time import Clock
from hulk.modules.channels.adapters.telegram.api import Bot
from hulk.modules.channels.adapters.telegram.door import HEADER, proof
from hulk.modules.channels.adapters.telegram.hearing import ailing
from hulk.modules.channels.adapters.vendor import vendor
from hulk.modules.channels.ports import Checked


@dataclass(slots=True)
class Checking:
    """Proves that the token holds, that Telegram calls us and succeeds, and that this address leads here."""

    bot: Bot
    clock: Clock
    url: str
    secret: Callable[[], str]
    _steps: list[tuple[Text, float]] = field(default_factory=list)

    async def __call__(self) -> Checked:
        """Raises what keeps it from working, as `Bot.call`."""
        began = time.monotonic()
        found = await self.bot.call("getMe")
        began = self._proved(Text("Telegram knows us as @{name}", name=str(found.get("username", ""))), began)
        info = await self.bot.call("getWebhookInfo")
        began = self._proved(self._expected(info), began)
        if self.url:
            await self._here()
            self._proved(Text("{url} leads here", url=self.url), began)
        return Checked(tuple(self._steps))

    def _proved(self, what: Text, began: float) -> float:
        now = time.monotonic()
        self._steps.append((what, now - began))
        return now

    def _expected(self, info: JsonObject) -> Text:
        """Raises `Refused` when somebody else is called, `Unavailable` when Telegram just failed to bring what it has."""
        if (told := str(info.get("url", ""))) != self.url:
            raise Refused(
                "Telegram calls “{told}”, not “{ours}”: another program uses this bot. Give each its own, or stop the other.",
                told=told[:200], ours=self.url,
            )  # fmt: skip
        pending = int(info.get("pending_update_count", 0))
        if why := ailing(info, self.clock()):
            raise Unavailable("Telegram has {count} updates and could not bring them: {reason}", count=pending, reason=why)
        if (last := info.get("last_error_message")) and (at := info.get("last_error_date")):
            return Text(
                "Telegram has {count} updates for us; it last failed at {at}: {reason}", count=pending,
                at=datetime.fromtimestamp(int(at), UTC).isoformat(timespec="minutes"), reason=str(last)[:200],
            )  # fmt: skip
        return Text("Telegram has {count} updates for us", count=pending)

    async def _here(self) -> None:
        """Ask our own address what only we can answer."""
        challenge = secrets.token_hex(16)
        async with vendor(self.url, self.url) as ourselves:
            answer = await ourselves.ask("GET", f"?challenge={challenge}", headers={HEADER: self.secret()})
        if answer.status != 200 or not hmac.compare_digest(answer.body, proof(self.secret(), challenge).encode()):
            raise Refused(
                "{url} does not lead here (HTTP {status}): look at DNS, proxy and certificate.", url=self.url, status=answer.status
            )
