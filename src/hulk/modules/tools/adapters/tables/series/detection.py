"""Judging every series with numpy, and writing what is out of line to a file."""

import csv
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from hulk.modules.skills import SHORTEST, Detection, Frame, masked
from hulk.modules.tools.adapters.tables.robust import judge
from hulk.modules.tools.adapters.tables.series.moments import ordinals
from hulk.modules.tools.adapters.tables.series.runs import Run, runs
from hulk.modules.tools.adapters.tables.series.tally import Judgement, Tally
from hulk.modules.tools.adapters.tables.session import Session
from hulk.modules.tools.adapters.tables.table import Table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Ints: TypeAlias = NDArray[np.int64]


def detect(session: Session, table: Table, frame: Frame, ledger: Path, threshold: float | None) -> Detection:
    """See `TimeSeries.detect`."""
    tally = Tally()
    with ledger.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("series", "value", "kind", "start", "end", "points", "peak_at", "peak", "expected", "score"))
        for run in runs(session, table, frame):
            session.check()
            name = masked(run.key)
            for column, values in zip(frame.roles.values, run.values, strict=True):
                tally.take(name, column, _judged(run, values, frame, threshold), writer)
    return tally.result()


def _judged(run: Run, values: "Floats", frame: Frame, threshold: float | None) -> Judgement:
    import numpy as np

    there = np.isfinite(values)
    times, values = _one_each(run.times[there], values[there])
    if len(values) < SHORTEST:
        return Judgement(times, values, None, constant=False)
    if np.ptp(values) == 0:
        return Judgement(times, values, None, constant=True)
    return Judgement(times, values, judge(values, ordinals(times, frame), frame.seasons, threshold), constant=False)


def _one_each(times: "Ints", values: "Floats") -> "tuple[Ints, Floats]":
    """Points with the same time as one, their mean."""
    import numpy as np

    if len(times) < 2 or np.all(np.diff(times) > 0):
        return times, values
    unique, first, counts = np.unique(times, return_index=True, return_counts=True)
    return unique, np.add.reduceat(values, first) / counts
