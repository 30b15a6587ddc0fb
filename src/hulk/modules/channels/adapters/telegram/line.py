"""Sending by Telegram's Bot API: https://core.telegram.org/bots/api#sendmessage.

A message is one call for its text and one for each file. When a call in between is not taken, the message is tried again from there, as
long as this process lives. Groups take 20 messages a minute, whoever sends them.
"""

import json
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hulk.kernel.errors import Forbidden, HulkError, Refused, TooLarge, Unauthenticated, Unavailable
from hulk.kernel.records import JsonObject
from hulk.kernel.time import Clock
from hulk.modules.channels.adapters.telegram.api import Bot, Migrated
from hulk.modules.channels.adapters.telegram.checking import Checking
from hulk.modules.channels.adapters.telegram.formatting import formatted
from hulk.modules.channels.domain import Attached, Button, Limits, Meter, Outgoing, Pace
from hulk.modules.channels.ports import Checked, Sent, Unknowable

LIMITS = Limits(text=4096, utf16=True, buttons=8, label=40, data=64, file=50_000_000, shows=4.0)
_PICTURE = 10_000_000
_BOTH = 2
"""Buttons side by side."""
_MOST_BEGUN = 1000
_WAYS = {
    ".png": ("sendPhoto", "photo"), ".jpg": ("sendPhoto", "photo"), ".jpeg": ("sendPhoto", "photo"), ".ogg": ("sendVoice", "voice"),
    ".oga": ("sendVoice", "voice"), ".opus": ("sendVoice", "voice"),
}  # fmt: skip
_DOCUMENT = ("sendDocument", "document")


@dataclass(slots=True)
class TelegramLine:
    """Sends as a bot. `url` is where Telegram calls us, empty where we ask; `secret` what it then brings."""

    bot: Bot
    clock: Clock
    url: str = ""
    secret: Callable[[], str] = str
    ticks: Callable[[], float] = time.monotonic
    _groups: Meter = field(default_factory=lambda: Meter(channel=Pace(rate=1000, burst=1000), address=Pace(rate=1 / 3, burst=20)))
    _begun: dict[str, list[str]] = field(default_factory=dict)
    """What Telegram called the parts that went out of messages that did not end yet."""

    @property
    def limits(self) -> Limits:
        """See `Line`."""
        return LIMITS

    @property
    def paces(self) -> tuple[Pace, Pace]:
        """See `Line`; https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this."""
        return Pace(rate=30, burst=30), Pace(rate=1, burst=3)

    async def send(self, message: Outgoing, files: Sequence[tuple[str, Path]]) -> Sent:
        """See `Line`. A person who blocked the bot and a chat that is not there are `Refused`."""
        done = self._begun.pop(message.id, [])
        parts = [*([None] if message.text.strip() else []), *files]
        if not parts:
            raise Refused("There is nothing to send.")
        try:
            while len(done) < len(parts):
                done.append(await self._part(message, parts[len(done)], first=not done, last=len(done) == len(parts) - 1))
        except HulkError:
            self._remember(message.id, done)
            raise
        return Sent(done[0])

    def _remember(self, id_: str, done: list[str]) -> None:
        if done:
            self._begun[id_] = done
            while len(self._begun) > _MOST_BEGUN:
                del self._begun[next(iter(self._begun))]

    async def _part(self, message: Outgoing, part: tuple[str, Path] | None, *, first: bool, last: bool) -> str:
        chat, _, topic = message.address.partition("/")
        told: JsonObject = {"chat_id": number(chat), **({"message_thread_id": number(topic)} if topic else {})}
        if first and message.about.isdecimal():
            told["reply_parameters"] = {"message_id": int(message.about), "allow_sending_without_reply": True}
        if last and message.buttons:
            told["reply_markup"] = {"inline_keyboard": keyboard(message.buttons)}
        try:
            return await self._made(told, message.text, part)
        except Migrated as moved:  # surely not taken: the group has another id now, under which there are no topics nor messages of before
            plain = {name: value for name, value in told.items() if name not in ("message_thread_id", "reply_parameters")}
            return await self._made({**plain, "chat_id": moved.chat}, message.text, part)

    async def _made(self, told: JsonObject, text: str, part: tuple[str, Path] | None) -> str:
        self.paced(told["chat_id"])
        sent = await (self._text(told, text) if part is None else self._file(told, *part))
        if not isinstance(sent, dict) or not isinstance(sent.get("message_id"), int):
            raise self.bot.quick.uncertain()
        return str(sent["message_id"])

    def paced(self, chat: int) -> None:
        """Groups wait by themselves, not all others with them."""
        if chat >= 0:
            return
        if (wait := self._groups.wait(str(chat), self.ticks())) > 0:
            raise Unavailable("A group of Telegram takes 20 messages a minute.", retry_after=wait)
        self._groups.sent(str(chat), self.ticks())

    async def _text(self, told: JsonObject, text: str) -> Any:
        made = formatted(text)
        return await self.bot.call(
            "sendMessage", {**told, "text": made.text, "entities": list(made.entities), "link_preview_options": {"is_disabled": True}},
            sends=True,
        )  # fmt: skip

    async def _file(self, told: JsonObject, name: str, path: Path) -> Any:
        """As what it is; as a document where Telegram does not take it as that."""
        method, field_ = _way(name, path)
        try:
            return await self._uploaded(method, field_, told, name, path)
        except Refused as error:
            if method == _DOCUMENT[0] or isinstance(error, Unauthenticated | Forbidden | TooLarge | Migrated):
                raise
            return await self._uploaded(*_DOCUMENT, told, name, path)

    async def _uploaded(self, method: str, field_: str, told: JsonObject, name: str, path: Path) -> Any:
        async with _form(told, field_, name, path) as form:
            return await self.bot.call(method, form=form, sends=True, slow=True)

    async def find(self, message: Outgoing) -> Sent | None:  # noqa: ARG002  # the port's
        """Telegram has no place for a handle of ours."""
        raise Unknowable

    async def fetch(self, file: Attached, into: Path, most: int) -> None:
        """See `Line`; Telegram gives bots files of 20 MB at most."""
        await self.bot.download(file.ref, into, most)

    async def working(self, address: str, about: str = "") -> None:  # noqa: ARG002  # the port's
        """In private, a draft that says “Thinking…” for 30 s; else “typing…” for 5 s."""
        chat, _, topic = address.partition("/")
        told: JsonObject = {"chat_id": number(chat), **({"message_thread_id": number(topic)} if topic else {})}
        if told["chat_id"] > 0:
            try:
                await self.bot.call("sendMessageDraft", {**told, "draft_id": 1, "text": ""})
            except Unauthenticated:
                raise
            except Refused:  # a server that has no drafts, or none for such a chat
                pass
            else:
                return
        await self.bot.call("sendChatAction", {**told, "action": "typing"})

    async def check(self) -> Checked:
        """See `Line`, and `Checking`."""
        return await Checking(self.bot, self.clock, self.url, self.secret)()


def number(text: str) -> int:
    """A chat or topic of an address. Raises `Refused`."""
    if not text.removeprefix("-").isdecimal() or len(text) > 20:
        raise Refused("“{address}” is no chat of Telegram.", address=text[:40])
    return int(text)


def keyboard(buttons: Sequence[Button]) -> list[list[dict[str, str]]]:
    """Buttons as Telegram takes them, in rows."""
    keys = [{"text": one.text, "callback_data": one.data} for one in buttons]
    return [keys[place : place + _BOTH] for place in range(0, len(keys), _BOTH)]


def _way(name: str, path: Path) -> tuple[str, str]:
    found = _WAYS.get(Path(name).suffix.lower(), _DOCUMENT)
    return _DOCUMENT if found[0] == "sendPhoto" and path.stat().st_size > _PICTURE else found


@asynccontextmanager
async def _form(told: Mapping[str, Any], field_: str, name: str, path: Path) -> AsyncIterator[Any]:
    # see Vendor.ask: aiohttp is imported by who sends
    import aiohttp

    form = aiohttp.FormData(quote_fields=False)  # Telegram reads file names as UTF-8, not as RFC 5987 writes them
    for key, value in told.items():
        form.add_field(key, value if isinstance(value, str) else json.dumps(value))
    with path.open("rb") as file:
        form.add_field(field_, file, filename=name.replace('"', "'").replace("\r", " ").replace("\n", " "))
        yield form
