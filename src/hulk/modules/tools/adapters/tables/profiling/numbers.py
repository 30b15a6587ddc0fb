# ruff: noqa: S608  names and paths are quoted by `identifier` and `quoted`, and the engine can reach nothing but the file
"""The numbers of a file alone, kept apart so that they are read once, and their quantiles."""

from collections.abc import Sequence
from itertools import accumulate

from hulk.modules.tools.adapters.tables.session import Session
from hulk.modules.tools.adapters.tables.table import Field, Table

SAMPLED_ABOVE = 2_000_000
"""Rows above which quantiles are those of a fixed sample of about so many: a quartile is then off by 1 in 1,000 of the rows at most."""


def keep_numbers(session: Session, table: Table, fields: Sequence[Field]) -> int:
    """Keep the numbers alone, read once, in the table `numbers` (on disk when large); give its rows."""
    values = ", ".join(f"{field.value} AS v{i}" for i, field in enumerate(fields))
    session.run("DROP TABLE IF EXISTS numbers")
    session.run(f"CREATE TEMP TABLE numbers AS SELECT {values} FROM {table.scan}")
    return int(session.rows("SELECT count(*) FROM numbers")[0][0])


def quantiles(
    session: Session, column: str, rows: int, levels: Sequence[float], where: str = "true", most: int = SAMPLED_ABOVE
) -> list[float] | None:
    """Exact for up to `most` rows, else of a fixed sample of about so many; none is less than the one before it, as where all values are
    the same a mean of two of them, rounded, could be."""
    part = f"hash(rowid) % {-(-rows // most)} = 0" if rows > most else "true"
    found = session.rows(f"SELECT quantile_cont({column}, {list(levels)}) FROM numbers WHERE {where} AND {part}")[0][0]
    if found is None and rows > most:  # there are too few values for the sample to meet one
        return quantiles(session, column, rows, levels, where, rows)
    return list(accumulate(map(float, found), max)) if found else None
