# ruff: noqa: S608  names and paths are quoted by `identifier` and `quoted`, and the engine can reach nothing but the file
"""The looks of `data.anomalies`: the engine sorts the points of all series on disk, numpy judges them series by series."""

import csv
import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from hulk.kernel.errors import Refused
from hulk.kernel.text import Text
from hulk.modules.skills import (
    MOST_SERIES,
    SHORTEST,
    TIMES,
    Candidates,
    Curve,
    Detection,
    Episode,
    Frame,
    Gap,
    Gaps,
    Late,
    Roles,
    Step,
    expected_weekdays,
    masked,
    merge,
    seasons,
    span_step,
    step,
)
from hulk.modules.tools.adapters.tables.reading import Table
from hulk.modules.tools.adapters.tables.robust import Found, Judged, judge
from hulk.modules.tools.adapters.tables.session import Limits, Session, quoted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Ints: TypeAlias = NDArray[np.int64]

PREFIX = 500_000
"""Rows from the beginning by which uniqueness and step are judged."""

MOST_EPISODES, MOST_CURVES, MOST_DRAWN = 50, 4, 400
_DAY = 86_400


def candidates(session: Session, table: Table) -> Candidates:
    """See `TimeSeries.candidates`."""
    counts = ", ".join(f"approx_count_distinct({one.text}) AS c{i}" for i, one in enumerate(table.fields))
    figures = session.row(f"SELECT count(*) AS n, {counts} FROM {table.scan}")
    distinct = {one.name: min(int(figures[f"c{i}"]), int(figures["n"])) for i, one in enumerate(table.fields)}
    return Candidates(rows=int(figures["n"]), columns=table.layout.columns, distinct=distinct)


def uniqueness(session: Session, table: Table, time: str, choices: Sequence[Sequence[str]]) -> tuple[float, ...]:
    """See `TimeSeries.uniqueness`. After the first choice that is unique the others are not tried, and are 0."""
    names = list(dict.fromkeys(name for choice in choices for name in choice))
    columns = "".join(f", hash({table.field(name).text}) AS g{i}" for i, name in enumerate(names))
    session.run(f"CREATE OR REPLACE TEMP TABLE prefix AS SELECT {table.field(time).value} AS t{columns} FROM {table.scan} LIMIT {PREFIX}")
    shares = [0.0] * len(choices)
    for index, choice in enumerate(choices):
        keys = ", ".join(["t", *(f"g{names.index(name)}" for name in choice)])
        rows, distinct = session.rows(
            f"SELECT sum(n), count(*) FROM (SELECT count(*) AS n FROM prefix WHERE t IS NOT NULL GROUP BY {keys})"
        )[0]
        shares[index] = float(distinct) / float(rows) if rows else 1.0
        if shares[index] >= 0.98:
            break
    return tuple(shares)


def _key(table: Table, roles: Roles) -> str:
    parts = ", ".join(f"coalesce({table.field(name).text}, '—')" for name in roles.groups)
    return f"concat_ws(' · ', {parts})" if parts else "''"


def _time(table: Table, roles: Roles) -> str:
    one = table.field(roles.time)
    if one.type not in TIMES:
        raise Refused("Column “{column}” holds no readable date or time in any row.", column=roles.time)
    value = one.value
    return f"date_trunc('{roles.span}', {value})" if roles.span else value


def frame(session: Session, table: Table, roles: Roles) -> Frame:
    """See `TimeSeries.frame`."""
    time = _time(table, roles)
    series, rows, first, last = session.rows(
        f"SELECT count(*), sum(n), min(low), max(high) FROM (SELECT count(t) AS n, min(t) AS low, max(t) AS high"
        f" FROM (SELECT {_key(table, roles)} AS k, {time} AS t FROM {table.scan}) GROUP BY k)"
    )[0]
    if first is None:
        raise Refused("Column “{column}” holds no readable date or time in any row.", column=roles.time)
    if series * len(roles.values) > MOST_SERIES:
        raise Refused(
            "Split by {groups} there are {count} series; at most {most} are judged. Name fewer or coarser group columns.",
            groups=", ".join(roles.groups),
            count=series * len(roles.values),
            most=MOST_SERIES,
        )
    merges = {value: merge(value, roles.span) for value in roles.values}
    step_ = span_step(roles.span) if roles.span else _step(session, table, roles)
    weekdays = expected_weekdays(_weekdays(session, table, roles), step_)
    return Frame(
        roles=roles,
        merges=merges,
        step=step_,
        seasons=seasons(step_, weekdays),
        weekdays=weekdays,
        rows=int(rows),
        series=int(series) * len(roles.values),
        first=_iso(first),
        last=_iso(last),
        notes=tuple(_frame_notes(roles, merges)),
    )


def _frame_notes(roles: Roles, merges: dict[str, Any]) -> Iterator[Text]:
    if not roles.span:
        return
    summed = ", ".join(value for value, how in merges.items() if how == "sum")
    averaged = ", ".join(value for value, how in merges.items() if how == "mean")
    spans = {"minute": Text("minute"), "hour": Text("hour"), "day": Text("day"), "week": Text("week"), "month": Text("month")}
    if summed:
        yield Text("Rows of the same {span} were added up: {columns}.", span=spans[roles.span], columns=summed)
    if averaged:
        yield Text("Rows of the same {span} were averaged: {columns}.", span=spans[roles.span], columns=averaged)


def _step(session: Session, table: Table, roles: Roles) -> Step | None:
    prefix = f"SELECT {_key(table, roles)} AS k, epoch_ms({_time(table, roles)}) AS t FROM {table.scan} LIMIT {PREFIX}"
    found = session.rows(
        "SELECT d, count(*) FROM (SELECT (t - lag(t) OVER (PARTITION BY k ORDER BY t)) AS d"
        f" FROM (SELECT DISTINCT k, t FROM ({prefix}) WHERE t IS NOT NULL)) WHERE d > 0 GROUP BY d ORDER BY count(*) DESC LIMIT 1000"
    )
    if found and found[0][0] < 1000:
        return None  # several points a second: their order counts, not their distance
    distances: dict[int, int] = {}
    for milliseconds, count in found:
        distances[round(milliseconds / 1000)] = distances.get(round(milliseconds / 1000), 0) + count
    return step(distances)


def _weekdays(session: Session, table: Table, roles: Roles) -> list[int]:
    """How many distinct days there are per weekday (0 is Monday), when the beginning covers four weeks."""
    prefix = f"SELECT CAST({_time(table, roles)} AS DATE) AS d FROM {table.scan} LIMIT {PREFIX}"
    found = dict(session.rows(f"SELECT isodow(d) - 1, count(DISTINCT d) FROM ({prefix}) WHERE d IS NOT NULL GROUP BY 1"))
    counts = [int(found.get(day, 0)) for day in range(7)]
    return counts if sum(counts) >= 16 else []


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The points of one series, in order of time: milliseconds since 1970, and the values of each column (NaN where there is none)."""

    key: str
    times: "Ints"
    values: "tuple[Floats, ...]"


def _runs(session: Session, table: Table, frame: Frame) -> Iterator[Run]:
    """All series, sorted by the engine in a file of the session's own, fetched some hundred thousand points at a time."""
    roles = frame.roles
    session.run(f"ATTACH {quoted(str(session.spill / 'points.db'))} AS sorted")
    values = [f"{table.field(name).value} AS v{i}" for i, name in enumerate(roles.values)]
    rows = f"SELECT {_key(table, roles)} AS k, {_time(table, roles)} AS t, {', '.join(values)} FROM {table.scan}"
    if roles.span:
        joined = ", ".join(f"{'sum' if frame.merges[name] == 'sum' else 'avg'}(v{i}) AS v{i}" for i, name in enumerate(roles.values))
        rows = f"SELECT k, t, {joined} FROM ({rows}) WHERE t IS NOT NULL GROUP BY k, t"
    columns = ", ".join(f"v{i}" for i in range(len(values)))
    session.run(
        f"CREATE TABLE sorted.points AS SELECT k, epoch_ms(t) AS t, {columns} FROM ({rows}) WHERE t IS NOT NULL ORDER BY k, t, {columns}"
    )
    counts = session.rows("SELECT k, count(*) FROM sorted.points GROUP BY k ORDER BY k")
    for start, keys in _chunks(counts, session.limits):
        end = start + sum(count for _, count in keys)
        found = session.arrays(f"SELECT t, {columns} FROM sorted.points WHERE rowid >= {start} AND rowid < {end} ORDER BY rowid")
        yield from _split(found, keys, len(values))


def _chunks(counts: Sequence[tuple[str, int]], limits: Limits) -> Iterator[tuple[int, list[tuple[str, int]]]]:
    """Series (or pieces of one too long) that together have at most `limits.fetched` points, with the number of points before them."""
    before, start, keys, held = 0, 0, list[tuple[str, int]](), 0
    pieces = ((key, min(limits.judged, total - at)) for key, total in counts for at in range(0, total, limits.judged))
    for key, count in pieces:
        if keys and held + count > limits.fetched:
            yield start, keys
            start, keys, held = before, [], 0
        keys.append((key, count))
        held += count
        before += count
    if keys:
        yield start, keys


def _split(found: dict[str, Any], keys: Sequence[tuple[str, int]], values: int) -> Iterator[Run]:
    import numpy as np

    times = np.asarray(found["t"], dtype=np.int64)
    columns = [np.ma.filled(found[f"v{i}"].astype(np.float64), np.nan) for i in range(values)]
    at = 0
    for key, count in keys:
        yield Run(key=key, times=times[at : at + count], values=tuple(column[at : at + count] for column in columns))
        at += count


def _positions(times: "Ints", frame: Frame) -> "Ints":
    """Each point's step since an origin; of a series with working days only, in working days."""
    import numpy as np

    if frame.step is None:
        return np.arange(len(times))
    if frame.step.unit == "month":
        return np.asarray(times.astype("datetime64[ms]").astype("datetime64[M]").astype(np.int64) // frame.step.count)
    if frame.weekdays:
        days = times // (_DAY * 1000) + 3  # 1970-01-01 was a Thursday
        ranks = np.searchsorted(np.array(frame.weekdays), days % 7)
        return np.asarray(days // 7 * len(frame.weekdays) + ranks)
    return np.asarray(np.rint((times - times[0]) / (frame.step.count * 1000)).astype(np.int64) + times[0] // (frame.step.count * 1000))


def detect(session: Session, table: Table, frame: Frame, ledger: Path, threshold: float | None) -> Detection:
    """See `TimeSeries.detect`."""
    tally = _Tally()
    with ledger.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("series", "value", "kind", "start", "end", "points", "peak_at", "peak", "expected", "score"))
        for run in _runs(session, table, frame):
            session.check()
            name = masked(run.key)
            for column, values in zip(frame.roles.values, run.values, strict=True):
                tally.take(name, column, _judged(run, values, frame, threshold), writer)
    return tally.result()


@dataclass(frozen=True, slots=True)
class _Judgement:
    times: "Ints"
    values: "Floats"
    judged: Judged | None
    constant: bool


def _judged(run: Run, values: "Floats", frame: Frame, threshold: float | None) -> _Judgement:
    import numpy as np

    there = np.isfinite(values)
    times, values = _one_each(run.times[there], values[there])
    if len(values) < SHORTEST:
        return _Judgement(times, values, None, constant=False)
    if np.ptp(values) == 0:
        return _Judgement(times, values, None, constant=True)
    return _Judgement(times, values, judge(values, _positions(times, frame), frame.seasons, threshold), constant=False)


def _one_each(times: "Ints", values: "Floats") -> "tuple[Ints, Floats]":
    """Points with the same time as one, their mean."""
    import numpy as np

    if len(times) < 2 or np.all(np.diff(times) > 0):
        return times, values
    unique, first, counts = np.unique(times, return_index=True, return_counts=True)
    return unique, np.add.reduceat(values, first) / counts


@dataclass(slots=True)
class _Tally:
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

    def take(self, name: str, column: str, judgement: _Judgement, writer: Any) -> None:
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
        _push(self.worst, MOST_EPISODES, episode.score, self.episodes, lambda: episode)

    def _draw(self, name: str, column: str, judgement: _Judgement, judged: Judged) -> None:
        highest = max((found.score for found in judged.found), default=0.0)
        total = sum(found.score for found in judged.found)
        _push(self.curves, MOST_CURVES, highest + total * 1e-6, self.judged, lambda: _curve(name, column, judgement, judged))

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


def _push(heap: list[Any], most: int, score: float, order: int, make: Any) -> None:
    """Keep the `most` highest scores; of equal ones the first."""
    if len(heap) < most:
        heapq.heappush(heap, (score, -order, make()))
    elif (score, -order) > heap[0][:2]:
        heapq.heapreplace(heap, (score, -order, make()))


def _line(episode: Episode) -> tuple[object, ...]:
    return (
        _harmless(episode.series),
        _harmless(episode.value),
        episode.kind,
        episode.start,
        episode.end,
        episode.points,
        episode.peak_at,
        repr(episode.peak),
        repr(episode.expected),
        f"{episode.score:.2f}",
    )


def _harmless(text: str) -> str:
    """A spreadsheet must not take a name for a formula."""
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t") else text


def _episode(name: str, column: str, found: Found, times: "Ints") -> Episode:
    return Episode(
        series=name,
        value=column,
        kind=found.kind,
        start=_at(times, found.start),
        end=_at(times, found.end),
        points=found.end - found.start + 1,
        peak_at=_at(times, found.peak),
        peak=found.value,
        expected=found.expected,
        score=found.score,
    )


def _curve(name: str, column: str, judgement: _Judgement, judged: Judged) -> Curve:
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
        times=tuple(_at(judgement.times, int(i)) for i in kept),
        values=_rounded(judgement.values[kept]),
        low=_rounded(judged.low[kept]),
        high=_rounded(judged.high[kept]),
        marks=tuple(int(i) for i in np.searchsorted(kept, marked)),
    )


def _outline(values: "Floats", stretches: int) -> "Ints":
    import numpy as np

    if len(values) <= 2 * stretches:
        return np.arange(len(values))
    edges = np.linspace(0, len(values), stretches + 1).astype(np.int64)
    found = [at + pick(values[at:to]) for at, to in pairwise(edges) for pick in (np.argmin, np.argmax)]
    return np.array([0, *found, len(values) - 1], dtype=np.int64)


def _rounded(values: Iterable[float]) -> tuple[float, ...]:
    return tuple(float(f"{value:.6g}") for value in values)


def gaps(session: Session, table: Table, frame: Frame) -> Gaps:
    """See `TimeSeries.gaps`."""
    import numpy as np

    unread = int(session.rows(f"SELECT count(*) FILTER ({table.field(frame.roles.time).value} IS NULL) FROM {table.scan}")[0][0])
    missing = stretches = duplicated = 0
    worst: list[tuple[float, int, Gap]] = []
    ends: dict[str, int] = {}
    for run in _runs(session, table, frame):
        session.check()
        name = masked(run.key)
        times = np.unique(run.times)
        duplicated += len(run.times) - len(times)
        before = ends.get(name)
        times = times if before is None else np.append(before, times)
        ends[name] = int(times[-1])
        if frame.step is None:
            continue
        positions = _positions(times, frame)
        for at in np.flatnonzero(np.diff(positions) > 1):
            count = int(positions[at + 1] - positions[at]) - 1
            missing, stretches = missing + count, stretches + 1
            _push(
                worst,
                20,
                float(count),
                stretches,
                lambda at=at, count=count, times=times, name=name: _gap(name, times, int(at), count, frame),
            )
    late = _late(ends, frame)
    return Gaps(
        missing=missing,
        stretches=stretches,
        duplicated=duplicated,
        unread=unread,
        late=len(late),
        worst=tuple(gap for *_, gap in sorted(worst, key=lambda item: (-item[0], -item[1]))),
        latest=tuple(late[:20]),
    )


def _gap(name: str, times: "Ints", at: int, count: int, frame: Frame) -> Gap:
    return Gap(series=name, start=_moved(int(times[at]), 1, frame), end=_moved(int(times[at + 1]), -1, frame), missing=count)


def _moved(milliseconds: int, steps: int, frame: Frame) -> str:
    """That time some steps later or earlier, on days that count."""
    when = datetime.fromtimestamp(milliseconds / 1000, UTC)
    if frame.step is None:
        return _iso(when)
    if frame.step.unit == "month":
        month = when.year * 12 + when.month - 1 + steps * frame.step.count
        return _iso(when.replace(year=month // 12, month=month % 12 + 1, day=min(when.day, 28)))
    moved = milliseconds + steps * frame.step.count * 1000
    while frame.weekdays and datetime.fromtimestamp(moved / 1000, UTC).weekday() not in frame.weekdays:
        moved += (1 if steps > 0 else -1) * _DAY * 1000
    return _iso(datetime.fromtimestamp(moved / 1000, UTC))


def _late(ends: dict[str, int], frame: Frame) -> list[Late]:
    """Series that stop three steps or more before the last of all, the longest silent first."""
    import numpy as np

    if frame.step is None or len(ends) < 2:
        return []
    positions = _positions(np.sort(np.array(list(ends.values()), dtype=np.int64)), frame)
    by_end = dict(zip(sorted(ends.values()), positions.tolist(), strict=True))
    last = max(positions.tolist())
    silent = [(last - by_end[end], name, end) for name, end in ends.items() if last - by_end[end] >= 3]
    return [
        Late(series=name, last=_iso(datetime.fromtimestamp(end / 1000, UTC)), steps=int(steps))
        for steps, name, end in sorted(silent, key=lambda s: (-s[0], s[1]))
    ]


def _at(times: "Ints", index: int) -> str:
    return _iso(datetime.fromtimestamp(int(times[index]) / 1000, UTC))


def _iso(when: datetime) -> str:
    return when.replace(tzinfo=None).isoformat(timespec="milliseconds" if when.microsecond else "seconds")
