"""Medians of a series: what everything is measured by, since nothing that is looked for moves them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Ints: TypeAlias = NDArray[np.int64]

MAD = 1.4826
"""From the median absolute deviation to the standard deviation of normal noise."""
WIDEST = 41
"""Points of a running median, where no season asks for more."""


def spread(rest: "Floats") -> float:
    """The median absolute deviation."""
    import numpy as np

    return float(np.median(np.abs(rest - np.median(rest))))


def window_of(points: int, season: int, untested: Sequence[int] = ()) -> int:
    """Points of the running median: whole seasons, else at most 41, and short enough to follow a season that is too long to be told."""
    if season:
        return min(points, season * max(1, round(25 / season)))
    most = min([WIDEST, points // 4 | 1, *(max(5, length // 3 | 1) for length in untested)])
    return min(points, max(7 if not untested else 5, most))


def running_median(values: "Floats", window: int, follow: bool = False) -> "Floats":
    """The median of `window` points around each; computed at an eighth of the window's distance, with straight lines between.

    Within half a window of the ends the first and the last full window count; with `follow`, windows of half the length do further out.
    """
    import numpy as np

    if window >= len(values):
        return np.full(len(values), np.median(values))
    starts = np.arange(0, len(values) - window + 1, max(1, window // 8))
    starts = np.append(starts, len(values) - window) if starts[-1] != len(values) - window else starts
    windows = np.lib.stride_tricks.sliding_window_view(values, window)
    rows = max(1, 2_000_000 // window)
    medians = np.concatenate([np.median(windows[starts[i : i + rows]], axis=1) for i in range(0, len(starts), rows)])
    centres = starts + (window - 1) / 2
    half = window // 2 | 1
    if follow and half >= 9:
        medians = np.concatenate(([np.median(values[:half])], medians, [np.median(values[-half:])]))
        centres = np.concatenate(([(half - 1) / 2], centres, [len(values) - 1 - (half - 1) / 2]))
    return np.asarray(np.interp(np.arange(len(values)), centres, medians))
