"""Alexa speaks only when she is spoken to: nothing is sent there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from hulk.kernel.errors import Refused
from hulk.kernel.text import Text
from hulk.modules.channels.adapters.alexa.certificates import Certificates
from hulk.modules.channels.domain import Attached, Limits, Outgoing, Pace
from hulk.modules.channels.ports import Checked, Sent, Unknowable

KEPT = timedelta(days=7)
"""How long an answer waits for somebody to come back for it."""


@dataclass(frozen=True, slots=True)
class AlexaLine:
    """Answers are given in responses (`Channel.gives`), or go elsewhere. `longest` is how many characters of one are spoken."""

    certificates: Certificates
    clock: Callable[[], datetime]
    longest: int = 1_200

    @property
    def limits(self) -> Limits:
        """See `Line`."""
        return Limits(text=self.longest, parts=1, buttons=2, label=80, keeps=KEPT)

    @property
    def paces(self) -> tuple[Pace, Pace]:
        """See `Line`."""
        return Pace(rate=100, burst=100), Pace(rate=10, burst=10)

    async def send(self, message: Outgoing, files: Sequence[tuple[str, Path]]) -> Sent:  # noqa: ARG002  # the port's
        """See `Line`."""
        raise Refused("Alexa cannot be written to: she answers when she is spoken to.")

    async def find(self, message: Outgoing) -> Sent | None:  # noqa: ARG002  # the port's
        """Nobody knows what was heard."""
        raise Unknowable

    async def fetch(self, file: Attached, into: Path, most: int) -> None:  # noqa: ARG002  # the port's
        """There are none."""
        raise Refused("Alexa brings no files.")

    async def working(self, address: str, about: str = "") -> None:  # the port's
        """She shows it herself."""

    async def check(self) -> Checked:
        """The host of Amazon's certificates answers, without which nothing that comes in could be proved."""
        began = self.clock()
        await self.certificates.reach()
        return Checked(((Text("Amazon's certificates can be fetched"), (self.clock() - began).total_seconds()),))
