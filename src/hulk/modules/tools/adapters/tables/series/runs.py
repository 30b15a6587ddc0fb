# ruff: noqa: S608  names and paths are quoted by `identifier` and `quoted`, and the engine can reach nothing but the file
"""The points of all series, sorted by the engine on disk and fetched run by run."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from hulk.modules.skills import Frame
from hulk.modules.tools.adapters.tables.series.frames import key_of, time_of
from hulk.modules.tools.adapters.tables.session import Limits, Session, quoted
from hulk.modules.tools.adapters.tables.table import Table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Ints: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The points of one series, in order of time: milliseconds since 1970, and the values of each column (NaN where there is none)."""

    key: str
    times: "Ints"
    values: "tuple[Floats, ...]"


def runs(session: Session, table: Table, frame: Frame) -> Iterator[Run]:
    """All series, sorted by the engine in a file of the session's own, fetched some hundred thousand points at a time."""
    roles = frame.roles
    session.run(f"ATTACH {quoted(str(session.spill / 'points.db'))} AS sorted")
    values = [f"{table.field(name).value} AS v{i}" for i, name in enumerate(roles.values)]
    rows = f"SELECT {key_of(table, roles)} AS k, {time_of(table, roles)} AS t, {', '.join(values)} FROM {table.scan}"
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
