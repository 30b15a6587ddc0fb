"""Asking Telegram's Bot API: https://core.telegram.org/bots/api#making-requests.

An answer is `{"ok": true, "result": …}` or `{"ok": false, "error_code": …, "description": …, "parameters": {"retry_after": …}}`. A token
that was taken back is answered by 401, one that never was by 404. What 429 says holds for the bot, not only for that chat: until then
nothing is asked.
"""

import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from hulk.kernel.errors import Exhausted, HulkError, NotFound, Refused, TooLarge, Unauthenticated, Unavailable
from hulk.kernel.records import JsonObject
from hulk.modules.channels.adapters.vendor import Answer, Vendor, retry_after, vendor

POLL_SECONDS = 25
_QUICK_SECONDS = 20.0
_SLOW_SECONDS = 120.0
"""For files of up to 50 MB, and to wait for updates."""
_LONGEST_HOLD = 3600.0


@dataclass(frozen=True, slots=True)
class Me:
    """Who the bot is: its number, its name without the @, and whether it reads along in groups."""

    id: int
    username: str


class Migrated(Refused):
    """The group has another id now: `chat`."""

    def __init__(self, chat: int) -> None:
        self.chat = chat
        super().__init__("This group of Telegram has another id now: {chat}.", chat=chat)


@dataclass(slots=True)
class Bot:
    """A bot of `token` (`NUMBER:SECRET`), which is read anew each time."""

    quick: Vendor
    slow: Vendor
    token: Callable[[], str]
    ticks: Callable[[], float] = time.monotonic
    _held: float = 0.0
    _me: Me | None = None

    @property
    def id(self) -> int:
        """Its number, which stands in the token."""
        number = self.token().partition(":")[0]
        return int(number) if number.isdecimal() else 0

    @property
    def called(self) -> str:
        """How people call the channel."""
        return self.quick.called

    async def me(self) -> Me:
        """Who it is; asked once. Raises as `call`."""
        if self._me is None or self._me.id != self.id:
            found = await self.call("getMe")
            self._me = Me(int(found["id"]), str(found.get("username", "")))
        return self._me

    def known(self) -> str:
        """Its name, if that was asked already; else nothing."""
        return "" if self._me is None or self._me.id != self.id else self._me.username

    async def call(self, method: str, told: JsonObject | None = None, *, form: Any = None, sends: bool = False, slow: bool = False) -> Any:
        """The result. `form` (of aiohttp's) is sent in place of `told`. With `sends`, an answer that does not come is `Uncertain`. Raises
        that, `Exhausted`, `Unavailable`, `Unauthenticated`, `Migrated` and `Refused`."""
        if (left := self._held - self.ticks()) > 0:
            raise Exhausted("{vendor} wants to be asked less often.", retry_after=left, vendor=self.called)
        body = None if form is not None else json.dumps(told or {}, ensure_ascii=False).encode()
        answer = await (self.slow if slow else self.quick).ask(
            "POST", f"/bot{quote(self.token(), safe=':')}/{method}", body=body, data=form, sends=sends,
            headers=None if form is not None else {"content-type": "application/json"},
        )  # fmt: skip
        data = answer.data if isinstance(answer.data, dict) else {}
        if answer.status == 200 and data.get("ok") is True:
            return data.get("result")
        if isinstance(chat := _parameters(data).get("migrate_to_chat_id"), int):
            raise Migrated(chat)
        raise self._refusal(answer, data, sends=sends)

    def _refusal(self, answer: Answer, data: JsonObject, *, sends: bool) -> HulkError:
        reason = str(data.get("description", ""))[:300]
        match answer.status:
            case 401 | 404:
                return Unauthenticated("{vendor} does not know this bot: put a token of @BotFather in the settings.", vendor=self.called)
            case 409:
                return Unavailable("Another program takes the messages of this bot ({reason}).", vendor=self.called, reason=reason)
            case 413:
                return TooLarge("{vendor} does not take files of this size.", vendor=self.called)
            case 429:
                return self._exhausted(answer, data)
            case 200:  # no answer of Telegram's: something stands between
                return self.quick.uncertain() if sends else Unavailable("{vendor} does not answer.", vendor=self.called)
        return self.quick.refusal(answer, reason, sends=sends)

    def _exhausted(self, answer: Answer, data: JsonObject) -> HulkError:
        said = _parameters(data).get("retry_after")
        wait = float(said) if isinstance(said, int) and said > 0 else retry_after(answer) or 5.0
        self._held = self.ticks() + min(wait, _LONGEST_HOLD)
        return Exhausted("{vendor} wants to be asked less often.", retry_after=min(wait, _LONGEST_HOLD), vendor=self.called)

    async def download(self, ref: str, into: Path, most: int) -> None:
        """Write the file there. Raises `NotFound`, `TooLarge` over `most` bytes or the 20 MB that bots get, `Refused` and `Unavailable`."""
        try:
            found = await self.call("getFile", {"file_id": ref})
        except Refused as error:
            raise _of_file(error) from error
        if isinstance(size := found.get("file_size"), int) and size > most:
            raise TooLarge("The file has {size} bytes; at most {most} are taken here.", size=size, most=most)
        path = str(found.get("file_path", ""))
        if not path or ".." in path or path.startswith("/"):
            raise NotFound("{vendor} has this file no more.", vendor=self.called)
        token = quote(self.token(), safe=":")
        await self.slow.download(f"{self.slow.url}/file/bot{token}/{quote(path)}", into, most)


def _of_file(error: Refused) -> HulkError:
    """What keeps a file away: Telegram says all by 400."""
    reason = str(error.text.values.get("reason", "")).lower()
    if "too big" in reason:
        return TooLarge("Telegram gives files of at most 20 MB to bots. Send it in parts, or by another way.")
    if "file_id" in reason or "file is temporarily unavailable" in reason or "invalid file" in reason:
        return NotFound("Telegram has this file no more.")
    return error


def _parameters(data: JsonObject) -> JsonObject:
    found = data.get("parameters")
    return found if isinstance(found, dict) else {}


@asynccontextmanager
async def bot(url: str, called: str, token: Callable[[], str]) -> AsyncIterator[Bot]:
    """A bot at a server of the Bot API, its connections closed with the block."""
    async with vendor(url, called, _QUICK_SECONDS) as quick, vendor(url, called, _SLOW_SECONDS) as slow:
        yield Bot(quick, slow, token)
