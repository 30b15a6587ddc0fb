"""Executing our own statements on SQLite with little around them.

A statement of ours is made once, as a constant of its module, and executed for ever. SQLAlchemy finds out each time what it is, what it
was compiled to and how its result is to be read; that costs several times what SQLite needs for it. Here a statement that comes for the
second time is kept with its SQL, the way of each parameter into the driver and of each column out of it. Whatever is not as simple as
that (lists of values to be filled in, defaults made here, many rows that give some back, options, somebody who listens) goes SQLAlchemy's
way, as does everything in PostgreSQL, where the way to the server costs more.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias, cast
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Dialect, Engine, Executable, Select, TextClause
from sqlalchemy.engine import IteratorResult
from sqlalchemy.engine.result import SimpleResultMetaData
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.types import TypeEngine

Way: TypeAlias = Callable[[Any], Any] | None
"""What becomes of a value on its way; None: nothing."""
Row: TypeAlias = Mapping[str, Any]


class Quick(Connection):
    """A connection to SQLite."""

    def execute(self, statement: Any, parameters: Any = None, *, execution_options: Any = None) -> Any:  # SQLAlchemy's is overloaded
        """As SQLAlchemy's."""
        if execution_options is None and not self.engine.dispatch.before_cursor_execute:
            rows = parameters if isinstance(parameters, list) else [{} if parameters is None else parameters]
            known = _known(statement, rows, self.dialect) if rows and all(isinstance(row, dict) for row in rows) else None
            if known is not None and (filled := known.filled(rows)) is not None:
                return known.executed(self, filled)
        return super().execute(statement, parameters, execution_options=execution_options)


class Found(IteratorResult[Any]):
    """The rows that a statement gave, and how many it was about."""

    returns_rows = True

    def __init__(self, shape: SimpleResultMetaData, cursor: sqlite3.Cursor) -> None:
        super().__init__(shape, iter(cursor.fetchall()))
        self.rowcount = cursor.rowcount


@dataclass(frozen=True, slots=True)
class Done:
    """How many rows a statement was about that gives none."""

    rowcount: int
    returns_rows: ClassVar[bool] = False


@dataclass(slots=True)
class _Known:
    """A compiled statement: `constants` are its parameters, with gaps for those that are `given` by name."""

    sql: str
    constants: Sequence[Any]
    given: Sequence[tuple[int, str, Way]]
    columns: Sequence[Way]
    shape: SimpleResultMetaData | None = None

    def filled(self, rows: Sequence[Row]) -> list[list[Any]] | None:
        """Its parameters for each row; None when some are not as they should be, which SQLAlchemy tells better."""
        try:
            return [self._filled(row) for row in rows]
        except Exception:  # noqa: BLE001  # whatever it is, SQLAlchemy meets it too
            return None

    def executed(self, connection: Connection, filled: Sequence[list[Any]]) -> Found | Done:
        driver: Any = connection.connection.driver_connection
        try:
            cursor = driver.execute(self.sql, filled[0]) if len(filled) == 1 else driver.executemany(self.sql, filled)
            return Done(cursor.rowcount) if cursor.description is None else Found(self._shape(cursor), cursor)
        except sqlite3.Error as error:
            raise DBAPIError.instance(
                self.sql, filled[0], error, sqlite3.Error, dialect=connection.dialect, ismulti=len(filled) > 1
            ) from error

    def _filled(self, row: Row) -> list[Any]:
        values = [*self.constants]
        for place, name, way in self.given:
            value = row[name]
            values[place] = value if way is None else way(value)
        return values

    def _shape(self, cursor: sqlite3.Cursor) -> SimpleResultMetaData:
        if self.shape is None:
            names, ways = [column[0] for column in cursor.description], cast("Any", [*self.columns])
            self.shape = SimpleResultMetaData(names, _processors=ways or None)
        return self.shape


_statements: WeakKeyDictionary[Executable, dict[tuple[bool, tuple[str, ...]], _Known | None]] = WeakKeyDictionary()
"""By the statement, and by whether it is for many rows and what its parameters are called; None: it goes SQLAlchemy's way."""


def _known(statement: Executable, rows: Sequence[Row], dialect: Dialect) -> _Known | None:
    """The statement, compiled, unless it comes for the first time: then it may well be the only one."""
    kept = _statements.get(statement)
    if kept is None:
        _statements[statement] = {}
        return None
    key = (len(rows) > 1, tuple(rows[0]))
    if key not in kept:
        kept[key] = _compiled(statement, *key, dialect)
    return kept[key]


def _compiled(statement: Executable, many: bool, names: tuple[str, ...], dialect: Dialect) -> _Known | None:
    columns = _columns(statement)
    if columns is None or (many and columns) or set(statement.get_execution_options()) - _HARMLESS:
        return None
    compiled: Any = statement.compile(dialect=dialect, column_keys=sorted(names), for_executemany=many)  # type: ignore[attr-defined]  # all have it
    if not _is_simple(compiled):
        return None
    binds = [compiled.binds[name] for name in compiled.positiontup]
    if any(bind.expanding or bind.literal_execute or bind.callable or (bind.required and bind.key not in names) for bind in binds):
        return None
    given = [(place, bind.key, _in(bind.type, dialect)) for place, bind in enumerate(binds) if bind.key in names]
    constants = [None if bind.key in names else _through(_in(bind.type, dialect), bind.value) for bind in binds]
    return _Known(str(compiled), constants, given, [_out(kind, dialect) for kind in columns])


_HARMLESS = frozenset({"preserve_rowcount", "planned_anew"})
"""Options that say nothing of SQLite."""


def _is_simple(compiled: Any) -> bool:
    """Whether it is SQL that is complete, with nothing to be made up for each row."""
    return isinstance(compiled, SQLCompiler) and not (compiled.insert_prefetch or compiled.update_prefetch or compiled.post_compile_params)


def _columns(statement: Executable) -> Sequence[TypeEngine[Any]] | None:
    """The types of what it gives; None: not known here."""
    if isinstance(statement, Select):
        columns = [*statement.selected_columns]
    elif isinstance(statement, UpdateBase):
        columns = [*statement.exported_columns]
    else:
        return [] if isinstance(statement, TextClause) else None
    return [column.type for column in columns] if len({column.key for column in columns}) == len(columns) else None


def _in(kind: TypeEngine[Any], dialect: Dialect) -> Way:
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _out(kind: TypeEngine[Any], dialect: Dialect) -> Way:
    return kind.dialect_impl(dialect).result_processor(dialect, None)


def _through(way: Way, value: Any) -> Any:
    return value if way is None else way(value)


class Connections:
    """Connections of an engine. To PostgreSQL one of its pool for each use. Those to SQLite stay taken: to take one of the pool and give it
    back costs more than what is asked. The last that was used is used next, so that few are opened, for each keeps a copy of the schema."""

    def __init__(self, engine: Engine, *, cache: int = 0) -> None:
        """`cache`: how many KiB SQLite may keep of what it read, where that is not as usual."""
        self._engine = engine
        self._cache = cache
        self._idle: list[Connection] = []

    @contextmanager
    def one(self) -> Iterator[Connection]:
        """A connection for the block; what is not committed at its end is undone."""
        if self._engine.dialect.name != "sqlite":
            with self._engine.connect() as connection:
                yield connection
            return
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._new()
        try:
            yield connection
        except BaseException:
            connection.close()  # it may be amid anything: the pool undoes that
            raise
        connection.rollback()
        self._idle.append(connection)

    def _new(self) -> Connection:
        connection = Quick(self._engine)
        if self._cache:
            driver: Any = connection.connection.driver_connection
            driver.execute(f"PRAGMA cache_size=-{self._cache}")
        return connection

    def close(self) -> None:
        """Give all of them back, once nobody asks any more."""
        while self._idle:
            self._idle.pop().close()
