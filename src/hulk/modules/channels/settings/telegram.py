"""A bot of Telegram."""

from datetime import timedelta
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from hulk.kernel.text import Text
from hulk.modules.channels.settings.channel import ChannelSettings
from hulk.runtime.config import Duration
from hulk.runtime.validation import Explained

PORTS = (443, 80, 88, 8443)
"""Those that Telegram calls."""


def _server(url: str) -> str:
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment):
        raise Explained(Text("an address such as https://api.telegram.org, without a password"))
    return url.rstrip("/")


class TelegramSettings(ChannelSettings):
    """A bot that @BotFather made. Telegram calls us where it can (`webhook`), else it is asked for updates (`poll`)."""

    token: SecretStr = Field(description=Text("The bot's token, as @BotFather gives it: `123456:ABC…`.").msgid)
    secret: SecretStr = Field(
        default=SecretStr(""),
        description=Text("What Telegram proves itself by when it calls: 24 to 256 letters, digits, `_`, `-`. Not for `poll`.").msgid,
    )
    listen: Literal["auto", "webhook", "poll"] = Field(
        default="auto", description="`auto`: `webhook` where `url` is https on a port that Telegram calls (443, 80, 88, 8443), else `poll`."
    )
    url: Annotated[str, AfterValidator(_server)] = Field(
        default="", description="Where Telegram reaches this installation, `https://hulk.example.com`; empty: `identity.url`."
    )
    api: Annotated[str, AfterValidator(_server)] = Field(
        default="https://api.telegram.org", min_length=1, description="The Bot API; a server of your own may have it elsewhere."
    )
    progress: Duration | None = Field(
        default=timedelta(seconds=10), gt=timedelta(0),
        description="After how long in a group a message says that something is worked on, in whose place the answer stands; unset: never.",
    )  # fmt: skip


def callable_by_telegram(url: str) -> bool:
    """Whether Telegram would call such an address."""
    parts = urlsplit(url)
    return parts.scheme == "https" and (parts.port or 443) in PORTS and parts.hostname not in ("localhost", "127.0.0.1", "::1")
