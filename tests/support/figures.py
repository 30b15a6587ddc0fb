"""Figures of the archiving that a test can read."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from hulk.modules.audit.domain import Waiting


@dataclass
class Figured:
    """`audit.ports.Figures` in plain values."""

    ages: list[float] = field(default_factory=list)
    waiting: Waiting = field(default=Waiting(0, None))
    mismatches: int = 0

    def behind(self, waiting: Waiting) -> None:
        self.waiting = waiting

    def archived(self, ages: Sequence[float]) -> None:
        self.ages += ages

    def mismatch(self) -> None:
        self.mismatches += 1
