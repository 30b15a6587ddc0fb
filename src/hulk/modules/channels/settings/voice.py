"""Hearing and speaking: section `voice`."""

import ipaddress
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from hulk.kernel.text import Text
from hulk.modules.channels.domain import at_home
from hulk.runtime.config import Duration, Section
from hulk.runtime.validation import Explained


def _server(url: str) -> str:
    if url:
        server_of(url)
    return url


def server_of(url: str) -> tuple[str, int]:
    """The host and port of `tcp://host:port`. Raises `Explained`."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if host is None or not port or url.lower() not in (f"tcp://{host}:{port}", f"tcp://[{host}]:{port}"):
        raise Explained(Text("an address such as tcp://127.0.0.1:10300"))
    return host, port


class VoiceSettings(Section):
    """Servers that speak Wyoming. Unset, voice notes are not understood, and nothing is spoken."""

    stt: Annotated[str, AfterValidator(_server)] = Field(
        default="", max_length=300, description="What writes down what is said, `tcp://127.0.0.1:10300`: Whisper, or any other."
    )
    tts: Annotated[str, AfterValidator(_server)] = Field(
        default="", max_length=300, description="What reads texts aloud, `tcp://127.0.0.1:10200`: Kokoro, Piper, or any other."
    )
    remote: bool = Field(
        default=False, description="Whether what is said may leave this machine and its private networks. Nothing hides it on the way."
    )
    timeout: Duration = Field(
        default=timedelta(seconds=45), ge=timedelta(seconds=1), le=timedelta(minutes=2),
        description="How long writing down or reading aloud may take; an answer that could not be read aloud goes out as text.",
    )  # fmt: skip
    longest: Duration = Field(
        default=timedelta(minutes=5), ge=timedelta(seconds=1), le=timedelta(minutes=30), description="Longest recording that is taken."
    )
    spoken: int = Field(default=600, ge=20, le=5_000, description="Characters of an answer that are read aloud.")
    voice_pt: str = Field(default="", max_length=100, description="Name of the Portuguese voice; empty: the server's own.")
    voice_en: str = Field(default="", max_length=100, description="Name of the English voice; empty: the server's own.")

    @model_validator(mode="after")
    def _here(self) -> "VoiceSettings":
        for name, url in (("stt", self.stt), ("tts", self.tts)):
            if url and not self.remote and _elsewhere(server_of(url)[0]):
                raise Explained(
                    Text("{name}: {url} is neither this machine nor a private network; what is said goes there with remote: true only",
                         name=name, url=url)
                )  # fmt: skip
        return self


def _elsewhere(host: str) -> bool:
    """Whether an address surely is elsewhere. What a name stands for is looked at when it is connected to."""
    try:
        return not at_home(ipaddress.ip_address(host))
    except ValueError:
        return False
