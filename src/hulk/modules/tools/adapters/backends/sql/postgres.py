"""PostgreSQL by psycopg 3: a connection for each call, a transaction that can only read, and a cursor of the server's.

Read-only is held by the server too: BEGIN READ ONLY, a statement_timeout, and DECLARE CURSOR, which takes one SELECT without INTO or
data-modifying WITH (https://www.postgresql.org/docs/current/sql-declare.html), sent by the extended protocol, which takes one statement.
"""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hulk.kernel.errors import Forbidden, HulkError, Refused, TooLarge, Unavailable
from hulk.modules.tools.adapters.backends.bounds import Bounds
from hulk.modules.tools.adapters.backends.sql.backend import Described, Listed
from hulk.modules.tools.adapters.backends.sql.names import Place, Reach
from hulk.modules.tools.adapters.backends.sql.rows import Answer, Column, Tally
from hulk.modules.tools.adapters.backends.sql.statements import Dialect, Statement

if TYPE_CHECKING:
    from psycopg import AsyncConnection, AsyncServerCursor, Error

AT_ONCE = 4
PATIENCE = 5
"""Seconds that a connection may take."""
GRACE = 2.0
"""Seconds that the server has to say that the time is over before it is left."""
_PAGE = 50
_TOO_WIDE = "row of too many bytes: "
_TABLES = """
    SELECT n.nspname, c.relname, c.relkind IN ('v', 'm'), coalesce(obj_description(c.oid, 'pg_class'), '')
    FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^(pg_|information_schema$)' AND NOT c.relispartition
        AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
    ORDER BY 1, 2 LIMIT %s
"""
_COLUMNS = """
    SELECT a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull, coalesce(col_description(c.oid, a.attnum), '')
    FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
        JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = %s AND c.relname = %s AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum LIMIT %s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Postgres:
    """`Database` at `url` (`postgresql://reader@host/database`), with the password that `password` gives at each call. `turns` bounds
    the connections; `schema` is that of names without one; `allowed` are patterns such as `public.*`, none is all of it."""

    url: str
    password: Callable[[], str]
    allowed: tuple[str, ...] = ()
    schema: str = "public"
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    @property
    def dialect(self) -> Dialect:
        """See `Database`."""
        return "postgres"

    async def reach(self) -> Reach:
        """See `Database`."""
        return Reach(patterns=self.allowed or (f"{self.schema}.*",), home=(self.schema,))

    async def tables(self, _: Reach, bounds: Bounds, __: str) -> Sequence[Listed]:
        """See `Database`."""
        async with self._reading(bounds) as connection:
            found = await (await connection.execute(_TABLES, (bounds.rows + 1,))).fetchall()
        return [Listed(place=(schema, name), kind="view" if view else "table", about=about[:500]) for schema, name, view, about in found]

    async def columns(self, place: Place, bounds: Bounds, _: str) -> Sequence[Described]:
        """See `Database`."""
        async with self._reading(bounds) as connection:
            found = await (await connection.execute(_COLUMNS, (*place, bounds.rows + 1))).fetchall()
        return [Described(name=name, type=kind, nullable=nullable, about=about[:500]) for name, kind, nullable, about in found]

    async def rows(self, statement: Statement, bounds: Bounds, _: str) -> Answer:
        """See `Database`. A row larger than all of the answer may be ends it at the server, before it is sent."""
        async with self._reading(bounds) as connection, connection.cursor(name="hulk") as cursor:
            await cursor.execute(_bounded(statement.sql, bounds.size).encode())
            return await _taken(cursor, bounds)

    @contextlib.asynccontextmanager
    async def _reading(self, bounds: Bounds) -> "AsyncIterator[AsyncConnection[Any]]":
        """A connection in a transaction that can only read and is undone at the end."""
        # 60 ms and 8 MB: loaded when the first question is put.
        import psycopg

        try:
            async with asyncio.timeout(bounds.seconds + GRACE), self.turns, await self._connected() as connection:
                await connection.set_read_only(True)
                async with connection.transaction(force_rollback=True):
                    await connection.execute(_settings(bounds.seconds, self.schema))
                    yield connection
        except psycopg.Error as error:
            raise _explained(error, bounds) from None  # its text may quote data
        except TimeoutError as late:
            raise Unavailable("PostgreSQL did not answer within {seconds} seconds.", seconds=round(bounds.seconds, 1)) from late

    async def _connected(self) -> "AsyncConnection[Any]":
        import psycopg  # see _reading

        connection = await psycopg.AsyncConnection.connect(
            self.url,
            autocommit=True,
            connect_timeout=PATIENCE,
            application_name="hulk",
            prepare_threshold=None,
            password=self.password() or None,
        )
        _read_leniently(connection)
        return connection


def _settings(seconds: float, schema: str) -> bytes:
    """For this transaction: how long a statement may take, and how texts and moments are written."""
    wanted = {
        "statement_timeout": str(max(1, int(seconds * 1000))),
        "lock_timeout": str(max(1, int(seconds * 1000))),
        "standard_conforming_strings": "on",
        "search_path": f'"{schema}"',
        "datestyle": "ISO",
        "intervalstyle": "iso_8601",
    }
    calls = ", ".join(f"set_config('{name}', '{value.replace(chr(39), chr(39) * 2)}', true)" for name, value in wanted.items())
    return f"SELECT {calls}".encode()


def _bounded(sql: str, size: int) -> str:
    """The query, ending in an error when one row of it is larger than `size`. The name cannot be guessed, so no column has it."""
    row = f"r{secrets.token_hex(8)}"
    width = f"octet_length(CAST({row} AS text))"
    narrow = f"CASE WHEN {width} <= {size} THEN true ELSE CAST('{_TOO_WIDE}' || {width} AS boolean) END"
    return f"SELECT {row}.* FROM ({sql}) AS {row} WHERE {narrow}"  # noqa: S608  judged before


async def _taken(cursor: "AsyncServerCursor[Any]", bounds: Bounds) -> Answer:
    tally = Tally(bounds)
    while rows := await cursor.fetchmany(_PAGE):
        if not tally.takes(rows):
            break
    columns = [Column(name=column.name, type=column.type_display) for column in cursor.description or ()]
    return tally.answer(columns)


def _read_leniently(connection: "AsyncConnection[Any]") -> None:
    """Days that Python's calendar lacks (`infinity`, the year 20000) are read as the text that they are, and so are intervals: a month is
    no number of days."""
    from psycopg import DataError  # see _reading
    from psycopg.types.datetime import DateLoader, TimestampLoader, TimestamptzLoader
    from psycopg.types.string import TextLoader

    connection.adapters.register_loader("interval", TextLoader)

    for kind, name in ((DateLoader, "date"), (TimestampLoader, "timestamp"), (TimestamptzLoader, "timestamptz")):

        class Lenient(kind):  # type: ignore[valid-type,misc]  # one class for each of three
            def load(self, data: Any) -> Any:
                try:
                    return super().load(data)
                except DataError:
                    return bytes(data).decode()

        connection.adapters.register_loader(name, Lenient)


def _explained(error: "Error", bounds: Bounds) -> HulkError:
    from psycopg import errors  # see _reading

    told = (error.diag.message_primary or "").strip()[:200]
    if isinstance(error, errors.InvalidTextRepresentation) and _TOO_WIDE in told:
        return TooLarge("One row is larger than the {size} bytes of a whole answer: ask for fewer or shorter columns.", size=bounds.size)
    if isinstance(error, errors.QueryCanceled | errors.LockNotAvailable):
        return Refused(
            "The query took longer than {seconds} seconds: ask for less, or for a narrower time.", seconds=round(bounds.seconds, 1)
        )
    if isinstance(error, errors.ReadOnlySqlTransaction | errors.ActiveSqlTransaction | errors.InsufficientPrivilege):
        return Forbidden("PostgreSQL does not allow it: {reason}.", reason=told)
    if isinstance(error, errors.DataError):  # what the server says of it quotes the value
        return Refused("PostgreSQL cannot compute it: {reason} ({state}).", reason=type(error).__name__, state=error.sqlstate)
    if error.sqlstate and error.sqlstate[:2] in ("0A", "21", "42", "53", "54"):
        return Refused("PostgreSQL refuses the query: {reason} ({state}).", reason=told, state=error.sqlstate)
    return Unavailable("PostgreSQL cannot be asked now ({reason}).", reason=error.sqlstate or type(error).__name__)
