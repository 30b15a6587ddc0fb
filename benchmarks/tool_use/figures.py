"""Scores with their intervals, from outcomes. Pure rules."""

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.tool_use.cases import Outcome

MOST_ERRORS = 0.05
"""Beyond this share of errors there is no score: who knows what the others would have been."""
_Z = 1.959963984540054


def wilson(right: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927), which holds for few cases too and never leaves 0 to 1."""
    if not of:
        return 0.0, 1.0
    share, square = right / of, _Z * _Z
    middle = (share + square / (2 * of)) / (1 + square / of)
    reach = _Z / (1 + square / of) * math.sqrt(share * (1 - share) / of + square / (4 * of * of))
    return max(0.0, middle - reach), min(1.0, middle + reach)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One category, or all of a set: shares are of the cases that were answered. Tokens and seconds are medians of a case, over all of
    its answers."""

    name: str
    right: int
    answered: int
    errors: int
    score: float | None
    low: float
    high: float
    input_tokens: float
    output_tokens: float
    seconds: float
    cpu_seconds: float | None

    @classmethod
    def of(cls, name: str, outcomes: Sequence[Outcome]) -> "Row":
        """From outcomes; without a score when more than `MOST_ERRORS` of them are errors."""
        answered = [one for one in outcomes if one.verdict != "error"]
        right = sum(one.verdict == "right" for one in answered)
        measured = [one for one in answered if one.cpu_seconds is not None]
        low, high = wilson(right, len(answered))
        scored = bool(answered) and len(outcomes) - len(answered) <= MOST_ERRORS * len(outcomes)
        return cls(
            name=name, right=right, answered=len(answered), errors=len(outcomes) - len(answered),
            score=right / len(answered) if scored else None, low=low, high=high,
            input_tokens=_median(answered, lambda one: one.input_tokens), output_tokens=_median(answered, lambda one: one.output_tokens),
            seconds=_median(answered, lambda one: one.seconds),
            cpu_seconds=_median(measured, lambda one: one.cpu_seconds or 0) if measured else None,
        )  # fmt: skip

    def kept(self) -> dict[str, Any]:
        """As data."""
        return asdict(self)


def _median(outcomes: Sequence[Outcome], value: Callable[[Outcome], float]) -> float:
    return statistics.median(map(value, outcomes)) if outcomes else 0.0


def rows(outcomes: Sequence[Outcome]) -> list[Row]:
    """Each category, in the order in which they first come, and all of them."""
    names = dict.fromkeys(one.category for one in outcomes)
    return [*(Row.of(name, [one for one in outcomes if one.category == name]) for name in names), Row.of("all", outcomes)]
