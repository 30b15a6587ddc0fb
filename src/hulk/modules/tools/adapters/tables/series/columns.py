# ruff: noqa: S608  names and paths are quoted by `identifier` and `quoted`, and the engine can reach nothing but the file
"""What the columns of a table could be for its series: distinct values, and whether groups make a time unique."""

from collections.abc import Sequence

from hulk.modules.skills import Candidates
from hulk.modules.tools.adapters.tables.session import Session
from hulk.modules.tools.adapters.tables.table import Table

PREFIX = 500_000
"""Rows from the beginning by which uniqueness and step are judged."""


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
