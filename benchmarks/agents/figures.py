"""How many tokens each case took the one way and the other, and the medians of that. Pure."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

Way: TypeAlias = Literal["playbook", "split", "plain"]
"""As Hulk does a case: by a playbook, split among agents, by one model's step."""
MOST = 1.5
"""The goal: what Hulk takes of what a single agent takes, by the median."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A case, with the tokens that it took as Hulk does it and by a single agent, and whether it came out right both times."""

    case: str
    way: Way
    tokens: int
    single: int
    passed: bool
    single_passed: bool

    @property
    def ratio(self) -> float:
        """What Hulk takes of what a single agent takes."""
        return self.tokens / self.single


@dataclass(frozen=True, slots=True)
class Row:
    """The medians of some cases."""

    way: str
    cases: int
    tokens: float
    single: float
    ratio: float


def rows(pairs: Sequence[Pair]) -> list[Row]:
    """Of each way, then of all."""
    ways = [way for way in ("playbook", "plain", "split") if any(one.way == way for one in pairs)]
    return [*(_row(way, [one for one in pairs if one.way == way]) for way in ways), _row("all", pairs)]


def _row(way: str, some: Sequence[Pair]) -> Row:
    return Row(
        way, len(some), statistics.median(one.tokens for one in some), statistics.median(one.single for one in some),
        statistics.median(one.ratio for one in some),
    )  # fmt: skip


def kept(pairs: Sequence[Pair]) -> Mapping[str, Any]:
    """As JSON."""
    return {"cases": [{**asdict(one), "ratio": round(one.ratio, 3)} for one in pairs], "medians": [asdict(one) for one in rows(pairs)]}


def page(pairs: Sequence[Pair]) -> str:
    """As Markdown."""
    head = ["| way | cases | tokens, median | a single agent, median | ratio, median |", "|---|---|---|---|---|"]
    body = [f"| {one.way} | {one.cases} | {one.tokens:,.0f} | {one.single:,.0f} | {one.ratio:.2f} |" for one in rows(pairs)]
    each = ["", "| case | way | tokens | a single agent | ratio |", "|---|---|---|---|---|"]
    each += [f"| {one.case} | {one.way} | {one.tokens:,} | {one.single:,} | {one.ratio:.2f} |" for one in pairs]
    return "\n".join([*head, *body, *each])
