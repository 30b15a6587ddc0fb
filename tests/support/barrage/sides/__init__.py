"""The sides that people are on: how a message is said there until it is surely taken, and which answers to it they see."""

from support.barrage.sides.alexa import Alexa
from support.barrage.sides.hook import Hook
from support.barrage.sides.mail import Mail
from support.barrage.sides.mattermost import Mattermost
from support.barrage.sides.side import Seen, Side
from support.barrage.sides.telegram import Telegram
from support.barrage.sides.whatsapp import WhatsApp

__all__ = ["Alexa", "Hook", "Mail", "Mattermost", "Seen", "Side", "Telegram", "WhatsApp"]
