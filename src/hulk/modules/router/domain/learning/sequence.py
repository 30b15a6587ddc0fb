"""A confidence sequence for the mean difference of two variants: valid at every look, so whoever looks may stop when they like.

Betting (Waudby-Smith and Ramdas 2024, "Estimating means of bounded random variables by betting", JRSS-B 86(1), theorem 3): for each
possible mean m two gamblers stake a part of their capital on every observation, one that the mean is above m, one that it is below.
If the mean were m, the chance that one of them ever has 1/α of what he began with would be at most α (Ville's inequality). What is
observed is the difference of two rewards, one of each variant, moved from [-1, 1] to [0, 1].
"""

import math
from dataclasses import dataclass, replace

GRID = tuple(step / 200 for step in range(201))
"""The means that are looked at: differences a hundredth apart."""
MOST_STAKE = 0.5
"""The most of his capital that a gambler may lose on one observation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What so many pairs say. `above` and `below` are the logarithms of the gamblers' capitals, for each mean of `grid`; `total` and
    `squares` sum the observations, and their squared distance to the mean that was known before each."""

    grid: tuple[float, ...]
    above: tuple[float, ...]
    below: tuple[float, ...]
    pairs: int = 0
    total: float = 0.0
    squares: float = 0.0

    @property
    def difference(self) -> float:
        """The mean difference so far; 0 without a pair."""
        return 2 * self.total / self.pairs - 1 if self.pairs else 0.0


def unseen(grid: tuple[float, ...] = GRID) -> Evidence:
    """No pair yet."""
    return Evidence(grid=grid, above=(0.0,) * len(grid), below=(0.0,) * len(grid))


def seen(evidence: Evidence, difference: float, alpha: float) -> Evidence:
    """After one more pair, whose rewards differ by that much (-1 to 1). Stakes depend on earlier pairs only."""
    at, stake = (difference + 1) / 2, _stake(evidence, alpha)
    mean = (0.5 + evidence.total + at) / (evidence.pairs + 2)
    return replace(
        evidence,
        above=tuple(capital + math.log1p(_capped(stake, m) * (at - m)) for m, capital in zip(evidence.grid, evidence.above, strict=True)),
        below=tuple(
            capital + math.log1p(_capped(stake, 1 - m) * (m - at)) for m, capital in zip(evidence.grid, evidence.below, strict=True)
        ),
        pairs=evidence.pairs + 1,
        total=evidence.total + at,
        squares=evidence.squares + (at - mean) ** 2,
    )


def bounds(evidence: Evidence, alpha: float) -> tuple[float, float]:
    """Least and most that the difference may be, at confidence 1 - `alpha` at all times together."""
    enough = math.log(2 / alpha)
    low = max((m for m, capital in zip(evidence.grid, evidence.above, strict=True) if capital >= enough), default=0.0)
    high = min((m for m, capital in zip(evidence.grid, evidence.below, strict=True) if capital >= enough), default=1.0)
    return 2 * low - 1, 2 * high - 1


def _stake(evidence: Evidence, alpha: float) -> float:
    """The "predictable plug-in" of the paper (equation 26): small when observations vary much, and as there are more of them."""
    count = evidence.pairs + 1
    variance = (0.25 + evidence.squares) / count
    return math.sqrt(2 * math.log(2 / alpha) / (variance * count * math.log(1 + count)))


def _capped(stake: float, distance: float) -> float:
    """The stake, so that he who stands at `distance` from the end he bets against keeps at least half."""
    return min(stake, MOST_STAKE / distance) if distance else stake
