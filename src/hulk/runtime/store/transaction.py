"""What changes are applied to, and changes of which many are written at once."""

import functools
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar, cast

from sqlalchemy import Connection, CursorResult, Executable, Insert, Table, TextClause, Update, bindparam, insert, text, update
from sqlalchemy.dialects import postgresql, sqlite

from hulk.kernel.time import utc_now
from hulk.runtime.store import records

T = TypeVar("T")
Item = TypeVar("Item")


@dataclass(slots=True)
class Shared:
    """What the groups of one database transaction share."""

    memo: dict[str, Any] = field(default_factory=dict)
    closing: list[Callable[[], object]] = field(default_factory=list)


@dataclass(slots=True)
class Transaction:
    """The transaction that changes are applied to. `execute` is all that most need."""

    connection: Connection
    shared: Shared
    following: list[Callable[[], None]] = field(default_factory=list)

    def execute(self, statement: Executable, parameters: Mapping[str, Any] | None = None) -> CursorResult[Any]:
        """Run a statement; its result has `rowcount`, `one()`, `scalar()`…

        It is run once: with many sets of parameters psycopg makes a pipeline of it, whose end lets PostgreSQL (18.6) forget that it was
        waiting for us. Should this process be frozen just then, others would wait for its rows for ever."""
        return self.connection.execute(statement, parameters)

    def insert_all(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows none of whose keys is there."""
        self._insert(table, rows, records.inserting, insert(table))

    def insert_new(self, table: Table, values: Mapping[str, Any]) -> bool:
        """Insert a row unless one with the same key is there; whether it was inserted."""
        return self.insert_all_new(table, [values])

    def insert_all_new(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> bool:
        """Insert those rows whose keys are not there; whether that was all of them."""
        return self._insert(table, rows, records.inserting_new, _insert_new(self.connection.dialect.name, table)) == len(rows)

    def insert_at_end(self, table: Table, row: Mapping[str, Any]) -> None:
        """Insert a row unless one with the same key is there, together with all such rows of what commits at the same moment: before that
        nobody reads it."""
        rows: list[Mapping[str, Any]] = self.once(f"insert:{table.name}", list, lambda all_: self.insert_all_new(table, all_))
        rows.append(row)

    def _insert(self, table: Table, rows: Sequence[Mapping[str, Any]], all_: Callable[..., TextClause], one: Insert) -> int:
        """Insert the rows, by the statement that `all_` gives for all of them, or by `one` for each."""
        if not rows:
            return 0
        return self.all_at_once(table, rows, all_(table, tuple(rows[0]))) if self.takes_all(rows) else self.each(one, rows)

    def update_each(self, table: Table, key: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write to each row of the table that is named by its `key` the other values; all rows have the same names."""
        if self.takes_all(rows):
            self.all_at_once(table, rows, records.updating(table, key, tuple(rows[0])))
        elif rows:
            self.each(_update_each(table, key), [{"row_key": row[key], **{name: row[name] for name in row if name != key}} for row in rows])

    def add_each(self, table: Table, rows: Sequence[Mapping[str, Any]], sums: tuple[str, ...]) -> None:
        """Insert the rows; to those whose keys are there only add what they have in `sums`. All rows have the same names, and each key
        is that of one row. Who holds rows like these at the same time gives them in the same order."""
        adding = _add_each(self.connection.dialect.name, table, sums)
        if self.takes_all(rows):
            self.all_at_once(table, rows, records.adding(table, tuple(rows[0]), sums))
        elif rows:
            self.each(adding, rows)

    def takes_all(self, rows: Sequence[Mapping[str, Any]]) -> bool:
        """Whether these rows go to the database in one statement (`all_at_once`), rather than in one for `each`."""
        return len(rows) > 1 and self.connection.dialect.name == "postgresql"

    def all_at_once(self, table: Table, rows: Sequence[Mapping[str, Any]], statement: TextClause) -> int:
        """Run a statement of `records` with all of the rows; gives how many rows of the table that was about."""
        return self.execute(statement, {records.ROWS: records.written(table, rows)}).rowcount

    def each(self, statement: Executable, rows: Sequence[Mapping[str, Any]]) -> int:
        """Run a statement with each of the rows; gives how many rows of the table that was about. To SQLite the way is short;
        PostgreSQL is asked again and again: where there are many, send it all of them at once (`insert_all`, `update_each`)."""
        if self.connection.dialect.name == "sqlite":
            return self.connection.execute(statement, list(rows)).rowcount
        return sum(self.execute(statement, row).rowcount for row in rows)

    def put(self, table: Table, values: Mapping[str, Any], *, stays: Collection[str] = ()) -> None:
        """Insert a row; one with the same key is overwritten, but for the columns that are to stay as they are there."""
        over = tuple(name for name in values if name not in stays)
        self.execute(_put(self.connection.dialect.name, table, over), values)

    def now(self) -> datetime:
        """The moment, the same for all that commits together: PostgreSQL's own, so that processes whose clocks differ agree on what
        has run out; of SQLite, which has but one process, this process's."""
        if _NOW not in self.shared.memo:
            self.shared.memo[_NOW] = moment_of(self.connection)
        return cast("datetime", self.shared.memo[_NOW])

    def once(self, key: str, make: Callable[[], T], before_commit: Callable[[T], object]) -> T:
        """What `make` gave for `key` in this database transaction, made at the first call; `before_commit` gets it at the end.

        Lets many changes that commit together pay once for what they share, such as the head of a chain."""
        if key not in self.shared.memo:
            made = self.shared.memo[key] = make()
            self.shared.closing.append(lambda: before_commit(made))
        return cast("T", self.shared.memo[key])

    def after(self, act: Callable[[], None]) -> None:
        """Have `act` called on the event loop once this transaction is on disk; never when it is rolled back."""
        self.following.append(act)


def moment_of(connection: Connection) -> datetime:
    """The moment by the clock of the database."""
    if connection.dialect.name != "postgresql":
        return utc_now()
    return cast("datetime", connection.execute(_CLOCK).scalar_one()).astimezone(UTC)


_NOW = "now"
_CLOCK = text("select clock_timestamp()")


@functools.cache
def _insert_new(dialect: str, table: Table) -> Insert:
    counted = {"preserve_rowcount": True}  # SQLAlchemy keeps it for updates and deletes only, and psycopg drops it
    return _insert(dialect, table).on_conflict_do_nothing().execution_options(**counted)


@functools.cache
def _put(dialect: str, table: Table, names: tuple[str, ...]) -> Insert:
    statement = _insert(dialect, table)
    over = {name: statement.excluded[name] for name in names}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=over)


@functools.cache
def _add_each(dialect: str, table: Table, sums: tuple[str, ...]) -> Insert:
    statement = _insert(dialect, table)
    return statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=records.added(table, sums, statement.excluded))


@functools.cache
def _update_each(table: Table, key: str) -> Update:
    return update(table).where(table.c[key] == bindparam("row_key"))


def _insert(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An insert that may say what is done about a row that is there; each dialect has its own."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


@dataclass(frozen=True, slots=True)
class Alike(Generic[Item, T]):
    """A change of which many are written at once: those that are committed alone and wait together share their statements.

    They go before what else is in their transaction, whenever it came: who waits for none of them cannot tell."""

    item: Item
    write: Callable[[Transaction, Sequence[Item]], bool]
    """Write all; whether all were as expected. If not, what it wrote of many is undone and each is written alone."""
    then: Callable[[Transaction, Item], T]
    """The rest of it, and what it gives."""
    otherwise: T
    """What it gives when it alone was not as expected."""

    def __call__(self, tx: Transaction) -> T:
        """Apply it alone."""
        return self.then(tx, self.item) if self.write(tx, [self.item]) else self.otherwise

    def applied(self, tx: Transaction) -> list[T]:
        """The rest of it, once it was written with others."""
        return [self.then(tx, self.item)]
