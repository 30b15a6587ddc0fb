"""MariaDB and MySQL by PyMySQL, in a thread: a connection for each call, a session and a transaction that can only read.

PyMySQL, because it is kept (a release this month), plain Python, and small; aiomysql wraps an old one of it, and asyncmy is compiled.
The server ends a query whose time is over: `max_statement_time` (https://mariadb.com/kb/en/aborting-statements/), for MySQL
`max_execution_time` (https://dev.mysql.com/doc/refman/8.4/en/server-system-variables.html#sysvar_max_execution_time).
"""

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

from hulk.kernel.errors import Forbidden, HulkError, Refused, Unavailable
from hulk.modules.tools.adapters.backends.bounds import Bounds
from hulk.modules.tools.adapters.backends.sql.backend import Described, Listed
from hulk.modules.tools.adapters.backends.sql.names import CLOSED, Place, Reach
from hulk.modules.tools.adapters.backends.sql.rows import Answer, Column, Tally
from hulk.modules.tools.adapters.backends.sql.statements import Dialect, Statement

if TYPE_CHECKING:
    from pymysql import Connection  # type: ignore[import-untyped]  # no types

T = TypeVar("T")
AT_ONCE = 4
PATIENCE = 5
"""Seconds that a connection may take."""
GRACE = 2.0
"""Seconds that the server has to say that the time is over before it is left."""
_PAGE = 50
_OVER = (1317, 1969, 3024)
"""ER_QUERY_INTERRUPTED; ER_STATEMENT_TIMEOUT of MariaDB; ER_QUERY_TIMEOUT of MySQL."""
_NOT_ALLOWED = (1044, 1045, 1095, 1142, 1143, 1227, 1370, 1698, 1792)
_ABOUT_NAMES = (
    1046,
    1049,
    1052,
    1054,
    1055,
    1056,
    1064,
    1066,
    1109,
    1111,
    1140,
    1146,
    1176,
    1222,
    1235,
    1247,
    1248,
    1305,
    1582,
    1630,
    4161,
)
"""Errors of which the text speaks of the query, and not of what is in the tables."""
_LATER = (1040, 1041, 1053, 1152, 1158, 1159, 1160, 1161, 1203, 1205, 1213, 1226)
"""Too many connections, no memory, shutting down, a broken line, a lock: asking later may work."""
_MODE = "STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION"
"""Without ANSI_QUOTES, NO_BACKSLASH_ESCAPES and PIPES_AS_CONCAT: the server reads texts as they were read here."""
_TABLES = """
    SELECT table_schema, table_name, table_type LIKE '%%VIEW', table_comment FROM information_schema.tables
    WHERE table_schema NOT IN %s ORDER BY 1, 2 LIMIT %s
"""
_COLUMNS = """
    SELECT column_name, column_type, is_nullable = 'YES', column_comment FROM information_schema.columns
    WHERE table_schema = %s AND table_name = %s ORDER BY ordinal_position LIMIT %s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MySql:
    """`Database` at `url` (`mariadb://reader@host:3306/shop`, or `?socket=/run/mysqld.sock`), with the password that `password` gives at
    each call. `allowed` are patterns such as `shop.*`; none is all of the URL's database. `turns` bounds the connections. `tls`: whether
    the server must show a certificate that is trusted."""

    url: str
    password: Callable[[], str]
    allowed: tuple[str, ...] = ()
    tls: bool = True
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    @property
    def dialect(self) -> Dialect:
        """See `Database`."""
        return "mysql"

    @property
    def _database(self) -> str:
        return unquote(urlsplit(self.url).path.strip("/"))

    async def reach(self) -> Reach:
        """See `Database`."""
        return Reach(patterns=self.allowed or (f"{self._database}.*",), home=(self._database,))

    async def tables(self, _: Reach, bounds: Bounds, __: str) -> Sequence[Listed]:
        """See `Database`."""
        found = await self._asked(bounds, lambda at: _all(at, _TABLES, (tuple(CLOSED), bounds.rows + 1)))
        return [Listed(place=(schema, name), kind="view" if view else "table", about=about[:500]) for schema, name, view, about in found]

    async def columns(self, place: Place, bounds: Bounds, _: str) -> Sequence[Described]:
        """See `Database`."""
        found = await self._asked(bounds, lambda at: _all(at, _COLUMNS, (*place, bounds.rows + 1)))
        return [Described(name=name, type=kind, nullable=bool(nullable), about=about[:500]) for name, kind, nullable, about in found]

    async def rows(self, statement: Statement, bounds: Bounds, _: str) -> Answer:
        """See `Database`."""
        return await self._asked(bounds, lambda at: _taken(at, statement.sql, bounds))

    async def _asked(self, bounds: Bounds, act: "Callable[[Connection], T]") -> T:
        """`act` in a thread. When nobody waits any longer, the server is told to leave off."""
        at: list[int] = []
        async with self.turns:
            running = asyncio.get_running_loop().run_in_executor(None, self._ran, bounds, act, at)
            try:
                return await asyncio.shield(running)
            except asyncio.CancelledError:
                if at and not running.done():
                    await asyncio.to_thread(self._kill, at[0])
                await asyncio.wait([running])  # as long as the server may take, at most
                running.exception()
                raise

    def _ran(self, bounds: Bounds, act: "Callable[[Connection], T]", at: list[int]) -> T:
        # 30 ms: loaded when the first question is put.
        from pymysql import MySQLError

        try:
            with self._connected(bounds.seconds + GRACE) as connection:
                at.append(connection.thread_id())
                for setting in _settings(connection, bounds.seconds):
                    _run(connection, setting)
                return act(connection)
        except MySQLError as error:
            raise _explained(error, bounds) from None  # its text may quote data

    def _kill(self, thread: int) -> None:
        from pymysql import MySQLError  # see _ran

        with contextlib.suppress(MySQLError, HulkError), self._connected(PATIENCE) as connection:
            _run(connection, f"KILL QUERY {int(thread)}")

    @contextlib.contextmanager
    def _connected(self, seconds: float) -> "Iterator[Connection]":
        import pymysql  # see _ran

        parts = urlsplit(self.url)
        socket = parse_qs(parts.query).get("socket", [None])[0]
        secure = {"ssl_disabled": True} if socket else {"ssl": _trusting()} if self.tls else {}  # else TLS where the server has it
        connection = pymysql.connect(
            host=parts.hostname, port=parts.port or 3306, unix_socket=socket, user=unquote(parts.username or ""), password=self.password(),
            database=self._database, charset="utf8mb4", connect_timeout=PATIENCE, read_timeout=seconds, write_timeout=PATIENCE,
            local_infile=False, autocommit=True, program_name="hulk", defer_connect=True, **secure,
        )  # fmt: skip
        try:
            connection.connect()
            yield connection
        finally:
            if connection.open:
                connection.close()


@cache
def _trusting() -> ssl.SSLContext:
    """Of the machine's own authorities; reading them takes 30 ms."""
    return ssl.create_default_context()


def _settings(connection: "Connection", seconds: float) -> Sequence[str]:
    maria = "MariaDB" in str(connection.get_server_info())
    limit = f"max_statement_time = {seconds:.3f}" if maria else f"max_execution_time = {max(1, int(seconds * 1000))}"
    return (
        f"SET SESSION sql_mode = '{_MODE}', {limit}, lock_wait_timeout = {max(1, int(seconds))}",
        "SET SESSION TRANSACTION READ ONLY",
        "START TRANSACTION READ ONLY",
    )


def _run(connection: "Connection", sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def _all(connection: "Connection", sql: str, values: tuple[Any, ...]) -> Sequence[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        found: Sequence[tuple[Any, ...]] = cursor.fetchall()
        return found


def _taken(connection: "Connection", sql: str, bounds: Bounds) -> Answer:
    """Rows as they come, left when there is no more room: the connection is closed afterwards, so the rest is never read."""
    from pymysql.constants import FIELD_TYPE  # type: ignore[import-untyped]  # no types; see MySql._ran
    from pymysql.cursors import SSCursor  # type: ignore[import-untyped]  # no types

    class Leaving(SSCursor):  # type: ignore[misc]  # no types
        """PyMySQL's own reads all that is left before it closes."""

        def close(self) -> None:
            if self._result is not None:
                self._result.unbuffered_active = False
            self.connection = None

        __del__ = close

    names = {code: name.lower() for name, code in vars(FIELD_TYPE).items() if name.isupper()}
    tally = Tally(bounds)
    with connection.cursor(Leaving) as cursor:
        cursor.execute(sql)
        columns = [Column(name=str(name), type=names.get(code, "")) for name, code, *_ in cursor.description or ()]
        while (rows := cursor.fetchmany(_PAGE)) and tally.takes(rows):
            pass
    return tally.answer(columns)


def _explained(error: Exception, bounds: Bounds) -> HulkError:
    code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    told = str(error.args[-1]).partition("\n")[0][:200].rstrip(".") if error.args else ""
    if code in _OVER:
        return Refused(
            "The query took longer than {seconds} seconds: ask for less, or for a narrower time.", seconds=round(bounds.seconds, 1)
        )
    if code in _NOT_ALLOWED:
        return Forbidden("The database does not allow it to Hulk's account (error {code}).", code=code)
    if code in _ABOUT_NAMES:
        return Refused("The database refuses the query: {reason} (error {code}).", reason=told, code=code)
    if code in range(1000, 2000) and code not in _LATER:
        return Refused("The database cannot compute it (error {code}).", code=code)
    return Unavailable("The database cannot be asked now (error {code}).", code=code)
