"""How people and programs reach Hulk, and are answered: section `channels`."""

from collections.abc import Iterator
from datetime import timedelta

from pydantic import Field, model_validator

from hulk.kernel.text import Text
from hulk.modules.channels.settings.alexa import AlexaSettings
from hulk.modules.channels.settings.channel import ChannelSettings
from hulk.modules.channels.settings.email import EmailSettings
from hulk.modules.channels.settings.mattermost import MattermostSettings
from hulk.modules.channels.settings.telegram import TelegramSettings
from hulk.modules.channels.settings.voice import VoiceSettings
from hulk.modules.channels.settings.webhook import WebhookSettings
from hulk.modules.channels.settings.whatsapp import WhatsAppSettings
from hulk.modules.channels.settings.wyoming import WyomingSettings
from hulk.runtime.config import Duration, Section
from hulk.runtime.validation import Explained

__all__ = [
    "AlexaSettings",
    "ChannelSettings",
    "ChannelsSettings",
    "EmailSettings",
    "MattermostSettings",
    "TelegramSettings",
    "VoiceSettings",
    "WebhookSettings",
    "WhatsAppSettings",
    "WyomingSettings",
]


class ChannelsSettings(Section):
    """Several of each kind, each with a name of its own."""

    alexa: tuple[AlexaSettings, ...] = Field(default=(), description="Skills of Alexa.")
    webhook: tuple[WebhookSettings, ...] = Field(default=(), description="Programs that ask by signed webhooks.")
    whatsapp: tuple[WhatsAppSettings, ...] = Field(default=(), description="Phone numbers on WhatsApp.")
    telegram: tuple[TelegramSettings, ...] = Field(default=(), description="Bots of Telegram.")
    mattermost: tuple[MattermostSettings, ...] = Field(default=(), description="Bots of Mattermost.")
    email: tuple[EmailSettings, ...] = Field(default=(), description="Mailboxes.")
    wyoming: tuple[WyomingSettings, ...] = Field(default=(), description="Voice assistants that speak Wyoming, such as Home Assistant.")
    retention: Duration = Field(
        default=timedelta(days=30),
        ge=timedelta(days=8),
        description="How long what came in and went out is kept; vendors repeat for 7 days.",
    )
    check_every: Duration | None = Field(
        default=timedelta(minutes=5), gt=timedelta(seconds=10), description="How often each channel proves that it works; unset: never."
    )

    def all(self) -> Iterator[tuple[str, str, ChannelSettings]]:
        """Each with its kind and where it stands (`webhook[0]`)."""
        for kind in type(self).model_fields:
            many = getattr(self, kind)
            if isinstance(many, tuple):
                yield from ((kind, f"{kind}[{place}]", one) for place, one in enumerate(many))

    @model_validator(mode="after")
    def _named_once(self) -> "ChannelsSettings":
        names = [one.name for _, _, one in self.all()]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise Explained(Text("each channel needs a name of its own; given twice: {names}", names=", ".join(twice)))
        return self
