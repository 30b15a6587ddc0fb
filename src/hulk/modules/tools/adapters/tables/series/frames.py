# ruff: noqa: S608  names and paths are quoted by `identifier` and `quoted`, and the engine can reach nothing but the file
"""The frame in which a table's series are judged: how many there are, their step, their working days."""

from collections.abc import Iterator
from typing import Any

from hulk.kernel.errors import Refused
from hulk.kernel.text import Text
from hulk.modules.skills import MOST_SERIES, TIMES, Frame, Roles, Step, expected_weekdays, merge, seasons, span_step, step
from hulk.modules.tools.adapters.tables.series.columns import PREFIX
from hulk.modules.tools.adapters.tables.series.moments import iso
from hulk.modules.tools.adapters.tables.session import Session
from hulk.modules.tools.adapters.tables.table import Table


def key_of(table: Table, roles: Roles) -> str:
    """SQL for the name of a row's series: the texts of its group columns."""
    parts = ", ".join(f"coalesce({table.field(name).text}, '—')" for name in roles.groups)
    return f"concat_ws(' · ', {parts})" if parts else "''"


def time_of(table: Table, roles: Roles) -> str:
    """SQL for a row's time, cut to the span that rows are merged by. Raises `Refused` when the column holds none."""
    one = table.field(roles.time)
    if one.type not in TIMES:
        raise Refused("Column “{column}” holds no readable date or time in any row.", column=roles.time)
    value = one.value
    return f"date_trunc('{roles.span}', {value})" if roles.span else value


def frame(session: Session, table: Table, roles: Roles) -> Frame:
    """See `TimeSeries.frame`."""
    time = time_of(table, roles)
    series, rows, first, last = session.rows(
        f"SELECT count(*), sum(n), min(low), max(high) FROM (SELECT count(t) AS n, min(t) AS low, max(t) AS high"
        f" FROM (SELECT {key_of(table, roles)} AS k, {time} AS t FROM {table.scan}) GROUP BY k)"
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
        first=iso(first),
        last=iso(last),
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
    prefix = f"SELECT {key_of(table, roles)} AS k, epoch_ms({time_of(table, roles)}) AS t FROM {table.scan} LIMIT {PREFIX}"
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
    prefix = f"SELECT CAST({time_of(table, roles)} AS DATE) AS d FROM {table.scan} LIMIT {PREFIX}"
    found = dict(session.rows(f"SELECT isodow(d) - 1, count(DISTINCT d) FROM ({prefix}) WHERE d IS NOT NULL GROUP BY 1"))
    counts = [int(found.get(day, 0)) for day in range(7)]
    return counts if sum(counts) >= 16 else []
