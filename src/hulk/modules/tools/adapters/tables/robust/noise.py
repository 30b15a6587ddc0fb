"""How far from what is expected the points of a series are by chance."""

from statistics import NormalDist
from typing import TYPE_CHECKING

from hulk.modules.skills import bound
from hulk.modules.tools.adapters.tables.robust.medians import MAD, running_median, spread

if TYPE_CHECKING:
    from hulk.modules.tools.adapters.tables.robust.medians import Floats

_FARTHEST = 6.0


def scales(rest: "Floats", values: "Floats") -> tuple[float, float]:
    """The noise's standard deviation above and below, never zero."""
    import numpy as np

    least = max(1e-9 * float(np.ptp(values)), 1e-13 * float(np.max(np.abs(values))), 1e-300)
    both = spread(rest)
    up, down = (float(np.median(side)) if len(side) else both for side in (rest[rest > 0], -rest[rest < 0]))
    lowest, highest = tails(rest)
    if both <= least:  # most points are exactly as expected
        return (_rare(rest, least),) * 2
    narrow = 0.5 * MAD * both
    return max(MAD * up, highest, narrow, least), max(MAD * down, lowest, narrow, least)


def _rare(rest: "Floats", least: float) -> float:
    """Where points hardly ever differ: those that do are noise if they are at least 1 in 100 (and five), else each is news."""
    import numpy as np

    other = np.abs(rest)[np.abs(rest) > least]
    return MAD * float(np.median(other)) if len(other) >= max(5, 0.01 * len(rest)) else least


def grain(values: "Floats", expected: "Floats") -> "Floats":
    """The least noise of small counts: about the square root of the level (Poisson), in the unit in which the values come.

    Only where the usual values are few and low (0, 1, 2); measured in steps between values that are there in 1 of 100 points (and twice).
    """
    import numpy as np

    levels, counts = np.unique(values, return_counts=True)
    often = counts >= max(2, 0.01 * len(values))
    usual = levels[often]
    if len(usual) < 2 or counts[often].sum() < 0.9 * len(values):
        return np.zeros(len(values))
    unit = float(np.min(np.diff(usual)))
    if float(np.median(values)) - usual[0] > 2.5 * unit:
        return np.zeros(len(values))
    return np.asarray(unit * np.sqrt(np.maximum(expected - usual[0], 0) / unit + 1))


def local(rest: "Floats", expected: "Floats") -> "Floats":
    """How many times noisier than overall the series is where it is expected as high or low as here; at least 1."""
    import numpy as np

    overall = spread(rest)
    if len(rest) < 150 or overall == 0:
        return np.ones(len(rest))
    parts = np.array_split(np.argsort(expected, kind="stable"), min(8, len(rest) // 50))
    centres = np.array([np.median(expected[part]) for part in parts])
    if np.any(np.diff(centres) <= 0):
        return np.ones(len(rest))
    return np.maximum(1.0, np.interp(expected, centres, [float(np.median(np.abs(rest[part]))) / overall for part in parts]))


def limit(standard: "Floats", threshold: float | None) -> float:
    """How many scales away a point is an anomaly, on the side where `standard` (the rest in scales) is positive."""
    import numpy as np

    if threshold is not None:
        return threshold
    points = len(standard)
    normal = bound(points) * (1 + 6 / points)
    tail = float(np.quantile(standard, 0.95))
    excess = standard[standard > tail] - tail
    if len(excess) < 8:
        return normal
    heavy = tail + float(np.median(excess)) / np.log(2) * np.log(0.05 * points / 0.05)
    return float(min(max(normal, heavy), max(normal, min(1.3 * normal, _FARTHEST))))


def noise_of(level: "Floats", window: int) -> float:
    """The standard deviation around the running median, by its middle and by its tails: small counts have no middle."""

    rest = level - running_median(level, window)
    return max(MAD * spread(rest), sum(tails(rest)) / 2)


def tails(rest: "Floats") -> tuple[float, float]:
    """The standard deviation that the lower and upper 5 % tell; of a short series a little more, so that one point tells nothing."""
    import numpy as np

    share = min(0.25, max(0.05, 1.5 / len(rest)))
    low, high = np.quantile(rest, (share, 1 - share))
    return -float(low) / -NormalDist().inv_cdf(share), float(high) / -NormalDist().inv_cdf(share)
