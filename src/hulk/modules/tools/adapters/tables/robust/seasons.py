"""The season of a series, and what slowly departs from a straight line."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hulk.modules.tools.adapters.tables.robust.medians import running_median, spread, window_of

if TYPE_CHECKING:
    from hulk.modules.tools.adapters.tables.robust.medians import Floats, Ints


def cycles(position: "Ints", length: int) -> float:
    """How many seasons of that length the series has."""
    return float(position[-1] - position[0] + 1) / length


def season_of(values: "Floats", position: "Ints", seasons: Sequence[int]) -> "tuple[Floats, int]":
    """The seasonal course whose removal narrows the series most, and its length; zeros and 0 when none does so clearly.

    All are compared around the same trend, of the longest season: a shorter one would take the longer season for trend.
    """
    import numpy as np

    window = window_of(len(values), max(seasons, default=0))
    best, chosen, narrowest = np.zeros(len(values)), 0, 0.9 * spread(values - running_median(values, window))
    for length in seasons:
        course = _course(values - running_median(values, window), position % length, length)
        rest = values - course
        left = spread(rest - running_median(rest, window)) / np.sqrt(1 - 1 / cycles(position, length))
        if left < narrowest:
            best, chosen, narrowest = course, length, 0.9 * left
    return best, chosen


def _course(rest: "Floats", phase: "Ints", length: int) -> "Floats":
    """The median of each phase, about zero, for each point."""
    import numpy as np

    order = np.lexsort((rest, phase))
    counts = np.bincount(phase, minlength=length)
    ends = np.cumsum(counts)
    first = ends - counts
    ordered = np.append(rest[order], 0.0)
    middle = (ordered[np.minimum(first + (counts - 1) // 2, len(rest))] + ordered[np.minimum(first + counts // 2, len(rest))]) / 2
    medians = np.where(counts > 0, middle, 0.0)
    return np.asarray((medians - np.median(medians[counts > 0]))[phase])


def smooth_of(level: "Floats", season: int, window: int, bent: bool) -> "Floats":
    """The straight line through the series and what slowly departs from it; `bent` goes on as it bends within half a window of the ends."""
    import numpy as np

    lag = len(level) // 2
    lag = lag // season * season if season and lag >= season else lag
    slope = float(np.median(level[lag:] - level[:-lag])) / lag
    line = slope * np.arange(len(level))
    slow = running_median(level - line, window, follow=season == 0 and not bent)
    half = window // 2
    if bent and not season and len(level) > 4 * half:
        slow[:half] = slow[half] + (slow[2 * half] - slow[half]) / half * np.arange(-half, 0)
        slow[-half:] = slow[-half - 1] + (slow[-half - 1] - slow[-2 * half - 1]) / half * np.arange(1, half + 1)
    return np.asarray(line + slow)
