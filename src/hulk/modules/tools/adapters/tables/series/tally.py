"""What is kept while judged series pass by: counts, the worst episodes, the curves worth drawing."""

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

from hulk.modules.skills import Curve, Detection, Episode
from hulk.modules.tools.adapters.tables.robust import Found, Judged
from hulk.modules.tools.adapters.tables.series.moments import moment

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Ints: TypeAlias = NDArray[np.int64]


MOST_EPISODES, MOST_CURVES, MOST_DRAWN = 50, 4, 400


@dataclass(frozen=True, slots=True)
class Judgement:
    """The points of one series and column, and what was thought of them; `judged` is None of too few or constant ones."""

    times: "Ints"
    values: "Floats"
    judged: Judged | None
    constant: bool


@dataclass(slots=True)
class Tally:
    """Counts while series pass by; keeps the worst only."""

    series: set[tuple[str, str]] = field(default_factory=set)
    affected: set[tuple[str, str]] = field(default_factory=set)
    seasonal: set[tuple[str, str]] = field(default_factory=set)
    points: int = 0
    episodes: int = 0
    short: int = 0
    constant: int = 0
    worst: list[tuple[float, int, Episode]] = field(default_factory=list)
    curves: list[tuple[float, int, Curve]] = field(default_factory=list)
    judged: int = 0

    def take(self, name: str, column: str, judgement: Judgement, writer: Any) -> None:
        """Count a judged series; write its episodes."""
        self.series.add((name, column))
        self.points += len(judgement.values)
        self.constant += judgement.constant
        judged = judgement.judged
        if judged is None:
            self.short += not judgement.constant
            return
        if judged.season:
            self.seasonal.add((name, column))
        for found in judged.found:
            self.affected.add((name, column))
            self._keep(_episode(name, column, found, judgement.times), writer)
        self.judged += 1
        self._draw(name, column, judgement, judged)

    def _keep(self, episode: Episode, writer: Any) -> None:
        self.episodes += 1
        writer.writerow(_line(episode))
        push(self.worst, MOST_EPISODES, episode.score, self.episodes, lambda: episode)

    def _draw(self, name: str, column: str, judgement: Judgement, judged: Judged) -> None:
        highest = max((found.score for found in judged.found), default=0.0)
        total = sum(found.score for found in judged.found)
        push(self.curves, MOST_CURVES, highest + total * 1e-6, self.judged, lambda: _curve(name, column, judgement, judged))

    def result(self) -> Detection:
        """All that was counted."""
        worst = [episode for *_, episode in sorted(self.worst, key=lambda item: (-item[0], item[2].series, item[2].start))]
        drawn = [curve for score, _, curve in sorted(self.curves, key=lambda item: (-item[0], -item[1])) if score > 0 or not self.affected]
        return Detection(
            series=len(self.series),
            points=self.points,
            episodes=self.episodes,
            affected=len(self.affected),
            worst=tuple(worst),
            curves=tuple(drawn),
            seasonal=len(self.seasonal),
            short=self.short,
            constant=self.constant,
        )


def push(heap: list[Any], most: int, score: float, order: int, make: Any) -> None:
    """Keep the `most` highest scores; of equal ones the first."""
    if len(heap) < most:
        heapq.heappush(heap, (score, -order, make()))
    elif (score, -order) > heap[0][:2]:
        heapq.heapreplace(heap, (score, -order, make()))


def _line(episode: Episode) -> tuple[object, ...]:
    return (
        harmless(episode.series),
        harmless(episode.value),
        episode.kind,
        episode.start,
        episode.end,
        episode.points,
        episode.peak_at,
        repr(episode.peak),
        repr(episode.expected),
        f"{episode.score:.2f}",
    )


def harmless(text: str) -> str:
    """A spreadsheet must not take a name for a formula."""
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t") else text


def _episode(name: str, column: str, found: Found, times: "Ints") -> Episode:
    return Episode(
        series=name,
        value=column,
        kind=found.kind,
        start=moment(times, found.start),
        end=moment(times, found.end),
        points=found.end - found.start + 1,
        peak_at=moment(times, found.peak),
        peak=found.value,
        expected=found.expected,
        score=found.score,
    )


def _curve(name: str, column: str, judgement: Judgement, judged: Judged) -> Curve:
    """Thinned out to `MOST_DRAWN` points or so: of each stretch its lowest and highest, and every marked point."""
    import numpy as np

    marked = np.flatnonzero(judged.flags)
    for found in judged.found:
        marked = np.append(marked, found.start)
    marked = np.unique(marked)[:200]
    kept = np.unique(np.concatenate((_outline(judgement.values, MOST_DRAWN // 2), marked)))
    return Curve(
        series=name,
        value=column,
        times=tuple(moment(judgement.times, int(i)) for i in kept),
        values=rounded(judgement.values[kept]),
        low=rounded(judged.low[kept]),
        high=rounded(judged.high[kept]),
        marks=tuple(int(i) for i in np.searchsorted(kept, marked)),
    )


def _outline(values: "Floats", stretches: int) -> "Ints":
    import numpy as np

    if len(values) <= 2 * stretches:
        return np.arange(len(values))
    edges = np.linspace(0, len(values), stretches + 1).astype(np.int64)
    found = [at + pick(values[at:to]) for at, to in pairwise(edges) for pick in (np.argmin, np.argmax)]
    return np.array([0, *found, len(values) - 1], dtype=np.int64)


def rounded(values: Iterable[float]) -> tuple[float, ...]:
    """To six significant digits."""
    return tuple(float(f"{value:.6g}") for value in values)
