"""How calls that run beside each other share the machine they run on: each second is split evenly among those that take part in it."""

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction


@dataclass(slots=True)
class _Machine:
    """The share that a call would have had since the beginning, at a moment; and where each that is under way began."""

    at: int = 0
    share: Fraction = Fraction(0)
    began: dict[str, Fraction] = field(default_factory=dict)

    def advance(self, now: int) -> None:
        if self.began and now > self.at:
            self.share += Fraction(now - self.at, len(self.began))
        self.at = max(self.at, now)


@dataclass(slots=True)
class Meter:
    """Seconds of machines, shared by the calls of this process. Moments are nanoseconds of a clock that never goes back."""

    machines: dict[str, _Machine] = field(default_factory=dict)

    def begin(self, machine: str, call: str, now: int) -> None:
        """A call begins to use the machine."""
        found = self.machines.setdefault(machine, _Machine())
        found.advance(now)
        found.began[call] = found.share

    def end(self, machine: str, call: str, now: int) -> Decimal | None:
        """The seconds that were its own; None when it is not known here, as in a process that did not begin it."""
        found = self.machines.get(machine)
        if found is None or call not in found.began:
            return None
        found.advance(now)
        share = found.share - found.began.pop(call)
        if not found.began:
            del self.machines[machine]
        return Decimal(round(share)).scaleb(-9)
