"""A webhook of anybody's."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from hulk.kernel.text import Text
from hulk.modules.channels.settings.channel import ChannelSettings
from hulk.runtime.validation import Explained


def _address(url: str) -> str:
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password or parts.fragment):
        raise Explained(Text("an address such as https://n8n.example.com/webhook/hulk, without a password"))
    return url


class WebhookSettings(ChannelSettings):
    """Another program (n8n, a form, a script of yours) that asks by HTTP and is answered by HTTP, both signed."""

    secret: SecretStr = Field(description=Text("What both sides sign with: `whsec_` and base 64, or at least 24 characters.").msgid)
    url: Annotated[str, AfterValidator(_address)] = Field(default="", description="Where answers go; empty: they are only kept.")
    trust_people: bool = Field(
        default=False, description="Whether it vouches for the e-mail addresses of those it speaks for: then they are who has that account."
    )
