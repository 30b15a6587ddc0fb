"""Whoever listens by Wyoming is answered when they speak: nothing is sent there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from hulk.kernel.errors import Refused
from hulk.kernel.text import Text
from hulk.modules.channels.adapters.wyoming.serving import WyomingServes
from hulk.modules.channels.domain import Attached, Limits, Outgoing, Pace
from hulk.modules.channels.ports import Checked, Sent, Unknowable

KEPT = timedelta(days=7)
"""How long an answer waits for somebody to ask for it."""


@dataclass(frozen=True, slots=True)
class WyomingLine:
    """Answers are given in responses (`Channel.gives`), or go elsewhere. `longest` is how many characters of one are spoken."""

    serves: WyomingServes
    clock: Callable[[], datetime]
    longest: int = 600

    @property
    def limits(self) -> Limits:
        """See `Line`."""
        return Limits(text=self.longest, parts=1, buttons=2, label=80, data=200, keeps=KEPT)

    @property
    def paces(self) -> tuple[Pace, Pace]:
        """See `Line`."""
        return Pace(rate=100, burst=100), Pace(rate=10, burst=10)

    async def send(self, message: Outgoing, files: Sequence[tuple[str, Path]]) -> Sent:  # noqa: ARG002  # the port's
        """See `Line`."""
        raise Refused("A voice assistant cannot be written to: it answers when it is spoken to.")

    async def find(self, message: Outgoing) -> Sent | None:  # noqa: ARG002  # the port's
        """Nobody knows what was heard."""
        raise Unknowable

    async def fetch(self, file: Attached, into: Path, most: int) -> None:  # noqa: ARG002  # the port's
        """There are none."""
        raise Refused("A voice assistant brings no files.")

    async def working(self, address: str, about: str = "") -> None:  # the port's
        """It shows it itself."""

    async def check(self) -> Checked:
        """Whoever asks what is served here is told."""
        began = self.clock()
        await self.serves.reach()
        return Checked(((Text("It is told what Hulk does"), (self.clock() - began).total_seconds()),))
