"""Anomalies of one series, out of its season, trend, level shifts and noise."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hulk.modules.skills import AnomalyKind as Kind
from hulk.modules.skills import bound
from hulk.modules.tools.adapters.tables.robust.medians import window_of
from hulk.modules.tools.adapters.tables.robust.noise import grain, limit, local, scales
from hulk.modules.tools.adapters.tables.robust.seasons import cycles, season_of, smooth_of
from hulk.modules.tools.adapters.tables.robust.shifts import MOST_SCORE, Shift, shifts_of

if TYPE_CHECKING:
    from hulk.modules.tools.adapters.tables.robust.medians import Floats, Ints

_CARE = 1.3  # how much further away counts while a season may be there that is too long to be told
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


def judge(values: "Floats", position: "Ints", seasons: Sequence[int] = (), threshold: float | None = None) -> Judged:
    """Judge a series of at least `SHORTEST` finite values. `position` is each point's step since some origin: its phase in a season."""
    import numpy as np

    testable = [length for length in seasons if cycles(position, length) >= _FEWEST_CYCLES <= 2 * len(values) / length]
    untested = [length for length in seasons if length not in testable]
    season, length = season_of(values, position, testable)
    window = window_of(len(values), length, untested)
    level = values - season
    shifts = shifts_of(level, window, bound(len(values)) if threshold is None else threshold)
    steps = np.zeros(len(values))
    for shift in shifts:
        steps[shift.at :] += shift.size
    smooth = smooth_of(level - steps, length, window, bent=bool(untested))
    rest = level - steps - smooth
    centre = float(np.median(rest))
    expected, rest = season + steps + smooth + centre, rest - centre
    above, below = (np.maximum(scale * local(rest, expected), grain(values, expected)) for scale in scales(rest, values))
    care = _CARE if untested and not length and threshold is None else 1.0
    high, low = care * above * limit(rest / above, threshold), care * below * limit(-rest / below, threshold)
    flags = np.where(rest > high, 1, np.where(-rest > low, -1, 0))
    score = np.minimum(np.abs(rest) / np.where(rest > 0, above, below), MOST_SCORE)
    found = _with_shifts(_merged(flags, score, values, expected), shifts, len(values), max(untested, default=0))
    return Judged(expected, expected - low, expected + high, flags, found, length)


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


def _with_shifts(episodes: list[Found], shifts: Sequence[Shift], points: int, untested: int) -> tuple[Found, ...]:
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
