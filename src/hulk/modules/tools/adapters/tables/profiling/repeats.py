# ruff: noqa: S608  names and paths are quoted by `identifier` and `quoted`, and the engine can reach nothing but the file
"""Rows that repeat others, and columns that should not repeat."""

from collections.abc import Sequence

from hulk.modules.skills import Duplicates, Key
from hulk.modules.tools.adapters.tables.profiling.examples import examples
from hulk.modules.tools.adapters.tables.session import Session
from hulk.modules.tools.adapters.tables.table import Field, Table

MOST_KEYS = 3


def duplicates(session: Session, table: Table, names: Sequence[str], key: str | None) -> Duplicates:
    """See `Tables.duplicates`. Rows are compared by a hash of 64 bits: among 20 million rows one false pair in 100,000 files."""
    fields = table.chosen(names)
    asked = table.field(key).name if key else None
    rows, distinct, groups = _repeats(session, table, f"hash({', '.join(field.raw for field in fields)})", "true")
    keys = [field for field in table.fields if field.name == asked]
    keys += [field for field in fields if field.name != asked and _may_be_key(field)][:MOST_KEYS]
    return Duplicates(
        rows=rows, repeated=rows - distinct, groups=groups, keys=tuple(_key(session, table, field, field.name == asked) for field in keys)
    )


def _repeats(session: Session, table: Table, hashed: str, there: str) -> tuple[int, int, int]:
    """Rows, distinct ones, and how many of these occur more than once."""
    groups = f"SELECT count(*) AS n FROM (SELECT {hashed} AS h FROM {table.scan} WHERE {there}) GROUP BY h"
    rows, distinct, repeated = session.rows(f"SELECT coalesce(sum(n), 0)::BIGINT, count(*), count(*) FILTER (n > 1) FROM ({groups})")[0]
    return int(rows), int(distinct), int(repeated)


def _may_be_key(field: Field) -> bool:
    """Whole numbers and texts that hardly ever repeat within the sample."""
    if field.type not in ("whole", "text") or len(field.sample) < 10:
        return False
    share = len(set(field.sample)) / len(field.sample)
    return share >= (0.9 if field.is_id else 0.995) and (field.is_id or max(map(len, field.sample)) <= 40)


def _key(session: Session, table: Table, field: Field, asked: bool) -> Key:
    rows, distinct, _ = _repeats(session, table, f"hash({field.text})", f"{field.text} IS NOT NULL")
    examples = _most_repeated(session, table, field) if rows > distinct else ()
    unlike = rows - distinct > 0.1 * rows and not asked
    return Key(column=field.name, values=rows, repeated=0 if unlike else rows - distinct, examples=examples, asked=asked)


def _most_repeated(session: Session, table: Table, field: Field) -> tuple[str, ...]:
    hashed = f"SELECT hash({field.text}) AS h FROM {table.scan} WHERE {field.text} IS NOT NULL"
    worst = session.rows(f"SELECT h FROM ({hashed}) GROUP BY h HAVING count(*) > 1 ORDER BY count(*) DESC, h LIMIT 3")
    listed = ", ".join(str(h) for (h,) in worst)
    found = session.rows(f"SELECT DISTINCT {field.text} AS t FROM {table.scan} WHERE hash({field.text}) IN ({listed}) ORDER BY t LIMIT 3")
    return examples(field, *(value for (value,) in found))
