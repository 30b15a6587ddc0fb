"""WhatsApp."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from hulk.kernel.text import Text
from hulk.modules.channels.settings.channel import ChannelSettings
from hulk.runtime.validation import Explained


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise Explained(Text("an address such as https://graph.facebook.com"))
    return url.rstrip("/")


class WhatsAppSettings(ChannelSettings):
    """A phone number on WhatsApp, by Meta's Cloud API."""

    phone_number_id: str = Field(
        pattern=r"^[0-9]{5,32}$",
        description=Text("The id of the phone number at Meta, not the number itself; messages to others are passed over.").msgid,
    )
    token: SecretStr = Field(description=Text("A token that lasts, of a system user, with `whatsapp_business_messaging`.").msgid)
    app_secret: SecretStr = Field(description=Text("The secret of the app at Meta, with which its calls are signed.").msgid)
    verify_token: SecretStr = Field(
        description=Text("What Meta says when it verifies the address: any 16 characters or more, given to both.").msgid
    )
    version: str = Field(default="v25.0", pattern=r"^v[0-9]{1,3}\.[0-9]$", description="The version of Meta's Graph API.")
    url: Annotated[str, AfterValidator(_address)] = Field(default="https://graph.facebook.com", description="Where the Graph API is.")
    template: str = Field(
        default="", pattern=r"^[a-z0-9_]{0,512}$",
        description="An approved template with one variable in its body, by which those are answered who last wrote over 24 hours ago.",
    )  # fmt: skip
    template_language: str = Field(default="pt_BR", pattern=r"^[a-z]{2,3}(_[A-Z]{2})?$", description="The language of that template.")
