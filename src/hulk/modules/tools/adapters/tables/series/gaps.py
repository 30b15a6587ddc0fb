# ruff: noqa: S608  names and paths are quoted by `identifier` and `quoted`, and the engine can reach nothing but the file
"""Steps at which a series has no point, points that come twice, and series that fell silent."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias

from hulk.modules.skills import Frame, Gap, Gaps, Late, masked
from hulk.modules.tools.adapters.tables.series.moments import DAY, iso, ordinals
from hulk.modules.tools.adapters.tables.series.runs import runs
from hulk.modules.tools.adapters.tables.series.tally import push
from hulk.modules.tools.adapters.tables.session import Session
from hulk.modules.tools.adapters.tables.table import Table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints: TypeAlias = NDArray[np.int64]


def gaps(session: Session, table: Table, frame: Frame) -> Gaps:
    """See `TimeSeries.gaps`."""
    import numpy as np

    unread = int(session.rows(f"SELECT count(*) FILTER ({table.field(frame.roles.time).value} IS NULL) FROM {table.scan}")[0][0])
    missing = stretches = duplicated = 0
    worst: list[tuple[float, int, Gap]] = []
    ends: dict[str, int] = {}
    for run in runs(session, table, frame):
        session.check()
        name = masked(run.key)
        times = np.unique(run.times)
        duplicated += len(run.times) - len(times)
        before = ends.get(name)
        times = times if before is None else np.append(before, times)
        ends[name] = int(times[-1])
        if frame.step is None:
            continue
        positions = ordinals(times, frame)
        for at in np.flatnonzero(np.diff(positions) > 1):
            count = int(positions[at + 1] - positions[at]) - 1
            missing, stretches = missing + count, stretches + 1
            push(
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
        return iso(when)
    if frame.step.unit == "month":
        month = when.year * 12 + when.month - 1 + steps * frame.step.count
        return iso(when.replace(year=month // 12, month=month % 12 + 1, day=min(when.day, 28)))
    moved = milliseconds + steps * frame.step.count * 1000
    while frame.weekdays and datetime.fromtimestamp(moved / 1000, UTC).weekday() not in frame.weekdays:
        moved += (1 if steps > 0 else -1) * DAY * 1000
    return iso(datetime.fromtimestamp(moved / 1000, UTC))


def _late(ends: dict[str, int], frame: Frame) -> list[Late]:
    """Series that stop three steps or more before the last of all, the longest silent first."""
    import numpy as np

    if frame.step is None or len(ends) < 2:
        return []
    positions = ordinals(np.sort(np.array(list(ends.values()), dtype=np.int64)), frame)
    by_end = dict(zip(sorted(ends.values()), positions.tolist(), strict=True))
    last = max(positions.tolist())
    silent = [(last - by_end[end], name, end) for name, end in ends.items() if last - by_end[end] >= 3]
    return [
        Late(series=name, last=iso(datetime.fromtimestamp(end / 1000, UTC)), steps=int(steps))
        for steps, name, end in sorted(silent, key=lambda s: (-s[0], s[1]))
    ]
