"""What faults cost, over many histories: how long work stood still, by the kind of fault."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

AFTERWARDS = 1.0
"""Seconds after the end of a fault within which a silence counts as caused by it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that happened, from when to when, in seconds of the clock."""

    name: str
    begun: float
    ended: float

    def silence(self, recorded: Sequence[float]) -> float:
        """The longest time without a recorded step that began during the fault, or soon after; the moments are sorted."""
        first = max(bisect_right(recorded, self.begun) - 1, 0)
        pairs = zip(recorded[first:], recorded[first + 1 :], strict=False)
        return max((after - max(before, self.begun) for before, after in pairs if before < self.ended + AFTERWARDS), default=0.0)


@dataclass(slots=True)
class Toll:
    """Adds up what histories that stood their checks have cost: in those nothing was lost and nothing was recorded or told twice."""

    histories: int = 0
    runs: int = 0
    taken_over: list[float] = field(default_factory=list)
    """How long after a kill all that ran then was held by another."""
    silences: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def add(self, runs: int, faults: Sequence[Fault], recorded: Sequence[float], taken_over: Sequence[float]) -> None:
        """One more history."""
        self.histories += 1
        self.runs += runs
        self.taken_over += taken_over
        for fault in faults:
            self.silences[fault.name].append(fault.silence(recorded))

    def __str__(self) -> str:
        every = [one for some in self.silences.values() for one in some]
        lines = [f"{self.histories} histories, {self.runs} runs, {len(every)} faults: 0 lost, 0 recorded twice, 0 told twice"]
        lines += [f"  work stood still after {name}: {_told(self.silences[name])}" for name in sorted(self.silences)]
        return "\n".join([*lines, f"  after any: {_told(every)}", f"  all that ran at a kill was taken over: {_told(self.taken_over)}"])


def _told(seconds: Sequence[float]) -> str:
    return f"{len(seconds)} times, median {median(seconds):.2f} s, most {max(seconds):.2f} s" if seconds else "never"
