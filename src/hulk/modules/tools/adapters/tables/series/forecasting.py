"""Forecasting every series with numpy, and writing what is expected to a file."""
# ruff: noqa: S608  names and paths are quoted by `identifier` and `quoted`, and the engine can reach nothing but the file

import csv
import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from hulk.kernel.errors import Refused
from hulk.kernel.text import Text
from hulk.modules.skills import (
    MOST_FORECAST,
    MOST_MISSING,
    Forecast,
    Forecasts,
    ForecastStep,
    Frame,
    Reason,
    Unforecast,
    ahead,
    masked,
    regular,
)
from hulk.modules.tools.adapters.tables.forecasting.trial import LEVELS, Outlook, least, outlook
from hulk.modules.tools.adapters.tables.series.moments import iso, ordinals
from hulk.modules.tools.adapters.tables.series.runs import Run, runs
from hulk.modules.tools.adapters.tables.series.tally import harmless, push, rounded
from hulk.modules.tools.adapters.tables.session import Session
from hulk.modules.tools.adapters.tables.table import Table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Ints: TypeAlias = NDArray[np.int64]

MOST_POINTS = 1_500
"""Newest points of a series that a forecast is learnt from, unless its seasons take more."""
MOST_TOLD, MOST_LEFT, MOST_BEFORE = 20, 50, 120
MOST_DRAWN = 4
MOST_STEPS_TOLD = 600
"""Points ahead that are told, of the largest series first; all of all stand in the file."""


def forecast(session: Session, table: Table, frame: Frame, ledger: Path, steps: int) -> Forecasts:
    """See `TimeSeries.forecast`."""
    regular(frame)
    if frame.series > MOST_FORECAST:
        raise Refused(
            "Split by {groups} there are {count} series; at most {most} are forecast. Name fewer or coarser group columns.",
            groups=", ".join(frame.roles.groups), count=frame.series, most=MOST_FORECAST,
        )  # fmt: skip
    until = _incomplete(session, table, frame)
    tally = _Tally(
        steps, notes=[Text("The last {span} is not complete in the table, and was left out.", span=_span(frame))] if until else []
    )
    with ledger.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("series", "value", "time", "forecast", "low_80", "high_80", "low_95", "high_95", "method"))
        for run in _whole(runs(session, table, frame)):
            session.check()
            for column, values in zip(frame.roles.values, run.values, strict=True):
                tally.take(_Course.of(run, values, column, frame, until), writer)
    return tally.result()


def _span(frame: Frame) -> Text:
    return Text("week") if frame.roles.span == "week" else Text("month")


def _incomplete(session: Session, table: Table, frame: Frame) -> int | None:
    """When the last week or month begins (milliseconds since 1970) that rows are joined by, if the table ends before it does."""
    if frame.roles.span not in ("week", "month"):
        return None
    last = session.rows(f"SELECT max({table.field(frame.roles.time).value}) FROM {table.scan}")[0][0]
    begin = datetime.fromisoformat(frame.last)
    [end] = ahead(begin, 1, frame)
    day = datetime.fromisoformat(str(last)[:10])
    return None if day >= end.replace(tzinfo=None) - timedelta(days=1) else int(begin.replace(tzinfo=UTC).timestamp() * 1000)


def _whole(found: Iterator[Run]) -> Iterator[Run]:
    """Each series once: of one that came in pieces the last two, which are more than is looked at."""
    import numpy as np

    for _, pieces in itertools.groupby(found, key=lambda run: run.key):
        last: Sequence[Run] = []
        for piece in pieces:
            last = [*last[-1:], piece]
        columns = zip(*(run.values for run in last), strict=True)
        yield replace(last[-1], times=np.concatenate([run.times for run in last]), values=tuple(map(np.concatenate, columns)))


@dataclass(frozen=True, slots=True)
class _Course:
    """One series and column at regular times. `reason` says why it cannot be forecast, whatever the horizon."""

    name: str
    column: str
    last: int
    values: "Floats"
    filled: int
    frame: Frame
    reason: Reason | None = None

    @classmethod
    def of(cls, run: Run, values: "Floats", column: str, frame: Frame, until: int | None) -> "_Course":
        """From points as they came: several at one time are averaged, single missing ones filled in."""
        import numpy as np

        there = np.isfinite(values) if until is None else np.isfinite(values) & (run.times < until)
        times, known = run.times[there], values[there]
        made = cls(masked(run.key), column, int(times[-1]) if len(times) else 0, known, 0, frame)
        if len(known) < 2:
            return replace(made, reason="short")
        if _ended(times, frame, until):
            return replace(made, reason="ended")
        places = ordinals(times, frame)
        length = int(places[-1] - places[0]) + 1
        summed = frame.roles.span is not None and frame.merges[column] == "sum"
        if not summed and length - len(np.unique(places)) > MOST_MISSING * length:
            return replace(made, reason="gaps")
        keep = places > places[-1] - _looked_at(frame)
        filled, missing = _filled(places[keep], known[keep], zero=summed)
        return replace(made, values=filled, filled=missing, reason="constant" if np.ptp(filled) == 0 else None)

    def season(self, steps: int) -> int | None:
        """The season by which the past repeats itself best, of those that there is enough history for; 1 without any; None: too short."""
        import numpy as np

        known = self.frame.seasons or (1,)
        fitting = [one for one in known if len(self.values) >= least(one, steps)]
        misses = {one: float(np.mean(np.abs(self.values[one:] - self.values[:-one]))) for one in fitting}
        return min(fitting, key=lambda one: misses[one]) if fitting else None

    def needed(self, steps: int) -> int:
        """Points that the shortest season takes."""
        return least(min(self.frame.seasons or (1,)), steps)


def _looked_at(frame: Frame) -> int:
    return max(MOST_POINTS, 4 * max(frame.seasons or (1,)))


def _ended(times: "Ints", frame: Frame, until: int | None) -> bool:
    """Whether it stops more than a short season before the last of all."""
    import numpy as np

    last = int(datetime.fromisoformat(frame.last).replace(tzinfo=UTC).timestamp() * 1000)
    both = ordinals(np.array([times[-1], last], dtype=np.int64), frame)
    return bool(both[1] - both[0] - (until is not None) > max(3, min(frame.seasons or (1,))))


def _filled(places: "Ints", values: "Floats", *, zero: bool) -> "tuple[Floats, int]":
    """Values at all places from the first to the last, and how many of them were missing."""
    import numpy as np

    at = places - places[0]
    length = int(at[-1]) + 1
    counts = np.bincount(at, minlength=length)
    means = np.bincount(at, values, length) / np.maximum(counts, 1)
    there = counts > 0
    full = means if zero else np.interp(np.arange(length), np.flatnonzero(there), means[there])
    return np.asarray(full), int(length - there.sum())


@dataclass(slots=True)
class _Tally:
    """Counts while series pass by; keeps the largest forecasts only."""

    steps: int
    notes: list[Text]
    points: int = 0
    forecast: int = 0
    better: int = 0
    filled: int = 0
    largest: list[tuple[float, int, Forecast]] = field(default_factory=list)
    left: list[Unforecast] = field(default_factory=list)
    reasons: Counter[Reason] = field(default_factory=Counter)

    def take(self, course: _Course, writer: Any) -> None:
        """Forecast a series and write it, or say why not."""
        self.points += len(course.values)
        season = None if course.reason else course.season(self.steps)
        if season is None:
            self._leave(course, course.reason or "short")
            return
        made = _forecast(course, outlook(course.values, season, self.steps), season)
        for step in made.steps:
            bounds = (step.value, step.low_80, step.high_80, step.low_95, step.high_95)
            writer.writerow((harmless(made.series), harmless(made.value), step.time, *map(repr, bounds), made.method))
        self.forecast += 1
        self.better += made.better
        self.filled += made.filled
        push(self.largest, MOST_TOLD, abs(made.average), self.forecast, lambda: made)

    def _leave(self, course: _Course, reason: Reason) -> None:
        self.reasons[reason] += 1
        if self.reasons[reason] <= MOST_LEFT:
            last, needed = iso(datetime.fromtimestamp(course.last / 1000, UTC)), course.needed(self.steps)
            points = len(course.values)
            self.left.append(Unforecast(series=course.name, value=course.column, reason=reason, points=points, needed=needed, last=last))

    def result(self) -> Forecasts:
        """All that was counted."""
        kept = _lighter([one for *_, one in sorted(self.largest, key=lambda item: (-item[0], -item[1]))], self.steps)
        if self.filled:
            self.notes.append(Text("Times without a point that were filled in: {count}.", count=self.filled))
        return Forecasts(
            steps=self.steps, points=self.points, forecast=self.forecast, better=self.better, largest=tuple(kept), left=tuple(self.left),
            reasons=dict(self.reasons), notes=tuple(self.notes),
        )  # fmt: skip


def _lighter(largest: Sequence[Forecast], steps: int) -> Iterator[Forecast]:
    """With what is told of each: a result is kept, and should stay small."""
    for place, one in enumerate(largest):
        told = one if place * steps < MOST_STEPS_TOLD else replace(one, steps=())
        yield told if place < MOST_DRAWN and told.steps else replace(told, times=(), values=())


def _forecast(course: _Course, found: Outlook, season: int) -> Forecast:
    count, trial = len(found.values), found.trial
    when = ahead(datetime.fromtimestamp(course.last / 1000, UTC), count, course.frame)
    columns = [rounded(one) for one in (found.values, found.low[0], found.high[0], found.low[1], found.high[1])]
    recent = course.values[-min(MOST_BEFORE, max(2 * season, 3 * count)) :]
    return Forecast(
        series=course.name, value=course.column, method=trial.name, logarithm=trial.scale.logarithm, season=season,
        points=len(course.values), average=float(found.values.mean()), before=float(course.values[-count:].mean()), mase=trial.mase,
        measure=found.measure.mase, trials=len(trial.errors), inside_80=trial.coverage(LEVELS[0]), inside_95=trial.coverage(LEVELS[1]),
        filled=course.filled, times=_before(course, len(recent)), values=rounded(recent),
        steps=tuple(
            ForecastStep(time=iso(moment_), value=value, low_80=low, high_80=high, low_95=lower, high_95=higher)
            for moment_, value, low, high, lower, higher in zip(when, *columns, strict=True)
        ),
    )  # fmt: skip


def _before(course: _Course, count: int) -> tuple[str, ...]:
    """The times of the newest points, back from the last."""
    last, step = datetime.fromtimestamp(course.last / 1000, UTC), regular(course.frame)
    if step.unit == "month":
        months = [last.year * 12 + last.month - 1 - place * step.count for place in range(count - 1, -1, -1)]
        return tuple(iso(last.replace(year=one // 12, month=one % 12 + 1, day=min(last.day, 28))) for one in months)
    found, when = [last], last
    while len(found) < count:
        when -= timedelta(seconds=step.count)
        if not course.frame.weekdays or when.weekday() in course.frame.weekdays:
            found.append(when)
    return tuple(iso(one) for one in reversed(found))
