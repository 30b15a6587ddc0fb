"""Where the level of a series changes at once."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hulk.modules.tools.adapters.tables.robust.medians import MAD, WIDEST, spread
from hulk.modules.tools.adapters.tables.robust.noise import noise_of

if TYPE_CHECKING:
    from hulk.modules.tools.adapters.tables.robust.medians import Floats, Ints

MOST_SCORE = 999.0


@dataclass(frozen=True, slots=True)
class Shift:
    """The level is another from `at` on, by `size`."""

    at: int
    size: float
    before: float
    after: float
    score: float


def shifts_of(level: "Floats", window: int, far: float) -> tuple[Shift, ...]:
    """Where the median of the points before differs from that of the points after by more than chance and slope explain."""
    import numpy as np

    width = max(4, min(window, WIDEST) // 2)
    if len(level) < 3 * width:
        return ()
    stride = next(step for step in range(max(1, width // 8), 0, -1) if width % step == 0)
    windows = np.lib.stride_tricks.sliding_window_view(level, width)[::stride]
    rows = max(1, 2_000_000 // width)
    medians = np.concatenate([np.median(windows[i : i + rows], axis=1) for i in range(0, len(windows), rows)])
    apart = width // stride
    jumps = medians[apart:] - medians[:-apart]
    jumps -= np.median(jumps)
    noise = max(noise_of(level, window), 1e-9 * float(np.ptp(level)), 1e-13 * float(np.max(np.abs(level))), 1e-300)
    scores = np.abs(jumps) / max(MAD * spread(jumps), 1.2533 * noise * np.sqrt(2 / width))
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


def _located(level: "Floats", width: int, at: int, jump: float, noise: float) -> Shift:
    """The shift near `at`, moved to where the level before and the level after part best."""
    import numpy as np

    low, high, half = max(0, at - width), min(len(level), at + width), width // 2
    before = float(np.median(level[max(0, low - half) : at - half]))
    after = float(np.median(level[min(at + half, len(level) - half) : high + half]))
    cost = np.abs(level[low:high] - before).cumsum() - np.abs(level[low:high] - after).cumsum()
    place = min(low + int(np.argmin(cost)) + 1, len(level) - 1)
    return Shift(place, jump, before, after, min(abs(jump) / noise, MOST_SCORE))
