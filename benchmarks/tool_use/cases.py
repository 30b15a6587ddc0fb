"""What both sets have in common: cases, what came of one, and which of many are asked."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import zip_longest
from typing import Any, Literal, Protocol, TypeAlias

from benchmarks.tool_use.asking import Taken

Verdict: TypeAlias = Literal["right", "wrong", "error"]
"""An error is the server's, and no answer."""


@dataclass(frozen=True, slots=True, order=True)
class Case:
    """One question. `group`: cases of one group that follow one another have the same tools, which some servers read once."""

    set: str
    category: str
    group: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a case, as it is kept. `why` it is wrong or an error; `said` is what was judged;
    `cpu_seconds` is what the server used meanwhile, when it is on this machine and did nothing else for us."""

    case: str
    set: str
    category: str
    verdict: Verdict
    why: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0
    asked: int = 0
    models: Sequence[str] = ()
    cpu_seconds: float | None = None
    said: Any = None

    @classmethod
    def of(cls, case: Case, verdict: Verdict, why: str, taken: Taken, said: Any) -> "Outcome":
        """From what it took."""
        return cls(
            case=case.id, set=case.set, category=case.category, verdict=verdict, why=why, input_tokens=taken.input_tokens,
            output_tokens=taken.output_tokens, seconds=round(taken.seconds, 3), asked=taken.asked, models=sorted(taken.models), said=said,
        )  # fmt: skip

    def kept(self) -> dict[str, Any]:
        """As data."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Described:
    """A set: its cases, its version, and what it has that is left out, with why."""

    cases: Sequence[Case]
    version: str
    left_out: Sequence[tuple[str, str]] = field(default=())


class Asking(Protocol):
    """Who asks the cases of one set, one after the other."""

    async def ask(self, case: Case) -> Outcome:
        """What came of it, an error of the server's too."""


def sampled(cases: Sequence[Case], sample: int | None, seed: int) -> list[Case]:
    """As many of each category as there are, those with few giving way to the others. A larger sample of one seed holds the smaller
    one; without a size it is all cases."""
    return list(_in_turn(cases, seed))[:sample]


def _in_turn(cases: Sequence[Case], seed: int) -> Iterator[Case]:
    """The first of each category, then the second of each …, each category in an order that the seed gives."""
    piles = defaultdict[str, list[Case]](list)
    for case in sorted(cases, key=lambda one: hashlib.sha256(f"{seed}:{one.id}".encode()).digest()):
        piles[case.category].append(case)
    for layer in zip_longest(*(piles[name] for name in sorted(piles))):
        yield from (case for case in layer if case is not None)
