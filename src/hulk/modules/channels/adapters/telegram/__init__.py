"""Telegram, by its Bot API (https://core.telegram.org/bots/api, 10.0), over plain HTTP.

    an update > Door (webhook) or Polling (getUpdates) > arrivals > …
    a message > Line > sendMessage with entities, sendPhoto, sendVoice, sendDocument
              > Edits > editMessageText, deleteMessage

An address is a chat, or a topic of one: `-1001234567890`, `-1001234567890/17`. Telegram knows no handle of ours: a message whose answer
did not come is `unknown`.
"""

from hulk.modules.channels.adapters.telegram.api import Bot
from hulk.modules.channels.adapters.telegram.door import TelegramDoor
from hulk.modules.channels.adapters.telegram.edits import TelegramEdits
from hulk.modules.channels.adapters.telegram.hearing import Polling, Webhook
from hulk.modules.channels.adapters.telegram.line import TelegramLine

__all__ = ["Bot", "Polling", "TelegramDoor", "TelegramEdits", "TelegramLine", "Webhook"]
