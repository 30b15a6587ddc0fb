"""A bot of Mattermost."""

from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from hulk.kernel.text import Text
from hulk.modules.channels.settings.channel import ChannelSettings
from hulk.runtime.config import Duration
from hulk.runtime.validation import Explained


def _site(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password or parts.query or parts.fragment:
        raise Explained(Text("the address of the site such as https://chat.example.com, without a password"))
    return url.rstrip("/")


class MattermostSettings(ChannelSettings):
    """A bot that people write to directly, mention in channels and answer in threads."""

    url: Annotated[str, AfterValidator(_site)] = Field(description=Text("Address of the Mattermost site, as people open it.").msgid)
    token: SecretStr = Field(description=Text("Access token of the bot's account.").msgid)
    command_token: SecretStr = Field(
        default=SecretStr(""),
        description=Text("Token of the slash command that calls `/v1/hooks/NAME`. Empty: no slash command is taken.").msgid,
    )
    team: str = Field(default="", max_length=64, description="Team whose channels it listens in, as in its address. Empty: all it is in.")
    channels: tuple[str, ...] = Field(
        default=(), max_length=500, description="Channels it listens in, as in their address, or their ids. Empty: all it is in."
    )
    trust_people: bool = Field(
        default=True, description="Whether an e-mail address that the server vouches for makes somebody who has that account."
    )
    progress: Duration | None = Field(
        default=timedelta(seconds=10), gt=timedelta(0),
        description="After how long a message says that something is worked on, in whose place the answer stands; unset: never.",
    )  # fmt: skip
