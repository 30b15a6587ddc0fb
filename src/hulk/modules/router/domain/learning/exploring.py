"""Trying also what does not look best: with which chance each arm is taken, and the draw itself.

The chance falls with the distance to the best ("inverse gap weighting": Abe and Long 1999; Foster and Rakhlin 2020, "Beyond UCB",
arXiv 2002.04926), so it is known exactly, which off-policy estimates need; LinUCB's bonus (Li et al. 2010, arXiv 1003.0146) is
part of what is compared, so that an arm nobody knows is tried sooner.
"""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True, slots=True, kw_only=True)
class Exploration:
    """`bonus` is LinUCB's alpha, in quality per unit of width; `greed` says how fast chances sharpen with what is known; `floor` is
    the least chance of each allowed arm."""

    bonus: float = 0.15
    greed: float = 20.0
    floor: float = 0.01


def chances(index: Mapping[str, float], *, greed: float, floor: float) -> dict[str, float]:
    """The chance of each arm, by name; they sum to 1 and none is below `floor` (or 1/n, when that is less).

    The best gets what the others leave: each of those 1 / (n + greed x its distance to the best). Equals go by name."""
    best = min(index, key=lambda arm: (-index[arm], arm))
    least = min(max(floor, 0.0), 1 / len(index))
    others = {arm: 1 / (len(index) + greed * (index[best] - value)) for arm, value in index.items() if arm != best}
    raw = {**others, best: 1 - math.fsum(others.values())}
    return {arm: least + (1 - len(index) * least) * raw[arm] for arm in sorted(index)}


def uniform(*parts: str) -> float:
    """A number in [0, 1) that is always the same for the same parts: the first 53 bits of their SHA-256."""
    return (int.from_bytes(hashlib.sha256("\x00".join(parts).encode()).digest()[:8], "big") >> 11) / (1 << 53)


def drawn(shares: Mapping[str, float], at: float) -> str:
    """The name within whose share `at`, of [0, 1), falls; shares lie one after the other in their order."""
    possible = [(name, share) for name, share in shares.items() if share > 0]
    ends = accumulate(share for _, share in possible)
    last = possible[-1][0]  # where the shares sum to a little less than 1
    return next((name for (name, _), end in zip(possible, ends, strict=True) if at < end), last)


def percent(share: float) -> str:
    """`0.1234` as `12.3 %`."""
    return f"{share:.1%}".replace("%", " %")
