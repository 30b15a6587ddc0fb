"""A skill of Alexa's."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from hulk.kernel.text import Text
from hulk.modules.channels.settings.channel import ChannelSettings
from hulk.runtime.validation import Explained


def _origin(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password or parts.query or parts.fragment:
        raise Explained(Text("an address such as https://s3.amazonaws.com, without a password"))
    return url


class AlexaSettings(ChannelSettings):
    """A skill: what is said to it is asked, and answered aloud. Amazon proves each request by a certificate, so there is no secret."""

    skill: str = Field(
        pattern=r"^amzn1\.ask\.skill\.[0-9A-Za-z-]{8,100}$",
        description=Text("The id of the skill (`amzn1.ask.skill.…`): requests for another are refused.").msgid,
    )
    longest: int = Field(default=1_200, ge=100, le=7_000, description="Characters of an answer that are spoken; the rest is offered.")
    roots: str = Field(
        default="", max_length=1000, description="A file (PEM) of the roots that Amazon's certificates must lead to; empty: those trusted."
    )
    certificates: Annotated[str, AfterValidator(_origin)] = Field(
        default="https://s3.amazonaws.com",
        description="Where Amazon's certificates are fetched; a mirror, if it is out of reach.",
    )
