"""Many rows as one parameter, for PostgreSQL: a JSON array, which the statement takes apart again.

A statement for each row costs twice as much, an array for each column more still: psycopg writes arrays value by value in Python. The
statement is the same for any number of rows, so it is planned once. A `Document` travels as text inside the JSON, so that it is kept to the
letter; so does a `Moment`.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, LargeBinary, Table, TextClause, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from hulk.kernel.time import iso
from hulk.runtime.store.columns import Document, Exact, Moment, add_exact, dumps, exact

ROWS = "rows"
"""The name of the parameter."""


def written(table: Table, rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows, which have the same names, as JSON, for `given`."""
    ways = _ways(table, tuple(rows[0]))
    return dumps([{**row, **{name: way(row[name]) for name, way in ways if row[name] is not None}} for row in rows])


@functools.cache
def given(table: Table, names: tuple[str, ...]) -> str:
    """SQL: the rows of the parameter `ROWS` as the relation `given`, to be selected from; of `names` the columns."""
    kinds = ", ".join(f'"{name}" {_kind(table.c[name])}' for name in names)
    return f"json_to_recordset(cast(:{ROWS} as json)) as given({kinds})"


def values(table: Table, names: tuple[str, ...]) -> str:
    """SQL: the columns of `given` as those of the table."""
    return ", ".join(f'cast(given."{name}" as json)' if _is_document(table.c[name]) else f'given."{name}"' for name in names)


def listed(names: tuple[str, ...]) -> str:
    """SQL: those columns."""
    return ", ".join(f'"{name}"' for name in names)


@functools.cache
def inserting(table: Table, names: tuple[str, ...]) -> TextClause:
    """Inserts the rows."""
    return text(f"insert into {table.name} ({listed(names)}) select {values(table, names)} from {given(table, names)}")  # noqa: S608  # our own names


@functools.cache
def inserting_new(table: Table, names: tuple[str, ...]) -> TextClause:
    """Inserts those of the rows whose keys are not there; its result knows how many that were."""
    return text(f"{inserting(table, names)} on conflict do nothing").execution_options(preserve_rowcount=True)


@functools.cache
def adding(table: Table, names: tuple[str, ...], sums: tuple[str, ...]) -> TextClause:
    """Inserts the rows; to those whose keys are there it adds what they have in `sums`."""
    excluded = postgresql.insert(table).excluded
    sets = ", ".join(f'"{name}" = {_compiled(value)}' for name, value in added(table, sums, excluded).items())
    key = listed(tuple(column.name for column in table.primary_key))
    return text(f"{inserting(table, names)} on conflict ({key}) do update set {sets}")


def added(table: Table, sums: tuple[str, ...], more: ReadOnlyColumnCollection[str, Any]) -> dict[str, ColumnElement[Any]]:
    """What those columns have, with `more` of the same."""
    return {name: _sum(table.c[name], more[name]) for name in sums}


def _sum(has: Column[Any], more: ColumnElement[Any]) -> ColumnElement[Any]:
    return add_exact(has, more) if isinstance(has.type, Exact) else has + more


def _compiled(value: ColumnElement[Any]) -> str:
    return str(value.compile(dialect=_DIALECT))


@functools.cache
def updating(table: Table, key: str, names: tuple[str, ...], *, by: tuple[str, ...] = (), only: str = "true") -> TextClause:
    """Writes the other columns, but for those of `by`, to each of the rows that is there and `only` if that is so (SQL, with the row as
    `given`); its result knows how many that were.

    Rows are found by the index of `key`: PostgreSQL takes any JSON for a hundred rows and would go through all of a table of some ten
    thousand for them, and stay with that plan when the table has grown. An array, it knows, is for an index."""
    others = tuple(name for name in names if name not in (key, *by))
    sets = ", ".join(f'"{name}" = {values(table, (name,))}' for name in others)
    return text(
        f"with given as materialized (select * from {given(table, names)}) update {table.name} set {sets} from given"  # noqa: S608  # our own names
        f' where {table.name}."{key}" = given."{key}" and {table.name}."{key}" = any (array(select "{key}" from given)) and ({only})'
    ).execution_options(preserve_rowcount=True)


def sql(condition: ColumnElement[bool]) -> str:
    """A condition as PostgreSQL is told it, with its values in it: constants of ours only."""
    return str(condition.compile(dialect=_DIALECT, compile_kwargs={"literal_binds": True}))


def _is_document(column: Column[Any]) -> bool:
    return isinstance(column.type, Document)


def _kind(column: Column[Any]) -> str:
    """Its type there; a document's is text, until it is cast."""
    return "text" if _is_document(column) else column.type.compile(_DIALECT)


@functools.cache
def _ways(table: Table, names: tuple[str, ...]) -> Sequence[tuple[str, Callable[[Any], Any]]]:
    """What becomes something else in JSON, and how."""
    return [(name, way) for name in names if (way := _WAYS.get(type(table.c[name].type)))]


def _hex(raw: bytes) -> str:
    """As PostgreSQL reads a bytea."""
    return f"\\x{raw.hex()}"


_WAYS: Mapping[type, Callable[[Any], Any]] = {Document: dumps, Moment: iso, Exact: exact, LargeBinary: _hex}
_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's
