"""Where it is told how channels are, and counted what they do."""

from collections.abc import Mapping
from typing import Protocol

from hulk.modules.channels.domain import Standing, State, Tried


class Standings(Protocol):
    """How channels are, as all processes of an installation see it. All methods raise `Unavailable`."""

    async def led(self, channel: str) -> bool:
        """Whether a process looks after it now."""

    async def get(self, channel: str) -> Standing | None:
        """What the process says, or said last, that looks after it."""

    async def put(self, channel: str, standing: Standing) -> None:
        """This process says that."""

    async def tried(self, channel: str) -> Tried | None:
        """What came of trying it last."""

    async def keep(self, channel: str, tried: Tried) -> None:
        """That came of trying it."""


class Presence(Protocol):
    """Which processes are there, of those that send for channels."""

    @property
    def held(self) -> bool:
        """Whether nobody can take this process for gone at this moment."""

    async def gone(self, holder: str) -> bool:
        """Whether that process is no more, or cannot say any more that it is; False where that is not known."""


class Figures(Protocol):
    """Counts what channels do."""

    def received(self, channel: str, kind: str) -> None:
        """Something came in, and is kept."""

    def ended(self, channel: str, state: str, seconds: float | None) -> None:
        """A message ended so, that long after it was made."""

    def acknowledged(self, channel: str, seconds: float) -> None:
        """What came in is safe, that long after it came."""

    def refused(self, channel: str, status: int) -> None:
        """A request was not the vendor's."""

    def tried(self, channel: str, ok: bool) -> None:
        """A channel was tried."""

    def waiting(self, channel: str, counts: Mapping[State, int]) -> None:
        """So many messages are in each state."""

    def leaves(self, channel: str) -> None:
        """This process looks after the channel no more: others say how it is."""
