"""How a channel is used, whatever its vendor. Pure rules."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, TypeAlias

from hulk.kernel.errors import NotFound
from hulk.kernel.tenancy import DEFAULT_NAMESPACE, DEFAULT_TENANT, Grant, Principal
from hulk.kernel.text import Language
from hulk.modules.channels.domain.arrival import Sender
from hulk.modules.channels.domain.conversation import Quiet

Speaking: TypeAlias = Literal["never", "answering", "always"]
"""Whether answers are spoken: never, those to what was spoken, or all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A channel that is open. `guests` are what people may do who are not known here: with none, they are told so and nothing else.
    `trusts_email`: whether the addresses that it vouches for are taken as those of accounts. `private`: whatever is said there stays in the
    company. `agent` is asked, whatever is said; `thumbs`: whether answers come with buttons to say what one thinks of them."""

    name: str
    kind: str
    tenant: str = DEFAULT_TENANT
    namespace: str = DEFAULT_NAMESPACE
    language: Language | None = None
    guests: tuple[Grant, ...] = ()
    trusts_email: bool = False
    private: bool = False
    agent: str | None = None
    quiet: Quiet | None = None
    speaks: Speaking = "answering"
    thumbs: bool = True
    progress: timedelta | None = None
    """After how long a message says that something is worked on, in whose place the answer stands; None for never."""
    people: bool = False
    """Whether there is somebody who answers in Hulk's place, and that is offered where Hulk was of no help."""
    approvals: bool = False
    """Whether who may decide on what waits is asked there without having asked."""
    gives: bool = False
    """Whether answers are given in the response to what came in, and nothing can be sent there otherwise."""
    files: int = 20_000_000
    """Largest file that is taken, in bytes."""

    def guest(self, sender: Sender) -> Principal | None:
        """Whoever sent it, as a guest, where guests may come in."""
        if not self.guests:
            return None
        return Principal(tenant=self.tenant, actor=f"guest:{self.name}:{sender.id}", grants=self.guests)


@dataclass(frozen=True, slots=True)
class Directory:
    """The open channels by name."""

    channels: tuple[Channel, ...] = ()

    @classmethod
    def of(cls, channels: Iterable[Channel]) -> "Directory":
        """Those."""
        return cls(tuple(channels))

    def __iter__(self) -> Iterator[Channel]:
        return iter(self.channels)

    def get(self, name: str) -> Channel:
        """The channel; raises `NotFound`."""
        if (found := self.find(name)) is None:
            raise NotFound("There is no channel “{name}” here.", name=name[:80])
        return found

    def find(self, name: str) -> Channel | None:
        """The channel, if it is open."""
        return next((one for one in self.channels if one.name == name), None)
