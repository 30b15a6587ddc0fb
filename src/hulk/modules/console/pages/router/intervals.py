"""How far the variants of an experiment are from its control, as places on a line: the difference with its bounds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH = 100.0
"""Of the line; the control, a difference of nothing, is in its middle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Where the bounds and the difference of a variant lie, from 0 to `WIDTH`; `name` is the variant's."""

    name: str
    low: float
    middle: float
    high: float


def drawn(experiment: Mapping[str, Any]) -> Mapping[str, Interval]:
    """Those of all variants but the control, by name, on one scale."""
    found = [(one["name"], one["against_control"]) for one in experiment["variants"] if one["against_control"]]
    reach = max((abs(against[bound]) for _, against in found for bound in ("low", "high")), default=0.0) or 1.0
    return {name: Interval(name=name, **_places(against, reach)) for name, against in found}


def _places(against: Mapping[str, Any], reach: float) -> Mapping[str, float]:
    named: Sequence[tuple[str, str]] = (("low", "low"), ("middle", "difference"), ("high", "high"))
    return {place: round(WIDTH / 2 * (1 + 0.96 * against[name] / reach), 2) for place, name in named}
