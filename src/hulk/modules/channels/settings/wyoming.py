"""Home Assistant, or whatever else speaks Wyoming."""

import ipaddress
from datetime import timedelta
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from hulk.kernel.text import Text
from hulk.modules.channels.settings.channel import ChannelSettings
from hulk.runtime.config import Duration
from hulk.runtime.validation import Explained

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


def _address(host: str) -> str:
    if host == "localhost":
        return "127.0.0.1"
    try:
        return str(ipaddress.ip_address(host))
    except ValueError as error:
        raise Explained(Text("an address of this machine such as 127.0.0.1 or 192.168.1.10; 0.0.0.0 is all of them")) from error


def _network(text: str) -> str:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise Explained(Text("an address or a network, such as 192.168.1.20 or 192.168.1.0/24")) from error
    if network.prefixlen == 0:
        raise Explained(Text("a network that is not the whole world: this protocol asks nobody who they are")) from None
    return str(network)


class WyomingSettings(ChannelSettings):
    """A port at which Home Assistant is answered. The protocol proves nobody: who may connect is said by network."""

    host: Annotated[str, AfterValidator(_address)] = Field(
        default="127.0.0.1", description="Where it listens. Anywhere but on this machine's own address `peers` must say who may connect."
    )
    port: int = Field(default=10_700, ge=0, le=65_535, description="The port; 0 takes a free one.")
    peers: tuple[Annotated[str, AfterValidator(_network)], ...] = Field(
        default=(), max_length=100, description="Addresses and networks that may connect; empty: this machine only."
    )
    wait: Duration = Field(
        default=timedelta(seconds=6),
        ge=timedelta(seconds=1),
        le=timedelta(seconds=7),
        description="How long an answer has; then it is told that it takes longer, and the answer goes elsewhere or waits to be asked for.",
    )
    longest: int = Field(default=600, ge=100, le=7_000, description="Characters of an answer that are spoken; the rest is offered.")

    @property
    def networks(self) -> tuple[Network, ...]:
        """Of `peers`."""
        return tuple(map(ipaddress.ip_network, self.peers))

    @model_validator(mode="after")
    def _closed(self) -> "WyomingSettings":
        if not ipaddress.ip_address(self.host).is_loopback and not self.peers:
            raise Explained(
                Text(
                    "host {host} can be reached from elsewhere, and Wyoming asks nobody who they are: say in peers who may connect",
                    host=self.host,
                )
            )
        return self
