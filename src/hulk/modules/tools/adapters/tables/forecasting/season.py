"""Seasons by classical decomposition: how much each place in a season is above or below the course of the series."""

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]

MOST_SEASONS = 8
"""Seasons, from the end, that the shape of one is taken from."""
SURE = 1.645
"""Standard deviations of a correlation by chance (90 %) above which the season is believed (as in the M3 and M4 competitions' Theta)."""


def profile(values: "Floats", season: int) -> "Floats":
    """The season by the index of its places in `values`, its sum 0; all 0 without a season or with fewer than two of them."""
    import numpy as np

    if season < 2 or len(values) < 2 * season:
        return np.zeros(max(season, 1))
    begin = max(0, len(values) // season - MOST_SEASONS) * season
    rest = values[begin:] - _course(values[begin:], season)
    places = np.arange(len(rest)) % season
    there = np.isfinite(rest)
    sums = np.bincount(places[there], rest[there], season)
    found = sums / np.maximum(np.bincount(places[there], minlength=season), 1)
    return np.asarray(found - found.mean())


def _course(values: "Floats", season: int) -> "Floats":
    """The centred moving average over one season; NaN at the ends."""
    import numpy as np

    weights = np.ones(season) if season % 2 else np.concatenate(([0.5], np.ones(season - 1), [0.5]))
    middle = np.convolve(values, weights / season, mode="valid")
    course = np.full(len(values), np.nan)
    begin = (len(values) - len(middle)) // 2
    course[begin : begin + len(middle)] = middle
    return course


def seasonal(values: "Floats", season: int) -> bool:
    """Whether values a season apart go together more than by chance, beyond what nearer ones do."""
    import numpy as np

    if season < 2 or len(values) < 3 * season:
        return season > 1 and len(values) >= 2 * season
    centred = values - values.mean()
    whole = float(centred @ centred)
    if whole <= 0:
        return False
    near = [float(centred[lag:] @ centred[:-lag]) / whole for lag in range(1, season + 1)]
    return bool(abs(near[-1]) > SURE * np.sqrt((1 + 2 * sum(one * one for one in near[:-1])) / len(values)))
