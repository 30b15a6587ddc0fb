"""Changing and deleting what the bot sent: https://core.telegram.org/bots/api#updating-messages.

Telegram answers 400 for each that it does not change, and says why in words only. What a bot sent itself may be changed for as long as it
is there (`has_edit_time_limit` in tdlib/td), and deleted for 48 hours. To change it into what it is already is refused as `message is not
modified`: then it is as it should be.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from hulk.kernel.errors import NotFound, Refused, Unauthenticated
from hulk.kernel.records import JsonObject
from hulk.modules.channels.adapters.telegram.formatting import formatted
from hulk.modules.channels.adapters.telegram.line import TelegramLine, keyboard, number
from hulk.modules.channels.domain import Outgoing
from hulk.modules.channels.ports import Sent

_SAME = ("message is not modified",)
_GONE = ("message to edit not found", "message can't be edited", "message to delete not found", "message_id_invalid")


@dataclass(frozen=True, slots=True)
class TelegramEdits:
    """See `Edits`."""

    line: TelegramLine

    def can(self, address: str) -> bool:
        """See `Edits`: in private, drafts show it better, which vanish by themselves and call who waits when the answer comes."""
        return address.startswith("-")

    async def put(self, message: Outgoing, sent_id: str) -> Sent:
        """See `Edits`."""
        made, told = formatted(message.text), _what(message.address, sent_id)
        told |= {"text": made.text, "entities": list(made.entities), "link_preview_options": {"is_disabled": True}}
        told |= {"reply_markup": {"inline_keyboard": keyboard(message.buttons)}} if message.buttons else {}
        await self._called("editMessageText", told)
        return Sent(sent_id)

    async def remove(self, address: str, sent_id: str) -> None:
        """See `Edits`."""
        await self._called("deleteMessage", _what(address, sent_id))

    async def _called(self, method: str, told: JsonObject) -> None:
        self.line.paced(told["chat_id"])
        try:
            await self.line.bot.call(method, told, sends=True)
        except Unauthenticated:
            raise
        except Refused as error:
            if _among(error, _SAME):
                return
            if _among(error, _GONE):
                raise NotFound("Telegram has this message no more.") from error
            raise


def _what(address: str, sent_id: str) -> JsonObject:
    """Which message. Raises `NotFound`."""
    if not sent_id.isdecimal() or len(sent_id) > 20:
        raise NotFound("“{id}” is no message of Telegram.", id=sent_id[:40])
    return {"chat_id": number(address.partition("/")[0]), "message_id": int(sent_id)}


def _among(error: Refused, words: Iterable[str]) -> bool:
    reason = str(error.text.values.get("reason", "")).lower()
    return any(one in reason for one in words)
