"""Anomalies of one series by robust decomposition: level shifts, season, trend, scale. Everything is a median, so that what is
looked for does not hide itself.

A series is read as `shifts + season + line + trend + noise`: the season by the medians of each phase, the line by the median slope
over half the series (Theil 1950, with one lag), the trend by a running median. The noise is measured on each side of its median
(double MAD) and, since many series have heavier tails than the normal, by its 5 % tails too. A point is an anomaly when it is further
away than the largest of so many points would be (see `episodes.bound`), or than the tail itself suggests (exponential excesses over
the 95 % quantile, as peaks-over-threshold methods do: Siffer et al., KDD 2017), whichever is more, within limits.
Scaling and moving a series (x -> a x + b, a > 0) changes no verdict.

numpy is imported where it is used: 30 MB and 0.1 s that a process which looks at no series is spared.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, TypeAlias

from hulk.modules.skills import AnomalyKind as Kind
from hulk.modules.skills import bound

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Ints: TypeAlias = NDArray[np.int64]

MAD = 1.4826
"""From the median absolute deviation to the standard deviation of normal noise."""

MOST_SCORE = 999.0
_FARTHEST = 6.0
_CARE = 1.3  # how much further away counts while a season may be there that is too long to be told
_WINDOW = 41
_FEWEST_CYCLES = 3


@dataclass(frozen=True, slots=True)
class Found:
    """An anomaly by positions in the series (both included). For rise and fall `expected` is the level before, `value` the one after."""

    kind: Kind
    start: int
    end: int
    peak: int
    value: float
    expected: float
    score: float


@dataclass(frozen=True, slots=True)
class Judged:
    """What a series looks like: `expected` per point, and the band around it outside which points are anomalies."""

    expected: "Floats"
    low: "Floats"
    high: "Floats"
    flags: "Ints"
    found: tuple[Found, ...]
    season: int


@dataclass(frozen=True, slots=True)
class _Shift:
    at: int
    size: float
    before: float
    after: float
    score: float


def judge(values: "Floats", position: "Ints", seasons: Sequence[int] = (), threshold: float | None = None) -> Judged:
    """Judge a series of at least `SHORTEST` finite values. `position` is each point's step since some origin: its phase in a season."""
    import numpy as np

    testable = [length for length in seasons if _cycles(position, length) >= _FEWEST_CYCLES <= 2 * len(values) / length]
    untested = [length for length in seasons if length not in testable]
    season, length = _season(values, position, testable)
    window = _window(len(values), length, untested)
    level = values - season
    shifts = _shifts(level, window, bound(len(values)) if threshold is None else threshold)
    steps = np.zeros(len(values))
    for shift in shifts:
        steps[shift.at :] += shift.size
    smooth = _smooth(level - steps, length, window, bent=bool(untested))
    rest = level - steps - smooth
    centre = float(np.median(rest))
    expected, rest = season + steps + smooth + centre, rest - centre
    above, below = (np.maximum(scale * _local(rest, expected), _grain(values, expected)) for scale in _scales(rest, values))
    care = _CARE if untested and not length and threshold is None else 1.0
    high, low = care * above * _limit(rest / above, threshold), care * below * _limit(-rest / below, threshold)
    flags = np.where(rest > high, 1, np.where(-rest > low, -1, 0))
    score = np.minimum(np.abs(rest) / np.where(rest > 0, above, below), MOST_SCORE)
    found = _with_shifts(_merged(flags, score, values, expected), shifts, len(values), max(untested, default=0))
    return Judged(expected, expected - low, expected + high, flags, found, length)


def _cycles(position: "Ints", length: int) -> float:
    return float(position[-1] - position[0] + 1) / length


def _season(values: "Floats", position: "Ints", seasons: Sequence[int]) -> "tuple[Floats, int]":
    """The seasonal course whose removal narrows the series most, and its length; zeros and 0 when none does so clearly.

    All are compared around the same trend, of the longest season: a shorter one would take the longer season for trend.
    """
    import numpy as np

    window = _window(len(values), max(seasons, default=0))
    best, chosen, narrowest = np.zeros(len(values)), 0, 0.9 * _spread(values - _running_median(values, window))
    for length in seasons:
        course = _course(values - _running_median(values, window), position % length, length)
        rest = values - course
        left = _spread(rest - _running_median(rest, window)) / np.sqrt(1 - 1 / _cycles(position, length))
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


def _spread(rest: "Floats") -> float:
    import numpy as np

    return float(np.median(np.abs(rest - np.median(rest))))


def _window(points: int, season: int, untested: Sequence[int] = ()) -> int:
    """Points of the running median: whole seasons, else at most 41, and short enough to follow a season that is too long to be told."""
    if season:
        return min(points, season * max(1, round(25 / season)))
    most = min([_WINDOW, points // 4 | 1, *(max(5, length // 3 | 1) for length in untested)])
    return min(points, max(7 if not untested else 5, most))


def _running_median(values: "Floats", window: int, follow: bool = False) -> "Floats":
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


def _smooth(level: "Floats", season: int, window: int, bent: bool) -> "Floats":
    """The straight line through the series and what slowly departs from it; `bent` goes on as it bends within half a window of the ends."""
    import numpy as np

    lag = len(level) // 2
    lag = lag // season * season if season and lag >= season else lag
    slope = float(np.median(level[lag:] - level[:-lag])) / lag
    line = slope * np.arange(len(level))
    slow = _running_median(level - line, window, follow=season == 0 and not bent)
    half = window // 2
    if bent and not season and len(level) > 4 * half:
        slow[:half] = slow[half] + (slow[2 * half] - slow[half]) / half * np.arange(-half, 0)
        slow[-half:] = slow[-half - 1] + (slow[-half - 1] - slow[-2 * half - 1]) / half * np.arange(1, half + 1)
    return np.asarray(line + slow)


def _scales(rest: "Floats", values: "Floats") -> tuple[float, float]:
    """The noise's standard deviation above and below, never zero."""
    import numpy as np

    least = max(1e-9 * float(np.ptp(values)), 1e-13 * float(np.max(np.abs(values))), 1e-300)
    both = _spread(rest)
    up, down = (float(np.median(side)) if len(side) else both for side in (rest[rest > 0], -rest[rest < 0]))
    lowest, highest = _tails(rest)
    if both <= least:  # most points are exactly as expected
        return (_rare(rest, least),) * 2
    narrow = 0.5 * MAD * both
    return max(MAD * up, highest, narrow, least), max(MAD * down, lowest, narrow, least)


def _rare(rest: "Floats", least: float) -> float:
    """Where points hardly ever differ: those that do are noise if they are at least 1 in 100 (and five), else each is news."""
    import numpy as np

    other = np.abs(rest)[np.abs(rest) > least]
    return MAD * float(np.median(other)) if len(other) >= max(5, 0.01 * len(rest)) else least


def _grain(values: "Floats", expected: "Floats") -> "Floats":
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


def _local(rest: "Floats", expected: "Floats") -> "Floats":
    """How many times noisier than overall the series is where it is expected as high or low as here; at least 1."""
    import numpy as np

    overall = _spread(rest)
    if len(rest) < 150 or overall == 0:
        return np.ones(len(rest))
    parts = np.array_split(np.argsort(expected, kind="stable"), min(8, len(rest) // 50))
    centres = np.array([np.median(expected[part]) for part in parts])
    if np.any(np.diff(centres) <= 0):
        return np.ones(len(rest))
    return np.maximum(1.0, np.interp(expected, centres, [float(np.median(np.abs(rest[part]))) / overall for part in parts]))


def _limit(standard: "Floats", threshold: float | None) -> float:
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


def _noise(level: "Floats", window: int) -> float:
    """The standard deviation around the running median, by its middle and by its tails: small counts have no middle."""

    rest = level - _running_median(level, window)
    return max(MAD * _spread(rest), sum(_tails(rest)) / 2)


def _tails(rest: "Floats") -> tuple[float, float]:
    """The standard deviation that the lower and upper 5 % tell; of a short series a little more, so that one point tells nothing."""
    import numpy as np

    share = min(0.25, max(0.05, 1.5 / len(rest)))
    low, high = np.quantile(rest, (share, 1 - share))
    return -float(low) / -NormalDist().inv_cdf(share), float(high) / -NormalDist().inv_cdf(share)


def _shifts(level: "Floats", window: int, far: float) -> tuple[_Shift, ...]:
    """Where the median of the points before differs from that of the points after by more than chance and slope explain."""
    import numpy as np

    width = max(4, min(window, _WINDOW) // 2)
    if len(level) < 3 * width:
        return ()
    stride = next(step for step in range(max(1, width // 8), 0, -1) if width % step == 0)
    windows = np.lib.stride_tricks.sliding_window_view(level, width)[::stride]
    rows = max(1, 2_000_000 // width)
    medians = np.concatenate([np.median(windows[i : i + rows], axis=1) for i in range(0, len(windows), rows)])
    apart = width // stride
    jumps = medians[apart:] - medians[:-apart]
    jumps -= np.median(jumps)
    noise = max(_noise(level, window), 1e-9 * float(np.ptp(level)), 1e-13 * float(np.max(np.abs(level))), 1e-300)
    scores = np.abs(jumps) / max(MAD * _spread(jumps), 1.2533 * noise * np.sqrt(2 / width))
    candidates = np.flatnonzero((scores > far) & (np.abs(jumps) > 3 * noise))
    kept = _highest(candidates, scores, width // stride)
    return tuple(_located(level, width, width + at * stride, float(jumps[at]), noise) for at in kept)


def _highest(candidates: "Ints", scores: "Floats", apart: int) -> list[int]:
    """Of candidates nearer to each other than `apart` the one with the highest score, in order."""
    import numpy as np

    kept: list[int] = []
    for candidate in candidates[np.argsort(-scores[candidates], kind="stable")].tolist():
        if all(abs(candidate - other) >= apart for other in kept):
            kept.append(candidate)
    return sorted(kept)


def _located(level: "Floats", width: int, at: int, jump: float, noise: float) -> _Shift:
    """The shift near `at`, moved to where the level before and the level after part best."""
    import numpy as np

    low, high, half = max(0, at - width), min(len(level), at + width), width // 2
    before = float(np.median(level[max(0, low - half) : at - half]))
    after = float(np.median(level[min(at + half, len(level) - half) : high + half]))
    cost = np.abs(level[low:high] - before).cumsum() - np.abs(level[low:high] - after).cumsum()
    place = min(low + int(np.argmin(cost)) + 1, len(level) - 1)
    return _Shift(place, jump, before, after, min(abs(jump) / noise, MOST_SCORE))


def _merged(flags: "Ints", score: "Floats", values: "Floats", expected: "Floats", apart: int = 2) -> list[Found]:
    """Neighbouring points (at most `apart` unremarkable ones between) on the same side as one."""
    import numpy as np

    episodes = []
    for sign in (1, -1):
        at = np.flatnonzero(flags == sign)
        for run in np.split(at, np.flatnonzero(np.diff(at) > apart + 1) + 1):
            if len(run):
                peak = int(run[np.argmax(score[run])])
                kind: Kind = "spike" if sign > 0 else "dip"
                episodes.append(
                    Found(kind, int(run[0]), int(run[-1]), peak, float(values[peak]), float(expected[peak]), float(score[peak]))
                )
    return episodes


def _with_shifts(episodes: list[Found], shifts: Sequence[_Shift], points: int, untested: int) -> tuple[Found, ...]:
    """A level that goes up and comes back is one episode; stray points at its edges are part of it.

    A level that holds for less than a season too long to be told (a weekend within ten days of hours) may well be that season: no news.
    """
    found: list[Found] = []
    edges: list[int] = []
    left = list(shifts)
    while left:
        first = left.pop(0)
        back = bool(left) and left[0].size * first.size < 0 and abs(left[0].size + first.size) <= 0.5 * abs(first.size)
        end = left.pop(0).at - 1 if back else points - 1
        edges += [first.at, end]
        if end - first.at + 1 >= untested:
            found.append(Found("rise" if first.size > 0 else "fall", first.at, end, first.at, first.after, first.before, first.score))
    kept = [one for one in episodes if one.end - one.start > 2 or all(abs(one.start - edge) > 2 for edge in edges)]
    return tuple(sorted([*found, *kept], key=lambda one: one.start))
